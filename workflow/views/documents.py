"""文书: every paper that the person may read."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import BUSINESS_ROLES
from workflow import registry, titles
from workflow.choices import DocumentStatus
from workflow.models import Document
from workflow.registers.columns import Chip, Customer, Day, Link, Mono, Text
from workflow.registers.filters import Filters, OfText, Pick, Search, Since, UnderUnit, Until
from workflow.registers.lists import Asked, Register


class DocumentFilters(Filters):
    """By customer or number, by form, state, unit and day."""

    q = Search(_("客户名称、客户编号或文书编号"), lambda rows, text: rows.filter(named(text)))
    form = OfText(_("文书"), "form", every=_("全部文书"))
    status = Pick(_("状态"), DocumentStatus.choices, every=_("全部状态"))
    unit = UnderUnit("unit")
    since = Since(_("建立日自"), "created_on")
    until = Until(_("建立日至"), "created_on")

    def offer(self, rows: QuerySet[Any]) -> None:
        super().offer(rows)
        self.show("form", [(code, one.definition.title) for code, one in sorted(registry.forms().items())])


def named(text: str) -> Q:
    """Papers whose number begins so, or whose customer is called so."""
    return Q(number__istartswith=text) | Q(borrower_number__startswith=text) | Q(borrower_name__contains=text)


def way(row: Any) -> str:
    """To the paper, to one's own draft, and nowhere to what nobody handed in."""
    route = "document_edit" if row.status == DocumentStatus.DRAFT and row.is_mine else "document"
    return "" if row.status == DocumentStatus.DISCARDED else reverse(route, args=[row.pk])


class Documents(Register):
    """Papers of the customers that the person sees, and their own; the latest first."""

    route, model, roles = "documents", Document, BUSINESS_ROLES
    title, noun, counter = _("文书"), _("文书"), _("份")
    sub = _("您可以查看的全部文书，连同各版；他人未提交的草稿不在内。")
    empty = (_("还没有文书"), _("在“今日”办理一项职责，就会有一份文书。"))
    also = ("document", "document_edit", "document_edit_section")
    filters = DocumentFilters
    related = ("author", "unit")
    columns = (
        Link(_("编号"), "number", way),
        Text(_("文书"), titles.of_document, css="name"),
        Customer("borrower_"),
        Chip(_("状态"), "status", choices=DocumentStatus),
        Text(_("经办"), "author.name", css="nowrap"),
        Text(_("机构"), "unit.name", css="nowrap", desk=True),
        Day(_("建立日"), "created_on"),
        Day(_("锁定日"), "locked_on", desk=True),
        Mono(_("版次"), "revision", where="sheet"),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return Document.objects.filter(pk__in=super().rows(asked).order_by().values("pk"))

    def dress(self, rows: list[Any], asked: Asked) -> None:
        for row in rows:
            row.is_mine = row.author_id == asked.user.pk

"""补录: what was entered afterwards and decided, below what waits for the person's consent."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import told
from accounts.choices import Role
from accounts.models import User
from core import clock
from workflow import registry
from workflow.choices import ConsentStatus, DocumentStatus
from workflow.models import LateEntry
from workflow.pages.late import lines_of
from workflow.registers.columns import Chip, Customer, Day, Link, Text
from workflow.registers.filters import Filters, Pick, Since, Until
from workflow.registers.lists import Asked, Register
from workflow.selectors import consents_waiting_for

DECIDERS = (Role.CUSTOMER_HEAD, Role.RISK_HEAD, Role.VICE_PRESIDENT, Role.PRESIDENT)
DECIDED = [(one.value, one.label) for one in ConsentStatus if one != ConsentStatus.PENDING]


class LateFilters(Filters):
    """By the decision and its day."""

    status = Pick(_("结果"), DECIDED, every=_("全部结果"))
    since = Since(_("决定日自"), "decided_on")
    until = Until(_("决定日至"), "decided_on")


def paper(row: LateEntry) -> str:
    """What was entered afterwards."""
    return registry.definition_of(row.document).title


def way(row: LateEntry) -> str:
    """To the paper, once it is more than somebody's draft."""
    unseen = row.document.status in (DocumentStatus.DRAFT, DocumentStatus.DISCARDED)
    return "" if unseen else reverse("document", args=[row.document_id])


def waiting(user: User) -> str:
    """How many wait for the person's consent."""
    return told(len(consents_waiting_for(user, clock.today())))


class LateEntries(Register):
    """Late entries of the person's units that were decided, the latest first."""

    route, model, roles = "late_entries", LateEntry, (*DECIDERS, Role.AUDITOR)
    title, noun, counter = _("补录"), _("补录"), _("件")
    sub = _("线下先办、事后录入的文书，经您同意后才能提交签字；按期率单独统计（第五条）。")
    empty = (_("还没有决定过补录"), _("经办人申请的补录，同意或退回后列在这里。"))
    template = "workflow/late_list.html"
    count = waiting
    filters = LateFilters
    order = ("-decided_at", "-pk")
    related = ("document__author", "document__unit", "decided_by")
    columns = (
        Day(_("决定日"), "decided_on"),
        Customer("document.borrower_"),
        Link(_("文书"), paper, way, css="name", under=(Text(_("编号"), "document.number"),)),
        Text(_("经办"), "document.author.name", css="nowrap"),
        Day(_("实际日期"), "actual_on"),
        Text(_("原因"), "reason", under=(Text(_("意见"), "remark"), Text(_("决定人"), "decided_by.name"))),
        Chip(_("结果"), "status", choices=ConsentStatus),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return super().rows(asked).exclude(status=ConsentStatus.PENDING)

    def more(self, asked: Asked, scope: QuerySet[Any], filters: Any) -> dict[str, Any]:
        return {"waiting": lines_of(consents_waiting_for(asked.user, asked.on))}

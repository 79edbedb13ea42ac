"""The register of supervised accounts (受控账户)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from accounts.models import User
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id, page_by_id
from core.sheets import download, workbook
from credit.selectors.responsible import home_of
from monitoring.models import SupervisedAccount

PAGE = 50
STATES = (("standing", gettext_lazy("受控中")), ("ended", gettext_lazy("已解除")))


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the register to; unknown values narrow nothing."""

    state: str
    unit: str
    q: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        state, unit, q = (request.GET.get(name, "").replace("\x00", "") for name in ("state", "unit", "q"))
        return cls(state if state in dict(STATES) else "", unit if is_id(unit) else "", q.strip()[:40])

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The marks that are meant."""
        if self.state:
            rows = rows.filter(ended_on__isnull=self.state == "standing")
        if self.unit:
            rows = rows.filter(home=int(self.unit))
        return rows.filter(account__number__startswith=self.q) if self.q else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.state or self.unit or self.q)


def visible(user: User) -> QuerySet[Any]:
    """Marks on accounts of the customers that the person sees, with the unit in charge (`home`)."""
    rows = SupervisedAccount.objects.visible_to(user)
    return rows.annotate(home=home_of("account__borrower", clock.today()))


@require_safe
@page("supervised_accounts", gettext_lazy("受控账户"), *CUSTOMER_READERS)
def supervised_accounts(request: SignedInRequest) -> HttpResponse:
    """The register, a page at a time, the latest first."""
    choice, scope = Choice.of(request), visible(request.user)
    rows = choice.narrow(scope)
    marks, following = page_by_id(
        rows.select_related("account__borrower", "account__unit", "document", "ended_by_document"),
        request.GET.get("after", ""),
        PAGE,
    )
    context = {
        "choice": choice,
        "states": STATES,
        "units": names_of(scope.values("home")),
        "marks": marks,
        "found": rows.count(),
        "following": following,
    }
    template = "monitoring/supervised_rows.html" if request.htmx else "monitoring/supervised.html"
    return render(request, template, context)


def _sheet_rows(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    ordered = rows.select_related("account__borrower", "account__unit", "document", "ended_by_document")
    for row in ordered.order_by("-pk").iterator(chunk_size=2000):
        yield (
            row.account.number,
            row.account.borrower.number,
            row.account.borrower.name,
            row.account.unit.name,
            row.notified_on,
            row.marked_on,
            row.document.number,
            row.ended_on,
            row.ended_by_document.number if row.ended_by_document else "",
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def supervised_accounts_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered register as XLSX; who took it out is written down."""
    rows = Choice.of(request).narrow(visible(request.user))
    headers = [
        _("账号"), _("客户编号"), _("客户名称"), _("开户行"), _("通知日"), _("标识日"), _("登记表"), _("解除日"),
        _("解除登记表"),
    ]  # fmt: skip
    content = workbook(_("受控账户"), headers, _sheet_rows(rows))
    audit.record(
        act="monitoring.supervised_accounts.exported",
        subject="supervised_accounts",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("受控账户") + clock.today().isoformat(), content)

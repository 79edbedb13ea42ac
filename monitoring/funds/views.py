"""The warnings about funds (资金预警): what the latest closed day found short, and the same list as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from accounts.models import Unit
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id, page_by_day
from core.sheets import download, workbook
from credit.models import Responsibility
from credit.selectors.positions import managers
from credit.selectors.responsible import unit_in_charge
from monitoring.choices import DebtKind
from monitoring.models import CHECKED, FundsCheck
from monitoring.querysets import FundsCheckQuerySet
from workflow.services.days import last_closed_day

PAGE = 50


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing."""

    kind: str
    unit: str
    past: bool

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        kind, unit = (request.GET.get(name, "").replace("\x00", "") for name in ("kind", "unit"))
        return cls(
            kind if kind in CHECKED else "", unit if is_id(unit) else "", bool(request.GET.get("past"))
        )

    def narrow(self, rows: FundsCheckQuerySet, on: date) -> FundsCheckQuerySet:
        """The checks that are meant; `past`: whose check day is over."""
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.unit:
            rows = rows.filter(home=int(self.unit))
        return rows.filter(check_day__lt=on) if self.past else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.kind or self.unit or self.past)


def short_checks(request: SignedInRequest, closed_on: date | None) -> FundsCheckQuerySet:
    """What the latest closed day found short of the customers that the person sees."""
    on = closed_on or clock.today()
    # Of the unit that looks after the customer: a branch books the loans of its departments.
    rows: Any = (
        FundsCheck.objects.short().visible_to(request.user).annotate(home=unit_in_charge(on, "loan__"))
    )
    return rows.filter(on=on) if closed_on else rows.none()


@dataclass(frozen=True)
class FundsLine:
    """A check as the list shows it."""

    check: Any
    manager: Responsibility | None


def page_of(rows: FundsCheckQuerySet, after: str, on: date) -> tuple[list[FundsLine], str]:
    """One page, and the key after which the next one starts."""
    found, following = page_by_day(
        rows.since_when().select_related("loan__borrower", "loan__unit"), after, PAGE
    )
    who = managers({row.loan.borrower_id for row in found}, on)
    return [FundsLine(row, who.get(row.loan.borrower_id)) for row in found], following


@require_safe
@page("funds", gettext_lazy("到期资金"), *CUSTOMER_READERS)
def funds(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time, with its total: no yuan is missing twice, so the sum is what is missing."""
    on, choice, closed_on = clock.today(), Choice.of(request), last_closed_day()
    scope = short_checks(request, closed_on)
    rows = choice.narrow(scope, on)
    lines, following = page_of(rows, request.GET.get("after", ""), on)
    context = {
        "today": on,
        "closed_on": closed_on,
        "choice": choice,
        "kinds": [(kind.value, kind.label) for kind in CHECKED],
        "units": names_of(scope.values("home")),
        "lines": lines,
        "found": rows.count(),
        "total": rows.aggregate(s=Sum("short"))["s"] or Decimal(0),
        "following": following,
    }
    return render(request, "monitoring/funds_rows.html" if request.htmx else "monitoring/funds.html", context)


def _sheet_rows(rows: FundsCheckQuerySet) -> Iterator[tuple[Any, ...]]:
    units = dict(Unit.objects.values_list("pk", "name"))
    ordered = rows.since_when().select_related("loan__borrower").order_by("due_on", "pk")
    for row in ordered.iterator(chunk_size=2000):
        yield (
            row.due_on,
            row.loan.borrower.number,
            row.loan.borrower.name,
            row.loan.number,
            str(DebtKind(row.kind).label),
            row.required,
            row.from_collateral,
            row.from_balance,
            row.short,
            row.check_day,
            row.short_since,
            units[row.home],
            row.on,
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def funds_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    on = clock.today()
    rows = Choice.of(request).narrow(short_checks(request, last_closed_day()), on)
    headers = [
        _("应还日"), _("客户编号"), _("客户名称"), _("借据号"), _("债务"), _("应备金额（元）"),
        _("保证金与存单（元）"), _("账户可用（元）"), _("缺口（元）"), _("检查日"), _("自何日起不足"), _("机构"),
        _("核对日"),
    ]  # fmt: skip
    content = workbook(_("资金预警"), headers, _sheet_rows(rows))
    audit.record(
        act="monitoring.export", subject="funds", note=request.GET.urlencode(), after={"rows": content.rows}
    )
    return download(_("资金预警") + on.isoformat(), content)

"""未来资金: who falls short in the next 30 and 90 days, by the latest outlook of each customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from accounts.models import Unit, User
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id, page_by_day
from core.policy import policy_on
from core.sheets import download, workbook
from credit.models import Responsibility
from credit.selectors.positions import managers
from credit.selectors.responsible import home_of, managers_of
from monitoring.models import FundsOutlook
from workflow.services.days import last_closed_day

PAGE = 50
DAYS = ("30", "90")


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing. Without a word, 90 days."""

    days: str
    unit: str
    manager: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        days, unit, who = (
            request.GET.get(name, "").replace("\x00", "") for name in ("days", "unit", "manager")
        )
        return cls(days if days in DAYS else "90", unit if is_id(unit) else "", who if is_id(who) else "")

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Customers who fall short within the days, with `due`, `short` and `usual` of those days."""
        rows = rows.filter(**{f"short_{self.days}__gt": 0}).annotate(
            due=F(f"due_{self.days}"), short=F(f"short_{self.days}"), usual=F(f"usual_{self.days}")
        )
        if self.unit:
            rows = rows.filter(home=int(self.unit))
        return rows.filter(who=int(self.manager)) if self.manager else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.unit or self.manager or self.days != "90")


def latest(user: User, on: date, closed_on: date | None) -> QuerySet[Any]:
    """The latest outlook of each customer that the person sees, with the unit and the manager of today.

    One older than policy reckons anew says nothing any more: the customer owes nothing by then.
    """
    until = closed_on or on
    every = timedelta(days=int(policy_on(until).get("BASE", "outlook.every").value))
    newest = FundsOutlook.objects.filter(borrower=OuterRef("borrower"), on__lte=until).order_by("-on")
    rows = (
        FundsOutlook.objects.visible_to(user)
        .filter(on__gt=until - every, pk=Subquery(newest.values("pk")[:1]))
        .annotate(
            who=Subquery(managers_of("borrower", on).values("person")[:1]), home=home_of("borrower", on)
        )
    )
    return rows if closed_on else rows.none()


@dataclass(frozen=True)
class OutlookLine:
    """An outlook as the list shows it."""

    row: Any
    manager: Responsibility | None


def _page_of(rows: QuerySet[Any], after: str, on: date) -> tuple[list[OutlookLine], str]:
    """One page, who falls short first at the top, and the key after which the next one starts."""
    found, following = page_by_day(rows.select_related("borrower"), after, PAGE, day="first_short_on")
    who = managers({row.borrower_id for row in found}, on)
    return [OutlookLine(row, who.get(row.borrower_id)) for row in found], following


@require_safe
@page("outlook", gettext_lazy("未来资金"), *CUSTOMER_READERS)
def outlook(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time, with its total."""
    on, choice, closed_on = clock.today(), Choice.of(request), last_closed_day()
    scope = latest(request.user, on, closed_on)
    rows = choice.narrow(scope)
    lines, following = _page_of(rows, request.GET.get("after", ""), on)
    short = scope.filter(short_90__gt=0).order_by()
    context = {
        "today": on,
        "closed_on": closed_on,
        "choice": choice,
        "spans": DAYS,
        "units": names_of(short.values("home")),
        "people": dict(
            User.objects.filter(pk__in=short.values("who")).order_by("name").values_list("pk", "name")
        ),
        "lines": lines,
        "found": rows.count(),
        "total": rows.aggregate(s=Sum("short"))["s"] or Decimal(0),
        "following": following,
    }
    template = "monitoring/outlook_rows.html" if request.htmx else "monitoring/outlook.html"
    return render(request, template, context)


def _sheet_rows(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    units = dict(Unit.objects.values_list("pk", "name"))
    names = dict(User.objects.values_list("pk", "name"))
    ordered = rows.select_related("borrower").order_by("first_short_on", "pk")
    for row in ordered.iterator(chunk_size=2000):
        yield (
            row.borrower.number,
            row.borrower.name,
            names.get(row.who, ""),
            units.get(row.home, ""),
            row.due,
            row.available,
            row.short,
            row.first_short_on,
            row.usual,
            row.on,
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def outlook_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    on, choice = clock.today(), Choice.of(request)
    rows = choice.narrow(latest(request.user, on, last_closed_day()))
    headers = [
        _("客户编号"), _("客户名称"), _("客户经理"), _("机构"), _("期内应还（元）"), _("可用余额（元）"),
        _("缺口（元）"), _("首次不足日"), _("惯常流入，未计入（元）"), _("推算日"),
    ]  # fmt: skip
    content = workbook(_("未来资金") + choice.days + _("天"), headers, _sheet_rows(rows))
    audit.record(
        act="monitoring.outlook.exported",
        subject="outlook",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("未来资金") + on.isoformat(), content)

"""未来资金: who falls short in the next 30 and 90 days, by the latest outlook of each customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS
from accounts.models import User
from accounts.selectors import name_of_unit
from core.policy import policy_on
from credit.selectors.positions import managers
from credit.selectors.responsible import home_of, managers_of
from monitoring.models import FundsOutlook
from workflow.registers.columns import Count, Customer, Day, Manager, Money, View
from workflow.registers.filters import Filters, InUnit, OfPerson, Pick
from workflow.registers.lists import Asked, Register
from workflow.services.days import last_closed_day


class OutlookFilters(Filters):
    """By the days ahead, the unit in charge and the manager."""

    days = Pick(
        _("期间"),
        {
            "30": (_("今后 30 天"), Q(short_30__gt=0)),
            "90": (_("今后 90 天"), Q(short_90__gt=0)),
        },
        every=None,
        initial="90",
    )
    unit = InUnit()
    manager = OfPerson(_("客户经理"), "who", every=_("全部客户经理"))


class Usual(Money):
    """What usually comes in: said quietly, since it is not counted; of some too little is known to say."""

    def main(self, row: Any, view: View) -> SafeString:
        told = _t("月份不足") if self.value(row) is None else super().main(row, view)
        return format_html('<span class="muted">{}</span>', told)


def latest(user: User, closed_on: date) -> QuerySet[Any]:
    """The latest outlook of each customer that the person sees.

    One older than policy reckons anew says nothing any more: the customer owes nothing by then.
    """
    every = timedelta(days=int(policy_on(closed_on).get("BASE", "outlook.every").value))
    newest = FundsOutlook.objects.filter(borrower=OuterRef("borrower"), on__lte=closed_on).order_by("-on")
    rows: QuerySet[Any] = FundsOutlook.objects.visible_to(user)
    return rows.filter(on__gt=closed_on - every, pk=Subquery(newest.values("pk")[:1]))


class Outlook(Register):
    """Customers who fall short within the days ahead, who falls short first at the top."""

    route, model, roles = "outlook", FundsOutlook, CUSTOMER_READERS
    title = _("未来资金")
    sub = _(
        "今后 30 天、90 天内资金不足的客户：以现有余额、保证金与存单抵已知债务，同一笔钱不重复计算。"
        "惯常流入只作参考，未计入缺口。"
    )
    noun, counter = _("客户"), _("户")
    filters = OutlookFilters
    order = ("first_short_on", "pk")
    related = ("borrower",)
    columns = (
        Day(_("首次不足日"), "first_short_on", css="nowrap tabular strong"),
        Customer(part="ladder", under=(Manager(unit="home_name"),)),
        Money(_("应还"), "due", under=(Count(_("期间（天）"), "days", where="sheet"),)),
        Money(_("可用余额"), "available", desk=True),
        Money(
            _("缺口"), "short", total=True, lead=_("缺口"), warn=lambda row: row.short, css="num nowrap",
            under=(Day(_("推算日"), "on", tail=_("推算")),),
        ),
        Usual(_("惯常流入，未计入"), "usual", desk=True),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        closed_on, days = asked.once(last_closed_day), asked.values["days"]
        found = latest(asked.user, closed_on) if closed_on else FundsOutlook.objects.none()
        of_the_days = {"due": F(f"due_{days}"), "short": F(f"short_{days}"), "usual": F(f"usual_{days}")}
        return found.filter(short_90__gt=0).annotate(
            **of_the_days,
            days=Value(int(days)),
            who=Subquery(managers_of("borrower", asked.on).values("person")[:1]),
            home=home_of("borrower", asked.on),
            home_name=name_of_unit("home"),
        )

    def dress(self, rows: list[Any], asked: Asked) -> None:
        who = managers({row.borrower_id for row in rows}, asked.on)
        for row in rows:
            row.manager = who.get(row.borrower_id)

    def when_empty(self, asked: Asked) -> tuple[Any, Any]:
        if asked.once(last_closed_day):
            return _("今后 90 天没有资金不足的客户"), _("每户每周推算一次；资金不足的会列在这里。")
        return _("还没有推算过"), _("首次日终完成后再看。")

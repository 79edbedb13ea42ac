"""资金预警: what the latest closed day found short, of debts that fall due soon."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS
from accounts.selectors import name_of_unit
from core import audit
from credit.selectors.positions import managers
from credit.selectors.responsible import unit_in_charge
from monitoring.models import CHECKED, FundsCheck
from workflow.registers.columns import (
    Chip,
    Column,
    Customer,
    Day,
    Manager,
    Money,
    Mono,
    Text,
    View,
    in_unit,
    joined,
)
from workflow.registers.filters import Filters, InUnit, Pick, Tick
from workflow.registers.lists import Asked, Register
from workflow.services.days import last_closed_day

audit.act("monitoring.export", _("导出资金预警"))  # as it was called until 2026-11


class FundsFilters(Filters):
    """By what falls due, by the unit in charge, and whose check day is over."""

    kind = Pick(_("债务"), [(kind.value, kind.label) for kind in CHECKED], every=_("全部债务"))
    unit = InUnit()
    past = Tick(_("已过检查日"), lambda on: Q(check_day__lt=on))


class PaidBefore(Column):
    """The debts that took of the balance before this one, each with its amount."""

    def small(self, row: Any, view: View) -> SafeString:
        return joined([self.line(one, view) for one in self.value(row)])

    def line(self, one: dict[str, Any], view: View) -> SafeString:
        """One of them."""
        return format_html(
            '<div class="muted small">{} <span class="tabular">{}</span> {}</div>',
            _t("先付"), one["reference"], in_unit(one["from_balance"], view.unit),
        )  # fmt: skip


def past(row: Any) -> tuple[Any, str] | None:
    """The mark of a debt whose check day is over."""
    return (_("已过检查日"), "doubt") if row.is_past else None


class Funds(Register):
    """Debts without their money, of the customers that the person sees; what falls due first at the top."""

    route, model, roles = "funds", FundsCheck, CUSTOMER_READERS
    title = _("到期资金")
    noun, counter = _("预警"), _("笔")
    filters = FundsFilters
    order = ("due_on", "pk")
    related = ("loan__borrower",)
    columns = (
        Day(_("应还日"), "due_on", css="nowrap tabular strong"),
        Customer("loan.borrower.", part="ladder", under=(Manager(unit="home_name"),)),
        Text(
            _("债务"), "get_kind_display", css="nowrap",
            under=(Mono(_("借据号"), "loan.number"), PaidBefore(_("先付"), "made_of", where="screen")),
        ),
        Money(_("应备金额"), "required"),
        Money(_("保证金与存单"), "from_collateral", desk=True),
        Money(_("账户可用"), "from_balance", desk=True),
        # No yuan is missing twice, so the sum is what is missing.
        Money(
            _("缺口"), "short", total=True, lead=_("缺口"), warn=lambda row: row.short, css="num nowrap",
            under=(Day(_("自何日起不足"), "short_since", tail=_("起不足")),),
        ),
        Day(_("检查日"), "check_day", under=(Chip("", past, where="screen"), Day(_("核对日"), "on", where="sheet"))),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        closed_on = asked.once(last_closed_day)
        # Of the unit that looks after the customer: a branch books the loans of its departments.
        home = unit_in_charge(closed_on or asked.on, "loan__")
        rows: Any = FundsCheck.objects.short().since_when().filter(on=closed_on)
        found: QuerySet[Any] = rows.visible_to(asked.user)
        return found.annotate(home=home, home_name=name_of_unit("home"))

    def dress(self, rows: list[Any], asked: Asked) -> None:
        who = managers({row.loan.borrower_id for row in rows}, asked.on)
        for row in rows:
            row.manager, row.is_past = who.get(row.loan.borrower_id), row.check_day < asked.on

    def about(self, asked: Asked) -> Any:
        if closed_on := asked.once(last_closed_day):
            return _t(
                "%(on)s 日终核对：即将到期的本息和票据中，账户资金不足的各笔；到期前每日复核，同一笔钱不重复计算。"
            ) % {"on": closed_on}
        return _t("首次日终完成后，这里列出即将到期而账户资金不足的各笔。")

    def when_empty(self, asked: Asked) -> tuple[Any, Any]:
        if asked.once(last_closed_day):
            return _("没有资金不足的债务"), _(
                "检查日前十天起，每日日终核对到期本息和票据的资金；不足的会列在这里。"
            )
        return _("还没有核对过"), _("首次日终完成后再看。")

"""资金信号: what the movements show, to be looked into and decided."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS
from accounts.selectors import name_of_unit
from credit.selectors.positions import managers
from monitoring.choices import Level, SignalKind, SignalStatus
from monitoring.decisions.selectors import duty_items, with_home
from monitoring.models import Signal
from monitoring.signals.duties import key_of
from workflow.registers.columns import Chip, Customer, Day, Link, Manager, Money, Mono, Text
from workflow.registers.filters import Filters, InUnit, Lately, Pick
from workflow.registers.lists import Asked, Register


class SignalFilters(Filters):
    """By kind, level, state, unit in charge and day. Without a word, the open ones."""

    kind = Pick(_("信号"), SignalKind.choices, every=_("全部信号"))
    level = Pick(_("级别"), Level.choices, every=_("全部级别"))
    status = Pick(
        _("状态"),
        {
            **{one.value: (one.label, Q(status=one)) for one in SignalStatus},
            "all": (_("全部状态"), Q()),
        },
        every=None,
        initial=SignalStatus.OPEN.value,
    )
    unit = InUnit()
    days = Lately(_("识别日"), "known_on")


def rule(signal: Any) -> str:
    """By which rule and thresholds it was found."""
    return "；".join(f"{name}：{value}" for name, value in signal.rule.items())


class Signals(Register):
    """Signals of the customers that the person sees, the newest first."""

    route, model, roles = "signals", Signal, CUSTOMER_READERS
    title = _("资金信号")
    sub = _(
        "每日日终由账户流水识别的异动。信号是待核实的线索：每条写明依据的流水、规则和阈值，认定后才是事实；"
        "排除的，同样的流水不再报。"
    )
    noun, counter = _("信号"), _("条")
    empty = (
        _("没有待核实的信号"),
        _("每日日终识别当日流水；有异动的会列在这里。已认定的请选“全部状态”查看。"),
    )
    also = ("signal",)
    filters = SignalFilters
    related = ("borrower", "loan", "decided_by")
    columns = (
        Day(_("识别日"), "known_on", under=(Day(_("发生日"), "effective_on", where="sheet"),)),
        Link(
            _("信号"), "get_kind_display", "signal", "pk", css="nowrap",
            under=(Chip(_("级别"), "level", choices=Level), Mono(_("借据号"), "loan.number", where="sheet")),
        ),
        Customer(part="signals", under=(Manager(unit="home_name"),)),
        Text(_("内容"), "text", desk=True, under=(Text(_("规则与阈值"), rule, where="sheet"),)),
        Money(_("涉及金额"), "amount", total=True),
        Chip(
            _("状态"), "status", choices=SignalStatus,
            under=(
                Day(_("核实期限"), "item.due_on", tail=_("前核实"), warn=lambda row: row.is_late),
                Day(_("认定日"), "decided_on", where="sheet"), Text(_("认定人"), "decided_by.name", where="sheet"),
                Text(_("认定理由"), "decided_why", where="sheet"),
            ),
        ),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return with_home(super().rows(asked), asked.on).annotate(home_name=name_of_unit("home"))

    def dress(self, rows: list[Any], asked: Asked) -> None:
        who, items = managers({row.borrower_id for row in rows}, asked.on), duty_items(rows)
        for row in rows:
            row.manager, row.item = who.get(row.borrower_id), items.get(key_of(row.pk))
            row.is_late = bool(row.item and row.item.due_on < asked.on)

"""What the movements show, on the borrower page; what members paid each other, on the page of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, Q, Value, When, Window
from django.utils.translation import gettext_lazy as _

from core.money import percent
from core.panels import Panel
from core.policy import policy_on
from credit.models import Borrower
from monitoring.choices import Level, SignalStatus
from monitoring.models import Signal
from monitoring.signals.rules.facts import limits_of
from monitoring.signals.selectors.group_flows import FlowRow, flows_between, rows_of

SHOWN = 20  # signals that the page shows, the open ones first


@dataclass(frozen=True)
class SignalLine:
    """A signal with its colours."""

    signal: Signal

    @property
    def level(self) -> Level:
        """How grave it is."""
        return Level(self.signal.level)

    @property
    def status(self) -> SignalStatus:
        """Where it stands."""
        return SignalStatus(self.signal.status)


def signals_panel(borrower: Borrower, on: date) -> Panel:
    """The signals of the borrower, the open ones first, then the newest."""
    is_decided = Case(When(status=SignalStatus.OPEN, then=Value(0)), default=Value(1))
    rows = Signal.objects.filter(borrower=borrower).annotate(
        decided=is_decided,
        all_of_them=Window(Count("pk")),
        open_of_them=Window(Count("pk", filter=Q(status=SignalStatus.OPEN))),
    )
    shown = list(rows.order_by("decided", "-pk")[:SHOWN])
    context = {
        "lines": [SignalLine(one) for one in shown],
        "more": shown[0].all_of_them - len(shown) if shown else 0,
    }
    tally = shown[0].open_of_them if shown else 0
    return Panel("signals", _("资金信号"), "monitoring/panel_signals.html", context, tally or None)


@dataclass(frozen=True)
class FlowLine:
    """A row of the matrix with its share in per cent."""

    row: FlowRow
    share: str


def group_flows_panel(members: Sequence[Borrower], on: date, *, hidden: int) -> Panel:
    """What the members that the reader sees paid each other in the days of policy."""
    days = limits_of(policy_on(on)).group_days
    flows = flows_between(members, on, days)
    context = {
        "flows": flows,
        "rows": [FlowLine(row, percent(row.share)) for row in rows_of(flows)],
        "share": percent(flows.share),
        "days": days,
        "hidden": hidden,
    }
    return Panel("flows", _("成员间往来"), "monitoring/panel_group_flows.html", context)

"""What is watched, on the borrower page: the forward ladder of cash (资金阶梯)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from core.policy import policy_on
from credit.models import Account, Borrower
from credit.selectors.accounts import with_balance
from monitoring.cash.collateral import DEPOSIT, MARGIN
from monitoring.cash.rules.ladder import Rung
from monitoring.cash.selectors import repayment_funds
from monitoring.choices import DebtKind
from monitoring.decisions.panel import group_flows_panel, signals_panel
from monitoring.misuse.panel import misuse_panel
from monitoring.outlook.services import usual_inflows
from monitoring.supervised.services import standing

HORIZON = timedelta(days=90)
SOURCES = {MARGIN: _("保证金账户"), DEPOSIT: _("质押存单")}


@dataclass(frozen=True)
class RungLine:
    """A debt as the ladder shows it, with what of which source meets it."""

    rung: Rung
    kind: DebtKind
    is_late: bool
    collateral: list[tuple[Any, str, Decimal]]


def source_name(source: str) -> tuple[Any, str]:
    """What a source is, and its number."""
    kind, _colon, number = source.partition(":")
    return SOURCES[kind], number


def line_of(rung: Rung, on: date) -> RungLine:
    """A rung in words."""
    collateral = [(*source_name(cover.source), cover.limit) for cover in rung.debt.cover]
    return RungLine(rung, DebtKind(rung.debt.kind), rung.debt.due_on < on, collateral)


def on_supervised(borrower: Borrower, on: date) -> list[tuple[Account, Decimal]]:
    """The borrower's supervised accounts with what lies on each, in 元; whether it counts is `funds.account_kinds`."""
    accounts = Account.objects.filter(borrower=borrower, pk__in=standing(on).order_by().values("account"))
    return [(account, account.balance or Decimal(0)) for account in with_balance(accounts, on)]


def ladder_panel(borrower: Borrower, on: date) -> Panel:
    """The next ninety days as known today: what falls due, what meets it, what is short."""
    policy = policy_on(on)
    funds = repayment_funds([borrower.pk], on, on + HORIZON, policy)[borrower.pk]
    ladder = funds.ladder(on)
    usual = usual_inflows([borrower.pk], on, policy)[borrower.pk]  # beside the ladder, never part of it
    context = {
        "lines": [line_of(rung, on) for rung in ladder.rungs if rung.debt.amount],
        "available": funds.available,
        "collateral": [(*source_name(source), amount) for source, amount in sorted(funds.collateral.items())],
        "left": ladder.left,
        "first_short_on": ladder.first_short_on,
        "first_short": ladder.short_on(ladder.first_short_on) if ladder.first_short_on else None,
        "days": HORIZON.days,
        "usual": usual,
        "usual_within": usual.within(HORIZON.days) if usual else None,
        "supervised": on_supervised(borrower, on),
        "kinds": policy.get("BASE", "funds.account_kinds").value,
    }
    short = sum(bool(rung.short) for rung in ladder.rungs)
    return Panel("ladder", _("资金阶梯"), "monitoring/panel_ladder.html", context, short or None)


def panels(borrower: Borrower, on: date, user: User) -> list[Panel]:
    """The panels of what is watched."""
    return [ladder_panel(borrower, on), misuse_panel(borrower, on, user), signals_panel(borrower, on)]


def group_panels(members: Sequence[Borrower], on: date, *, hidden: int) -> list[Panel]:
    """The panels of what is watched of a group, by the members that the reader sees."""
    return [group_flows_panel(members, on, hidden=hidden)]

"""One account in one month: what moved, the average by days, what the balances do not explain. Pure; money in 元."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from core.money import CENT
from core.periods import Period
from credit.choices import Direction
from monitoring.choices import NOT_TRADE, Flow
from monitoring.flows.rules.movements import Movement, key_of

ZERO = Decimal(0)


@dataclass(frozen=True)
class AccountEntry:
    """A movement of a day, and what it is."""

    pk: int
    account_id: int
    on: date
    movement: Movement
    flow: Flow
    bank: str = ""
    balance_after: Decimal | None = None
    number: str = ""

    @property
    def amount(self) -> Decimal:
        """How much moved; always positive."""
        return self.movement.amount

    @property
    def is_in(self) -> bool:
        """Whether money came in."""
        return self.movement.is_in

    @property
    def is_trade(self) -> bool:
        """Whether it is the borrower's business with others."""
        return self.flow not in NOT_TRADE


@dataclass(frozen=True)
class AccountSum:
    """The month of an account, as `AccountMonth` keeps it."""

    opening: Decimal
    inflow: Decimal
    inflow_count: int
    outflow: Decimal
    outflow_count: int
    closing: Decimal
    average: Decimal
    difference: Decimal
    flows: Mapping[str, Decimal]


def net_until(moved: Sequence[AccountEntry], last: date) -> Decimal:
    """What the movements up to a day did to the balance."""
    return sum((one.amount if one.is_in else -one.amount for one in moved if one.on <= last), ZERO)


def opening_of(
    before: Decimal | None, changes: Mapping[date, Decimal], moved: Sequence[AccountEntry], *, is_new: bool
) -> Decimal:
    """The balance when the month began.

    Of an account that is older than its first known balance it is reckoned back from that one: a history that begins
    in the middle of a month is no difference.
    """
    if before is not None or is_new or not changes:
        return before if before is not None else ZERO
    first = min(changes)
    return changes[first] - net_until(moved, first)


def average_of(opening: Decimal, changes: Mapping[date, Decimal], month: Period) -> Decimal:
    """The mean of the balances at the end of each calendar day, to the cent, half up; a balance holds until changed."""
    total, balance, since = ZERO, opening, month.first
    for day in sorted(changes):
        total += balance * (day - since).days
        balance, since = changes[day], day
    total += balance * ((month.last - since).days + 1)
    return (total / month.days).quantize(CENT, ROUND_HALF_UP)


def reckon(
    before: Decimal | None,
    changes: Mapping[date, Decimal],
    moved: Sequence[AccountEntry],
    month: Period,
    *,
    is_new: bool,
    carried: Decimal | None = None,
) -> AccountSum:
    """The month of one account from its balances and movements within the month.

    `before` is the last balance before the month, `changes` the balances at the end of the days on which they changed,
    `is_new` whether the account was opened in the month. `carried` is the closing balance of the month before as it was
    written down: what was known too late for that month is a difference of this one.
    """
    began = opening_of(before, changes, moved, is_new=is_new)
    opening = began if carried is None else carried
    closing = changes[max(changes)] if changes else began
    into = [one for one in moved if one.is_in]
    out = [one for one in moved if not one.is_in]
    inflow, outflow = (sum((one.amount for one in side), ZERO) for side in (into, out))
    flows: dict[str, Decimal] = {}
    for one in moved:
        key = key_of(one.flow, one.movement.direction)
        flows[key] = flows.get(key, ZERO) + one.amount
    return AccountSum(
        opening=opening,
        inflow=inflow,
        inflow_count=len(into),
        outflow=outflow,
        outflow_count=len(out),
        closing=closing,
        average=average_of(began, changes, month),
        difference=closing - opening - inflow + outflow,
        flows=flows,
    )


def trade_in(flows: Mapping[str, str | Decimal]) -> Decimal:
    """What came in from business with others, of the kept flows of a month."""
    kept = {key_of(flow, Direction.CREDIT) for flow in Flow if flow not in NOT_TRADE}
    return sum((Decimal(amount) for key, amount in flows.items() if key in kept), ZERO)


def lead_in(month: Period, days: int) -> date:
    """From which day movements are read: repayments early in the month look back so many days."""
    return month.first - timedelta(days=days)

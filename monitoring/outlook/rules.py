"""What usually comes in (惯常流入), learnt from a borrower's own months. Pure; money in 元, to the cent.

Never part of the ladder of cash: what is short is short by what is certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import median

from core.periods import add_months
from credit.choices import Direction
from monitoring.choices import NOT_TRADE, Flow
from monitoring.flows.rules.movements import key_of

CENT = Decimal("0.01")
DAYS = Decimal("365") / 12  # of a month, on average


# Loan money, own transfers and reversals are nobody's income; what a group shifts around is none either.
COMES_IN = frozenset(key_of(flow, Direction.CREDIT) for flow in Flow if flow not in {*NOT_TRADE, Flow.GROUP})


def comes_in(flows: Mapping[str, str | Decimal]) -> Decimal:
    """What came in from others, of the kept flows of an account's month."""
    return sum((Decimal(amount) for key, amount in flows.items() if key in COMES_IN), Decimal(0))


@dataclass(frozen=True)
class Usual:
    """The median month of the last ones, and of how many it is."""

    a_month: Decimal
    months: int

    def within(self, days: int) -> Decimal:
        """What usually comes in within so many days, the month spread evenly over its days."""
        return (self.a_month * days / DAYS).quantize(CENT, ROUND_HALF_EVEN)


def usual_inflow(months: Mapping[date, Decimal], on: date, *, of: int, least: int) -> Usual | None:
    """The median of the last `of` full months before the day (first day -> trade that came in); None of too few."""
    this = on.replace(day=1)
    last = [months[day] for n in range(1, of + 1) if (day := add_months(this, -n)) in months]
    if len(last) < least:
        return None
    return Usual(Decimal(median(last)).quantize(CENT, ROUND_HALF_EVEN), len(last))

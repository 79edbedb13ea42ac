"""What falls due on one note (借据), pure: principal by its plan or at maturity, interest by plan or by days over 360.

All money is Decimal yuan (元); rates are annual fractions; the day of reckoning is always passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from core.periods import add_months
from monitoring.cash.rules.ladder import ZERO

CENT = Decimal("0.01")
DAYS_OF_A_YEAR = 360  # interest is counted by days over 360 (算头不算尾)
Rows = tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True)
class Note:
    """What the book says of one note at the end of a day.

    `principal` and `interest` are what is planned from the day to the horizon, `planned_after` the principal planned
    beyond it; `interest_days` says on which days interest is due where no plan says it, None where none is computed.
    `paid_principal` and `paid_interest` came in on the day itself.
    """

    balance: Decimal
    overdue_principal: Decimal
    annual_rate: Decimal
    starts_on: date
    ends_on: date
    principal: Rows = ()
    planned_after: Decimal = ZERO
    paid_principal: Decimal = ZERO
    interest: Rows = ()
    paid_interest: Decimal = ZERO
    interest_days: Sequence[date] | None = None


def principal_due(note: Note, on: date, until: date) -> dict[date, Decimal]:
    """Principal by due day up to the horizon; what no plan holds falls due at maturity, even at a past one.

    Arrears are not among it. What the balance no longer holds is no longer owed: of today's row by what is left for
    later ones, of the rest by taking the earliest first.
    """
    left = max(note.balance - note.overdue_principal, ZERO)
    later = note.planned_after + sum((amount for day, amount in note.principal if day > on), ZERO)
    found: dict[date, Decimal] = {}
    for day, planned in sorted(note.principal):
        if day == on and left > planned + later:  # the plan does not hold all: only the ledger tells
            planned = max(planned - note.paid_principal, ZERO)
        elif day == on:
            planned = max(left - later, ZERO)
        owed = min(planned, left)
        found[day] = found.get(day, ZERO) + owed
        left -= owed
    unplanned = left - note.planned_after
    if unplanned > 0 and note.ends_on <= until:
        found[note.ends_on] = found.get(note.ends_on, ZERO) + unplanned
    return {day: amount for day, amount in sorted(found.items()) if amount > 0}


def interest_due(note: Note, on: date, until: date, principal: dict[date, Decimal]) -> dict[date, Decimal]:
    """Interest by due day up to the horizon, less what came in on the day itself; arrears are not among it."""
    due = dict(note.interest)
    if note.interest_days is not None:
        due = {
            day: accrued(note, principal, since, day)
            for since, day in _periods(note, note.interest_days)
            if on <= day <= until
        }
    if on in due:
        due[on] = max(due[on] - note.paid_interest, ZERO)
    return {day: amount for day, amount in sorted(due.items()) if amount > 0}


def _periods(note: Note, days: Sequence[date]) -> list[tuple[date, date]]:
    """Interest days in pairs with the day before from which each is counted; the last one is the maturity."""
    inner = [day for day in sorted(days) if note.starts_on < day < note.ends_on]
    ends = [*inner, note.ends_on]
    return list(zip([note.starts_on, *inner], ends, strict=True))


def accrued(note: Note, principal: dict[date, Decimal], since: date, until: date) -> Decimal:
    """Interest from a day to a day on the balance, less what is to be repaid before; to the cent, half up."""
    left, at, product = note.balance, since, ZERO
    for day, amount in sorted(principal.items()):
        if day >= until:
            break
        if day > at:
            product += left * (day - at).days
            at = day
        left -= amount
    product += left * (until - at).days
    return (product * note.annual_rate / DAYS_OF_A_YEAR).quantize(CENT, ROUND_HALF_UP)


def regular_days(on: date, until: date, *, day: int, months: Iterable[int]) -> list[date]:
    """The interest days of these months from a year before the day to the horizon; a short month's last day."""
    return list(_regular_days(on, until, day, tuple(months)))


@lru_cache(maxsize=256)  # a day asks the same of every loan
def _regular_days(on: date, until: date, day: int, months: tuple[int, ...]) -> tuple[date, ...]:
    wanted, first = set(months), add_months(on.replace(day=1), -12)
    count = (until.year - first.year) * 12 + until.month - first.month
    starts = [add_months(first, n) for n in range(count + 1)]
    return tuple(clipped(start, day) for start in starts if start.month in wanted)


def clipped(month: date, day: int) -> date:
    """That day of a month, or its last where it has no such day."""
    return add_months(date(2000, 1, day), (month.year - 2000) * 12 + month.month - 1)


def check_day_of_interest(due_on: date, day: int, preceding_workday: Callable[[date], date]) -> date:
    """By when the money for interest must be there: the workday at or before the 20th of its month, and its due day."""
    return preceding_workday(min(due_on, clipped(due_on, day)))

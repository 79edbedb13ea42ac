"""The days of the story, all worked out from the one date it is told up to."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from core.periods import quarter_of

STORY_WEEKDAYS = 8  # since when the branch has been live, at most: what nobody did since then would be late
CASH_MONTHS = 6  # account movements before that
HISTORY_MONTHS = 24  # balances at month's end before that


def add_months(day: date, months: int, *, keep: int | None = None) -> date:
    """The same day of the month (or `keep`) some months later, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(keep or day.day, calendar.monthrange(year, month)[1]))


# Holidays on the same days each year; the story needs no more of the calendar (元旦, 劳动节, 国庆节).
_HOLIDAYS = frozenset({(1, 1), *((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 8))})


def weekday(day: date, step: int = 1) -> date:
    """The day itself, or the nearest day of business after it (before it, with step -1)."""
    while day.weekday() >= 5 or (day.month, day.day) in _HOLIDAYS:
        day += timedelta(step)
    return day


def weekdays_before(day: date, count: int) -> date:
    """The day of business that lies `count` such days before the last one up to the day."""
    day = weekday(day, -1)
    for _ in range(count):
        day = weekday(day - timedelta(1), -1)
    return day


@dataclass(frozen=True)
class Timeline:
    """Where the story's turns lie."""

    as_of: date
    weekdays: int = STORY_WEEKDAYS

    @property
    def go_live(self) -> date:
        """The first day closed: some weekdays ago, in the present quarter.

        Nobody has done anything in the system before the newcomer comes. A long story would greet them with everything
        late; so it is short, and what was before is told by the opening extracts, as at a bank. A quarter that ended
        in between would have every customer late.
        """
        return max(self.turn(self.weekdays), quarter_of(self.as_of).first)

    @property
    def opening(self) -> date:
        """The date of the opening extracts: the evening before the first day."""
        return self.go_live - timedelta(1)

    @property
    def cash_from(self) -> date:
        """From when on account movements are told."""
        return add_months(self.opening, -CASH_MONTHS, keep=1)

    def turn(self, weekdays: int) -> date:
        """A turn of the story some weekdays before its end."""
        return weekdays_before(self.as_of, weekdays)

    @property
    def month_ends(self) -> list[date]:
        """The ends of the months before the opening, for two years."""
        first = self.opening.replace(day=1)
        return [add_months(first, -n) - timedelta(1) for n in reversed(range(HISTORY_MONTHS))]

    @property
    def set_dates(self) -> list[date]:
        """The dates of the extract sets: the opening, then every weekday."""
        days = {self.turn(weekdays) for weekdays in range(self.weekdays + 1)}
        return [self.opening, *sorted(d for d in {*days, self.as_of} if d > self.opening)]

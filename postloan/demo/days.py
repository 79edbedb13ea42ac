"""The days of the story, all worked out from the one date it is told up to."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

HISTORY_DAYS = 60  # how far back the branch went live, at most
CASH_MONTHS = 3  # account movements before that, so that a month can be compared with the one before


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

    @property
    def go_live(self) -> date:
        """The first day closed: the first of a month within the last 60 days, and of the present quarter.

        Nobody has visited anybody before the demonstration is loaded. A quarter that ended in between would
        greet the newcomer with every customer late, so the story begins in the quarter in which it is told.
        """
        since = self.as_of - timedelta(HISTORY_DAYS)
        first = since if since.day == 1 else add_months(since, 1, keep=1)
        quarter = date(self.as_of.year, (self.as_of.month - 1) // 3 * 3 + 1, 1)
        return max(first, quarter)

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
    def set_dates(self) -> list[date]:
        """The dates of the extract sets: the opening, one about every ten days, the last week daily."""
        earlier = {self.as_of - timedelta(days) for days in (44, 34, 24, 14)}
        last_week = {self.turn(weekdays) for weekdays in range(6)}
        return [self.opening, *sorted(d for d in {*earlier, *last_week, self.as_of} if d > self.opening)]

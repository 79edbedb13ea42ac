"""Calendar periods and their keys, pure: 2026Q4, 2026-11, 2026-11/1 and /2, 12m:n; and month arithmetic."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True)
class Period:
    """A stretch of days with the key under which a duty of it is raised once."""

    key: str
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def before(self) -> date:
        """The day before the period begins."""
        return self.first - timedelta(days=1)


def add_months(day: date, count: int) -> date:
    """The same day of the month, count months on; the month's last day where it has no such day."""
    years, month0 = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, month0 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def quarter_of(day: date) -> Period:
    """The calendar quarter of a day: 2026Q4."""
    quarter = (day.month - 1) // 3 + 1
    first = date(day.year, quarter * 3 - 2, 1)
    return Period(f"{day.year:04d}Q{quarter}", first, add_months(first, 3) - timedelta(days=1))


def month_of(day: date) -> Period:
    """The calendar month of a day: 2026-11."""
    first = day.replace(day=1)
    return Period(f"{day:%Y-%m}", first, add_months(first, 1) - timedelta(days=1))


def half_month_of(day: date) -> Period:
    """The half of the month: /1 to the 15th, /2 after it."""
    month = month_of(day)
    if day.day <= 15:
        return Period(f"{month.key}/1", month.first, day.replace(day=15))
    return Period(f"{month.key}/2", day.replace(day=16), month.last)


def twelve_months_since(since: date, day: date) -> Period:
    """The n-th twelve months counted from a start date: 12m:1 begins on the start date itself.

    The anniversary of a 29 February is the 28th in common years (clipped to the month's end).
    """
    if day < since:
        raise ValueError(f"{day} 早于起算日 {since}，不属于任何十二个月期间")
    n = day.year - since.year
    if add_months(since, 12 * n) > day:
        n -= 1
    first = add_months(since, 12 * n)
    return Period(f"12m:{n + 1}", first, add_months(since, 12 * (n + 1)) - timedelta(days=1))


@lru_cache(maxsize=1024)  # every borrower of a day asks for the same few
def period_of(frequency: str, day: date, *, since: date | None = None) -> Period:
    """The period of a policy's frequency that a day lies in; `since` is needed for twelve_monthly only."""
    match frequency:
        case "quarterly":
            return quarter_of(day)
        case "monthly":
            return month_of(day)
        case "half_monthly":
            return half_month_of(day)
        case "twelve_monthly":
            if since is None:
                raise ValueError("十二个月期间须给出起算日")
            return twelve_months_since(since, day)
    raise ValueError(f"不认识的频率：{frequency!r}")


def next_period(period: Period, frequency: str, *, since: date | None = None) -> Period:
    """The period that follows one of the same frequency."""
    return period_of(frequency, period.last + timedelta(days=1), since=since)

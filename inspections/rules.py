"""How often a borrower is visited: pure rules over what is known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from core.calendar import Calendar
from core.periods import Period, half_month_of, month_of, quarter_of, twelve_months_since
from credit.choices import RiskClass

# From the laxest to the strictest; "none" requires no periodic visit.
FREQUENCIES = ("none", "twelve_monthly", "quarterly", "monthly", "half_monthly")
FREQUENCY_WORDS = {
    "twelve_monthly": "每 12 个月至少一次",
    "quarterly": "每季至少一次",
    "monthly": "每月至少一次",
    "half_monthly": "每月至少两次",
}


@dataclass(frozen=True)
class Exposure:
    """What the rules need to know of a borrower on a day; empty class: nothing is lent any more."""

    worst: RiskClass | None
    in_class_since: date | None
    first_started_on: date | None  # of the loans that are live, or were when the quarter began
    last_visit_on: date | None  # the latest visit that discharged a duty of an earlier period


def strictest(frequencies: list[str]) -> str:
    """The strictest of several frequencies (a borrower whose loans fall under several schemes)."""
    return max(frequencies, key=FREQUENCIES.index)


def period_of(frequency: str, on: date, *, in_class_since: date | None) -> Period:
    """The calendar period of a day for a frequency; the twelve months count from entering the class."""
    if frequency == "quarterly":
        return quarter_of(on)
    if frequency == "monthly":
        return month_of(on)
    if frequency == "half_monthly":
        return half_month_of(on)
    if frequency == "twelve_monthly" and in_class_since is not None:
        return twelve_months_since(in_class_since, on)
    raise ValueError(f"no period for {frequency!r}")


def counts_from(period: Period, *, last_visit_on: date | None, min_gap: int) -> date:
    """From which day a visit counts for the period: its first day, but not within the least gap after the last."""
    if last_visit_on is None:
        return period.first
    return min(max(period.first, last_visit_on + timedelta(days=min_gap)), period.last)


def begins_with(period: Period, *, first_started_on: date, first_within: int, calendar: Calendar) -> bool:
    """Whether periodic visits have begun: they start in the period after the one in which the first check fell due."""
    return calendar.add_workdays(first_started_on, first_within) < period.first

"""How often a borrower is visited: pure rules over what is known on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256

from core.calendar import Calendar
from core.periods import Period, period_of

# From the laxest to the strictest; "none" requires no periodic visit.
FREQUENCIES = ("none", "twelve_monthly", "quarterly", "monthly", "half_monthly")
FREQUENCY_WORDS = {
    "twelve_monthly": "每 12 个月至少一次",
    "quarterly": "每季至少一次",
    "monthly": "每月至少一次",
    "half_monthly": "每月至少两次",
}


def strictest(frequencies: list[str]) -> str:
    """The strictest of several frequencies (a borrower whose loans fall under several schemes)."""
    return max(frequencies, key=FREQUENCIES.index)


def visit_period(frequency: str, on: date, *, in_class_since: date | None) -> Period:
    """The calendar period of a day for a frequency; the twelve months count from entering the class.

    Their key names the day of entering, so that leaving the class and entering it again begins a new count.
    """
    period = period_of(frequency, on, since=in_class_since)
    if frequency == "twelve_monthly":
        return replace(period, key=f"{period.key}@{in_class_since}")
    return period


def counts_from(period: Period, *, last_visit_on: date | None, min_gap: int) -> date:
    """From which day a visit counts for the period: its first day, but not within the least gap after the last."""
    if last_visit_on is None:
        return period.first
    return min(max(period.first, last_visit_on + timedelta(days=min_gap)), period.last)


def begins_with(period: Period, *, first_started_on: date, first_within: int, calendar: Calendar) -> bool:
    """Whether periodic visits have begun: they start in the period after the one in which the first check fell due."""
    return calendar.add_workdays(first_started_on, first_within) < period.first


def seed_of(scheme: str, branch: str, period_key: str, population: Iterable[str]) -> str:
    """The seed of a sample: nobody chooses it, and nobody can know it before the population of the day is known."""
    text = "|".join((scheme, branch, period_key, *sorted(population)))
    return sha256(text.encode()).hexdigest()


def ticket(seed: str, number: str) -> str:
    """The lot that a customer draws: SHA-256 over the seed and the customer number; the lowest are sampled."""
    return sha256(f"{seed}{number}".encode()).hexdigest()


def draw(seed: str, population: Iterable[str], rate: Decimal) -> list[str]:
    """The share `rate` (a fraction, rounded up) of a population, at least one, by the lowest tickets.

    The same seed and population give the same sample on every machine, today and in ten years.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"抽查比例 {rate} 须大于 0、不超过 1")
    members = set(population)
    size = int((len(members) * rate).to_integral_value(ROUND_CEILING))
    return sorted(sorted(members, key=lambda number: (ticket(seed, number), number))[:size])

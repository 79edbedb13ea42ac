"""Period keys and month arithmetic, by hand-made tables."""

from __future__ import annotations

from datetime import date

import pytest

from core.periods import (
    Period,
    add_months,
    half_month_of,
    month_of,
    next_period,
    period_of,
    quarter_of,
    twelve_months_since,
)


@pytest.mark.parametrize(
    ("period", "key", "first", "last"),
    [
        (quarter_of(date(2026, 11, 24)), "2026Q4", date(2026, 10, 1), date(2026, 12, 31)),
        (quarter_of(date(2028, 2, 29)), "2028Q1", date(2028, 1, 1), date(2028, 3, 31)),
        (month_of(date(2026, 2, 28)), "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        (month_of(date(2026, 12, 31)), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        (half_month_of(date(2026, 11, 15)), "2026-11/1", date(2026, 11, 1), date(2026, 11, 15)),
        (half_month_of(date(2026, 11, 16)), "2026-11/2", date(2026, 11, 16), date(2026, 11, 30)),
        (half_month_of(date(2028, 2, 29)), "2028-02/2", date(2028, 2, 16), date(2028, 2, 29)),
    ],
)
def test_a_day_lies_in_its_period(period: Period, key: str, first: date, last: date) -> None:
    assert period == Period(key, first, last)
    assert first in period
    assert last in period
    assert period.before() not in period


@pytest.mark.parametrize(
    ("since", "day", "key", "first", "last"),
    [
        (date(2025, 11, 24), date(2025, 11, 24), "12m:1", date(2025, 11, 24), date(2026, 11, 23)),
        (date(2025, 11, 24), date(2026, 11, 23), "12m:1", date(2025, 11, 24), date(2026, 11, 23)),
        (date(2025, 11, 24), date(2026, 11, 24), "12m:2", date(2026, 11, 24), date(2027, 11, 23)),
        # entered the class on a leap day: the anniversary is the month's end
        (date(2024, 2, 29), date(2025, 2, 27), "12m:1", date(2024, 2, 29), date(2025, 2, 27)),
        (date(2024, 2, 29), date(2025, 2, 28), "12m:2", date(2025, 2, 28), date(2026, 2, 27)),
        (date(2024, 2, 29), date(2028, 2, 28), "12m:4", date(2027, 2, 28), date(2028, 2, 28)),
        (date(2024, 2, 29), date(2028, 2, 29), "12m:5", date(2028, 2, 29), date(2029, 2, 27)),
    ],
)
def test_twelve_months_count_from_entering_the_class(
    since: date, day: date, key: str, first: date, last: date
) -> None:
    assert twelve_months_since(since, day) == Period(key, first, last)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -13, date(2025, 2, 28)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_months_are_added_and_clipped_to_the_months_end(day: date, count: int, expected: date) -> None:
    assert add_months(day, count) == expected


def test_consecutive_periods_leave_no_day_out_over_ten_years() -> None:
    since = date(2024, 2, 29)
    for frequency in ("quarterly", "monthly", "half_monthly", "twelve_monthly"):
        period = period_of(frequency, since, since=since)
        while period.last < date(2034, 1, 1):
            following = next_period(period, frequency, since=since)
            assert following.before() == period.last
            assert following.key != period.key
            period = following


def test_what_matches_no_period_raises() -> None:
    with pytest.raises(ValueError, match="fortnightly"):
        period_of("fortnightly", date(2026, 1, 1))
    with pytest.raises(ValueError, match="起算日"):
        period_of("twelve_monthly", date(2026, 1, 1))
    with pytest.raises(ValueError, match="早于起算日"):
        twelve_months_since(date(2026, 1, 2), date(2026, 1, 1))

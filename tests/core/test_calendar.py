"""The calendar against the State Council's notice for 2026, worked out by hand, and what it says of other years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core import calendar_store
from core import reference as reference_data
from core.calendar import Calendar
from core.models import CalendarDay, CalendarYear

# 国务院办公厅关于2026年部分节假日安排的通知: 放假 (first, last), and the weekend days on which people work.
HOLIDAYS_2026 = {
    "元旦": (date(2026, 1, 1), date(2026, 1, 3)),
    "春节": (date(2026, 2, 15), date(2026, 2, 23)),
    "清明": (date(2026, 4, 4), date(2026, 4, 6)),
    "劳动节": (date(2026, 5, 1), date(2026, 5, 5)),
    "端午": (date(2026, 6, 19), date(2026, 6, 21)),
    "中秋": (date(2026, 9, 25), date(2026, 9, 27)),
    "国庆节": (date(2026, 10, 1), date(2026, 10, 7)),
}
MAKE_UP_2026 = {
    date(2026, 1, 4),  # Sunday
    date(2026, 2, 14),  # Saturday
    date(2026, 2, 28),  # Saturday
    date(2026, 5, 9),  # Saturday
    date(2026, 9, 20),  # Sunday
    date(2026, 10, 10),  # Saturday
}


@pytest.fixture
def calendar(reference: None) -> Calendar:
    return calendar_store.load()


def test_every_day_of_2026_is_what_the_notice_says(calendar: Calendar) -> None:
    off = {
        first + timedelta(days=n)
        for first, last in HOLIDAYS_2026.values()
        for n in range((last - first).days + 1)
    }
    day = date(2026, 1, 1)
    while day.year == 2026:
        expected = day in MAKE_UP_2026 or (day.weekday() < 5 and day not in off)
        assert calendar.is_workday(day) is expected, day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        # Friday the 13th of February, then 14 (Sat, make-up), then 24 (Tue, first after 春节), 25, 26, 27, 28 (make-up)
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 13), 2, date(2026, 2, 24)),
        (date(2026, 2, 13), 6, date(2026, 2, 28)),
        (date(2026, 2, 13), 7, date(2026, 3, 2)),
        # 15 workdays from Wednesday 16 September: 17 18 20 21 22 23 24 28 29 30, then 8 9 10 12 13 October
        (date(2026, 9, 16), 15, date(2026, 10, 13)),
        # backwards from Monday 12 October: 10 (Sat), 9, 8, then 30 September
        (date(2026, 10, 12), -4, date(2026, 9, 30)),
        (date(2026, 10, 3), 0, date(2026, 10, 3)),
        (date(2026, 11, 24), 3, date(2026, 11, 27)),
    ],
)
def test_workdays_are_counted_over_holidays_and_make_up_days(
    calendar: Calendar, day: date, count: int, expected: date
) -> None:
    assert calendar.add_workdays(day, count) == expected


def test_a_deadline_on_a_holiday_moves_to_the_workday_before_it_and_a_legal_one_to_the_day_after(
    calendar: Calendar,
) -> None:
    assert calendar.preceding_workday(date(2026, 2, 20)) == date(2026, 2, 14)
    assert calendar.following_workday(date(2026, 2, 20)) == date(2026, 2, 24)
    assert calendar.preceding_workday(date(2026, 2, 14)) == date(2026, 2, 14)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"workdays": 3}, date(2026, 10, 10)),  # from 30 September: 8, 9, 10 (Saturday, make-up)
        ({"days": 3}, date(2026, 10, 3)),
        ({"months": 5}, date(2027, 2, 28)),
    ],
)
def test_a_span_of_policy_ends_on_its_day(calendar: Calendar, span: dict[str, int], expected: date) -> None:
    assert calendar.within(date(2026, 9, 30), span) == expected


@pytest.mark.parametrize("span", [{}, {"weeks": 2}, {"days": 1, "months": 1}])
def test_a_span_of_no_known_unit_raises(span: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="期限"):
        Calendar().within(date(2026, 1, 1), span)


def test_a_year_not_announced_is_computed_by_weekends_and_says_so(calendar: Calendar) -> None:
    assert calendar.is_announced(2026)
    assert not calendar.is_announced(2027)
    assert calendar.is_workday(date(2027, 1, 1))  # a Friday, surely a holiday, not yet announced
    assert calendar.caution(date(2026, 12, 31), date(2027, 1, 1)) == "2027 年放假安排尚未公布，按周末推算"
    assert calendar.caution(date(2027, 3, 1), date(2028, 1, 4)) == "2027、2028 年放假安排尚未公布，按周末推算"
    assert calendar.caution(date(2026, 12, 31)) == ""
    assert calendar.caution(date(1993, 7, 5)) == "1993 年没有放假安排资料，按周末推算"


def test_a_corrected_day_is_seen_by_the_next_reading(calendar: Calendar) -> None:
    assert calendar.is_workday(date(2026, 11, 24))
    CalendarDay.objects.create(day=date(2026, 11, 24), is_workday=False, name="本地放假")
    again = calendar_store.load()
    assert not again.is_workday(date(2026, 11, 24))
    assert again.name_of(date(2026, 11, 24)) == "本地放假"
    assert calendar_store.load() is again


def test_loading_again_keeps_a_correction_and_says_that_it_differs(reference_loaded_days: int) -> None:
    CalendarDay.objects.filter(day=date(2026, 2, 14)).delete()
    loaded = reference_data.Loaded()
    reference_data.load_calendar(loaded)
    assert loaded.years == []
    assert loaded.differences == ["2026 年放假安排与软件所带的不同，已保留库中的。"]
    assert CalendarDay.objects.count() == reference_loaded_days - 1


def test_an_announcement_replaces_what_was_guessed_for_its_year(reference_loaded_days: int) -> None:
    CalendarYear.objects.filter(year=2026).update(announced=False)
    CalendarDay.objects.filter(day__year=2026).delete()
    CalendarDay.objects.create(day=date(2026, 6, 1), is_workday=False, name="猜测")
    loaded = reference_data.Loaded()
    reference_data.load_calendar(loaded)
    assert loaded.years == [2026]
    assert CalendarDay.objects.count() == reference_loaded_days
    assert not CalendarDay.objects.filter(name="猜测").exists()


@pytest.fixture
def reference_loaded_days(db: None) -> int:
    return CalendarDay.objects.count()

"""The working calendar, pure: weekends, holidays and 调休 make-up workdays; says so where it only guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.periods import add_months

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """Years officially announced, and the days that are not what their weekday says."""

    announced: frozenset[int] = frozenset()
    overrides: Mapping[date, bool] = field(default_factory=dict, hash=False)
    names: Mapping[date, str] = field(default_factory=dict, hash=False)
    # A day of the bank asks for the same few deadlines a hundred thousand times; announcements come as a new calendar.
    _answered: dict[tuple[date, int], date] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_workday(self, day: date) -> bool:
        """Whether people work on this day; in a year not announced, Monday to Friday."""
        return self.overrides.get(day, day.weekday() < _SATURDAY)

    def is_announced(self, year: int) -> bool:
        """Whether the State Council's arrangement of this year is known here."""
        return year in self.announced

    def add_workdays(self, day: date, count: int) -> date:
        """The count-th workday after a day (before it when negative); the day itself for 0."""
        found = self._answered.get((day, count))
        if found is None:
            found = self._answered[day, count] = self._walk(day, count)
        return found

    def _walk(self, day: date, count: int) -> date:
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def preceding_workday(self, day: date) -> date:
        """The day itself if a workday, else the last workday before it ("前N日" deadlines move forward)."""
        return day if self.is_workday(day) else self.add_workdays(day, -1)

    def following_workday(self, day: date) -> date:
        """The day itself if a workday, otherwise the first workday after it (only legal periods roll so)."""
        return day if self.is_workday(day) else self.add_workdays(day, 1)

    def workdays_between(self, first: date, last: date) -> int:
        """How many workdays lie after `first` up to and including `last`; 0 when last is not later."""
        days = (first + _DAY * n for n in range(1, (last - first).days + 1))
        return sum(self.is_workday(day) for day in days)

    def within(self, start: date, span: Mapping[str, int]) -> date:
        """The last day of a span: {"workdays": 15}, {"days": 7} or {"months": 1} counted from a day."""
        if len(span) != 1:
            raise ValueError(f"期限须恰有一个单位：{dict(span)!r}")
        ((unit, count),) = span.items()
        match unit:
            case "workdays":
                return self.add_workdays(start, count)
            case "days":
                return start + _DAY * count
            case "months":
                return add_months(start, count)
        raise ValueError(f"不认识的期限单位：{unit!r}")

    def name_of(self, day: date) -> str:
        """What the day is called where it differs from its weekday (国庆节, 春节调休上班), or empty."""
        return self.names.get(day, "")

    def caution(self, *days: date) -> str:
        """One sentence when a day lies in a year whose arrangement is not known here, otherwise empty."""
        unknown = sorted({day.year for day in days} - self.announced)
        first = min(self.announced, default=None)
        past = [str(year) for year in unknown if first is not None and year < first]
        coming = [str(year) for year in unknown if first is None or year >= first]
        sentences = []
        if past:
            sentences.append(f"{'、'.join(past)} 年没有放假安排资料，按周末推算")
        if coming:
            sentences.append(f"{'、'.join(coming)} 年放假安排尚未公布，按周末推算")
        return "；".join(sentences)

"""A year's holiday arrangement as it is announced: read from text, checked, written once by one audited act."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import audit, calendar_store
from core.calendar import Calendar
from core.errors import Invalid, Refused
from core.models import CalendarDay, CalendarYear

CALENDAR = "core.calendar"
ANNOUNCED = audit.act("calendar.years.announced", _("登记放假安排"), about={CALENDAR: _("工作日历")})

REST, WORK = "休", "班"
_DAY = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_SATURDAY = 5
_LONGEST_NAME = 40


class AnnouncedDay(NamedTuple):
    """A day that is not what its weekday says."""

    day: date
    is_workday: bool
    name: str


def read(text: str, year: int) -> list[AnnouncedDay]:
    """The days of an announcement: one a line, date, 休 or 班, and a name; commas, tabs or blanks between them.

    A holiday that falls on a weekend may be listed, and adds nothing. Invalid with every line that is wrong.
    """
    days: dict[date, AnnouncedDay] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = _cells(line)
        if not cells or (number == 1 and cells[0] == "日期"):
            continue
        try:
            found = _day(cells, year)
            if found.day in days:
                raise Invalid(f"{found.day} 重复")
        except Invalid as error:
            wrong.append(f"第 {number} 行：{error}。")
        else:
            days[found.day] = found
    if wrong:
        raise Invalid("\n".join(wrong))
    if not days:
        raise Invalid("没有读到任何一天，请按“日期,休或班,名称”每行一天填写。")
    return [one for _, one in sorted(days.items()) if one.is_workday == (one.day.weekday() >= _SATURDAY)]


def _cells(line: str) -> list[str]:
    line = line.strip().lstrip("\ufeff").replace("，", ",").replace("\t", ",")
    if "," not in line:
        line = ",".join(line.split(maxsplit=2))
    return [cell.strip() for cell in next(csv.reader([line]), [])]


def _day(cells: Sequence[str], year: int) -> AnnouncedDay:
    text, kind, name = [*cells, "", ""][:3]
    try:
        found = _DAY.fullmatch(text)
        day = date(*map(int, found.groups())) if found else date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text}”不是日期，请写成 {year}-01-01 的样子") from None
    if day.year != year:
        raise Invalid(f"{day} 不在 {year} 年")
    if kind not in (REST, WORK):
        raise Invalid(f"{day} 第二栏须写“休”或“班”，现为“{kind}”")
    if kind == WORK and day.weekday() < _SATURDAY:
        raise Invalid(f"{day} 是星期{'一二三四五'[day.weekday()]}，本来就上班；调休上班只能在周六、周日")
    if len(name) > _LONGEST_NAME:
        raise Invalid(f"{day} 的名称超过 {_LONGEST_NAME} 个字")
    return AnnouncedDay(day, kind == WORK, name or ("调休上班" if kind == WORK else "放假"))


def with_year(calendar: Calendar, year: int, days: Sequence[AnnouncedDay]) -> Calendar:
    """The calendar as it would be if this were the arrangement of the year."""
    return Calendar(
        announced=calendar.announced | {year},
        overrides={day: is_work for day, is_work in calendar.overrides.items() if day.year != year}
        | {one.day: one.is_workday for one in days},
        names={day: name for day, name in calendar.names.items() if day.year != year}
        | {one.day: one.name for one in days},
    )


def changed_days(before: Calendar, after: Calendar, year: int) -> list[date]:
    """Days of the year that are a workday in one calendar and not in the other."""
    days = {day for calendar in (before, after) for day in calendar.overrides if day.year == year}
    return sorted(day for day in days if before.is_workday(day) != after.is_workday(day))


def check(*, year: int, days: Sequence[AnnouncedDay], on: date) -> None:
    """Refused where it would change a day that is over: what was judged by it stays."""
    before = calendar_store.load()
    over = [day for day in changed_days(before, with_year(before, year, days), year) if day < on]
    if over:
        raise Refused(
            f"{'、'.join(str(day) for day in over[:5])} 已经过去，是否上班不能再改：当时的判断以此为准。"
            "请只更正今天及以后的日子，已过去的照原样列出。"
        )


@transaction.atomic
def announce(*, year: int, days: Sequence[AnnouncedDay], source: str, by: str, on: date) -> CalendarYear:
    """Write the arrangement of a year, in the place of what was guessed or announced before."""
    if not source.strip():
        raise Invalid("请写明来源，例如国务院办公厅的文号。")
    check(year=year, days=days, on=on)
    rows = CalendarDay.objects.filter(day__year=year)
    before = [_line(row.day, row.is_workday, row.name) for row in rows]
    rows.delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(day=one.day, is_workday=one.is_workday, name=one.name) for one in days
    )
    announced, _ = CalendarYear.objects.update_or_create(
        year=year, defaults={"announced": True, "source": source.strip()}
    )
    audit.record(
        act=ANNOUNCED,
        subject=CALENDAR,
        before={"year": year, "days": before},
        after={"year": year, "days": [_line(*one) for one in days], "by": by},
        note=source.strip(),
    )
    return announced


def _line(day: date, is_workday: bool, name: str) -> str:
    return f"{day} {WORK if is_workday else REST} {name}"

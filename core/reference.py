"""Reference data: the announced calendar and the initial policy; loaded any number of times, written once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chinese_calendar import Holiday, constants
from django.conf import settings
from django.db import connection, transaction

from core import audit, clock, policy, policy_files
from core.actor import acting_as, job
from core.announcements import ANNOUNCED, CALENDAR
from core.errors import Invalid
from core.models import CalendarDay, CalendarYear, Scheme, SchemeVersion
from core.parameters import BASE

PROPOSER = "system:load_reference"
APPROVER = "system:initial"
_ONE_LOADER = 0x7265_6665_7265_6E63  # two first starts at once: the second waits, then finds all there


@dataclass
class Loaded:
    """What a load wrote, and what it found different and left alone."""

    years: list[int] = field(default_factory=list)
    schemes: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def load(directory: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """Load the calendar and the policy; `overrides` set parameters of the base scheme at the first load."""
    loaded = Loaded()
    with acting_as(job("load_reference")), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_LOADER])
        load_calendar(loaded)
        load_policy(loaded, directory or settings.POLICY_DIR, overrides or {})
    return loaded


def load_calendar(loaded: Loaded) -> None:
    """Write the years that chinesecalendar knows as announced; a year already here is only compared."""
    known = set(CalendarYear.objects.filter(announced=True).values_list("year", flat=True))
    for year, days in _announced_years():
        if year in known:
            stored = dict(CalendarDay.objects.filter(day__year=year).values_list("day", "is_workday"))
            if stored != {day: is_workday for day, is_workday, _ in days}:
                loaded.differences.append(f"{year} 年放假安排与软件所带的不同，已保留库中的。")
            continue
        CalendarDay.objects.filter(day__year=year).delete()  # guesses entered before the announcement
        CalendarDay.objects.bulk_create(
            CalendarDay(day=day, is_workday=is_workday, name=name) for day, is_workday, name in days
        )
        CalendarYear.objects.update_or_create(
            year=year, defaults={"announced": True, "source": "国务院办公厅节假日安排（chinesecalendar）"}
        )
        loaded.years.append(year)
    if loaded.years:
        audit.record(act=ANNOUNCED, subject=CALENDAR, after=loaded.years)


def _announced_years() -> Iterator[tuple[int, list[tuple[date, bool, str]]]]:
    """Each announced year with the days that are not what their weekday says."""
    for year in sorted({day.year for day in constants.holidays}):
        days = []
        day = date(year, 1, 1)
        while day.year == year:
            weekend = day.weekday() >= 5
            if day in constants.workdays and weekend:
                days.append((day, True, f"{Holiday(constants.workdays[day]).chinese}调休上班"))
            elif day in constants.holidays and not weekend:
                days.append((day, False, Holiday(constants.holidays[day]).chinese))
            day += timedelta(days=1)
        yield year, days


def load_policy(loaded: Loaded, directory: Path, overrides: Mapping[str, Any]) -> None:
    """Give every scheme its first version; a scheme that has one is only compared with its file."""
    at = clock.now()
    for content in _in_order(_read(directory, overrides)):
        scheme, _ = Scheme.objects.get_or_create(
            code=content["scheme"], defaults={"name": content["name"], "parent_id": content["parent"]}
        )
        first = SchemeVersion.objects.filter(scheme=scheme, proposed_by=PROPOSER).order_by("number").first()
        if first is not None:
            loaded.differences.extend(_differences(first, content["parameters"], overrides))
            continue
        version = policy.propose(
            scheme=scheme,
            parameters=content["parameters"],
            effective_on=content["effective_on"],
            reason="系统初始载入",
            by=PROPOSER,
            at=at,
        )
        policy.approve(version=version, by=APPROVER, at=at)
        loaded.schemes.append(scheme.code)


def _read(directory: Path, overrides: Mapping[str, Any]) -> list[dict[str, Any]]:
    contents = policy_files.read(directory)
    for content in contents:
        if content["scheme"] == BASE:
            _override(content["parameters"], overrides)
    return contents


def _override(parameters: dict[str, dict[str, Any]], overrides: Mapping[str, Any]) -> None:
    for name, value in overrides.items():
        if name not in parameters:
            raise Invalid(f"基础方案没有参数 {name}，不能设定。")
        parameters[name]["value"] = value.isoformat() if isinstance(value, date) else value


def _in_order(contents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Parents before children; a parent that no file describes is an error, not a silent gap."""
    waiting = {content["scheme"]: content for content in contents}
    done: set[str | None] = {None}
    while waiting:
        ready = [code for code, content in waiting.items() if content["parent"] in done]
        if not ready:
            raise Invalid(f"方案 {'、'.join(sorted(waiting))} 的上级方案不存在，或互为上级。")
        for code in ready:
            yield waiting.pop(code)
            done.add(code)


def _differences(
    first: SchemeVersion, parameters: Mapping[str, Any], overrides: Mapping[str, Any]
) -> list[str]:
    """Sentences about parameters that the file has otherwise than the version once loaded from it."""
    names = sorted(
        name
        for name in set(parameters) | set(first.parameters)
        if policy.figure_of(parameters.get(name)) != policy.figure_of(first.parameters.get(name))
        # What was set for this lender at its first load need not be told again.
        and not (name in parameters and name in first.parameters and name not in overrides and _is_set(name))
    )
    if not names:
        return []
    return [
        f"方案 {first.scheme_id} 的文件与已载入的第 {first.number} 版不同（{'、'.join(names)}）：没有更改，"
        "请在系统中提出新版本，经另一人批准后生效。"
    ]


def _is_set(name: str) -> bool:
    return name.startswith(("lender.", "extracts."))

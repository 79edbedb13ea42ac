"""Times the day on a synthetic book beside the same rules written by hand as set SQL, and compares what they leave.

The runs are interleaved: ours, its rerun, theirs, and so on. A machine that is busy with something else slows both, so
that the ratios can be trusted where the seconds cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from time import monotonic
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from postloan import close_of_day
from tests.bench import book, by_hand
from workflow.models import DayRun

ON = date(2026, 11, 24)  # a Tuesday in the middle of a quarter


class Different(Exception):
    """The two versions leave different duties."""


@contextmanager
def scratch_database(name: str, *, keep: bool) -> Iterator[None]:
    """An empty database of its own with the reference data in it; this process works on it until it is dropped."""
    home = connection.settings_dict["NAME"]
    _on_the_server(
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}"',
        # Both sides sort whole books; the 4 MB that PostgreSQL has as it comes would time the disk.
        f"ALTER DATABASE \"{name}\" SET work_mem = '128MB'",
    )
    _switch(name)
    try:
        call_command("migrate", verbosity=0)
        call_command("load_reference", verbosity=0)
        yield
    finally:
        _switch(home)
        if not keep:
            _on_the_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _switch(name: str) -> None:
    connections.close_all()
    for place in (connection.settings_dict, settings.DATABASES["default"]):
        place["NAME"] = name


def _on_the_server(*statements: str) -> None:
    there = connection.settings_dict
    session = psycopg2.connect(
        dbname="postgres", user=there["USER"] or None, password=there["PASSWORD"] or None,
        host=there["HOST"] or None, port=there["PORT"] or None,
    )  # fmt: skip
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        session.close()


@dataclass
class Times:
    """Seconds by what was run, one figure a round; and what each step took in the last one."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    steps: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    duties: int = 0

    def time(self, name: str, work: Callable[[], object]) -> None:
        """Run it and write down how long it took."""
        begun = monotonic()
        work()
        self.seconds.setdefault(name, []).append(monotonic() - begun)

    def median(self, name: str) -> float:
        """Of the rounds."""
        return median(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """The median of the rounds' own ratios: the two were run side by side."""
        return median(a / b for a, b in zip(self.seconds[name], self.seconds[to], strict=True))


class Bench:
    """The day, its rerun and the version by hand on the book of the current database."""

    def __init__(self, on: date = ON, say: Callable[[str], object] = print) -> None:
        self.on, self.say, self.times = on, say, Times()
        self.empty = [table for table in _tables() if not _has_rows(table)]

    def build(self, loans: int) -> None:
        """Build the book, with what the day leaves behind still empty."""
        begun = monotonic()
        book.build(loans, on=self.on)
        self.empty = [table for table in self.empty if not _has_rows(table)]
        self.say(f"账簿 {loans:,} 笔，用时 {monotonic() - begun:.0f} 秒")

    def rounds(self, count: int) -> Times:
        """So many interleaved rounds; raises `Different` when the two leave different rows."""
        for number in range(count):
            self._ours()
            self._by_hand()
            self.say(
                f"第 {number + 1} 轮："
                + "，".join(f"{name} {seconds[-1]:.1f} 秒" for name, seconds in self.times.seconds.items())
            )
        return self.times

    def _ours(self) -> None:
        self._reset()
        self.times.time("day", lambda: close_of_day.close(self.on))
        self.times.steps = _steps()
        rules = sum(seconds for step, (seconds, _) in self.times.steps.items() if _is_by_hand_too(step))
        self.times.seconds.setdefault("rules", []).append(rules)
        before = _duties()
        self.times.time("rerun", lambda: close_of_day.close(self.on))
        DayRun.objects.all().delete()  # so that every step is run again, and not only found done
        self.times.time("anew", lambda: close_of_day.close(self.on))
        if _duties() != before:
            raise Different("重跑改变了职责。")
        self.times.duties = before[0]

    def _by_hand(self) -> None:
        """It takes who was drawn and what was found of the funds from the day: the times compared leave those out."""
        by_hand.prepare(connection)
        self.times.time("by hand", lambda: by_hand.run(connection, self.on))
        if found := by_hand.differences(connection):
            raise Different("\n".join(found))

    def missed(self, days: int) -> None:
        """So many days closed one by one, and as many more in one go after an outage."""
        first = self.on + timedelta(days=1)
        for n in range(days):
            until = first + timedelta(days=n)
            self.times.time("single", lambda until=until: list(close_of_day.catch_up(until=until)))  # type: ignore[misc]
        self.times.time(
            "missed", lambda: list(close_of_day.catch_up(until=first + timedelta(days=2 * days - 1)))
        )

    def _reset(self) -> None:
        """Empty what the day fills, so that every round begins with the same book."""
        filled = [table for table in self.empty if not table.startswith("core_") and _has_rows(table)]
        if filled:
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")
                cursor.execute("VACUUM ANALYZE " + ", ".join(filled))


def _steps() -> dict[str, tuple[float, dict[str, Any]]]:
    """How long each step of the day took, and what it did."""
    return {
        run.step: ((run.finished_at - run.started_at).total_seconds(), run.counts)
        for run in DayRun.objects.order_by("pk")
        if run.finished_at and run.started_at
    }


def _is_by_hand_too(step: str) -> bool:
    """The rules and the climbing of late duties. By hand the figures of duties are written too; ours stand in a step
    with those of the loans, the warnings and so on, which are not written by hand."""
    return step == "escalation" or step.removeprefix("duties:") in by_hand.COVERED


def _tables() -> list[str]:
    return connection.introspection.table_names()


def _has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")')
        (found,) = cursor.fetchone()
    return bool(found)


def _duties() -> tuple[int, str]:
    """How many there are, and the newest physical version of any: a row that is written again has a newer one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM workflow_workitem")
        count, newest = cursor.fetchone()
    return count, newest

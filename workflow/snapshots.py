"""The figures that every close of day leaves behind: each app registers what it measures, and who can name its rows.

A measure writes its figures for a day in few statements (no Python per row: a book has a million loans) and names the
rows behind a figure again, so that every figure on a dashboard leads to exactly as many rows as it says. A figure of a
day stands for the day; a flow (raised, done) adds up over days, a stock (open, live loans) does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from workflow.models import DailyMeasure


@dataclass(frozen=True)
class Measure:
    """What one measure counts. `rows(since, on, key)`: of a flow after `since` until `on`, of a stock on `on`.

    `unit`, `person` and `obligation` are the lookups by which its rows are cut (empty: they are not), `amount` the
    lookup that is added up.
    """

    name: str
    rows: Callable[[date, date, str], QuerySet[Any]]
    unit: str = "unit"
    person: str = "person"
    obligation: str = ""
    amount: str = ""
    is_flow: bool = False


Writer = Callable[[date], int]
_measures: dict[str, Measure] = {}
_writers: dict[str, Writer] = {}


def register(app: str, write: Writer, measures: Iterable[Measure]) -> None:
    """Make an app's measures known, with the function that writes all their figures of a day."""
    _writers[app] = write
    _measures.update({measure.name: measure for measure in measures})


def measures() -> dict[str, Measure]:
    """Every measure by its name."""
    return dict(_measures)


@transaction.atomic
def write(on: date) -> int:
    """Write the day's figures of every app; written again they are the same. Returns how many."""
    DailyMeasure.objects.filter(on=on).delete()
    return sum(write_app(on) for write_app in _writers.values())


def latest() -> date | None:
    """The last day that has figures."""
    return DailyMeasure.objects.order_by("-on").values_list("on", flat=True).first()


def at_or_before(day: date) -> date | None:
    """The day itself where it has figures, else the last one before it that has."""
    return DailyMeasure.objects.filter(on__lte=day).order_by("-on").values_list("on", flat=True).first()


def first() -> date | None:
    """The first day that has figures."""
    return DailyMeasure.objects.order_by("on").values_list("on", flat=True).first()

"""The day's figures of funds: debts whose money was not there when it was looked."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, QuerySet, Subquery, Sum

from credit.duties import managers_of, unit_in_charge
from monitoring.models import FundsCheck
from workflow import snapshots
from workflow.models import DailyMeasure


def short_on(on: date) -> QuerySet[Any]:
    """Debts found short on the day, each with the `manager` of its customer and the unit in charge (`home`)."""
    return (
        FundsCheck.objects.short()
        .filter(on=on)
        .annotate(
            manager=Subquery(managers_of("loan__borrower", on).values("person")[:1]),
            home=unit_in_charge(on, "loan__"),
        )
    )


def _rows(since: date, on: date, key: str) -> QuerySet[Any]:
    return short_on(on).filter(kind=key) if key else short_on(on)


def write_app(on: date) -> int:
    """How many debts were found short, and by how much, by kind."""
    groups: Any = (
        short_on(on).order_by().values("home", "manager", "kind").annotate(n=Count("pk"), s=Sum("short"))
    )
    rows = [
        DailyMeasure(
            on=on, unit_id=group["home"], person_id=group["manager"], measure="funds_short",
            key=group["kind"], value=group["n"], amount=group["s"],
        )
        for group in groups
    ]  # fmt: skip
    return len(DailyMeasure.objects.bulk_create(rows))


def register() -> None:
    """Make the measure known."""
    measure = snapshots.Measure("funds_short", _rows, unit="home", person="manager", amount="short")
    snapshots.register("monitoring", write_app, (measure,))

"""The day's figures of funds: debts whose money was not there when it was looked, and signals not yet judged."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery, Sum

from credit.selectors.responsible import managers_of, unit_in_charge
from monitoring.choices import SignalStatus
from monitoring.decisions.selectors import with_home
from monitoring.models import FundsCheck, Signal
from monitoring.payments import measures as payment_measures
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


def open_on(on: date) -> QuerySet[Any]:
    """Signals that were known and not decided when the day was over, with `manager` and `home`."""
    undecided = Q(status=SignalStatus.OPEN) | Q(decided_on__gt=on)
    return with_home(Signal.objects.filter(undecided, known_on__lte=on), on)


def _signal_rows(since: date, on: date, key: str) -> QuerySet[Any]:
    """By kind and level (LARGE/BLUE), by kind, or by level (/BLUE)."""
    kind, _slash, level = key.partition("/")
    rows = open_on(on).filter(kind=kind) if kind else open_on(on)
    return rows.filter(level=level) if level else rows


def _write_signals(on: date) -> int:
    """How many signals are open, with their amounts, by kind and level."""
    groups: Any = (
        open_on(on)
        .order_by()
        .values("home", "manager", "kind", "level")
        .annotate(n=Count("pk"), s=Sum("amount"))
    )
    rows = [
        DailyMeasure(
            on=on, unit_id=group["home"], person_id=group["manager"], measure="signals",
            key=f"{group['kind']}/{group['level']}", value=group["n"], amount=group["s"],
        )
        for group in groups
        if group["home"] is not None
    ]  # fmt: skip
    return len(DailyMeasure.objects.bulk_create(rows))


def write_app(on: date) -> int:
    """How many debts were found short, and by how much, by kind; the open signals; payments that wait."""
    return _write_short(on) + _write_signals(on) + payment_measures.write(on)


def _write_short(on: date) -> int:
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
    """Make the measures known."""
    short = snapshots.Measure("funds_short", _rows, unit="home", person="manager", amount="short")
    signals = snapshots.Measure("signals", _signal_rows, unit="home", person="manager", amount="amount")
    snapshots.register("monitoring", write_app, (short, signals, payment_measures.MEASURE))

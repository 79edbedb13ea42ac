"""The day's figures of payments: what waits for its review or its release."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, Q, QuerySet, Subquery, Sum, Value, When

from credit.selectors.responsible import managers_of, unit_in_charge
from monitoring.choices import PaymentStatus
from monitoring.models import Payment
from workflow import snapshots
from workflow.models import DailyMeasure

NAME = "payments_waiting"


def waiting_on(on: date) -> QuerySet[Any]:
    """Payments that waited at the end of the day: `waits` for review (SUBMITTED) or release (REVIEWED).

    What was returned or given up since waits no longer, on no day.
    """
    passed = Q(reviewed_on__lte=on)
    return (
        Payment.objects.filter(submitted_on__lte=on)
        .exclude(status__in=[PaymentStatus.RETURNED, PaymentStatus.CANCELLED])
        .exclude(released_on__lte=on)
        .annotate(
            waits=Case(
                When(passed, then=Value(PaymentStatus.REVIEWED.value)),
                default=Value(PaymentStatus.SUBMITTED.value),
                output_field=CharField(),
            ),
            manager=Subquery(managers_of("loan__borrower", on).values("person")[:1]),
            home=unit_in_charge(on, "loan__"),
        )
    )


def _rows(since: date, on: date, key: str) -> QuerySet[Any]:
    return waiting_on(on).filter(waits=key) if key else waiting_on(on)


def write(on: date) -> int:
    """How many payments waited and for how much, by what they waited for."""
    groups: Any = (
        waiting_on(on).order_by().values("home", "manager", "waits").annotate(n=Count("pk"), s=Sum("amount"))
    )
    rows = [
        DailyMeasure(
            on=on, unit_id=group["home"], person_id=group["manager"], measure=NAME, key=group["waits"],
            value=group["n"], amount=group["s"],
        )
        for group in groups
    ]  # fmt: skip
    return len(DailyMeasure.objects.bulk_create(rows))


MEASURE = snapshots.Measure(NAME, _rows, unit="home", person="manager", amount="amount")

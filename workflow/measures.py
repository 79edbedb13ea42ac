"""The daily row of measures: narrow, additive, judged as of its day, so that no later figure rereads history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, F, Q, QuerySet

from workflow.choices import DutyStatus
from workflow.models import DailyMeasure, WorkItem

_BY = ("unit_id", "post", "obligation")


def as_of(on: date) -> QuerySet[WorkItem]:
    """Duties that stood open at the end of the day, whatever became of them since."""
    return WorkItem.objects.filter(raised_on__lte=on).filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on))


def late_as_of(on: date) -> QuerySet[WorkItem]:
    """Of those, the ones past their day whose evidence had not been handed in by then."""
    return (
        as_of(on).filter(due_on__lt=on).filter(Q(submitted_on__isnull=True) | Q(submitted_on__gt=F("due_on")))
    )


def write(on: date) -> int:
    """Write the day's figures; written again they are the same."""
    closed = WorkItem.objects.filter(closed_on=on)
    done = closed.filter(status=DutyStatus.DONE)
    figures: Iterable[tuple[str, QuerySet[WorkItem]]] = (
        ("raised", WorkItem.objects.filter(raised_on=on)),
        ("done", done),
        ("done_in_time", done.filter(Q(done_on__lte=F("due_on")))),
        ("void", closed.filter(status=DutyStatus.VOID)),
        ("waived", closed.filter(status=DutyStatus.WAIVED)),
        ("fell_due", WorkItem.objects.filter(due_on=on).exclude(status=DutyStatus.VOID)),
        ("open", as_of(on)),
        ("late", late_as_of(on)),
    )
    rows = [
        DailyMeasure(on=on, measure=measure, value=row.pop("n"), **row)
        for measure, items in figures
        for row in items.order_by().values(*_BY).annotate(n=Count("pk"))
    ]
    DailyMeasure.objects.filter(on=on).delete()
    DailyMeasure.objects.bulk_create(rows)
    return len(rows)

"""The daily row of measures: narrow, additive, judged as of its day, so that no later figure rereads history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, F, Q, QuerySet

from workflow.choices import DutyStatus
from workflow.models import DailyMeasure, WorkItem

_BY = ("unit_id", "post", "obligation")


def stood(on: date) -> Q:
    """Was raised, and not closed by the end of the day."""
    return Q(raised_on__lte=on) & (Q(closed_on__isnull=True) | Q(closed_on__gt=on))


def was_late(on: date) -> Q:
    """Was past its day, without evidence handed in by then."""
    return Q(due_on__lt=on) & (Q(submitted_on__isnull=True) | Q(submitted_on__gt=F("due_on")))


def as_of(on: date) -> QuerySet[WorkItem]:
    """Duties that stood open at the end of the day, whatever became of them since."""
    return WorkItem.objects.filter(stood(on))


def late_as_of(on: date) -> QuerySet[WorkItem]:
    """Of those, the ones past their day whose evidence had not been handed in by then."""
    return as_of(on).filter(was_late(on))


def in_time(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    """Of those, the ones that were done by their day, whenever the system was told."""
    return items.filter(done_on__lte=F("due_on"))


def write(on: date) -> int:
    """Write the day's figures; written again they are the same."""
    closed = WorkItem.objects.filter(closed_on=on)
    done = closed.filter(status=DutyStatus.DONE)
    figures: Iterable[tuple[str, QuerySet[WorkItem]]] = (
        ("raised", WorkItem.objects.filter(raised_on=on)),
        ("done", done),
        ("done_in_time", in_time(done.filter(late_entry=False))),
        ("late_entry", done.filter(late_entry=True)),  # 第五条: 补录单独统计
        ("late_entry_in_time", in_time(done.filter(late_entry=True))),
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

"""What the day's figures say of duties and signatures, judged as of the day: no later figure rereads history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from core.periods import quarter_of
from workflow import snapshots
from workflow.choices import DutyStatus
from workflow.models import DailyMeasure, Step, WorkItem
from workflow.querysets import was_late

_BY = ("unit_id", "person_id", "post", "obligation")


def stood(on: date) -> Q:
    """Was raised, and not closed by the end of the day."""
    return Q(raised_on__lte=on) & (Q(closed_on__isnull=True) | Q(closed_on__gt=on))


def dropped(on: date) -> Q:
    """Was owed no longer by the end of the day, or let go: it counts as nobody's."""
    return Q(status__in=[DutyStatus.VOID, DutyStatus.WAIVED], closed_on__lte=on)


def late_as_of(on: date) -> QuerySet[WorkItem]:
    """Duties that stood open and late at the end of the day, whatever became of them since."""
    return WorkItem.objects.filter(stood(on) & was_late(on))


IN_TIME = Q(done_on__lte=F("due_on"))  # done by its day, whenever the system was told
_DONE = Q(status=DutyStatus.DONE)
_LATE_ENTRY = Q(late_entry=True)  # 第五条: 补录单独统计


def _between(column: str, since: date, on: date) -> Q:
    return Q(**{f"{column}__gt": since, f"{column}__lte": on})


def _closed(which: Q) -> Callable[[date, date], Q]:
    return lambda since, on: _between("closed_on", since, on) & which


def _due_this_quarter(on: date) -> Q:
    return Q(raised_on__lte=on, due_on__gte=quarter_of(on).first, due_on__lte=on) & ~dropped(on)


# Which duties each figure counts, of the days after `since` until `on`; STOCKS: those that stand at the end of it.
FIGURES: dict[str, Callable[[date, date], Q]] = {
    "raised": lambda since, on: _between("raised_on", since, on),
    "done": _closed(_DONE),
    "done_in_time": _closed(_DONE & IN_TIME & ~_LATE_ENTRY),
    "late_entry": _closed(_DONE & _LATE_ENTRY),
    "late_entry_in_time": _closed(_DONE & IN_TIME & _LATE_ENTRY),
    "void": _closed(Q(status=DutyStatus.VOID)),
    "waived": _closed(Q(status=DutyStatus.WAIVED)),
    "fell_due": lambda since, on: _between("due_on", since, on) & ~Q(status=DutyStatus.VOID),
    "open": lambda since, on: stood(on),
    "late": lambda since, on: stood(on) & was_late(on),
    # How much of what fell due since the quarter began is done (检查完成率): both as of the day.
    "quarter_due": lambda since, on: _due_this_quarter(on),
    "quarter_done": lambda since, on: _due_this_quarter(on) & _DONE & Q(closed_on__lte=on),
}
STOCKS = ("open", "late", "quarter_due", "quarter_done")


def waiting_signatures(on: date) -> QuerySet[Step]:
    """Signatures whose turn it was at the end of the day: all before them were given, they were not."""
    given = Q(signed_on__isnull=False, signed_on__lte=on)
    ahead = Step.objects.filter(chain=OuterRef("chain"), position__lt=OuterRef("position")).exclude(given)
    sent_back = Step.objects.filter(chain=OuterRef("chain"), status="RETURNED", signed_on__lte=on)
    return Step.objects.filter(
        Q(chain__finished_at__isnull=True) | Q(chain__finished_at__date__gt=on) | Q(signed_on__gt=on),
        ~given,
        ~Exists(ahead),
        ~Exists(sent_back),
        chain__started_on__lte=on,
    )


def write_app(on: date) -> int:
    """The day's figures of duties, in one pass over them, and of signatures that wait."""
    before = on - timedelta(days=1)
    which = {name: condition(before, on) for name, condition in FIGURES.items()}
    touched = Q(raised_on=on) | Q(closed_on=on) | Q(due_on=on) | stood(on) | _due_this_quarter(on)
    groups: Any = (
        WorkItem.objects.filter(touched)
        .order_by()
        .values(*_BY)
        .annotate(**{f"n_{name}": Count("pk", filter=where) for name, where in which.items()})
    )
    rows = [
        DailyMeasure(on=on, measure=name, value=group[f"n_{name}"], **{by: group[by] for by in _BY})
        for group in groups
        for name in which
        if group[f"n_{name}"]
    ]
    signing: Any = (
        waiting_signatures(on)
        .order_by()
        .values("chain__document__unit", "person", "role")
        .annotate(n=Count("pk"))
    )
    rows += [
        DailyMeasure(
            on=on, measure="signing", unit_id=row["chain__document__unit"], person_id=row["person"],
            post=row["role"], value=row["n"],
        )
        for row in signing
    ]  # fmt: skip
    return len(DailyMeasure.objects.bulk_create(rows, batch_size=2000))


def _duties(name: str) -> snapshots.Measure:
    def rows(since: date, on: date, key: str) -> QuerySet[Any]:
        return WorkItem.objects.filter(FIGURES[name](since, on))

    return snapshots.Measure(name, rows, obligation="obligation", is_flow=name not in STOCKS)


def register() -> None:
    """Make these measures known."""
    signing = snapshots.Measure(
        "signing", lambda since, on, key: waiting_signatures(on), unit="chain__document__unit"
    )
    snapshots.register("workflow", write_app, (*map(_duties, FIGURES), signing))


def write(on: date) -> int:
    """Write the day's figures of every app; written again they are the same."""
    return snapshots.write(on)

"""The cursor of the close of day: which days are closed, which is next, and how a step of a day is run once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Max, Min

from core import clock
from core.models import ImportBatch
from core.models.imports import ImportSource, ImportStatus
from core.policy import policy_on
from core.transitions import advance
from workflow.choices import RUN_TRANSITIONS, RunStatus
from workflow.engine import MAX_ATTEMPTS, Progress, quarantine
from workflow.models import DayRun, Quarantined

CLOSED = "closed"  # the last step of a day: when it is DONE, the day is closed
_LOCK = 0x706F73746C6F616E & 0x7FFFFFFFFFFFFFFF  # "postloan": one close of day at a time per database


def last_closed_day() -> date | None:
    """The latest closed day, or None before the first close."""
    return (
        DayRun.objects.filter(step=CLOSED, status=RunStatus.DONE)
        .order_by("-on")
        .values_list("on", flat=True)
        .first()
    )


def is_closed(on: date) -> bool:
    """Whether the day has been closed."""
    return DayRun.objects.filter(on=on, step=CLOSED, status=RunStatus.DONE).exists()


def go_live_on() -> date | None:
    """The first day ever closed: the lender's setting, or else the date of the first applied extracts.

    What is entered on screen opens no day: a lender without extracts says by the setting when the book is complete.
    """
    setting = policy_on(clock.today()).get("BASE", "lender.go_live_on").value
    if setting:
        return date.fromisoformat(str(setting))
    return (
        ImportBatch.objects.filter(status=ImportStatus.APPLIED, source=ImportSource.EXTRACT)
        .order_by("as_of")
        .values_list("as_of", flat=True)
        .first()
    )


def next_open_day() -> date | None:
    """The day to close next (it may lie ahead), or None where no book has been loaded yet."""
    return _after(last_closed_day())


def _after(last: date | None) -> date | None:
    return last + timedelta(days=1) if last else go_live_on()


def open_days(today: date) -> int:
    """How many days that are over have not been closed."""
    return _between(next_open_day(), today)


def _between(first: date | None, today: date) -> int:
    return max(0, (today - first).days) if first else 0


@dataclass(frozen=True)
class DayState:
    """The state of the day as the frame shows it: `kind` is none, done, waiting, running or failed."""

    kind: str
    text: str


def day_state(today: date) -> DayState:
    """One phrase about the close of day, in two questions: it stands on every page."""
    last = last_closed_day()
    first = _after(last)
    if first is None:
        return DayState("none", "尚未装载业务数据")
    found = set(DayRun.objects.filter(on=first).values_list("status", flat=True))
    behind = _between(first, today)
    if RunStatus.FAILED in found:
        return DayState("failed", f"{first:%m-%d} 日终失败")
    if behind > 1:
        return DayState("running", f"正在追补 {behind} 天")
    if RunStatus.WAITING in found:
        return DayState("waiting", f"{first:%m-%d} 等待数据")
    if behind:
        return DayState("running", f"{first:%m-%d} 日终待运行")
    return DayState("done", f"日终已完成 {last:%m-%d}") if last else DayState("running", "首次日终待运行")


@dataclass(frozen=True)
class CatchUp:
    """How far the missed days are made up for: whole days done and in all, and the day that is in hand."""

    done: int
    total: int
    on: date
    step: str  # the step that is running; empty between two days, or where nothing runs
    steps_done: int
    running: bool  # whether a process holds the lock of the close of day
    left: timedelta | None  # by the pace of the days that were made up for; None before there is one


PACE = 10  # so many of the latest days say how long one takes


def catching_up(today: date) -> CatchUp | None:
    """The progress over missed days, or None when no more than yesterday is open.

    A day that was closed later than on the day after it was missed; those closed one after another just before the
    open one belong to the same absence.
    """
    last = last_closed_day()
    first = _after(last)
    behind = _between(first, today)
    if first is None or behind < 2:
        return None
    done = 0
    ends = DayRun.objects.filter(step=CLOSED, status=RunStatus.DONE).order_by("-on")
    for on, at in ends.values_list("on", "finished_at").iterator(chunk_size=100):
        if at is None or clock.local(at).date() <= on + timedelta(days=1):
            break
        done += 1
    runs = list(DayRun.objects.filter(on=first).order_by("pk"))
    return CatchUp(
        done=done,
        total=done + behind,
        on=first,
        step=next((run.step for run in runs if run.status == RunStatus.RUNNING), ""),
        steps_done=sum(run.status == RunStatus.DONE for run in runs),
        running=is_running(),
        left=_left(behind, min(done, PACE)),
    )


def _left(behind: int, known: int) -> timedelta | None:
    """How long so many days take, by the middle one of those known last."""
    if not known:
        return None
    days = DayRun.objects.filter(step=CLOSED, status=RunStatus.DONE).order_by("-on").values("on")[:known]
    spans = (
        DayRun.objects.filter(on__in=list(days.values_list("on", flat=True)))
        .order_by()
        .values("on")
        .annotate(span=Max("finished_at") - Min("started_at"))
        .values_list("span", flat=True)
    )
    return median(spans) * behind


def is_running() -> bool:
    """Whether some process is closing days at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND classid = %s AND objid = %s)",
            [_LOCK >> 32, _LOCK & 0xFFFFFFFF],
        )
        found = cursor.fetchone()
    return bool(found and found[0])


def facts_arrived(on: date) -> bool:
    """Whether the extracts of the day have been applied, or none are expected from this lender."""
    if not policy_on(on).get("BASE", "extracts.expected").value:
        return True
    return ImportBatch.objects.filter(
        as_of=on,
        source=ImportSource.EXTRACT,
        status__in=[ImportStatus.APPLIED, ImportStatus.UNCHANGED],
    ).exists()


@contextmanager
def only_one() -> Iterator[bool]:
    """Hold the lock of the close of day on a connection of its own, which dies with the process; False if taken."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            taken = cursor.fetchone()
        try:
            yield bool(taken and taken[0])
        finally:
            # Closing alone lets the lock go only when the server notices, a moment later. A connection that broke
            # has let it go already.
            with suppress(DatabaseError, InterfaceError), own.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        own.close()


class RunProgress(Progress):
    """What a step has in hand, remembered in the day's run; what it held when its process died is suspect.

    A set that dies leaves its ids; on the next attempt they are taken one at a time; a single one that dies again is
    quarantined by `blame`.
    """

    def __init__(self, run: DayRun) -> None:
        self.run = run
        self.suspects = frozenset(run.counts.get("in_hand", []))

    def hold(self, ids: Sequence[int]) -> None:
        self.run.counts["in_hand"] = list(ids)
        DayRun.objects.filter(pk=self.run.pk).update(counts=self.run.counts)

    def blame(self, kind: str) -> None:
        """The step died twice on one row: set it aside, at its last attempt, so that the rest can go on."""
        if len(self.suspects) == 1 and self.run.attempts > MAX_ATTEMPTS - 1:
            (subject_id,) = self.suspects
            quarantine(
                on=self.run.on,
                step=self.run.step,
                kind=kind,
                subject_id=subject_id,
                cause="处理该行时进程被终止",
            )
            Quarantined.objects.filter(
                on=self.run.on, step=self.run.step, subject_kind=kind, subject_id=subject_id
            ).update(attempts=MAX_ATTEMPTS)
            self.suspects = frozenset()


def run_step(on: date, step: str, work: Callable[[DayRun], dict[str, Any]]) -> bool:
    """Run one step of a day unless it is done; returns whether it is done now. A failure is kept with its cause."""
    run, _ = DayRun.objects.get_or_create(on=on, step=step)
    if run.status == RunStatus.DONE:
        return True
    _move(
        run, RunStatus.RUNNING, attempts=run.attempts + 1, started_at=clock.now(), finished_at=None, error=""
    )
    try:
        counts = work(run)
    except Exception as error:
        _move(run, RunStatus.FAILED, error=f"{type(error).__name__}: {error}"[:2000])
        raise
    _move(run, RunStatus.DONE, finished_at=clock.now(), counts=counts)
    return True


def _move(run: DayRun, to: RunStatus, **changes: Any) -> None:
    advance(run, to=to, table=RUN_TRANSITIONS, **changes)


def wait_for_facts(on: date, step: str) -> None:
    """Show that a step of a day waits for the day's extracts."""
    DayRun.objects.get_or_create(on=on, step=step, defaults={"status": RunStatus.WAITING})

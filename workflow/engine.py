"""Reconciles what the rules require with the duties that stand: inserts, brings forward, hands over, drops.

A set is one transaction. A set that fails is halved until the row that breaks it stands alone; that row is
quarantined with its cause and the rest goes on. Before a set is touched, its ids are written down in the day's run,
so that a set that killed its process is taken row by row the next time, and the row that kills again is quarantined.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import connection, transaction

from core import actor, clock
from core.parameters import Policy
from workflow.choices import DutyStatus
from workflow.duties import Required, Rule, Verdict
from workflow.models import Quarantined, WorkItem

MAX_ATTEMPTS = 3
# What the engine may change of a duty that stands.
CHANGING = (
    "due_on", "reason", "person", "unit", "status", "closed_on", "closed_at", "closed_by", "close_reason",
)  # fmt: skip
# One JSON text for the whole set: to the parser that is one constant, where an array is one of each of its elements.
INSERT = """
INSERT INTO workflow_workitem (
    obligation, subject_kind, kind, line, post, raised_on, status, late_entry, closed_by, close_reason,
    subject_id, period_key, borrower_number, borrower_name, unit_id, person_id, counts_from, due_on, reason, policy_id
)
SELECT %s, %s, %s, %s, %s, %s, %s, false, '', '', new.*
FROM json_to_recordset(%s) new (
    subject_id bigint, period_key varchar, borrower_number varchar, borrower_name varchar, unit_id bigint,
    person_id bigint, counts_from date, due_on date, reason varchar, policy_id bigint
)
ON CONFLICT (obligation, subject_kind, subject_id, period_key) DO NOTHING
"""

T = TypeVar("T")


class _Day(NamedTuple):
    """The day that is closed, the lender's first day, and the next workday: nothing is brought forward before it."""

    on: date
    not_before: date | None
    earliest: date


class Progress:
    """What a step has in hand, written down before it is touched. This one forgets; the day's run remembers."""

    suspects: frozenset[int] = frozenset()

    def hold(self, ids: Sequence[int]) -> None:
        """About to touch these subjects."""

    def taking(self, rows: Sequence[T], pk: Callable[[T], int]) -> Iterator[list[T]]:
        """The rows as they are to be worked on, suspects one by one, each group held while it is worked on."""
        suspects = [row for row in rows if pk(row) in self.suspects]
        for group in [*([row] for row in suspects), [row for row in rows if pk(row) not in self.suspects]]:
            if group:
                self.hold([pk(row) for row in group])
                yield group
                self.hold([])


def reconcile(
    rule: Rule,
    *,
    on: date,
    policy: Policy,
    step: str = "",
    only: Sequence[int] | None = None,
    progress: Progress | None = None,
    not_before: date | None = None,
) -> Counter[str]:
    """Bring the duties of one rule in line with what it requires on a day; returns counts by what was done.

    The second run of the same day changes nothing. `only` narrows to some subjects (a risk event just recorded).
    What was due before `not_before`, the lender's first day, is not raised: its papers are not of this system.
    """
    progress = progress or Progress()
    step = step or f"duties:{rule.code}"
    counts: Counter[str] = Counter()
    affected = rule.affected(on, policy)
    if affected is not None and not affected.exists() and not rule.standing().exists():
        return counts
    rows = rule.candidates(on, policy)
    if only is not None:
        rows = rows.filter(pk__in=only)
    aside = dict(
        Quarantined.objects.filter(
            on=on, step=step, subject_kind=rule.subject, resolved_at__isnull=True
        ).values_list("subject_id", "attempts")
    )
    given_up = {pk for pk, attempts in aside.items() if attempts >= MAX_ATTEMPTS}
    day = _Day(on, not_before, policy.calendar.add_workdays(on, 1))
    for chunk in sets_of(rows.order_by("pk").iterator(chunk_size=settings.DUTY_SET_SIZE)):
        todo = [row for row in chunk if row.pk not in given_up]
        for group in progress.taking(todo, attrgetter("pk")):
            _reconcile_set(rule, group, day, policy, step, counts, aside.keys() - given_up)
    return counts


def sets_of(rows: Iterable[T]) -> Iterator[list[T]]:
    """Rows in sets of at most DUTY_SET_SIZE."""
    stream = iter(rows)
    while chunk := list(islice(stream, settings.DUTY_SET_SIZE)):
        yield chunk


def _reconcile_set(
    rule: Rule,
    rows: list[Any],
    day: _Day,
    policy: Policy,
    step: str,
    counts: Counter[str],
    aside: set[int],
) -> None:
    """Reconcile a set in one transaction, halving it when it fails; what was aside and could be judged no longer is."""

    def work(part: list[Any]) -> Counter[str]:
        return _write(rule, [(row, rule.judge(row, day.on, policy)) for row in part], day)

    for part, outcome in halving(rows, work):
        if isinstance(outcome, Exception):
            quarantine(on=day.on, step=step, kind=rule.subject, subject_id=part[0].pk, cause=outcome)
            counts["quarantined"] += 1
        else:
            counts.update(outcome)
            if mended := aside.intersection(row.pk for row in part):
                Quarantined.objects.filter(
                    on=day.on,
                    step=step,
                    subject_kind=rule.subject,
                    subject_id__in=mended,
                    resolved_at__isnull=True,
                ).update(resolved_at=clock.now())


def halving(rows: list[T], work: Callable[[list[T]], Any]) -> Iterator[tuple[list[T], Any]]:
    """Do the work on a set in one transaction; a set that fails is halved down to the single row that breaks it.

    Yields (rows, result), or ([row], exception) for a row that fails alone.
    """
    try:
        with transaction.atomic():
            result = work(rows)
    except Exception as error:  # whatever a row may raise must not stop the others
        if len(rows) == 1:
            yield rows, error
            return
        middle = len(rows) // 2
        yield from halving(rows[:middle], work)
        yield from halving(rows[middle:], work)
    else:
        yield rows, result


def quarantine(*, on: date, step: str, kind: str, subject_id: int, cause: str | Exception) -> None:
    """Set a row aside with its cause; seen again, it counts another attempt."""
    if isinstance(cause, Exception):
        cause = f"{type(cause).__name__}: {cause}"[:500]
    row, new = Quarantined.objects.get_or_create(
        on=on, step=step, subject_kind=kind, subject_id=subject_id, defaults={"cause": cause}
    )
    if not new:
        row.cause, row.attempts, row.resolved_at = cause, row.attempts + 1, None
        row.save(update_fields=["cause", "attempts", "resolved_at"])


def _write(rule: Rule, judged: list[tuple[Any, Verdict]], day: _Day) -> Counter[str]:
    """Compare verdicts with the duties that stand, and write the differences.

    Most duties stand as they are: they are only read. Those that differ are locked, and compared again as locked.
    """
    counts: Counter[str] = Counter()
    ids = [row.pk for row, _ in judged]  # in order
    mine = rule.duties().order_by()
    # From the first to the last subject: so many ids alone make PostgreSQL read every duty of the rule, set after set.
    found = mine.filter(subject_id__range=(ids[0], ids[-1]), subject_id__in=ids)
    standing: dict[int, list[_Standing]] = {}
    for item in map(_Standing._make, found.values_list(*_Standing._fields)):
        standing.setdefault(item.subject_id, []).append(item)
    new: list[tuple[Any, Required]] = []
    differing: dict[int, tuple[Any, Verdict]] = {}
    for row, verdict in judged:
        items = {item.period_key: item for item in standing.get(row.pk, ())}
        required = {need.period_key: need for need in verdict.required}
        new += [
            (row, need)
            for key, need in required.items()
            if key not in items and (day.not_before is None or need.due_on >= day.not_before)
        ]
        if items and any(
            _differs(item, required.get(item.period_key), rule, row, day) for item in items.values()
        ):
            differing[row.pk] = (row, verdict)
    counts["raised"] += _raise(rule, new, day.on)
    if differing:
        items_of = mine.filter(subject_id__in=list(differing)).select_for_update()
        changed = [item for item in items_of if _change(item, rule, *differing[item.subject_id], day)]
        WorkItem.objects.bulk_update(changed, CHANGING)
        counts["void"] += sum(item.status == DutyStatus.VOID for item in changed)
        counts["changed"] += len(changed)
    counts["changed"] -= counts["void"]
    return counts


class _Standing(NamedTuple):
    """What has to be known of a duty to say whether anything about it changes."""

    subject_id: int
    period_key: str
    status: str
    due_on: date
    reason: str
    person_id: int | None
    unit_id: int
    submitted_on: date | None
    counts_from: date


def _differs(item: _Standing | WorkItem, need: Required | None, rule: Rule, row: Any, day: _Day) -> bool:
    """Whether a standing duty may have to change; what is done or waived never does."""
    if need is None:
        return item.status == DutyStatus.OPEN
    if item.status != DutyStatus.OPEN:
        return item.status == DutyStatus.VOID
    return (item.due_on, item.reason, item.person_id, item.unit_id) != _as_required(
        item, need, rule, row, day
    )


def _as_required(
    item: _Standing | WorkItem, need: Required, rule: Rule, row: Any, day: _Day
) -> tuple[date, str, int | None, int]:
    """The due day, reason, person and unit that a duty has while it is required."""
    due_on = item.due_on
    if item.status == DutyStatus.VOID:
        due_on = max(need.due_on, item.counts_from)
    elif need.due_on < due_on:
        # Brought forward, never put off; and never to a day that is over, since nobody could have met it.
        due_on = min(due_on, max(need.due_on, item.counts_from, day.earliest))
    # What is short today is not what was short yesterday: the reason is always today's.
    if item.submitted_on is not None:  # what is being signed stays with whoever handed it in
        return due_on, need.reason, item.person_id, item.unit_id
    owner = rule.owner(row)
    return due_on, need.reason, owner.person_id, owner.unit_id


def _change(item: WorkItem, rule: Rule, row: Any, verdict: Verdict, day: _Day) -> bool:
    """Align a locked duty with what is required, or drop it; True when something changed."""
    need = {need.period_key: need for need in verdict.required}.get(item.period_key)
    return _drop(item, verdict, day.on) if need is None else _align(item, need, rule, row, day)


def _raise(rule: Rule, needs: list[tuple[Any, Required]], on: date) -> int:
    """Insert the duties in one statement. What another process raised a moment ago is raised once."""
    if not needs:
        return 0
    rows = []
    for row, need in needs:
        owner = rule.owner(row)
        rows.append(
            {
                "subject_id": row.pk,
                "period_key": need.period_key,
                **owner._asdict(),
                "counts_from": min(need.counts_from, need.due_on),
                "due_on": need.due_on,
                "reason": need.reason,
                "policy_id": need.policy_version,
            }
        )
    words = (rule.obligation, rule.subject, rule.kind, rule.post.line, rule.post)
    values: list[Any] = [*map(str, words), on, str(DutyStatus.OPEN)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [*values, json.dumps(rows, default=date.isoformat)])
    return len(rows)


def _align(item: WorkItem, need: Required, rule: Rule, row: Any, day: _Day) -> bool:
    """Bring a standing duty in line with what is required; True when something changed."""
    if not _differs(item, need, rule, row, day):
        return False
    item.due_on, item.reason, item.person_id, item.unit_id = _as_required(item, need, rule, row, day)
    item.status = DutyStatus.OPEN
    item.closed_on = item.closed_at = None
    item.closed_by = item.close_reason = ""
    return True


def _drop(item: WorkItem, verdict: Verdict, on: date) -> bool:
    """Void an open duty that is no longer required; what is late or being signed stays, unless nothing is owed."""
    if item.status != DutyStatus.OPEN or item.submitted_on is not None:
        return False
    if item.due_on < on and not verdict.nothing_more:
        return False
    item.status = DutyStatus.VOID
    item.closed_on, item.closed_at, item.closed_by = on, clock.now(), actor.current().id
    item.close_reason = verdict.otherwise
    return True

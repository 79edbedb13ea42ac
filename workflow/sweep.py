"""A step of the day over borrowers, set by set: a set that fails is halved, and who breaks it is set aside.

What a step has in hand is written down before it is touched; whoever was in hand when the process died is taken alone
the next time, and is given up after so many attempts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date

from django.db.models import QuerySet

from core import clock
from workflow.choices import SubjectKind
from workflow.engine import MAX_ATTEMPTS, Progress, halving, quarantine, sets_of
from workflow.models import Quarantined

Work = Callable[[list[int]], Counter[str]]


def set_aside(on: date, step: str) -> QuerySet[Quarantined]:
    """Borrowers that the step could not work on that day."""
    return Quarantined.objects.filter(
        on=on, step=step, subject_kind=SubjectKind.BORROWER, resolved_at__isnull=True
    )


def given_up(on: date, step: str) -> QuerySet[Quarantined]:
    """Borrowers set aside by the step that day that are not tried again until somebody asks for it."""
    return set_aside(on, step).filter(attempts__gte=MAX_ATTEMPTS)


def sweep(
    borrowers: Iterable[int], work: Work, *, on: date, step: str, progress: Progress | None = None
) -> Counter[str]:
    """Do the work on these borrowers, each set in one transaction; returns its counts, and how many were set aside.

    Whoever was given up that day is left alone; who was aside and could be worked on is aside no longer.
    """
    progress = progress or Progress()
    counts: Counter[str] = Counter()
    left_alone = set(given_up(on, step).order_by().values_list("subject_id", flat=True))
    for chunk in sets_of(pk for pk in borrowers if pk not in left_alone):
        for group in progress.taking(chunk, int):
            _one_set(group, work, on, step, counts)
    return counts


def look_again(on: date, step: str, again: Callable[[list[int]], object]) -> list[int]:
    """Try those that were set aside once more, now that their cause is mended; returns who they were."""
    aside = set_aside(on, step)
    ids = list(aside.order_by().values_list("subject_id", flat=True))
    if ids:
        aside.update(attempts=0)
        again(ids)
    return ids


def _one_set(ids: list[int], work: Work, on: date, step: str, counts: Counter[str]) -> None:
    for part, outcome in halving(ids, work):
        if isinstance(outcome, Exception):
            quarantine(on=on, step=step, kind=SubjectKind.BORROWER, subject_id=part[0], cause=outcome)
            counts["quarantined"] += 1
        else:
            counts.update(outcome)
            set_aside(on, step).filter(subject_id__in=part).update(resolved_at=clock.now())

"""What a person owes, as pieces of work: duties that one paper discharges are one task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from workflow import registry
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, Escalation, WorkItem


@dataclass(frozen=True)
class Task:
    """Duties that one paper discharges as one piece of work, due at the earliest of them."""

    items: tuple[WorkItem, ...]  # the earliest first

    @property
    def first(self) -> WorkItem:
        """The duty that is due first; starting it starts the task."""
        return self.items[0]

    @property
    def due_on(self) -> date:
        """The earliest due date."""
        return self.first.due_on

    @property
    def document(self) -> Document | None:
        """The evidence that was begun for one of the duties, if any."""
        return next((item.document for item in self.items if item.document_id), None)

    def begun_by(self, user: User) -> bool:
        """Whether the person has started to fill in the evidence."""
        draft = self.document
        return bool(draft and draft.status == DocumentStatus.DRAFT and draft.author_id == user.pk)

    def is_late(self, on: date) -> bool:
        """Whether one of the duties is past its day without evidence handed in by then."""
        return any(
            item.due_on < on and (item.submitted_on is None or item.submitted_on > item.due_on)
            for item in self.items
        )


def tasks(items: Iterable[WorkItem]) -> list[Task]:
    """Group duties by kind, person and the paper that discharges them, the most urgent first.

    What a paper in signature answers is a task of its own: the rest waits for another paper.
    """
    items = list(items)
    papers = registry.matters(items)
    groups: dict[tuple[object, ...], list[WorkItem]] = {}
    for item in items:
        about = papers[item.pk]
        form = registry.form_for(item.kind)
        subject = (about.kind, about.id) if form.by_subject else None
        handed_in = item.document_id if item.submitted_on else None
        key = (form.code, item.borrower_number, item.person_id, subject, about.matter, handed_in)
        groups.setdefault(key, []).append(item)
    found = [Task(tuple(sorted(group, key=lambda i: (i.due_on, i.pk)))) for group in groups.values()]
    return sorted(found, key=lambda task: (task.due_on, task.first.pk))


def counts_of(user: User, most: int) -> Counter[str]:
    """How many tasks of each kind wait for the person to do something, as far as `most` duties tell."""
    return Counter(task.first.kind for task in tasks(WorkItem.objects.in_hand_of(user)[:most]))


def open_items(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    """Open duties with what a line about them shows: the person, the evidence, the rungs climbed."""
    rungs = Escalation.objects.order_by("pk")  # in the order of their duties each would be joined to its own
    return (
        items.filter(status=DutyStatus.OPEN)
        .select_related("person", "document", "unit")
        .prefetch_related(Prefetch("escalations", rungs))
    )


def tasks_for(user: User) -> list[Task]:
    """What waits for a person to do something, as tasks."""
    return tasks(open_items(WorkItem.objects.in_hand_of(user)))

"""Questions about duties and documents."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from workflow.choices import ConsentStatus, DocumentStatus, DutyStatus

if TYPE_CHECKING:
    from accounts.models import User
    from workflow.models import Document


def _in_scope(user: User, *own: str) -> Q:
    """Rows of a business table that a person may read: everything, their units', their own and their customers'.

    A deputy reads what the person on leave would.
    """
    scope = user.scope
    if scope.reads_all:
        return Q()
    where = Q(unit_id__in=scope.unit_ids)
    for column in own:
        where |= Q(**{f"{column}__in": scope.person_ids})
    if scope.own_only:
        where |= Q(borrower_number__in=scope.managed_borrowers())
    return where if scope.roles else Q(pk__in=[])


def was_late(on: date) -> Q:
    """Duties that were past their day, without evidence handed in by then."""
    return Q(due_on__lt=on) & (Q(submitted_on__isnull=True) | Q(submitted_on__gt=F("due_on")))


def in_force(on: date) -> Q:
    """Facts of signed papers that were known on a day and that no correction had taken the place of by then."""
    return Q(known_on__lte=on) & (Q(replaced_on__isnull=True) | Q(replaced_on__gt=on))


class SignedFactQuerySet(models.QuerySet):
    """What signed papers wrote down: each fact names its `document`, and is `known_on` a day, `replaced_on` another."""

    def in_force(self, on: date) -> SignedFactQuerySet:
        """Facts known on the day that no correction had taken the place of by then."""
        return self.filter(in_force(on))

    def close(self, document: Document | None, on: date) -> int:
        """A correction takes the place of what a paper wrote down; None: of nothing."""
        return (
            self.filter(document=document, replaced_on__isnull=True).update(replaced_on=on) if document else 0
        )


class WorkItemQuerySet(models.QuerySet):
    """Duties."""

    def visible_to(self, user: User) -> WorkItemQuerySet:
        """Duties that the person may read."""
        return self.filter(_in_scope(user, "person_id"))

    def open(self) -> WorkItemQuerySet:
        """Duties that are still to be done."""
        return self.filter(status=DutyStatus.OPEN)

    def about(self, kind: str, subject_kind: str, subject_id: int) -> WorkItemQuerySet:
        """Open duties of a kind about one subject: what a form about it may discharge."""
        return self.open().filter(kind=kind, subject_kind=subject_kind, subject_id=subject_id)

    def overdue(self, on: date) -> WorkItemQuerySet:
        """Open duties past their day whose evidence was not handed in by then."""
        return self.open().filter(was_late(on))

    def owed_by(self, user: User) -> WorkItemQuerySet:
        """Open duties of the person, and of those on leave in whose place they stand."""
        return self.open().filter(person__in=user.scope.person_ids)

    def in_hand_of(self, user: User) -> WorkItemQuerySet:
        """Of what the person owes, what is not with the signers."""
        return self.owed_by(user).filter(submitted_on__isnull=True)


def in_charge(user: User, *, unit: str = "unit", person: str = "person") -> Q:
    """Rows of the units whose business a person reads, and their own: how figures and the rows behind them are cut."""
    scope = user.scope
    if scope.reads_all:
        return Q()
    where = Q(**{f"{unit}__in": scope.unit_ids})
    if scope.own_only:
        where |= Q(**{f"{person}__in": scope.person_ids})
    return where if scope.roles else Q(pk__in=[])


class DailyMeasureQuerySet(models.QuerySet):
    """Figures of days."""

    def visible_to(self, user: User) -> DailyMeasureQuerySet:
        """Figures of the units whose business the person reads, and of the person's own."""
        return self.filter(in_charge(user))


class DocumentQuerySet(models.QuerySet):
    """Documents."""

    def visible_to(self, user: User) -> DocumentQuerySet:
        """Documents that the person may read; somebody else's unfinished draft is not yet a document.

        Whoever signs without reading anybody's business otherwise (会计) reads what they sign.
        """
        scope = user.scope
        where = _in_scope(user, "author_id", "on_behalf_of_id")
        if scope.roles and not (scope.reads_all or scope.unit_ids or scope.own_only):
            chains: Any = self.model._meta.get_field("chains").related_model
            theirs = chains._base_manager.filter(steps__person__in=scope.person_ids)
            where |= Q(pk__in=theirs.order_by().values("document"))
        return (
            self.filter(where)
            .filter(
                Q(author=user)
                | ~Q(status__in=[DocumentStatus.DRAFT, DocumentStatus.DISCARDED])
                | Q(chains__isnull=False)
            )
            .distinct()
        )

    def of(self, *, subject_kind: str, subject_id: int) -> DocumentQuerySet:
        """Documents about one subject."""
        return self.filter(subject_kind=subject_kind, subject_id=subject_id)


class LateEntryQuerySet(models.QuerySet):
    """Documents entered afterwards."""

    def visible_to(self, user: User) -> LateEntryQuerySet:
        """The rows of the person's own, and of the units whose business the person reads."""
        scope = user.scope
        if scope.reads_all:
            return self
        where = Q(document__unit_id__in=scope.unit_ids) | Q(requested_by=user)
        return self.filter(where if scope.roles else Q(pk__in=[]))

    def waiting(self) -> LateEntryQuerySet:
        """Late entries that wait for a head's consent; of a draft that was thrown away nothing is asked any more."""
        return self.filter(status=ConsentStatus.PENDING, document__status=DocumentStatus.DRAFT)

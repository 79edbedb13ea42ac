"""Who answers for a borrower on a day, and which unit a loan or a borrower belongs to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

from accounts.choices import Line, Role, UnitKind
from accounts.models import User
from credit.choices import ResponsibleRole
from credit.models import (
    Borrower,
    Loan,
    Responsibility,
)


def managed_borrower_numbers(person_ids: Collection[int], on: date) -> Any:
    """Numbers of the borrowers that one of the people answers for on the day, as a subquery."""
    return Responsibility.objects.current(on).filter(person_id__in=person_ids).values("borrower__number")


def responsible(borrower: Borrower, role: ResponsibleRole, on: date) -> Responsibility | None:
    """Who answers for the borrower in a role on the day, with person and unit; None where the post is vacant."""
    return (
        Responsibility.objects.current(on)
        .filter(borrower=borrower, role=role)
        .select_related("person", "unit__parent")
        .order_by("-from_on")
        .first()
    )


def manages(user: User, borrower: Borrower, on: date) -> bool:
    """Whether the person writes the customer line's papers about the borrower: its manager, or a head who sees it."""
    if user.line != Line.CUSTOMER or not Borrower.objects.visible_to(user).filter(pk=borrower.pk).exists():
        return False
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    return bool(manager and manager.person_id == user.pk) or user.scope.has(Role.CUSTOMER_HEAD)


def responsible_for(role: ResponsibleRole, borrower: str, on: date) -> QuerySet[Responsibility]:
    """For a Subquery: who answers for the outer row's borrower in a role on the day, as known by then."""
    return (
        Responsibility.objects.current(on)
        .filter(borrower=OuterRef(borrower), role=role, known_on__lte=on)
        .order_by("-from_on", "-pk")
    )


def managers_of(borrower: str, on: date) -> QuerySet[Responsibility]:
    """For a Subquery: who manages the outer row's borrower on the day, as known by then."""
    return responsible_for(ResponsibleRole.CUSTOMER_MANAGER, borrower, on)


def unit_in_charge(on: date, loan: str = "") -> Coalesce:
    """An expression over loans: the id of the manager's unit on the day; of a vacant post, that of the loan's own.

    A branch books the loans of its departments: who answers for one is told by the manager, not by the booking.
    `loan` is the path to the loan where the rows are another's, as "loan__".
    """
    manager = managers_of(f"{loan}borrower", on)
    return Coalesce(Subquery(manager.values("unit")[:1]), F(f"{loan}unit"), output_field=BigIntegerField())


def latest_loans(borrower: str) -> QuerySet[Loan]:
    """For a Subquery: the loans of the outer row's borrower, the latest first."""
    return Loan.objects.filter(borrower=OuterRef(borrower)).order_by("-starts_on", "-pk")


def home_of(borrower: str, on: date) -> Coalesce:
    """An expression over rows with a borrower: the id of its manager's unit; of a vacant post, its latest loan's."""
    return Coalesce(
        Subquery(managers_of(borrower, on).values("unit")[:1]),
        Subquery(latest_loans(borrower).values("unit")[:1]),
        output_field=BigIntegerField(),
    )


def branch_of_unit() -> Case:
    """An expression over rows with a unit: the id of its branch (`Unit.branch_id`)."""
    return Case(
        When(unit__kind=UnitKind.DEPARTMENT, then=F("unit__parent")),
        default=F("unit"),
        output_field=BigIntegerField(),
    )

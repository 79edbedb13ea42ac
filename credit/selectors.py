"""Reads that span the book's models."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.choices import Line, Role
from accounts.models import User
from credit.choices import ResponsibleRole
from credit.models import AccountBalance, Borrower, Responsibility, Transaction


def managed_borrower_numbers(person_ids: Collection[int], on: date) -> Any:
    """Numbers of the borrowers that one of the people answers for on the day, as a subquery."""
    return Responsibility.objects.current(on).filter(person_id__in=person_ids).values("borrower__number")


def with_balance(accounts: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Accounts with their latest `balance`, as known on the day, what of it is `frozen`, and `balance_on`."""
    latest = AccountBalance.objects.known(on).filter(account=OuterRef("pk")).newest_first()
    return accounts.annotate(
        balance=Subquery(latest.values("balance")[:1]),
        frozen=Subquery(latest.values("frozen")[:1]),
        balance_on=Subquery(latest.values("effective_on")[:1]),
    )


def undoing(movement: str, on: date) -> QuerySet[Transaction]:
    """For Exists: reversals, known by the day, of the movement that a column of the outer row names."""
    return Transaction.objects.filter(reverses=OuterRef(movement), known_on__lte=on)


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

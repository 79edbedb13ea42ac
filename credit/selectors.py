"""Reads that span the book's models."""

from __future__ import annotations

from datetime import date
from typing import Any

from credit.choices import ResponsibleRole
from credit.models import Borrower, Responsibility


def managed_borrower_numbers(person_id: int, on: date) -> Any:
    """Numbers of the borrowers that the person answers for on the day, as a subquery."""
    return Responsibility.objects.current(on).filter(person_id=person_id).values("borrower__number")


def responsible(borrower: Borrower, role: ResponsibleRole, on: date) -> Responsibility | None:
    """Who answers for the borrower in a role on the day, with person and unit; None where the post is vacant."""
    return (
        Responsibility.objects.current(on)
        .filter(borrower=borrower, role=role)
        .select_related("person", "unit__parent")
        .order_by("-from_on")
        .first()
    )

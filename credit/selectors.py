"""Reads that span the book's models."""

from __future__ import annotations

from datetime import date
from typing import Any

from credit.models import Responsibility


def managed_borrower_numbers(person_id: int, on: date) -> Any:
    """Numbers of the borrowers that the person answers for on the day, as a subquery."""
    return Responsibility.objects.current(on).filter(person_id=person_id).values("borrower__number")

"""In which units a customer is: what those who read a unit walk through, in the order of customer numbers."""

from __future__ import annotations

from django.db import models

from accounts.models import Unit
from credit.models.borrowers import Borrower


class Presence(models.Model):
    """A customer in a unit that has loans or responsibilities of it, and how many of them (`facts`).

    Kept by the database in the statement that writes a loan or a responsibility, whoever writes it (migration 0016);
    nothing else writes here. Its key is the only order in which the customers of one unit can be walked without
    passing all others. Its rows follow from rows that have foreign keys, so it has none of its own to be checked.
    """

    pk = models.CompositePrimaryKey("unit_id", "borrower_id")
    unit = models.ForeignKey(
        Unit, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    borrower = models.ForeignKey(
        Borrower, models.DO_NOTHING, to_field="number", db_column="borrower_number", db_constraint=False,
        db_index=False, related_name="presences",
    )  # fmt: skip
    facts = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.unit_id}"

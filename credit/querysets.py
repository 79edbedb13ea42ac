"""Questions about the book. A question about a day asks facts effective and known by it, never caches."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from accounts.models import User


class FactQuerySet(models.QuerySet):
    """Rows with `effective_on` and `known_on`."""

    def known(self, on: date) -> FactQuerySet:
        """Facts effective and known by the day."""
        return self.filter(effective_on__lte=on, known_on__lte=on)

    def newest_first(self) -> FactQuerySet:
        """The fact in force comes first: of the latest day, as known last, the last correction of that."""
        return self.order_by("-effective_on", "-known_on", "-pk")


class BorrowerQuerySet(models.QuerySet):
    """Borrowers."""

    def visible_to(self, user: User) -> BorrowerQuerySet:
        """Where the person's units have a loan or a responsibility, or where the person is responsible today.

        A deputy stands where the person on leave would.
        """
        scope = user.scope
        if scope.reads_all:
            return self
        if not scope.roles:
            return self.none()
        # Sub-selects rather than joins, so that no row comes twice (and the models stay above this module).
        related: list[Any] = [
            self.model._meta.get_field(name).related_model for name in ("loans", "responsibilities")
        ]
        loans, responsibilities = (model.objects.filter(borrower=OuterRef("pk")) for model in related)
        return self.filter(
            Exists(loans.filter(unit__in=scope.unit_ids))
            | Exists(responsibilities.filter(unit__in=scope.unit_ids))
            | Exists(responsibilities.current(scope.on).filter(person__in=scope.person_ids))
        )

    def search(self, text: str) -> BorrowerQuerySet:
        """By name, by pinyin initials or by number; each under a prefix index, no extension needed."""
        text = text.strip()
        if not text:
            return self
        return self.filter(
            Q(number__istartswith=text) | Q(name__contains=text) | Q(initials__startswith=text.lower())
        )

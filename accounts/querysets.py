"""Questions about units and posts."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q


class UnitQuerySet(models.QuerySet):
    """Units of the lender's tree."""

    def under(self, unit_ids: list[int]) -> UnitQuerySet:
        """These units and everything below them (the path of a unit starts with its ancestors' paths)."""
        paths = list(self.model._default_manager.filter(pk__in=unit_ids).values_list("path", flat=True))
        where = Q(pk__in=[])
        for path in paths:
            where |= Q(path__startswith=path)
        return self.filter(where)


class DatedQuerySet(models.QuerySet):
    """Rows that hold from a day to a day (inclusive; an open end holds on)."""

    def current(self, on: date) -> DatedQuerySet:
        """Rows that hold on the day."""
        return self.filter(Q(to_on__isnull=True) | Q(to_on__gte=on), from_on__lte=on)

"""Questions about units and posts."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q


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

    def current(self, on: date) -> Self:
        """Rows that hold on the day."""
        return self.filter(Q(to_on__isnull=True) | Q(to_on__gte=on), from_on__lte=on)


class LeaveQuerySet(DatedQuerySet):
    """Leaves, each with the deputy who stands in."""

    def standing(self, on: date) -> Self:
        """Leaves of the day whose deputy can stand in: both active, and still on one line (第三条)."""
        return self.current(on).filter(
            person__is_active=True, deputy__is_active=True, person__line=F("deputy__line")
        )

    def between(self, from_on: date, to_on: date) -> Self:
        """Leaves that touch a span of days."""
        return self.filter(from_on__lte=to_on, to_on__gte=from_on)

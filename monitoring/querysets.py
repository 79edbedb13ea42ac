"""Questions about what is watched."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from credit.models import Borrower

if TYPE_CHECKING:
    from accounts.models import User


class FundsCheckQuerySet(models.QuerySet):
    """Checks of funds."""

    def visible_to(self, user: User) -> FundsCheckQuerySet:
        """Of borrowers that the person may read."""
        return self.filter(loan__borrower__in=Borrower.objects.visible_to(user))

    def short(self) -> FundsCheckQuerySet:
        """Those that found too little."""
        return self.filter(short__gt=0)

    def since_when(self) -> FundsCheckQuerySet:
        """With `short_since`: the first of the days without a break on which the debt was found short."""
        checks: Any = self.model._default_manager
        earlier = checks.filter(
            loan=OuterRef("loan"), due_on=OuterRef("due_on"), kind=OuterRef("kind"), on__lte=OuterRef("on")
        ).order_by()
        last_met = earlier.filter(short=0).values("loan").annotate(x=Max("on")).values("x")
        first = (
            earlier.filter(short__gt=0)
            .filter(Q(on__gt=OuterRef("met_on")))
            .values("loan")
            .annotate(x=Min("on"))
            .values("x")
        )
        return self.annotate(met_on=Coalesce(Subquery(last_met), date(1900, 1, 1))).annotate(
            short_since=Coalesce(Subquery(first), F("on"))
        )

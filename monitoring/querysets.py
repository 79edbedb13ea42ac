"""Questions about what is watched."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from credit.models.borrowers import OfBorrowerQuerySet
from monitoring.choices import SignalKind, SignalStatus
from workflow.querysets import SignedFactQuerySet


class OfLoansQuerySet(OfBorrowerQuerySet):
    """Rows of a loan."""

    borrower_path = "loan__borrower"


class OfAccountsQuerySet(OfBorrowerQuerySet):
    """Rows of an account."""

    borrower_path = "account__borrower"


class PassedSlipQuerySet(OfAccountsQuerySet):
    """Payments that the counter let go."""

    def standing(self) -> PassedSlipQuerySet:
        """Slips that neither undo another nor are undone."""
        return self.filter(reverses__isnull=True, undone_by__isnull=True)


class OfContractsQuerySet(OfBorrowerQuerySet):
    """Rows of a contract."""

    borrower_path = "contract__borrower"


class FundUseQuerySet(OfLoansQuerySet, SignedFactQuerySet):  # type: ignore[override]
    """附件1 as signed."""


class OfReviewsQuerySet(OfBorrowerQuerySet, SignedFactQuerySet):  # type: ignore[override]
    """附件2 as signed."""

    borrower_path = "month__borrower"


class SignalQuerySet(OfBorrowerQuerySet):
    """Signals."""

    def undecided(self, kinds: Collection[SignalKind], on: date) -> SignalQuerySet:
        """Signals of these kinds that were known by the day and that nobody has decided."""
        return self.filter(kind__in=kinds, status=SignalStatus.OPEN, known_on__lte=on)


class PaymentAuthorityQuerySet(models.QuerySet):
    """Who may review payments."""

    def in_force(self, on: date) -> PaymentAuthorityQuerySet:
        """What holds on the day, of every principal: the latest one that has begun."""
        return self.filter(from_on__lte=on).order_by("set_by_id", "-from_on", "-pk").distinct("set_by_id")


class FundsCheckQuerySet(OfLoansQuerySet):
    """Checks of funds."""

    def short(self) -> FundsCheckQuerySet:
        """Checks that found too little."""
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

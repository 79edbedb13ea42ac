"""Reads that inspections need of the book."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.choices import UnitKind
from accounts.models import Unit
from core.policy import Policy
from credit.duties import exposures, scheme_of, schemes_under
from credit.models import Borrower


def booked_in(branch: OuterRef | Unit) -> Q:
    """Loans of a branch: its own and those of its departments."""
    return Q(unit=branch) | Q(unit__parent=branch, unit__kind=UnitKind.DEPARTMENT)


def lending_branches(on: date, policy: Policy, scheme: str) -> QuerySet[Unit]:
    """Branches with a live loan under the scheme."""
    live = exposures(on).annotate(scheme_code=scheme_of(policy))
    return Unit.objects.exclude(kind=UnitKind.DEPARTMENT).filter(
        Exists(live.filter(booked_in(OuterRef("pk")), scheme_code__in=schemes_under(policy, scheme)))
    )


def normal_borrowers(on: date, policy: Policy, scheme: str, branch: Unit) -> QuerySet[Borrower]:
    """Borrowers with a live loan of the branch under the scheme, none of whose live loans is worse than 正常."""
    theirs = exposures(on).filter(borrower=OuterRef("pk"))
    own = theirs.annotate(scheme_code=scheme_of(policy)).filter(
        booked_in(branch), scheme_code__in=schemes_under(policy, scheme)
    )
    return Borrower.objects.filter(Exists(own), ~Exists(theirs.filter(severity__gt=0))).order_by("number")

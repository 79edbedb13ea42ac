"""Reads that inspections need of the book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from django.db.models import Exists, OuterRef

from accounts.choices import UnitKind
from accounts.models import Unit
from core.parameters import Policy
from credit.choices import RiskClass
from credit.models import Loan
from credit.selectors.exposures import exposures, known_worse
from credit.selectors.schemes import under


def booking_units() -> dict[int, int]:
    """Units that have ever booked a loan, each with the branch whose loans these are: itself, or a department's."""
    booked = Unit.objects.filter(Exists(Loan.objects.filter(unit=OuterRef("pk"))))
    return {
        unit.pk: unit.parent_id if unit.kind == UnitKind.DEPARTMENT and unit.parent_id else unit.pk
        for unit in booked
    }


def normal_borrowers(
    on: date, policy: Policy, scheme: str, units: Mapping[int, int]
) -> dict[int, dict[str, int]]:
    """By branch, the borrowers (number → id) with a live loan there under the scheme and none worse than 正常 anywhere.

    `units` are the branches' units, as `booking_units` tells. One pass over the loans for all of them: the first day of
    a period draws from the whole book.
    """
    # Few were ever worse: what they are today is asked of them only.
    ever = known_worse(on, [one for one in RiskClass if one.severity]).order_by().values("loan")
    worse = set(exposures(on).filter(pk__in=ever, severity__gt=0).values_list("borrower", flat=True))
    own = exposures(on).filter(under(policy, scheme), unit__in=units).order_by()
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for unit, number, borrower in own.values_list("unit", "borrower__number", "borrower").iterator():
        if borrower not in worse:
            found[units[unit]][number] = borrower
    return found

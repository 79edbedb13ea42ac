"""What of the uses that were seen is in 附件1 already, and what is not."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from credit.selectors import undoing
from monitoring.models import FundUse, SeenUse


def standing(on: date) -> QuerySet[SeenUse]:
    """Uses known by the day whose movement was not undone."""
    return SeenUse.objects.filter(known_on__lte=on).exclude(Exists(undoing("transaction", on)))


def unrecorded(on: date) -> QuerySet[Any]:
    """Those of them that no 附件1 in force tells of."""
    told = FundUse.objects.filter(is_in_force=True, loan=OuterRef("loan"))
    return (
        standing(on)
        .exclude(Exists(told.filter(transaction=OuterRef("transaction"))))
        .exclude(Exists(told.filter(payment=OuterRef("payment"))))
    )

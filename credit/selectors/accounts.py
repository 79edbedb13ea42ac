"""Accounts with their balance on a day, and what became of their movements."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import (
    OuterRef,
    QuerySet,
    Subquery,
)

from credit.models import (
    AccountBalance,
    Transaction,
)


def with_balance(accounts: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Accounts with their latest `balance`, as known on the day, what of it is `frozen`, and `balance_on`."""
    latest = AccountBalance.objects.known(on).filter(account=OuterRef("pk")).newest_first()
    return accounts.annotate(
        balance=Subquery(latest.values("balance")[:1]),
        frozen=Subquery(latest.values("frozen")[:1]),
        balance_on=Subquery(latest.values("effective_on")[:1]),
    )


def undoing(movement: str, on: date) -> QuerySet[Transaction]:
    """For Exists: reversals, known by the day, of the movement that a column of the outer row names."""
    return Transaction.objects.filter(reverses=OuterRef(movement), known_on__lte=on)

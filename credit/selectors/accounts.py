"""Accounts with their balance on a day, and what became of their movements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField, BooleanField, Case, CharField, Exists, ExpressionWrapper, F, Func, IntegerField, JSONField, OuterRef, Q, QuerySet, Subquery, Value, When,
)
from django.db.models.functions import Coalesce, NullIf

from accounts.choices import Line, Role, UnitKind
from accounts.models import User
from accounts.selectors import holders_in_branch
from core.periods import quarter_of
from core.policy import Policy
from credit.choices import ResponsibleRole, RiskClass
from credit.models import AccountBalance, Borrower, ClassFact, Loan, LoanReading, LoanTerms, Responsibility, Transaction
from workflow.choices import SubjectKind
from workflow.duties import Owner, Rule


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

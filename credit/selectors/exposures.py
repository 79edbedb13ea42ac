"""Loans as a rule asks for them on a day: balance, class in force, maturity; as known by then."""

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


SEVERITY = Case(
    *(When(risk_class=value, then=Value(value.severity)) for value in RiskClass),
    output_field=IntegerField(),
)


def whether(rows: QuerySet[Any]) -> ExpressionWrapper:
    """An annotation: whether there is such a row."""
    return ExpressionWrapper(Exists(rows), output_field=BooleanField())


def exposures(on: date) -> QuerySet[Any]:
    """Loans with a balance on the day, as known by then, with their class in force and since when it holds.

    A class given nowhere yet counts as 正常.
    """
    return positions(on).filter(balance__gt=0)


def positions(on: date) -> QuerySet[Any]:
    """The same of every loan, whatever its balance is."""
    fact = ClassFact.objects.in_force(on)
    return balances(on).annotate(
        severity=Coalesce(Subquery(fact.annotate(s=SEVERITY).values("s")[:1]), Value(0)),
        class_since=Subquery(fact.values("effective_on")[:1]),
    )


def balances(on: date) -> QuerySet[Any]:
    """Every loan with its `balance` on the day, as known by then (None: no reading yet)."""
    return Loan.objects.annotate(balance=Subquery(LoanReading.objects.in_force(on).values("balance")[:1]))


def maturity(on: date) -> Coalesce:
    """An expression over loans: the maturity in force on the day, as known by then."""
    return Coalesce(Subquery(LoanTerms.objects.in_force(on).values("matures_on")[:1]), F("matures_on"))


def known_worse(on: date, classes: Collection[RiskClass]) -> QuerySet[ClassFact]:
    """Facts known by the day that put a loan in one of these classes, then or still: few, and quickly found."""
    return ClassFact.objects.known(on).filter(risk_class__in=classes)

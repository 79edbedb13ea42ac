"""Loans as a rule asks for them on a day: balance, class in force, maturity; as known by then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from credit.choices import RiskClass
from credit.models import (
    ClassFact,
    Loan,
    LoanReading,
    LoanTerms,
)

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
    """Every loan, whatever its balance, with its balance on the day, class in force, and since when it holds."""
    fact = ClassFact.objects.in_force(on)
    return classed(on).annotate(class_since=Subquery(fact.values("effective_on")[:1]))


def classed(on: date) -> QuerySet[Any]:
    """Every loan with its balance on the day (None: no reading yet) and the severity of its class in force."""
    fact = ClassFact.objects.in_force(on)
    return balances(on).annotate(
        severity=Coalesce(Subquery(fact.annotate(s=SEVERITY).values("s")[:1]), Value(0))
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

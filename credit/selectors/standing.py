"""Loans as they stood on a day, and the ways in which figures and lists cut them: the same for both.

Migration is seen from the quarter's end before the day: facts effective then, as known on the day itself. What became
known since counts, so that the matrix is right from the first day of use on.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import DecimalField, F, IntegerField, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from core.periods import quarter_of
from credit.choices import Arrears, Maturing, RiskClass
from credit.models import ClassFact, Loan, LoanReading
from credit.selectors.exposures import SEVERITY, maturity
from credit.selectors.responsible import managers_of, unit_in_charge

NEW, SETTLED = "NEW", "SETTLED"  # beside the classes: not live when the quarter ended; not live any more


def quarter_end_before(on: date) -> date:
    """The last day of the quarter before the day's."""
    return quarter_of(on).before()


def _balance(effective: date, known: date) -> Coalesce:
    facts = LoanReading.objects.in_force(known).filter(effective_on__lte=effective)
    return Coalesce(
        Subquery(facts.values("balance")[:1]),
        Value(0),
        output_field=DecimalField(max_digits=18, decimal_places=2),
    )


def _severity(effective: date, known: date) -> Coalesce:
    facts = ClassFact.objects.in_force(known).filter(effective_on__lte=effective).annotate(s=SEVERITY)
    return Coalesce(Subquery(facts.values("s")[:1]), Value(0), output_field=IntegerField())


def standing(on: date) -> QuerySet[Any]:
    """Every loan ever known, with `balance`, `severity`, `days_past_due` and `ends_on` as of the day.

    `manager` and `home` (the unit in charge) say who answers for it, by id; `manager_name` and `home_name` in words.
    """
    manager = managers_of("borrower", on)
    reading = LoanReading.objects.in_force(on)
    return Loan.objects.annotate(
        balance=_balance(on, on),
        severity=_severity(on, on),
        days_past_due=Coalesce(Subquery(reading.values("days_past_due")[:1]), Value(0)),
        ends_on=maturity(on),
        manager=Subquery(manager.values("person")[:1]),
        manager_name=Subquery(manager.values("person__name")[:1]),
        home=unit_in_charge(on),
        home_name=Coalesce(Subquery(manager.values("unit__name")[:1]), F("unit__name")),
    )


def live(on: date) -> QuerySet[Any]:
    """Loans with a balance on the day."""
    return standing(on).filter(balance__gt=0)


def in_arrears(step: Arrears) -> Q:
    """Loans whose days past due lie in the step."""
    first, last = step.days
    return Q(days_past_due__gte=first) & (Q() if last is None else Q(days_past_due__lte=last))


def maturing(step: Maturing, on: date) -> Q:
    """Loans whose maturity lies in the step."""
    first, last = step.days
    where = Q() if first is None else Q(ends_on__gte=on + timedelta(days=first))
    return where if last is None else where & Q(ends_on__lte=on + timedelta(days=last))


def migrated(on: date, before: str = "", now: str = "") -> QuerySet[Any]:
    """Loans that went from one class (or NEW) to another (or SETTLED) between the quarter's end and the day.

    An empty end is any. `moved` is the balance of the day, of settled ones that of the quarter's end.
    """
    since = quarter_end_before(on)
    rows = standing(on).annotate(old_balance=_balance(since, on), old_severity=_severity(since, on))
    if before == NEW:
        rows = rows.filter(old_balance__lte=0)
    elif before:
        rows = rows.filter(old_balance__gt=0, old_severity=RiskClass(before).severity)
    if now == SETTLED:
        return rows.filter(balance__lte=0, old_balance__gt=0).annotate(moved=F("old_balance"))
    if now:
        rows = rows.filter(severity=RiskClass(now).severity)
    return rows.filter(balance__gt=0).annotate(moved=F("balance"))

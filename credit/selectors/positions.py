"""Where borrowers stand on a day: balance, worst class, days past due; for lists and for the borrower page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from credit.choices import ResponsibleRole, RiskClass
from credit.models import ClassFact, LoanReading, LoanTerms, Responsibility
from credit.querysets import BorrowerQuerySet
from credit.selectors.exposures import classed, exposures, maturity


@dataclass(frozen=True)
class Position:
    """Live loans on a day, summed up: one, a borrower's, a group's."""

    balance: Decimal
    loans: int
    worst: RiskClass | None
    days_past_due: int


NOTHING = Position(Decimal(0), 0, None, 0)


def class_of(severity: int | None) -> RiskClass | None:
    """The class of a severity."""
    return None if severity is None else list(RiskClass)[severity]


def live_loans(on: date) -> QuerySet[Any]:
    """Loans with a balance on the day: class, arrears, maturity (`ends_on`) and rate (`rate`) in force then."""
    return with_terms(exposures(on), on)


def with_terms(loans: QuerySet[Any], on: date) -> QuerySet[Any]:
    """These loans with the arrears, maturity (`ends_on`) and rate (`rate`) in force on the day."""
    reading = LoanReading.objects.in_force(on)
    terms = LoanTerms.objects.in_force(on)
    return loans.annotate(
        ends_on=maturity(on),
        rate=Coalesce(Subquery(terms.values("annual_rate")[:1]), F("annual_rate")),
        days_past_due=Subquery(reading.values("days_past_due")[:1]),
        overdue_principal=Subquery(reading.values("overdue_principal")[:1]),
        overdue_interest=Subquery(reading.values("overdue_interest")[:1]),
    )


def together(several: Iterable[Position]) -> Position:
    """Several positions as one: balances added, the worst class, the longest arrears."""
    rows = list(several)
    worst = [row.worst.severity for row in rows if row.worst]
    return Position(
        sum((row.balance for row in rows), Decimal(0)),
        sum(row.loans for row in rows),
        class_of(max(worst, default=None)),
        max((row.days_past_due for row in rows), default=0),
    )


def positions(borrower_ids: Iterable[int], on: date) -> dict[int, Position]:
    """Where each of these borrowers stands; one query, whatever their number."""
    found: dict[int, list[Position]] = defaultdict(list)
    days_past_due = Subquery(LoanReading.objects.in_force(on).values("days_past_due")[:1])
    rows = classed(on).filter(borrower__in=list(borrower_ids)).annotate(days=days_past_due).order_by()
    for borrower, balance, severity, days in rows.values_list("borrower", "balance", "severity", "days"):
        if balance and balance > 0:  # asked here: the database would read the balance once more
            found[borrower].append(Position(balance, 1, class_of(severity), days or 0))
    return {borrower: together(theirs) for borrower, theirs in found.items()}


def classes_by_number(numbers: Iterable[str], on: date) -> dict[str, RiskClass]:
    """The worst class of each of these borrowers, by customer number."""
    worst: dict[str, int] = {}
    if not (wanted := set(numbers)):
        return {}
    rows = classed(on).filter(borrower__number__in=wanted).order_by()
    for number, balance, severity in rows.values_list("borrower__number", "balance", "severity"):
        if balance and balance > 0:
            worst[number] = max(severity, worst.get(number, 0))
    return {number: list(RiskClass)[severity] for number, severity in worst.items()}


def in_class(borrowers: BorrowerQuerySet, risk_class: RiskClass, on: date) -> BorrowerQuerySet:
    """Of these borrowers, those whose worst live loan is in the class."""
    if risk_class != RiskClass.NORMAL:  # in most banks few were ever worse, and these are quickly found
        worse = ClassFact.objects.known(on).filter(~Q(risk_class=RiskClass.NORMAL), risk_class=risk_class)
        borrowers = borrowers.start_from(worse.values_list("loan__borrower", flat=True))
    theirs = exposures(on).filter(borrower=OuterRef("pk"))
    return borrowers.filter(
        Exists(theirs.filter(severity=risk_class.severity)),
        ~Exists(theirs.filter(severity__gt=risk_class.severity)),
    )


def managers(borrower_ids: Iterable[int], on: date) -> dict[int, Responsibility]:
    """The customer manager of each of these borrowers on the day."""
    rows: Any = Responsibility.objects.current(on).filter(
        borrower__in=list(borrower_ids), role=ResponsibleRole.CUSTOMER_MANAGER, known_on__lte=on
    )
    return {row.borrower_id: row for row in rows.select_related("person", "unit").order_by("from_on")}

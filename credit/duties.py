"""What every rule about a borrower needs: who has live loans on a day, how bad, since when, and who answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from accounts.choices import UnitKind
from accounts.selectors import holders_in_branch
from core.periods import quarter_of
from core.policy import Policy
from credit.choices import ResponsibleRole, RiskClass
from credit.models import Borrower, ClassFact, Loan, LoanReading, LoanTerms, Responsibility
from workflow.choices import SubjectKind
from workflow.duties import Owner, Rule

SEVERITY = Case(
    *(When(risk_class=value, then=Value(value.severity)) for value in RiskClass),
    output_field=IntegerField(),
)


def products_under(policy: Policy, scheme: str) -> list[str]:
    """Products whose scheme is the given one or descends from it."""
    return [product for product, code in policy.products().items() if policy.is_under(code, scheme)]


def exposures(on: date) -> QuerySet[Any]:
    """Loans with a balance on the day, as known by then, with their class in force and since when it holds.

    A class given nowhere yet counts as 正常.
    """
    reading = LoanReading.objects.in_force(on)
    fact = ClassFact.objects.in_force(on)
    return Loan.objects.annotate(
        balance=Subquery(reading.values("balance")[:1]),
        severity=Coalesce(Subquery(fact.annotate(s=SEVERITY).values("s")[:1]), Value(0)),
        class_since=Subquery(fact.values("effective_on")[:1]),
    ).filter(balance__gt=0)


class BorrowerRule(Rule):
    """A rule whose subject is a borrower."""

    subject = SubjectKind.BORROWER

    def borrowers(
        self, on: date, products: list[str], *, having: QuerySet[Any] | None = None
    ) -> QuerySet[Borrower]:
        """Borrowers with a live loan of these products on the day, or with an open duty of this rule.

        Each carries `worst` (severity over all its live loans, None without any), `in_class_since`, `products`,
        `first_started_on` (of loans live now or when the quarter began: a rollover does not make a new customer),
        `duty_unit` and `duty_person`. `having` narrows to borrowers of these rows.
        """
        mine = exposures(on).filter(borrower=OuterRef("pk")).order_by().values("borrower")
        then = (
            exposures(quarter_of(on).first - timedelta(days=1))
            .filter(borrower=OuterRef("pk"))
            .order_by()
            .values("borrower")
        )
        live = Q(Exists(exposures(on).filter(borrower=OuterRef("pk"), product__in=products)))
        if having is not None:
            live &= Q(Exists(having.filter(borrower=OuterRef("pk"))))
        manager = (
            Responsibility.objects.current(on)
            .filter(borrower=OuterRef("pk"), role=ResponsibleRole.CUSTOMER_MANAGER, known_on__lte=on)
            .order_by("-from_on")
        )
        loan_unit = Loan.objects.filter(borrower=OuterRef("pk")).order_by("-starts_on").values("unit")[:1]
        return Borrower.objects.filter(
            live | Q(Exists(self.standing().filter(subject_id=OuterRef("pk"))))
        ).annotate(
            worst=Subquery(mine.annotate(x=Max("severity")).values("x"), output_field=IntegerField()),
            products=Subquery(
                mine.annotate(x=ArrayAgg("product", distinct=True)).values("x"),
                output_field=ArrayField(CharField()),
            ),
            in_class_since=Subquery(
                exposures(on)
                .filter(borrower=OuterRef("pk"))
                .order_by("-severity", F("class_since").asc(nulls_last=True))
                .values("class_since")[:1],
                output_field=DateField(),
            ),
            first_started_on=Coalesce(
                Subquery(then.annotate(x=Min("starts_on")).values("x"), output_field=DateField()),
                Subquery(mine.annotate(x=Min("starts_on")).values("x"), output_field=DateField()),
            ),
            duty_person=Subquery(manager.values("person")[:1]),
            duty_unit=Coalesce(Subquery(manager.values("unit")[:1]), Subquery(loan_unit)),
        )

    def owner(self, row: Any) -> Owner:
        """The borrower's customer manager of the day; nobody where the post is vacant."""
        return Owner(row.number, row.name, row.duty_unit, row.duty_person)


class LoanRule(Rule):
    """A rule whose subject is a loan, owed by whoever holds the rule's post in the loan's branch."""

    subject = SubjectKind.LOAN

    def loans(self, on: date, products: list[str], *, having: QuerySet[Any] | None = None) -> QuerySet[Loan]:
        """Loans of these products with a balance on the day, or with an open duty of this rule.

        Each carries `is_live` (a balance on the day), `ends_on` (the maturity in force then), its borrower and
        `duty_person`. `having` narrows the live ones to loans of these rows.
        """
        live = Q(is_live=True, product__in=products)
        if having is not None:
            live &= Q(Exists(having.filter(loan=OuterRef("pk"))))
        terms = LoanTerms.objects.in_force(on).values("matures_on")[:1]
        return (
            Loan.objects.annotate(
                is_live=ExpressionWrapper(
                    Exists(exposures(on).filter(pk=OuterRef("pk"))), output_field=BooleanField()
                ),
                ends_on=Coalesce(Subquery(terms), F("matures_on")),
                branch=Case(When(unit__kind=UnitKind.DEPARTMENT, then=F("unit__parent")), default=F("unit")),
            )
            .annotate(duty_person=Subquery(holders_in_branch(self.post, on, "branch").values("person")[:1]))
            .filter(live | Q(Exists(self.standing().filter(subject_id=OuterRef("pk")))))
            .select_related("borrower")
        )

    def owner(self, row: Any) -> Owner:
        """The holder of the post on the day; nobody where it is vacant."""
        return Owner(row.borrower.number, row.borrower.name, row.unit_id, row.duty_person)

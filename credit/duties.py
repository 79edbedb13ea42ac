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
from django.db.models.functions import Coalesce, NullIf

from accounts.choices import Role, UnitKind
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


def schemes_under(policy: Policy, scheme: str) -> list[str]:
    """The scheme and those that descend from it."""
    return [code for code in policy.parameters if policy.is_under(code, scheme)]


def scheme_of(policy: Policy) -> Coalesce:
    """For loans: the scheme that one is managed under: what its contract says, else its product's."""
    by_product = Case(
        *(When(product=product, then=Value(code)) for product, code in policy.products().items()),
        output_field=CharField(),
    )
    return Coalesce(NullIf("contract__scheme", Value("")), by_product, output_field=CharField())


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


def maturity(on: date) -> Coalesce:
    """An expression over loans: the maturity in force on the day, as known by then."""
    return Coalesce(Subquery(LoanTerms.objects.in_force(on).values("matures_on")[:1]), F("matures_on"))


def managers_of(borrower: str, on: date) -> QuerySet[Responsibility]:
    """For a Subquery: who manages the outer row's borrower on the day, as known by then."""
    return (
        Responsibility.objects.current(on)
        .filter(borrower=OuterRef(borrower), role=ResponsibleRole.CUSTOMER_MANAGER, known_on__lte=on)
        .order_by("-from_on")
    )


class BorrowerRule(Rule):
    """A rule whose subject is a borrower."""

    subject = SubjectKind.BORROWER

    def borrowers(
        self, on: date, policy: Policy, scheme: str, *, having: QuerySet[Any] | None = None
    ) -> QuerySet[Borrower]:
        """Borrowers with a live loan under the scheme on the day, or with an open duty of this rule.

        Each carries `worst` (severity over all its live loans, None without any), `in_class_since`, `schemes`,
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
        under = exposures(on).annotate(scheme_code=scheme_of(policy))
        live = Q(Exists(under.filter(borrower=OuterRef("pk"), scheme_code__in=schemes_under(policy, scheme))))
        if having is not None:
            live &= Q(Exists(having.filter(borrower=OuterRef("pk"))))
        manager = managers_of("pk", on)
        loan_unit = Loan.objects.filter(borrower=OuterRef("pk")).order_by("-starts_on").values("unit")[:1]
        return Borrower.objects.filter(
            live | Q(Exists(self.standing().filter(subject_id=OuterRef("pk"))))
        ).annotate(
            worst=Subquery(mine.annotate(x=Max("severity")).values("x"), output_field=IntegerField()),
            schemes=Subquery(
                mine.annotate(x=ArrayAgg(scheme_of(policy), distinct=True)).values("x"),
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

    def annotated(self, on: date, policy: Policy) -> QuerySet[Loan]:
        """Every loan with `is_live` (a balance on the day), `scheme_code`, `ends_on` (the maturity in force then), its
        borrower and `duty_person`."""
        return (
            Loan.objects.annotate(
                is_live=ExpressionWrapper(
                    Exists(exposures(on).filter(pk=OuterRef("pk"))), output_field=BooleanField()
                ),
                scheme_code=scheme_of(policy),
                ends_on=maturity(on),
                branch=Case(When(unit__kind=UnitKind.DEPARTMENT, then=F("unit__parent")), default=F("unit")),
            )
            .annotate(duty_person=Subquery(holders_in_branch(self.post, on, "branch").values("person")[:1]))
            .select_related("borrower")
        )

    def loans(
        self, on: date, policy: Policy, scheme: str, *, having: QuerySet[Any] | None = None
    ) -> QuerySet[Loan]:
        """Loans under the scheme with a balance on the day, or with an open duty of this rule, `annotated`.

        `having` narrows the live ones to loans of these rows.
        """
        live = Q(is_live=True, scheme_code__in=schemes_under(policy, scheme))
        if having is not None:
            live &= Q(Exists(having.filter(loan=OuterRef("pk"))))
        return self.annotated(on, policy).filter(
            live | Q(Exists(self.standing().filter(subject_id=OuterRef("pk"))))
        )

    def owner(self, row: Any) -> Owner:
        """The holder of the post on the day; nobody where it is vacant."""
        return Owner(row.borrower.number, row.borrower.name, row.unit_id, row.duty_person)


class ManagedLoanRule(LoanRule):
    """A rule about a loan that the borrower's customer manager owes."""

    post = Role.CUSTOMER_MANAGER

    def annotated(self, on: date, policy: Policy) -> QuerySet[Loan]:
        """Owed by whoever manages the borrower on the day, not by any manager of the branch."""
        manager = managers_of("borrower", on)
        return (
            super()
            .annotated(on, policy)
            .annotate(
                duty_person=Subquery(manager.values("person")[:1]),
                duty_unit=Subquery(manager.values("unit")[:1]),
            )
        )

    def owner(self, row: Any) -> Owner:
        """The borrower's customer manager of the day; nobody where the post is vacant."""
        return Owner(row.borrower.number, row.borrower.name, row.duty_unit or row.unit_id, row.duty_person)

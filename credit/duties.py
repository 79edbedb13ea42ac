"""What every rule about a borrower needs: who has live loans on a day, how bad, since when, and who answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    JSONField,
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
    return policy.family(scheme)


def scheme_of(policy: Policy) -> Coalesce:
    """For loans: the scheme that one is managed under: what its contract says, else its product's."""
    by_product = Case(
        *(When(product=product, then=Value(code)) for product, code in policy.products().items()),
        output_field=CharField(),
    )
    return Coalesce(NullIf("contract__scheme", Value("")), by_product, output_field=CharField())


def under(policy: Policy, scheme: str, contract: str = "contract__") -> Q:
    """Loans managed under the scheme or one that descends from it: the same as `scheme_of`, but indexes can answer.

    `contract` is the path to the contract; empty where the rows are contracts.
    """
    codes = schemes_under(policy, scheme)
    products = [product for product, code in policy.products().items() if code in codes]
    named = Q((f"{contract}scheme__in", codes))
    return named | Q((f"{contract}scheme", ""), product__in=products) if products else named


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


def responsible_for(role: ResponsibleRole, borrower: str, on: date) -> QuerySet[Responsibility]:
    """For a Subquery: who answers for the outer row's borrower in a role on the day, as known by then."""
    return (
        Responsibility.objects.current(on)
        .filter(borrower=OuterRef(borrower), role=role, known_on__lte=on)
        .order_by("-from_on", "-pk")
    )


def managers_of(borrower: str, on: date) -> QuerySet[Responsibility]:
    """For a Subquery: who manages the outer row's borrower on the day, as known by then."""
    return responsible_for(ResponsibleRole.CUSTOMER_MANAGER, borrower, on)


def unit_in_charge(on: date, loan: str = "") -> Coalesce:
    """An expression over loans: the id of the manager's unit on the day; of a vacant post, that of the loan's own.

    A branch books the loans of its departments: who answers for one is told by the manager, not by the booking.
    `loan` is the path to the loan where the rows are another's, as "loan__".
    """
    manager = managers_of(f"{loan}borrower", on)
    return Coalesce(Subquery(manager.values("unit")[:1]), F(f"{loan}unit"), output_field=BigIntegerField())


def latest_loans(borrower: str) -> QuerySet[Loan]:
    """For a Subquery: the loans of the outer row's borrower, the latest first."""
    return Loan.objects.filter(borrower=OuterRef(borrower)).order_by("-starts_on", "-pk")


def home_of(borrower: str, on: date) -> Coalesce:
    """An expression over rows with a borrower: the id of its manager's unit; of a vacant post, its latest loan's."""
    return Coalesce(
        Subquery(managers_of(borrower, on).values("unit")[:1]),
        Subquery(latest_loans(borrower).values("unit")[:1]),
        output_field=BigIntegerField(),
    )


def branch_of_unit() -> Case:
    """An expression over rows with a unit: the id of its branch (`Unit.branch_id`)."""
    return Case(
        When(unit__kind=UnitKind.DEPARTMENT, then=F("unit__parent")),
        default=F("unit"),
        output_field=BigIntegerField(),
    )


@dataclass(frozen=True)
class Standing:
    """How one borrower stands on a day: `worst` is the severity over all its live loans, None without any.

    `first_started_on` is of loans live now or when the quarter began: a rollover does not make a new customer.
    """

    worst: int | None
    in_class_since: date | None
    schemes: frozenset[str]
    first_started_on: date | None


def standing_of(row: Any) -> Standing:
    """How a row of `BorrowerRule.borrowers` stands, by its notes."""
    notes = [_Note(*values) for values in row.notes]
    live = [note for note in notes if note.live]
    if not live:
        return Standing(None, None, frozenset(), None)
    worst = max(note.severity for note in live)
    # The class that has held longest among the worst loans; ISO days sort as days do.
    since = min((note.since for note in live if note.severity == worst and note.since), default=None)
    started = min(note.started for note in [note for note in notes if note.then] or live)
    return Standing(
        worst,
        date.fromisoformat(since) if since else None,
        frozenset(note.scheme for note in live),
        date.fromisoformat(started),
    )


class _Note(NamedTuple):
    """One loan of a borrower as `BorrowerRule.borrowers` reads it; `then`: it was live before the quarter too."""

    live: bool
    then: bool
    severity: int
    since: str | None
    scheme: str
    started: str


def known_worse(on: date, classes: Collection[RiskClass]) -> QuerySet[ClassFact]:
    """Facts known by the day that put a loan in one of these classes, then or still: few, and quickly found."""
    return ClassFact.objects.known(on).filter(risk_class__in=classes)


class BorrowerRule(Rule):
    """A rule whose subject is a borrower."""

    subject = SubjectKind.BORROWER

    def borrowers(
        self, on: date, policy: Policy, scheme: str, *, having: QuerySet[Any] | None = None
    ) -> QuerySet[Borrower]:
        """Borrowers with a loan under the scheme (judge by its balance), or with an open duty of this rule.

        Each carries `notes` for `standing_of`, `duty_unit` and `duty_person`. `having`, a list of borrowers' ids,
        takes the place of the former.
        """
        ids: Any = having
        if ids is None:
            ids = Loan.objects.filter(under(policy, scheme)).order_by().values_list("borrower")
        notes = positions(on).filter(borrower=OuterRef("pk")).order_by().annotate(
            held=Subquery(LoanReading.objects.in_force(quarter_of(on).before()).values("balance")[:1]),
            scheme_code=scheme_of(policy),
        )  # fmt: skip
        return (
            Borrower.objects.filter(pk__in=ids.union(self.standing().order_by().values_list("subject_id")))
            .only("number", "name")
            .annotate(
                # One text for all of them, in the order of `_Note`: objects of six names each take twice as long.
                notes=Func(
                    ArraySubquery(
                        notes.values(
                            note=Func(
                                _positive("balance"),
                                _positive("held"),
                                "severity",
                                "class_since",
                                "scheme_code",
                                "starts_on",
                                function="JSONB_BUILD_ARRAY",
                                output_field=JSONField(),
                            )
                        )
                    ),
                    function="TO_JSONB",
                    output_field=JSONField(),
                ),
                duty_person=Subquery(managers_of("pk", on).values("person")[:1]),
                duty_unit=home_of("pk", on),
            )
        )

    def owner(self, row: Any) -> Owner:
        """The borrower's customer manager of the day; nobody where the post is vacant."""
        return Owner(row.number, row.name, row.duty_unit, row.duty_person)


def _positive(amount: str) -> Coalesce:
    return Coalesce(ExpressionWrapper(Q(**{f"{amount}__gt": 0}), output_field=BooleanField()), Value(False))


class LoanRule(Rule):
    """A rule whose subject is a loan, owed by whoever holds the rule's post in the loan's branch."""

    subject = SubjectKind.LOAN

    def annotated(self, on: date, policy: Policy) -> QuerySet[Loan]:
        """Every loan with `is_live` (a balance on the day), `scheme_code`, `ends_on` (the maturity in force then), its
        borrower and `duty_person`."""
        return (
            Loan.objects.annotate(
                is_live=whether(exposures(on).filter(pk=OuterRef("pk"))),
                scheme_code=scheme_of(policy),
                ends_on=maturity(on),
                branch=branch_of_unit(),
            )
            .annotate(duty_person=Subquery(holders_in_branch(self.post, on, "branch").values("person")[:1]))
            .select_related("borrower")
        )

    def loans(
        self, on: date, policy: Policy, scheme: str, *, having: QuerySet[Any] | None = None
    ) -> QuerySet[Loan]:
        """Loans under the scheme (judge by `is_live`), or with an open duty of this rule, `annotated`.

        `having`, a list of loans' ids, takes the place of the former.
        """
        ids: Any = having
        if ids is None:
            ids = Loan.objects.filter(under(policy, scheme)).order_by().values_list("pk")
        return self.annotated(on, policy).filter(
            pk__in=ids.union(self.standing().order_by().values_list("subject_id"))
        )

    def owner(self, row: Any) -> Owner:
        """The holder of the post on the day; nobody where it is vacant."""
        return Owner(row.borrower.number, row.borrower.name, row.unit_id, row.duty_person)


class ManagedLoanRule(LoanRule):
    """A rule about a loan that the borrower's customer manager owes."""

    post = Role.CUSTOMER_MANAGER

    def annotated(self, on: date, policy: Policy) -> QuerySet[Loan]:
        """Owed by whoever manages the borrower on the day, not by any manager of the branch."""
        manager = managers_of("borrower", on).values("person")[:1]
        return (
            super()
            .annotated(on, policy)
            .annotate(duty_person=Subquery(manager), duty_unit=unit_in_charge(on))
        )

    def owner(self, row: Any) -> Owner:
        """The borrower's customer manager of the day; nobody where the post is vacant."""
        return Owner(row.borrower.number, row.borrower.name, row.duty_unit, row.duty_person)

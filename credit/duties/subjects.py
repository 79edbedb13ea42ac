"""What a rule about a borrower, a loan or a contract starts from: whom it is about, how they stand, who owes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from accounts.choices import Role
from accounts.selectors import holders_in_branch
from core.parameters import Policy
from core.periods import quarter_of
from credit.models import (
    Borrower,
    Loan,
    LoanReading,
)
from credit.selectors.exposures import exposures, maturity, positions, whether
from credit.selectors.responsible import branch_of_unit, home_of, managers_of, unit_in_charge
from credit.selectors.schemes import scheme_of, schemes_under, under
from workflow.choices import SubjectKind
from workflow.duties import Owner, Rule, Verdict


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
    notes = _notes_of(row)
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


def _notes_of(row: Any) -> list[_Note]:
    return [_Note(*values) for values in row.notes]


class LentRule(Rule):
    """A rule about what is lent under a scheme, or one that descends from it."""

    repaid: ClassVar[str] = "已无余额"  # said where nothing is owed any more
    outside: ClassVar[str] = "已不适用本方案"  # said where something is, but under other schemes

    def schemes_of(self, row: Any, on: date, policy: Policy) -> Collection[str]:
        """The schemes under which something is owed; none where nothing is."""
        raise NotImplementedError

    def ended(self, row: Any, on: date, policy: Policy) -> Verdict | None:
        """That nothing more is required, where nothing is owed any more, or nothing under the scheme; else None."""
        schemes = self.schemes_of(row, on, policy)
        if not schemes:
            return Verdict((), self.repaid, nothing_more=True)
        if not set(schemes).intersection(schemes_under(policy, self.scheme)):
            return Verdict((), self.outside, nothing_more=True)
        return None


class BorrowerRule(LentRule):
    """A rule whose subject is a borrower."""

    subject = SubjectKind.BORROWER
    outside = "已无本方案下的贷款"

    def schemes_of(self, row: Any, on: date, policy: Policy) -> Collection[str]:
        """Of its live loans."""
        return {note.scheme for note in _notes_of(row) if note.live}

    def borrowers(self, on: date, policy: Policy) -> QuerySet[Borrower]:
        """Borrowers that are affected, else those with a loan under the scheme (judge by its balance); and those with
        an open duty of this rule.

        Each carries `notes` for `standing_of`, `duty_unit` and `duty_person`.
        """
        ids: Any = self.affected(on, policy)
        if ids is None:
            ids = Loan.objects.filter(under(policy, self.scheme)).order_by().values_list("borrower")
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


class LoanRule(LentRule):
    """A rule whose subject is a loan, owed by whoever holds the rule's post in the loan's branch."""

    subject = SubjectKind.LOAN

    def of_borrowers(self, ids: Sequence[int]) -> Sequence[int]:
        """The loans of these borrowers."""
        return list(Loan.objects.filter(borrower__in=ids).values_list("pk", flat=True))

    def schemes_of(self, row: Any, on: date, policy: Policy) -> Collection[str]:
        """Its own, while it is live."""
        return [row.scheme_code] if row.is_live else []

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

    def loans(self, on: date, policy: Policy) -> QuerySet[Loan]:
        """Loans that are affected, else those under the scheme (judge by `is_live`); and those with an open duty of
        this rule; `annotated`."""
        ids: Any = self.affected(on, policy)
        if ids is None:
            ids = Loan.objects.filter(under(policy, self.scheme)).order_by().values_list("pk")
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

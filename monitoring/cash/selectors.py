"""From the book: what each borrower of a set owes up to a horizon, and what it has to meet it with, as known by a day.

A fixed number of queries per set, whatever the number of borrowers. All money is Decimal yuan (元).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum

from core.parameters import Policy
from credit.choices import InterestFrequency, LedgerKind, Product
from credit.models import Account, Bill, Installment, LedgerEntry, LetterClaim
from credit.selectors.accounts import with_balance
from credit.selectors.exposures import balances
from credit.selectors.positions import with_terms
from credit.selectors.schemes import scheme_of
from monitoring.cash.collateral import CashCollateral, cash_collateral_of
from monitoring.cash.rules.falling_due import Note, interest_due, principal_due, regular_days
from monitoring.cash.rules.ladder import ZERO, Debt, Ladder, climb
from monitoring.choices import DebtKind

# Nothing is lent on these, or the interest was taken beforehand.
WITHOUT_INTEREST = frozenset({Product.ACCEPTANCE, Product.LETTER_OF_GUARANTEE, Product.DISCOUNT})
# What falls due on these is not the borrower's to pay: a discounted bill is its acceptor's, a letter of guarantee
# calls for money only where it is claimed under.
NOT_REPAID = frozenset({Product.DISCOUNT, Product.LETTER_OF_GUARANTEE})


@dataclass
class RepaymentFunds:
    """One borrower on a day (还款资金): debts, available balance, cash collateral, and the notes behind the debts."""

    available: Decimal = ZERO
    collateral: dict[str, Decimal] = field(default_factory=dict)
    debts: list[Debt] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def ladder(self, on: date) -> Ladder:
        """How the debts are met."""
        return climb(on, available=self.available, collateral=self.collateral, debts=self.debts)


def repayment_funds(
    borrowers: Collection[int], on: date, until: date, policy: Policy
) -> dict[int, RepaymentFunds]:
    """What each of these borrowers owes up to a day, arrears included, and has."""
    found = {borrower: RepaymentFunds() for borrower in borrowers}
    loans = list(live(on, policy).filter(borrower__in=found))
    claims = list(
        LetterClaim.objects.filter(
            Q(settled_on__isnull=True) | Q(settled_on__gt=on), loan__borrower__in=found, claimed_on__lte=on
        ).select_related("loan")
    )
    plans = _Plans(loans, on, until)
    for loan in loans:
        funds = found[loan.borrower_id]
        funds.notes[loan.number] = loan
        funds.debts += debts_of(loan, plans, on, until, policy)
    for claim in claims:
        funds = found[claim.loan.borrower_id]
        funds.notes.setdefault(claim.loan.number, claim.loan)
    for (borrower, number, claimed_on), amount in _claimed(claims).items():
        found[borrower].debts.append(Debt(claimed_on, DebtKind.GUARANTEE, number, amount))
    _fill(
        found,
        cash_collateral_of({loan.pk: loan for loan in [*loans, *(claim.loan for claim in claims)]}, on),
        on,
    )
    for borrower, amount in available(found, on, policy).items():
        found[borrower].available = amount
    return found


def live(on: date, policy: Policy) -> QuerySet[Any]:
    """Loans with a balance on the day, as `live_loans` but for the class, which is not asked for, and their scheme."""
    return with_terms(balances(on).filter(balance__gt=0), on).annotate(scheme_code=scheme_of(policy))


class _Plans:
    """What is planned on these loans from the day to the horizon, and what was paid on the day itself."""

    def __init__(self, loans: Iterable[Any], on: date, until: date) -> None:
        ids = [loan.pk for loan in loans]
        planned = Installment.objects.planned(on).filter(loan__in=ids)
        self.principal: dict[int, dict[date, Decimal]] = defaultdict(dict)
        self.interest: dict[int, dict[date, Decimal]] = defaultdict(dict)
        for row in planned.filter(due_on__gte=on, due_on__lte=until):
            self.principal[row.loan_id][row.due_on] = row.principal
            self.interest[row.loan_id][row.due_on] = row.interest
        # The plan as a whole: what it holds beyond the horizon, whether it speaks of interest, its last day before.
        self.after, self.says_interest, self.last_day = {}, set(), {}
        for row in (
            planned.order_by()
            .values("loan")
            .annotate(
                after=Sum("principal", filter=Q(due_on__gt=until)),
                interest_in_all=Sum("interest"),
                last_day=Max("due_on", filter=Q(due_on__lt=on)),
            )
        ):
            self.after[row["loan"]] = row["after"] or ZERO
            self.last_day[row["loan"]] = row["last_day"]
            if row["interest_in_all"]:
                self.says_interest.add(row["loan"])
        bills = Bill.objects.filter(
            loan__in=ids, loan__product=Product.ACCEPTANCE, known_on__lte=on, matures_on__gte=on
        )
        for loan, day, amount in bills.values_list("loan", "matures_on", "amount"):
            if day <= until:
                self.principal[loan][day] = self.principal[loan].get(day, ZERO) + amount
            else:
                self.after[loan] = self.after.get(loan, ZERO) + amount
        self.paid: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        for entry in LedgerEntry.objects.filter(
            loan__in=ids,
            effective_on=on,
            known_on__lte=on,
            kind__in=[LedgerKind.PRINCIPAL, LedgerKind.INTEREST],
        ):
            self.paid[entry.loan_id, entry.kind] += -entry.amount if entry.reverses_id else entry.amount


def debts_of(loan: Any, plans: _Plans, on: date, until: date, policy: Policy) -> list[Debt]:
    """The debts of one loan up to the horizon, arrears included (they are wanted now)."""
    note = Note(
        balance=loan.balance,
        overdue_principal=loan.overdue_principal,
        annual_rate=loan.rate,
        starts_on=loan.starts_on,
        ends_on=loan.ends_on,
        principal=tuple(plans.principal[loan.pk].items()),
        planned_after=plans.after.get(loan.pk, ZERO),
        paid_principal=max(plans.paid[loan.pk, LedgerKind.PRINCIPAL], ZERO),
        interest=tuple(plans.interest[loan.pk].items()),
        paid_interest=max(plans.paid[loan.pk, LedgerKind.INTEREST], ZERO),
        interest_days=_interest_days(loan, plans, on, until, policy),
    )
    kind = DebtKind.ACCEPTANCE if loan.product == Product.ACCEPTANCE else DebtKind.LOAN
    principal = {} if loan.product in NOT_REPAID else principal_due(note, on, until)
    interest = {} if loan.product in WITHOUT_INTEREST else interest_due(note, on, until, principal)
    since = on - timedelta(days=max(loan.days_past_due, 1))
    arrears = [(DebtKind.INTEREST, loan.overdue_interest), (kind, loan.overdue_principal)]
    return [
        *(Debt(day, DebtKind.INTEREST, loan.number, amount) for day, amount in interest.items()),
        *(Debt(day, kind, loan.number, amount) for day, amount in principal.items()),
        *(Debt(since, what, loan.number, amount) for what, amount in arrears if amount),
    ]


def _interest_days(loan: Any, plans: _Plans, on: date, until: date, policy: Policy) -> list[date] | None:
    """On which days interest is due that no plan states; None where a plan does, or none is owed."""
    frequency = loan.interest_frequency or InterestFrequency.QUARTERLY
    if loan.pk in plans.says_interest or frequency == InterestFrequency.NONE:
        return None
    if frequency == InterestFrequency.AT_MATURITY:
        return []
    if frequency == InterestFrequency.WITH_INSTALMENT:
        last = plans.last_day.get(loan.pk)
        return [*([last] if last else []), *plans.principal[loan.pk]]
    day = int(policy.get(loan.scheme_code, "interest_funds.day").value)
    quarterly = policy.get(loan.scheme_code, "interest_funds.months").value
    months = range(1, 13) if frequency == InterestFrequency.MONTHLY else quarterly
    return regular_days(on, until, day=day, months=months)


def _claimed(claims: Iterable[LetterClaim]) -> dict[tuple[int, str, date], Decimal]:
    """What is claimed under each letter of guarantee, by day."""
    found: dict[tuple[int, str, date], Decimal] = defaultdict(Decimal)
    for claim in claims:
        found[claim.loan.borrower_id, claim.loan.number, claim.claimed_on] += claim.amount
    return found


def _fill(found: dict[int, RepaymentFunds], collateral: CashCollateral, on: date) -> None:
    for funds in found.values():
        funds.debts = collateral.cover(
            funds.debts, {number: loan.pk for number, loan in funds.notes.items()}, on
        )
        funds.collateral = collateral.named(funds.debts)


def available(borrowers: Collection[int], on: date, policy: Policy) -> dict[int, Decimal]:
    """What lies free on the settlement accounts of each: less what is frozen; an overdrawn one counts as nothing."""
    kinds = policy.get("BASE", "funds.account_kinds").value
    found: dict[int, Decimal] = defaultdict(Decimal)
    accounts = Account.objects.filter(borrower__in=list(borrowers), kind__in=kinds)
    for borrower, balance, frozen in with_balance(accounts, on).values_list("borrower", "balance", "frozen"):
        found[borrower] += max((balance or ZERO) - (frozen or ZERO), ZERO)
    return found

"""What a set of loans is judged by on a day: their accounts' movements of the day, in order, and what they held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from core.parameters import Policy
from credit.choices import Direction, PaymentMode
from credit.models import Account, AccountBalance, Transaction
from credit.selectors.accounts import undoing
from monitoring.choices import Flow
from monitoring.flows.rules.movements import Movement, RelatedParties, kind_of
from monitoring.loan_money.balances import disbursements
from monitoring.loan_money.rules.needs import NOTHING, Agreed, Need, need
from monitoring.loan_money.rules.watch import ZERO, Step
from monitoring.loan_money.selectors import agreements
from monitoring.models import Payment

TAKEN = "loan_money"  # under this name a signal keeps the loan money that left: "12=300.00;15=20.00"


def kept(of_loans: Mapping[int, Decimal]) -> str:
    """Loan money by the id of its loan, as a signal keeps it."""
    return ";".join(f"{loan}={amount}" for loan, amount in of_loans.items())


def taken_of(rule: Mapping[str, str]) -> dict[int, Decimal]:
    """Of which loan how much left without review, as the rule of a signal keeps it."""
    parts = [part.partition("=") for part in rule.get(TAKEN, "").split(";") if part]
    return {int(loan): Decimal(amount) for loan, _sign, amount in parts}


@dataclass
class Books:
    """What a set of loans is judged by, read in a fixed number of questions."""

    agreed: dict[int, Agreed]
    needs: dict[int, Need]
    accounts: dict[str, int]  # number → id
    movements: dict[int, list[Any]]  # by account, in order
    opening: dict[int, Decimal | None]
    carried: dict[int, int]  # movement → loan of its payment
    lent: dict[int, Decimal]  # what became known as paid out on the day, by loan


def books_of(loans: list[Any], on: date, policy: Policy) -> Books:
    """Read them in a fixed number of questions, however many loans and movements there are."""
    agreed = agreements({loan.contract_id for loan in loans}, on)
    needs = {
        loan.pk: need(loan.product, loan.amount, agreed.get(loan.contract_id, NOTHING), policy)
        for loan in loans
    }
    numbers = {loan.settlement_account for loan in loans if loan.settlement_account}
    accounts = dict(Account.objects.filter(number__in=numbers).order_by().values_list("number", "pk"))
    ids = [loan.pk for loan in loans]
    rows = (
        Transaction.objects.filter(
            Q(account__in=accounts.values()) | Q(loan__in=ids, direction=Direction.DEBIT), known_on=on
        )
        .annotate(is_reversed=Exists(undoing("pk", on)))
        .select_related("account")
        .order_by("account", "effective_on", "pk")
    )
    movements: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        movements[row.account_id].append(row)
    before = AccountBalance.objects.known(on).filter(account=OuterRef("pk"), effective_on__lt=on)
    opening = Account.objects.filter(pk__in=list(movements)).annotate(
        was=Subquery(before.newest_first().values("balance")[:1])
    )
    keys = [row.pk for theirs in movements.values() for row in theirs]
    carried = Payment.objects.filter(transaction__in=keys).values_list("transaction", "loan")
    return Books(
        agreed,
        needs,
        accounts,
        movements,
        dict(opening.order_by().values_list("pk", "was")),
        dict(carried),
        _lent(loans, on),
    )


def _lent(loans: list[Any], on: date) -> dict[int, Decimal]:
    """What became known as paid out to the borrowers on the day itself, by loan."""
    entries = disbursements(on).filter(loan__in=[loan.pk for loan in loans], reverses__isnull=True)
    ever: set[int] = set()
    found: dict[int, Decimal] = defaultdict(Decimal)
    for loan, amount, known_on in entries.order_by().values_list("loan", "amount", "known_on"):
        ever.add(loan)
        if known_on == on:
            found[loan] += amount
    for loan in loans:
        if loan.pk not in ever and loan.starts_on == on:
            found[loan.pk] = loan.amount
    return found


def steps_of(movements: list[Any], reviewed: list[Any], books: Books, related: RelatedParties) -> list[Step]:
    """The movements of one account as the pure reckoning reads them."""
    mine = {loan.pk for loan in reviewed}
    waiting = {loan: amount for loan, amount in books.lent.items() if loan in mine}
    steps = []
    for row in movements:
        is_in = row.direction == Direction.CREDIT
        lends = _lends(row, waiting) if is_in and not _undone(row) else None
        if lends is not None:
            waiting[lends] -= row.amount
        is_payment = not is_in and not _undone(row) and not repays(row, related)
        names = row.loan_id if is_payment and books.needs.get(row.loan_id, _NO).is_reviewed else None
        steps.append(
            Step(
                row.pk,
                row.amount if is_in else -row.amount,
                is_payment=is_payment,
                lends=lends,
                pays=books.carried.get(row.pk),
                names=names,
                balance_after=row.balance_after,
            )
        )
    return steps


_NO = Need(PaymentMode.SELF, False, "")  # of a loan that is not looked at


def _undone(row: Any) -> bool:
    return row.is_reversed or row.reverses_id is not None


def _lends(row: Any, waiting: dict[int, Decimal]) -> int | None:
    """The loan whose money a credit brings: the one it names, else one of that amount paid out on the day."""
    if row.loan_id is not None:
        return row.loan_id if waiting.get(row.loan_id, ZERO) >= row.amount else None
    return next((loan for loan, amount in waiting.items() if amount == row.amount), None)


def repays(row: Transaction, related: RelatedParties) -> bool:
    """Whether a debit is a repayment to us: it says so, or names a loan and goes to nobody else."""
    others = bool(row.counterparty_account) and row.counterparty_name not in related.lender_names
    if row.loan_id is not None and not others:
        return True
    movement = Movement(
        row.direction, row.amount, row.counterparty_name, row.counterparty_account, row.summary, row.channel
    )
    return kind_of(movement, related) == Flow.REPAYMENT


def held_of(reviewed: list[Any], books: Books, steps: list[Step]) -> dict[int, Decimal]:
    """Loan money on the account when the day's movements begin, by loan: the oldest loan is charged first."""
    brought: dict[int, Decimal] = defaultdict(Decimal)
    for step in steps:
        if step.lends is not None:
            brought[step.lends] += step.amount
    paid: dict[int, Decimal] = defaultdict(Decimal)
    for step in steps:
        if step.pays is not None:
            paid[step.pays] -= step.amount
    return {loan.pk: max(loan.held - brought[loan.pk] + paid[loan.pk], ZERO) for loan in reviewed}

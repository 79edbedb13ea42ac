"""The day's uses of loan money, written down once: reviewed payments, what left unreviewed, and self payments.

Reads the day's movements and what is left of each loan, never the rest of the table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import audit
from core.parameters import Policy
from credit.choices import Direction
from credit.models import Account, Loan, Transaction
from monitoring.choices import Flow, SeenAs, SignalKind
from monitoring.flows.related import movement_of, related_parties_of, reversed_among
from monitoring.flows.rules.movements import RelatedParties, kind_of
from monitoring.loan_money.balances import disbursements, released_unseen, with_unpaid
from monitoring.loan_money.reading import taken_of
from monitoring.loan_money.rules.needs import ENTRUST_ABOVE, SCHEME
from monitoring.loan_money.selectors import needs_of
from monitoring.models import Payment, SeenUse, Signal
from monitoring.uses.rules import Debit, Lent, trace
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.services.days import go_live_on
from workflow.sweep import set_aside, sweep

SEEN = audit.act("monitoring.uses.seen", _("登记已见用款"))

STEP = "uses"
# What leaves the account without being spent on anything.
NOT_USED = frozenset({Flow.REPAYMENT, Flow.SELF_TRANSFER, Flow.REVERSAL})


def see(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """Write down what was used on the day; run again for the same day, it changes nothing.

    `only` narrows to some borrowers.
    """
    borrowers = _borrowers(on, policy)
    if only is not None:
        borrowers &= set(only)
    return sweep(sorted(borrowers), lambda ids: _see(ids, on, policy), on=on, step=STEP, progress=progress)


def _borrowers(on: date, policy: Policy) -> set[int]:
    """Whose loan money may have left on the day, and who was set aside that day."""
    left = Transaction.objects.filter(known_on=on, direction=Direction.DEBIT)
    accounts = Account.objects.filter(pk__in=left.values("account")).values("number")
    return set().union(
        released_unseen(on).order_by().values_list("loan__borrower", flat=True),
        _unreviewed(on).values_list("borrower", flat=True),
        _lent(on, policy).filter(settlement_account__in=accounts).values_list("borrower", flat=True),
        set_aside(on, STEP).values_list("subject_id", flat=True),
    )


def _see(ids: list[int], on: date, policy: Policy) -> Counter[str]:
    seen = _write(
        [
            *_of_payments(released_unseen(on).filter(loan__borrower__in=ids).order_by(), on),
            *_of_signals(_unreviewed(on).filter(borrower__in=ids), on),
        ],
        on,
    )
    return Counter(seen=seen + _write(_self_payments(ids, on, policy), on))


def _write(found: list[SeenUse], on: date) -> int:
    """How many of them are news; counted among those of the day and of these loans, not over the whole table."""
    if not found:
        return 0
    theirs = SeenUse.objects.filter(known_on=on, loan__in={use.loan_id for use in found})
    before = theirs.count()
    SeenUse.objects.bulk_create(found, batch_size=1000, ignore_conflicts=True)
    return theirs.count() - before


def _of_payments(payments: QuerySet[Payment], on: date) -> Iterator[SeenUse]:
    for row in payments:
        assert row.released_on is not None  # a constraint of the table
        yield SeenUse(
            loan_id=row.loan_id, seen_as=SeenAs.PAYMENT, payment=row, used_on=row.released_on, known_on=on,
            amount=row.amount,
        )  # fmt: skip


def _unreviewed(on: date) -> QuerySet[Signal]:
    """What the day's watch told of loan money that left without review."""
    return Signal.objects.filter(kind=SignalKind.UNREVIEWED, known_on=on).order_by()


def _of_signals(signals: QuerySet[Signal], on: date) -> Iterator[SeenUse]:
    """Each signal's loan money, loan by loan."""
    for signal in signals.prefetch_related("shown_by"):
        (shown,) = signal.shown_by.all()
        for loan, amount in taken_of(signal.rule).items():
            yield SeenUse(
                loan_id=loan, seen_as=SeenAs.UNREVIEWED, transaction_id=shown.transaction_id,
                used_on=signal.effective_on, known_on=on, amount=amount,
            )  # fmt: skip


def _lent(on: date, policy: Policy) -> QuerySet[Any]:
    """Loans of which money may be left to use: paid out since the lender's first day, or told not to be used up."""
    first = go_live_on()
    rows = Loan.objects.filter(
        product__in=policy.get(SCHEME, ENTRUST_ABOVE).value, starts_on__lte=on, matures_on__gte=on
    )
    if first is None:
        return rows
    drawn = disbursements(on).filter(loan=OuterRef("pk"), effective_on__gte=first)
    return rows.filter(Q(starts_on__gte=first) | Exists(drawn) | Q(past_use__known_on__lte=on))


def _self_payments(borrowers: list[int], on: date, policy: Policy) -> list[SeenUse]:
    """What of the day's debits of these borrowers used loan money whose payments nobody reviews."""
    loans = _self_paid(borrowers, on, policy)
    if not loans:
        return []
    debits = _spent(loans, on, policy)
    return [
        SeenUse(
            loan_id=use.loan, seen_as=SeenAs.SELF, transaction_id=use.debit.key, used_on=use.debit.on,
            known_on=on, amount=use.amount,
        )
        for account, theirs in loans.items()
        for use in trace(theirs, debits[account])
    ]  # fmt: skip


def _self_paid(borrowers: list[int], on: date, policy: Policy) -> dict[int, list[Lent]]:
    """What lies on each account of loans whose payments nobody reviews."""
    rows = list(with_unpaid(_lent(on, policy).filter(borrower__in=borrowers), on))
    needs = needs_of(rows, policy)
    numbers = {loan.settlement_account for loan in rows}
    accounts = dict(
        Account.objects.filter(number__in=numbers, borrower__in=borrowers).values_list("number", "pk")
    )
    found: dict[int, list[Lent]] = defaultdict(list)
    for loan in rows:
        is_paid_alone = loan.unpaid > 0 and not needs[loan.pk].is_reviewed
        if is_paid_alone and loan.settlement_account in accounts:
            found[accounts[loan.settlement_account]].append(Lent(loan.pk, loan.starts_on, loan.unpaid))
    return found


def _spent(accounts: Collection[int], on: date, policy: Policy) -> dict[int, list[Debit]]:
    """What left these accounts on the day to somebody else, by account, and was not reviewed as a payment."""
    paid = Payment.objects.filter(transaction=OuterRef("pk"))
    seen = SeenUse.objects.filter(transaction=OuterRef("pk"))
    rows = list(
        Transaction.objects.filter(
            ~Exists(paid), ~Exists(seen), known_on=on, direction=Direction.DEBIT, account__in=list(accounts)
        ).select_related("account")
    )
    undone = reversed_among([row.pk for row in rows], on)
    related = related_parties_of({row.account.borrower_id for row in rows}, on, policy)
    found: dict[int, list[Debit]] = defaultdict(list)
    for row in rows:
        if _is_spent(row, related[row.account.borrower_id], is_reversed=row.pk in undone):
            found[row.account_id].append(Debit(row.pk, row.effective_on, row.amount))
    return found


def _is_spent(row: Transaction, related: RelatedParties, *, is_reversed: bool) -> bool:
    return row.amount > 0 and kind_of(movement_of(row, is_reversed=is_reversed), related) not in NOT_USED


PREPARATION = Preparation(STEP, "登记已见用款", SEEN, see)

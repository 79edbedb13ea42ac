"""From the book: the cases of a set of borrowers on a day, in a fixed number of queries per set.

It reads the movements that became known on the day and those of the policy's window before it, of these accounts;
never the whole table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from core.parameters import Policy
from core.periods import add_months, month_of
from credit.choices import Direction, LedgerKind, Product
from credit.models import (
    Account,
    AccountBalance,
    Borrower,
    GroupMember,
    LedgerEntry,
    Loan,
    RelatedParty,
    Transaction,
)
from credit.selectors.exposures import balances
from monitoring.choices import PaymentStatus, SignalKind
from monitoring.flows.related import related_parties_of
from monitoring.flows.rules.movements import Movement, RelatedParties, kind_of
from monitoring.flows.rules.reckoning import AccountEntry
from monitoring.models import BorrowerMonth, Payment, SignalMovement
from monitoring.signals.rules.facts import ZERO, Case, Drawdown, Limits, MonthFact
from monitoring.signals.selectors.others import PARTS, circles_of, legs_of

STOPPED = "stopped_"  # how the month's marks of expenses that stopped begin
FIELDS = (
    "effective_on", "pk", "account", "known_on", "direction", "amount", "counterparty_name", "counterparty_account",
    "summary", "reverses", "channel", "loan",
)  # fmt: skip
CONTINGENT = [product for product in Product if product.is_contingent]


def moved_on(on: date, limits: Limits) -> list[int]:
    """Borrowers on whose accounts something became known on the day that may show something, by id.

    Small movements count only while loan money may be in them; what a group's member received concerns its fellows,
    and what anybody's account here paid to a related party concerns whose party it is.
    """
    day = Transaction.objects.filter(known_on=on).order_by()
    most = dict(day.values_list("account__borrower").annotate(most=Max("amount")))
    lent = set(_lent_since(on - timedelta(days=limits.window), on).values_list("borrower", flat=True))
    least = min(limits.least.values())
    large = [pk for pk, amount in most.items() if amount >= least]
    members: Any = GroupMember.objects.current(on).filter(known_on__lte=on)
    paid = day.filter(direction=Direction.DEBIT, amount__gte=least / PARTS).exclude(counterparty_name="")
    names = paid.values("counterparty_name")
    related = RelatedParty.objects.filter(name__in=names).order_by().values_list("borrower", flat=True)
    concerned = Q(borrower__in=large) | Q(borrower__name__in=names)
    groups = members.filter(concerned).order_by().values("group")
    fellows = members.filter(group__in=groups).order_by().values_list("borrower", flat=True)
    return sorted({*large, *(pk for pk in most if pk in lent), *fellows, *related})


def months_over(on: date) -> QuerySet[BorrowerMonth]:
    """The months that end on the day and may show something by themselves."""
    period = month_of(on)
    rows = BorrowerMonth.objects.filter(month=period.first)
    return rows.filter(Q(settlement_share__isnull=False) | ~Q(marks=[])) if on == period.last else rows.none()


def with_live_loans(ids: Collection[int], on: date) -> list[int]:
    """The borrowers, of these, who owe us something on the day."""
    live = balances(on).filter(borrower__in=list(ids), balance__gt=0).order_by()
    return sorted(set(live.values_list("borrower", flat=True)))


def _lent_since(since: date, on: date) -> QuerySet[Loan]:
    """Loans whose money may have been paid out since a day."""
    paid = LedgerEntry.objects.filter(
        kind=LedgerKind.DISBURSEMENT, effective_on__gte=since, effective_on__lte=on, known_on__lte=on
    )
    recent = Q(starts_on__gte=since, starts_on__lte=on) | Q(pk__in=paid.order_by().values("loan"))
    return Loan.objects.filter(recent).exclude(product__in=CONTINGENT).order_by()


@dataclass
class _Book:
    """What was read of one borrower, while it is put together."""

    kind: str
    entries: list[AccountEntry] = field(default_factory=list)
    drawdowns: list[Drawdown] = field(default_factory=list)
    credit: Decimal = ZERO
    before: Decimal | None = None
    now: Decimal | None = None
    spent: dict[SignalKind, set[int]] = field(default_factory=lambda: defaultdict(set))


def read(ids: Collection[int], on: date, policy: Policy, limits: Limits) -> list[Case]:
    """The cases of these borrowers, as known on the day."""
    since = on - timedelta(days=limits.window)
    books = {
        pk: _Book(kind) for pk, kind in Borrower.objects.filter(pk__in=list(ids)).values_list("pk", "kind")
    }
    accounts = {one.pk: one for one in Account.objects.filter(borrower__in=list(books))}
    related = related_parties_of(list(books), on, policy)
    new = _movements(books, accounts, related, since, on)
    _drawdowns(books, since, on)
    for borrower, balance in balances(on).filter(borrower__in=list(books)).values_list("borrower", "balance"):
        books[borrower].credit += balance or ZERO
    _deposits(books, on, limits, policy)
    _spent(books, since)
    reviewed = frozenset(
        Payment.objects.filter(
            account__in=list(accounts), status=PaymentStatus.RELEASED, transaction__effective_on__gte=since
        ).values_list("transaction", flat=True)
    )
    moved = {pk: book.entries for pk, book in books.items()}
    circles = circles_of(moved, limits, on)
    legs, new_legs = legs_of(moved, related, circles, limits, on)
    new |= new_legs
    return [
        Case(
            borrower_id=pk,
            kind=book.kind,
            on=on,
            entries=book.entries,
            new=new,
            related=related[pk],
            drawdowns=book.drawdowns,
            credit=book.credit,
            deposits_before=book.before,
            deposits_now=book.now,
            reviewed=reviewed,
            circles=circles.by_text,
            legs=legs[pk],
            spent={kind: frozenset(pks) for kind, pks in book.spent.items()},
        )
        for pk, book in books.items()
    ]


def read_months(ids: Collection[int], on: date, limits: Limits) -> list[Case]:
    """The cases of these borrowers as far as their months show something; one query."""
    last = month_of(on).first
    rows = BorrowerMonth.objects.filter(
        borrower__in=list(ids), month__gte=add_months(last, -limits.falling_months), month__lte=last
    )
    months: dict[tuple[int, str], list[MonthFact]] = defaultdict(list)
    for row in rows.select_related("borrower").order_by("borrower", "month"):
        stopped = tuple(mark["text"] for mark in row.marks if mark["code"].startswith(STOPPED))
        months[row.borrower_id, row.borrower.kind].append(MonthFact(row.month, row.settlement_share, stopped))
    return [
        Case(pk, kind, on, entries=(), new=frozenset(), related=RelatedParties(), months=found)
        for (pk, kind), found in months.items()
    ]


def _movements(
    books: dict[int, _Book],
    accounts: dict[int, Account],
    related: dict[int, RelatedParties],
    since: date,
    on: date,
) -> frozenset[int]:
    """The movements of the window and of the day, in order; returns those of the day.

    A reversal lies on the same account, not before what it undoes: it is among what was read.
    """
    theirs = Transaction.objects.filter(account__in=list(accounts)).order_by()
    # Two reads, each by its own index: what is known late may lie before the window.
    recent = theirs.filter(effective_on__gte=since, effective_on__lte=on, known_on__lte=on)
    late = theirs.filter(known_on=on, effective_on__lt=since)
    found = [*recent.values_list(*FIELDS), *late.values_list(*FIELDS)]  # no model instances: they are many
    found.sort()  # by day and id, which come first
    undone = {row[9] for row in found if row[9] is not None}
    for day, pk, account, _known, direction, amount, name, number, summary, reverses, channel, loan in found:
        borrower = accounts[account].borrower_id
        movement = Movement(direction, amount, name, number, summary, channel, loan, reverses, pk in undone)
        books[borrower].entries.append(
            AccountEntry(pk, account, day, movement, kind_of(movement, related[borrower]))
        )
    return frozenset(row[1] for row in found if row[3] == on)


def _drawdowns(books: dict[int, _Book], since: date, on: date) -> None:
    """By the loan's ledger; a loan of which it says nothing was paid out in whole on its first day."""
    loans = {one.pk: one for one in _lent_since(since, on).filter(borrower__in=list(books))}
    told = set()
    entries = LedgerEntry.objects.filter(
        loan__in=list(loans), kind=LedgerKind.DISBURSEMENT, known_on__lte=on, reverses__isnull=True
    ).exclude(pk__in=LedgerEntry.objects.filter(reverses__isnull=False, known_on__lte=on).values("reverses"))
    for entry in entries:
        loan = loans[entry.loan_id]
        told.add(loan.pk)
        if since <= entry.effective_on <= on:
            books[loan.borrower_id].drawdowns.append(
                Drawdown(loan.pk, loan.number, loan.product, entry.effective_on, entry.amount)
            )
    for loan in loans.values():
        if loan.pk not in told:
            books[loan.borrower_id].drawdowns.append(
                Drawdown(loan.pk, loan.number, loan.product, loan.starts_on, loan.amount)
            )


def _deposits(books: dict[int, _Book], on: date, limits: Limits, policy: Policy) -> None:
    """The deposits of each borrower on the day and before the days within which they are compared."""
    latest = AccountBalance.objects.known(on).filter(account=OuterRef("pk")).newest_first()
    then = latest.filter(effective_on__lte=on - timedelta(days=limits.drained_days))
    kinds = policy.get("BASE", "account_review.account_kinds").value
    rows = Account.objects.filter(borrower__in=list(books), kind__in=list(kinds)).annotate(
        now=Subquery(latest.values("balance")[:1]), before=Subquery(then.values("balance")[:1])
    )
    for borrower, now, before in rows.values_list("borrower", "now", "before"):
        book = books[borrower]
        book.now = now if book.now is None else book.now + (now or ZERO)
        book.before = before if book.before is None else book.before + (before or ZERO)


def _spent(books: dict[int, _Book], since: date) -> None:
    """Movements that earlier signals rest on, by kind."""
    shown = SignalMovement.objects.filter(
        signal__borrower__in=list(books), transaction__effective_on__gte=since
    ).order_by()
    for borrower, kind, pk in shown.values_list("signal__borrower", "signal__kind", "transaction"):
        books[borrower].spent[SignalKind(kind)].add(pk)

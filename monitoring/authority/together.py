"""Payments that count together (化整为零): one payee with its other accounts and related parties, over all loans.

What goes to them within the days of `payment.split_within` is one payment for the threshold of 受托支付 (第十七条) and
for the authority of its reviewers (第十八条). Money in 元.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q

from core.parameters import Policy
from credit.choices import BorrowerKind, CounterpartyRelation
from credit.models import Account, Borrower, RelatedParty
from monitoring.choices import PaymentStatus
from monitoring.flows.related import related_parties_of
from monitoring.flows.rules.movements import Movement
from monitoring.loan_money.balances import seen_without_review
from monitoring.loan_money.rules.needs import SCHEME, SPLIT_WITHIN
from monitoring.models import Payment, SeenUse

LIVE = (PaymentStatus.SUBMITTED, PaymentStatus.REVIEWED, PaymentStatus.RELEASED)


@dataclass(frozen=True)
class Payee:
    """Who is paid: name and account as registered or as the movement says."""

    name: str
    account: str


@dataclass(frozen=True)
class Circle:
    """Names and plain account numbers that count as one payee."""

    names: frozenset[str]
    accounts: frozenset[str]

    def has(self, payee: Payee) -> bool:
        """Whether somebody who is paid is one of them; cash is nobody."""
        return payee.name in self.names or Account.plain(payee.account) in self.accounts


@dataclass(frozen=True)
class Paid:
    """What went, or is on its way, to somebody: on which day, of which loan, and how it stands."""

    on: date
    payee: Payee
    loan: str
    amount: Decimal
    state: str


def circles(borrower: Borrower, payees: Collection[Payee], on: date, policy: Policy) -> dict[Payee, Circle]:
    """Of each payee of a borrower, who counts with it; a fixed number of queries, whatever their number.

    Its relatives are those of the customer that it is (group, related parties, both ways). Where it is a relative of
    the borrower itself, all the borrower's relatives are: they are one hand.
    """
    customers = _customers(payees)
    related = related_parties_of({borrower.pk, *(pk for ids in customers.values() for pk in ids)}, on, policy)
    own = related[borrower.pk]
    named_by = _named_by(payees, customers, but=borrower.pk)
    found = {}
    for payee in payees:
        names, accounts = {payee.name, *named_by[payee]}, {payee.account}
        relatives = [related[pk] for pk in customers[payee]]
        for one in relatives:
            names |= one.own_names
            accounts |= one.own_accounts
        if own.is_related(Movement("DEBIT", Decimal(0), payee.name, payee.account)):
            relatives.append(own)
        for one in relatives:
            names |= one.group_names | one.related_names | _affiliates(one.relations_by_name)
            accounts |= one.group_accounts | _affiliates(one.relations_by_account)
        found[payee] = Circle(frozenset(names - {""}), frozenset(map(Account.plain, accounts)) - {""})
    return found


def _affiliates(relations: Mapping[str, str]) -> set[str]:
    return {who for who, relation in relations.items() if relation == CounterpartyRelation.AFFILIATE}


def _customers(payees: Collection[Payee]) -> dict[Payee, set[int]]:
    """Which of our customers each payee is, by its account here or its name; two persons may bear one name."""
    by_name: dict[str, set[int]] = defaultdict(set)
    named = Borrower.objects.filter(name__in={one.name for one in payees}).exclude(kind=BorrowerKind.PERSONAL)
    for pk, name in named.values_list("pk", "name"):
        by_name[name].add(pk)
    numbers = {Account.plain(one.account) for one in payees}
    by_account = dict(Account.objects.filter(number__in=numbers).values_list("number", "borrower"))
    return {
        one: by_name[one.name] | {pk for pk in [by_account.get(Account.plain(one.account))] if pk}
        for one in payees
    }


def _named_by(
    payees: Collection[Payee], customers: dict[Payee, set[int]], *, but: int
) -> dict[Payee, set[str]]:
    """The customers that name each payee as a related party of theirs, `but` the one who pays."""
    ids = {pk for theirs in customers.values() for pk in theirs}
    rows = RelatedParty.objects.filter(Q(name__in={one.name for one in payees}) | Q(party__in=ids))
    named = list(rows.exclude(borrower=but).values_list("name", "party", "borrower__name"))
    return {
        payee: {who for name, party, who in named if name == payee.name or party in customers[payee]}
        for payee in payees
    }


def paid_lately(borrower: Borrower, on: date, policy: Policy, *, but: int | None = None) -> list[Paid]:
    """What left the borrower's loans, or is asked for, within the window; `but`: the document that does not count.

    Payments under review count from the day of their submission, what was seen to leave without one from its day.
    """
    after = on - timedelta(days=int(policy.get(SCHEME, SPLIT_WITHIN).value["days"]))
    payments = Payment.objects.filter(loan__borrower=borrower, status__in=LIVE, submitted_on__gt=after)
    if but is not None:
        payments = payments.exclude(document=but)
    seen = seen_without_review(on).filter(loan__borrower=borrower, used_on__gt=after)
    return [
        *(_asked(row) for row in payments.select_related("loan")),
        *(_left(row) for row in seen.select_related("loan", "transaction")),
    ]


def _asked(row: Payment) -> Paid:
    payee = Payee(row.payee_name, row.payee_account)
    return Paid(row.submitted_on, payee, row.loan.number, row.amount, str(row.get_status_display()))


def _left(row: SeenUse) -> Paid:
    assert row.transaction is not None  # a constraint of the table
    payee = Payee(row.transaction.counterparty_name, row.transaction.counterparty_account)
    return Paid(row.used_on, payee, row.loan.number, row.amount, str(row.get_seen_as_display()))


def together(circle: Circle, paid: Iterable[Paid]) -> Decimal:
    """What of it went to this payee and those who count with it."""
    return sum((one.amount for one in paid if circle.has(one.payee)), Decimal(0))


def lately_to(
    payee: Payee, borrower: Borrower, on: date, policy: Policy, *, but: int | None = None
) -> Decimal:
    """What went, or is on its way, to one payee and its related parties within the window."""
    paid = paid_lately(borrower, on, policy, but=but)
    return together(circles(borrower, [payee], on, policy)[payee], paid) if paid else Decimal(0)

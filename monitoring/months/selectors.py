"""From the book: the month of each borrower of a set, as known on a day, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from core.money import CENT
from core.parameters import Policy
from core.periods import Period, add_months
from credit.choices import ClauseKind, Direction
from credit.models import Account, AccountBalance, Clause, DeclaredSales, OtherDebt, Transaction
from credit.selectors.exposures import balances
from credit.selectors.schemes import scheme_of, under
from monitoring.choices import EXPENSES
from monitoring.flows.related import movement_of, related_parties_of, reversed_among
from monitoring.flows.rules.movements import RelatedParties, key_of, kind_of
from monitoring.flows.rules.reckoning import ZERO, AccountEntry, reckon, trade_in
from monitoring.models import AccountMonth
from monitoring.months.rules import BookFacts, Earlier, Limits, Month

BASE = "BASE"


@dataclass
class Read:
    """One borrower's month with what it stands on: its scheme, its accounts, who is who."""

    month: Month
    scheme: str
    accounts: dict[str, Account]
    related: RelatedParties
    loans: list[Any] = field(default_factory=list)


def schemes(policy: Policy) -> list[str]:
    """The schemes whose borrowers' accounts are read month by month; their descendants with them."""
    return [one for one in policy.get(BASE, "account_review.schemes").value if one in policy.parameters]


def live_loans(on: date, policy: Policy) -> QuerySet[Any]:
    """Loans with a balance on the day under these schemes, each with `scheme_code`."""
    where = Q(pk__in=[])
    for scheme in schemes(policy):
        where |= under(policy, scheme)
    return balances(on).filter(where, balance__gt=0).annotate(scheme_code=scheme_of(policy))


def limits_of(policy: Policy, scheme: str) -> Limits:
    """The thresholds of a scheme."""

    def figure(name: str) -> Any:
        return policy.get(scheme, f"account_review.{name}").value

    large, own, borrowed = figure("large"), figure("own_months"), figure("borrowed_before")
    return Limits(
        fall=Decimal(figure("fall")),
        least_months=int(own["least"]),
        most_months=int(own["most"]),
        large_share=Decimal(large["share"]),
        large_amount=Decimal(large["amount"]),
        deviation=Decimal(figure("deviation")),
        deposit_share=Decimal(figure("deposit_share")),
        borrowed_days=int(borrowed["days"]),
        borrowed_share=Decimal(borrowed["share"]),
    )


def read(borrowers: Collection[int], month: Period, on: date, policy: Policy) -> dict[int, Read]:
    """The month of each of these borrowers that has a live loan; about twenty queries, whatever their number."""
    loans: dict[int, list[Any]] = defaultdict(list)
    live = live_loans(on, policy).filter(borrower__in=list(borrowers)).select_related("contract")
    for loan in live.order_by("-balance", "pk"):
        loans[loan.borrower_id].append(loan)
    related = related_parties_of(loans, on, policy)
    accounts = _accounts(loans, month, on)
    changes = _changes(accounts, month, on)
    moved = _moved(accounts, related, month, on, policy)
    told, earlier = _book_facts(loans, related, on), _earlier(loans, month)
    return {
        pk: _put_together(
            loans[pk], accounts[pk], changes, moved[pk], related[pk], told[pk], earlier[pk], month, policy
        )
        for pk in loans
    }  # fmt: skip


def _put_together(
    loans: list[Any],
    accounts: list[Any],
    changes: dict[int, dict[date, Decimal]],
    entries: list[AccountEntry],
    related: RelatedParties,
    book: BookFacts,
    earlier: list[Earlier],
    month: Period,
    policy: Policy,
) -> Read:
    scheme = loans[0].scheme_code  # that of the largest loan
    kinds = policy.get(scheme, "account_review.account_kinds").value
    limits = limits_of(policy, scheme)
    within = [one for one in entries if one.on >= month.first]
    lead = month.first - timedelta(days=limits.borrowed_days)
    by_account: dict[int, list[AccountEntry]] = defaultdict(list)
    for one in within:
        by_account[one.account_id].append(one)
    sums = {
        one.number: reckon(
            one.before,
            changes[one.pk],
            by_account[one.pk],
            month,
            is_new=one.opened_on >= month.first,
            carried=one.carried,
        )
        for one in accounts
    }
    return Read(
        month=Month(
            accounts=sums,
            deposits=frozenset(one.number for one in accounts if one.kind in kinds),
            entries=within,
            before=[one for one in entries if lead <= one.on < month.first],
            book=book,
            earlier=earlier[: limits.most_months],
            relation_to=lambda one: related.relation_to(one.movement),
        ),
        scheme=scheme,
        accounts={one.number: one for one in accounts},
        related=related,
        loans=loans,
    )


def _accounts(borrowers: Iterable[int], month: Period, on: date) -> dict[int, list[Any]]:
    """Accounts by borrower, with `before`, the last balance before the month, and `carried`, of the month before."""
    earlier = AccountBalance.objects.filter(
        account=OuterRef("pk"), effective_on__lt=month.first, known_on__lte=on
    ).newest_first()
    kept = AccountMonth.objects.filter(account=OuterRef("pk"), month=add_months(month.first, -1))
    found: dict[int, list[Any]] = defaultdict(list)
    rows = Account.objects.filter(borrower__in=list(borrowers), opened_on__lte=month.last).annotate(
        before=Subquery(earlier.values("balance")[:1]), carried=Subquery(kept.values("closing")[:1])
    )
    for one in rows.order_by("number"):
        found[one.borrower_id].append(one)
    return found


def _changes(accounts: dict[int, list[Any]], month: Period, on: date) -> dict[int, dict[date, Decimal]]:
    """The balances at the end of the days of the month on which they changed; the last correction counts."""
    ids = [one.pk for several in accounts.values() for one in several]
    found: dict[int, dict[date, Decimal]] = defaultdict(dict)
    rows = AccountBalance.objects.filter(
        account__in=ids, effective_on__range=(month.first, month.last), known_on__lte=on
    ).order_by("effective_on", "known_on", "pk")
    for account, day, balance in rows.values_list("account", "effective_on", "balance"):
        found[account][day] = balance
    return found


def _moved(
    accounts: dict[int, list[Any]],
    related: dict[int, RelatedParties],
    month: Period,
    on: date,
    policy: Policy,
) -> dict[int, list[AccountEntry]]:
    """What moved on their accounts in the month and the days before it that a repayment looks back."""
    owner = {one.pk: borrower for borrower, several in accounts.items() for one in several}
    days = max(
        int(policy.get(code, "account_review.borrowed_before").value["days"]) for code in policy.parameters
    )
    rows = list(
        Transaction.objects.filter(
            account__in=list(owner),
            effective_on__range=(month.first - timedelta(days=days), month.last),
            known_on__lte=on,
        ).order_by("effective_on", "pk")
    )
    undone = reversed_among([row.pk for row in rows], on)
    found: dict[int, list[AccountEntry]] = defaultdict(list)
    for row in rows:
        borrower = owner[row.account_id]
        movement = movement_of(row, is_reversed=row.pk in undone)
        found[borrower].append(
            AccountEntry(
                pk=row.pk,
                number=row.number,
                account_id=row.account_id,
                on=row.effective_on,
                movement=movement,
                flow=kind_of(movement, related[borrower]),
                bank=row.counterparty_bank,
                balance_after=row.balance_after,
            )
        )
    return found


def _book_facts(
    loans: dict[int, list[Any]], related: dict[int, RelatedParties], on: date
) -> dict[int, BookFacts]:
    """Credit, declared trade and what the contracts of live loans agree."""
    others = OtherDebt.objects.last_of_each(on, "lender").filter(borrower__in=loans)
    elsewhere: dict[int, Decimal] = {}
    for borrower, balance in others.values_list("borrower", "balance"):
        elsewhere[borrower] = elsewhere.get(borrower, ZERO) + balance
    said = DeclaredSales.objects.last_of_each(on).filter(borrower__in=loans)
    declared = {one.borrower_id: one for one in said}
    shares, deposits = _agreed(loans, on)
    return {
        pk: BookFacts(
            our_credit=sum((loan.balance for loan in theirs), ZERO),
            syndicated=sum((loan.balance for loan in theirs if loan.contract.syndicate_share), ZERO),
            other_credit=elsewhere.get(pk),
            declared_sales=declared[pk].monthly_sales if pk in declared else None,
            declared_purchases=declared[pk].monthly_purchases if pk in declared else None,
            agreed_share=shares.get(pk),
            agreed_balance=deposits.get(pk),
            has_registered=bool(related[pk].relations_by_account),
        )
        for pk, theirs in loans.items()
    }


def _agreed(loans: dict[int, list[Any]], on: date) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """The strictest settlement share and balance that the contracts of live loans agree by the day, by borrower."""
    contracts = {loan.contract_id for theirs in loans.values() for loan in theirs}
    kinds = [ClauseKind.SETTLEMENT_SHARE, ClauseKind.AGREED_BALANCE]
    shares: dict[int, Decimal] = {}
    deposits: dict[int, Decimal] = {}
    rows = Clause.objects.known(on).filter(contract__in=contracts, kind__in=kinds).order_by()
    for borrower, share, amount in rows.values_list("contract__borrower", "share", "amount"):
        if share is not None:
            shares[borrower] = max(share, shares.get(borrower, ZERO))
        if amount is not None:
            deposits[borrower] = max(amount, deposits.get(borrower, ZERO))
    return shares, deposits


def _earlier(borrowers: Iterable[int], month: Period) -> dict[int, list[Earlier]]:
    """Kept months of the borrowers, the last twelve, the newest first."""
    kept = AccountMonth.objects.filter(
        account__borrower__in=list(borrowers),
        month__gte=add_months(month.first, -12),
        month__lt=month.first,
    ).order_by("-month", "account_id")
    found: dict[int, dict[date, list[tuple[Decimal, dict[str, str]]]]] = defaultdict(dict)
    for borrower, first, average, flows in kept.values_list("account__borrower", "month", "average", "flows"):
        found[borrower].setdefault(first, []).append((average, flows))
    return defaultdict(
        list,
        {borrower: [_as_earlier(rows) for rows in months.values()] for borrower, months in found.items()},
    )


def _as_earlier(rows: list[tuple[Decimal, dict[str, str]]]) -> Earlier:
    return Earlier(
        inflow=sum((trade_in(flows) for _average, flows in rows), ZERO),
        average=sum((average for average, _flows in rows), ZERO),
        expenses={
            expense: sum(
                (Decimal(flows.get(key_of(expense, Direction.DEBIT), "0")) for _a, flows in rows), ZERO
            )
            for expense in EXPENSES
        },
    )


def as_kept(amount: Decimal) -> str:
    """An amount as a month keeps it: a string of digits to the cent."""
    return str(amount.quantize(CENT))

"""From the book: who is who to each borrower of a set, as known on a day. Seven queries, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from accounts.choices import UnitKind
from accounts.models import Unit
from core.parameters import Policy
from credit.models import Account, Borrower, Counterparty, GroupMember, RelatedParty, Transaction
from monitoring.flows.rules.movements import Movement, RelatedParties, words_of


def movement_of(row: Transaction, *, is_reversed: bool = False) -> Movement:
    """A transaction as far as it tells what it is."""
    return Movement(
        direction=row.direction,
        amount=row.amount,
        counterparty_name=row.counterparty_name,
        counterparty_account=row.counterparty_account,
        summary=row.summary,
        channel=row.channel,
        loan_id=row.loan_id,
        reverses=row.reverses_id,
        is_reversed=is_reversed,
    )


def reversed_among(ids: Collection[int], on: date) -> set[int]:
    """Which of these transactions were undone by another one that is known on the day."""
    undone: Any = Transaction.objects.filter(reverses__in=list(ids), known_on__lte=on)
    return set(undone.order_by().values_list("reverses", flat=True))


def related_parties_of(borrowers: Collection[int], on: date, policy: Policy) -> dict[int, RelatedParties]:
    """Who is who to each of these borrowers."""
    ids = list(borrowers)
    members = _fellow_members(ids, on)
    everybody = set(ids).union(*members.values())
    names = dict(Borrower.objects.filter(pk__in=everybody).order_by().values_list("pk", "name"))
    accounts: dict[int, set[str]] = defaultdict(set)
    for owner, number in Account.objects.filter(borrower__in=everybody).values_list("borrower", "number"):
        accounts[owner].add(number)
    registered = _registered(ids, on)
    related: dict[int, set[str]] = defaultdict(set)
    for owner, name in RelatedParty.objects.filter(borrower__in=ids).values_list("borrower", "name"):
        related[owner].add(name)
    lender, words = lender_names(policy), words_of(policy)
    return {
        pk: RelatedParties(
            own_accounts=frozenset(accounts[pk]),
            own_names=frozenset({names[pk]}),
            relations_by_account={one.account: one.relation for one in registered[pk]},
            relations_by_name={one.name: one.relation for one in registered[pk]},
            group_accounts=frozenset().union(*(accounts[other] for other in members[pk])),
            group_names=frozenset(names[other] for other in members[pk]),
            related_names=frozenset(related[pk]),
            lender_names=lender,
            words=words,
        )
        for pk in ids
    }


def lender_names(policy: Policy) -> frozenset[str]:
    """How the lender is called as the other side of a movement: its own name, and those of bank and branches."""
    units = Unit.objects.filter(kind__in=[UnitKind.BANK, UnitKind.BRANCH]).values_list("name", flat=True)
    return frozenset({str(policy.get("BASE", "lender.name").value), *units})


def _fellow_members(ids: list[int], on: date) -> dict[int, set[int]]:
    """The other members of each borrower's group on the day."""
    rows: Any = GroupMember.objects.current(on).filter(known_on__lte=on)
    groups = dict(rows.filter(borrower__in=ids).order_by().values_list("borrower", "group"))
    of_group: dict[int, set[int]] = defaultdict(set)
    for group, member in (
        rows.filter(group__in=set(groups.values())).order_by().values_list("group", "borrower")
    ):
        of_group[group].add(member)
    return {pk: of_group[groups[pk]] - {pk} if pk in groups else set() for pk in ids}


def _registered(ids: list[int], on: date) -> dict[int, list[Counterparty]]:
    """The counterparties that are registered for each borrower on the day."""
    found: dict[int, list[Counterparty]] = defaultdict(list)
    for one in Counterparty.objects.standing(on).filter(borrower__in=ids).order_by("pk"):
        found[one.borrower_id].append(one)
    return found

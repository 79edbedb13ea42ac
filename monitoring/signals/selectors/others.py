"""Those on the other side whom we know: who belongs together, and what they passed on. Three queries a set each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from credit.choices import Direction
from credit.models import Account, GroupMember, Transaction
from monitoring.flows.related import reversed_among
from monitoring.flows.rules.movements import RelatedParties
from monitoring.flows.rules.reckoning import AccountEntry
from monitoring.signals.rules.facts import Leg, Limits

# A pattern is made of parts; below a tenth of the smallest amount that matters a part is not read.
PARTS = 10
Legs = dict[int, list[Leg]]


@dataclass
class Circles:
    """Who belongs together: a group, else one customer of ours. `by_text` by account number and by name."""

    by_text: dict[str, str] = field(default_factory=dict)
    accounts: dict[int, tuple[str, str]] = field(default_factory=dict)  # here: their circle and number


def circles_of(moved: Mapping[int, Sequence[AccountEntry]], limits: Limits, on: date) -> Circles:
    """The circles of those on the other side of these movements who have an account here."""
    least = min(limits.least.values())
    numbers = {
        one.movement.counterparty_account
        for rows in moved.values()
        for one in rows
        if one.movement.counterparty_account and one.amount * PARTS >= least
    }
    known = list(Account.objects.filter(number__in=numbers).select_related("borrower"))
    members: Any = GroupMember.objects.current(on).filter(
        known_on__lte=on, borrower__in={one.borrower_id for one in known}
    )
    group = dict(members.order_by().values_list("borrower", "group"))
    found = Circles()
    for one in known:
        circle = f"group:{group[one.borrower_id]}" if one.borrower_id in group else one.borrower.number
        found.by_text[one.number] = found.by_text[one.borrower.name] = circle
        found.accounts[one.pk] = (circle, one.number)
    return found


def legs_of(
    entries: Mapping[int, Sequence[AccountEntry]],
    related: Mapping[int, RelatedParties],
    circles: Circles,
    limits: Limits,
    on: date,
) -> tuple[Legs, frozenset[int]]:
    """What those who were paid passed on to related parties of the payer, and which of it became known on the day.

    It is read where it came in on accounts of the group here, else where it left the accounts of the payee here.
    """
    since = on - timedelta(days=limits.loan_days + limits.trip_days)
    rows = Transaction.objects.filter(
        effective_on__gte=since,
        effective_on__lte=on,
        known_on__lte=on,
        amount__gte=min(limits.least.values()) / PARTS,
        reverses__isnull=True,
    )
    fellows: dict[str, list[int]] = defaultdict(list)
    for pk in entries:
        for number in related[pk].group_accounts:
            fellows[number].append(pk)
    here = {
        one.pk: one for one in Account.objects.filter(number__in=list(fellows)).select_related("borrower")
    }
    payers = _payers(entries, circles, limits)
    strangers = [
        pk for pk, (circle, number) in circles.accounts.items() if circle in payers and number not in fellows
    ]
    came_in = list(rows.filter(account__in=list(here), direction=Direction.CREDIT))
    left = list(rows.filter(account__in=strangers, direction=Direction.DEBIT))
    undone = reversed_among([row.pk for row in (*came_in, *left)], on)
    legs: Legs = defaultdict(list)
    for row in came_in:
        if row.pk not in undone:
            account = here[row.account_id]
            payer = circles.by_text.get(row.counterparty_account) or circles.by_text.get(
                row.counterparty_name
            )
            payer = payer or row.counterparty_name or row.counterparty_account
            for pk in fellows[account.number]:
                legs[pk].append(Leg(row.pk, row.effective_on, row.amount, payer, account.borrower.name))
    for row in left:
        if row.pk not in undone and row.counterparty_account not in fellows:
            circle = circles.accounts[row.account_id][0]
            for pk in payers[circle]:
                if row.counterparty_name in related[pk].group_names | related[pk].related_names:
                    legs[pk].append(Leg(row.pk, row.effective_on, row.amount, circle, row.counterparty_name))
    for found in legs.values():
        found.sort(key=lambda leg: (leg.on, leg.pk))
    return legs, frozenset(row.pk for row in (*came_in, *left) if row.known_on == on)


def _payers(
    moved: Mapping[int, Sequence[AccountEntry]], circles: Circles, limits: Limits
) -> dict[str, set[int]]:
    """By circle, whose movements paid it anything that matters."""
    least = min(limits.least.values())
    found: dict[str, set[int]] = defaultdict(set)
    for pk, rows in moved.items():
        for one in rows:
            circle = circles.by_text.get(one.movement.counterparty_account)
            if circle and not one.is_in and one.amount >= least:
                found[circle].add(pk)
    return found

"""集团成员间往来: what members paid each other within days, and what share it is of all that they paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from credit.choices import Direction
from credit.models import Account, Borrower, Transaction

ZERO = Decimal(0)


@dataclass(frozen=True)
class Flows:
    """Who paid whom how much, among these members, and what each paid at all; money in 元."""

    members: Sequence[Borrower]
    between: Mapping[tuple[int, int], Decimal]
    paid: Mapping[int, Decimal]

    @property
    def total(self) -> Decimal:
        """Everything that members paid each other."""
        return sum(self.between.values(), ZERO)

    @property
    def share(self) -> Decimal | None:
        """Of everything that they paid; None where they paid nothing."""
        return share_of(self.total, sum(self.paid.values(), ZERO))

    @property
    def movers(self) -> list[Borrower]:
        """Members that paid another one or were paid by one."""
        moved = {pk for pair in self.between for pk in pair}
        return [one for one in self.members if one.pk in moved]


@dataclass(frozen=True)
class FlowRow:
    """What one member paid each of the others, and its share of all that it paid."""

    payer: Borrower
    amounts: list[Decimal | None]  # None: itself
    total: Decimal
    share: Decimal | None


def share_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """A fraction to a tenth of a per cent; None of nothing."""
    return (part / whole).quantize(Decimal("0.001")) if whole else None


def rows_of(flows: Flows) -> list[FlowRow]:
    """The matrix, a row for each member that paid another one or was paid."""
    rows = []
    for payer in flows.movers:
        total = sum((flows.between.get((payer.pk, one.pk), ZERO) for one in flows.movers), ZERO)
        amounts = [
            None if one.pk == payer.pk else flows.between.get((payer.pk, one.pk), ZERO)
            for one in flows.movers
        ]
        rows.append(FlowRow(payer, amounts, total, share_of(total, flows.paid.get(payer.pk, ZERO))))
    return rows


def flows_between(members: Iterable[Borrower], on: date, days: int) -> Flows:
    """What they paid each other in so many days up to the day, as known then; three queries.

    Told by the payer's account here; where the payer's account is at another bank, by the receiver's.
    """
    known = {one.pk: one for one in members}
    names = {one.name: one.pk for one in known.values()}
    accounts = dict(Account.objects.filter(borrower__in=list(known)).values_list("number", "borrower"))
    rows: Any = Transaction.objects.filter(
        account__borrower__in=list(known),
        effective_on__gt=on - timedelta(days=days),
        effective_on__lte=on,
        known_on__lte=on,
        reverses__isnull=True,
    )
    undone = Transaction.objects.filter(
        reverses__isnull=False, known_on__lte=on, account__borrower__in=list(known)
    )
    rows = rows.exclude(pk__in=undone.order_by().values("reverses")).order_by()
    between: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
    with_members = rows.filter(
        Q(counterparty_account__in=list(accounts)) | Q(counterparty_name__in=list(names))
    )
    for row in with_members.values(
        "account__borrower", "direction", "counterparty_account", "counterparty_name"
    ).annotate(amount=Sum("amount")):
        own = row["account__borrower"]
        here = accounts.get(row["counterparty_account"])
        other = here or names.get(row["counterparty_name"])
        if other is None or other == own:
            continue
        if row["direction"] == Direction.DEBIT:
            between[own, other] += row["amount"]
        elif here is None:
            between[other, own] += row["amount"]
    paid = rows.filter(direction=Direction.DEBIT).values_list("account__borrower").annotate(s=Sum("amount"))
    return Flows(sorted(known.values(), key=lambda one: one.number), dict(between), dict(paid))

"""An account's balances against its movements, day by day (余额核对): where they differ, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.db.models import Case, F, Sum, When

from credit.choices import Direction
from credit.models import Account, AccountBalance, Transaction


@dataclass(frozen=True)
class Difference:
    """A balance that is not the one before with what moved since; amounts in 元."""

    on: date
    balance: Decimal
    before_on: date
    before: Decimal
    net: Decimal

    @property
    def short(self) -> Decimal:
        """How much the balance says more than the movements do."""
        return self.balance - self.before - self.net


def differences(balances: Iterable[tuple[date, Decimal]], nets: Mapping[date, Decimal]) -> list[Difference]:
    """Balances of days in order, against the net movement of each day; from the first movement that is known on."""
    if not nets:
        return []
    begun, days = min(nets), sorted(nets)
    found = []
    for (before_on, before), (on, balance) in pairwise(balances):
        net = sum((nets[day] for day in days if before_on < day <= on), Decimal(0))
        if before_on >= begun and balance != before + net:
            found.append(Difference(on, balance, before_on, before, net))
    return found


def of_account(account: Account, on: date) -> list[Difference]:
    """Where the account does not come out, the latest first, as known on the day."""
    told = (
        AccountBalance.objects.known(on)
        .filter(account=account)
        .order_by("effective_on", "-known_on", "-pk")
        .distinct("effective_on")
        .values_list("effective_on", "balance")
    )
    signed = Case(When(direction=Direction.CREDIT, then=F("amount")), default=-F("amount"))
    nets = (
        Transaction.objects.known(on)
        .filter(account=account)
        .order_by()
        .values_list("effective_on")
        .annotate(net=Sum(signed))
    )
    return differences(told, dict(nets))[::-1]

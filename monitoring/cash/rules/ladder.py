"""Whether one borrower's cash meets its coming debts (本息催收): pure rules, no yuan covers two debts.

All money is Decimal yuan (元); the day of reckoning is always passed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitoring.choices import DebtKind as DebtKind

ZERO = Decimal(0)
KIND_ORDER = tuple(DebtKind)


@dataclass(frozen=True)
class Cover:
    """Up to `limit` 元 (>= 0) of a debt may be met from the source of that name (margin account, pledged deposit)."""

    source: str
    limit: Decimal

    def __post_init__(self) -> None:
        # A negative limit would pay money into the source.
        if self.limit < 0:
            raise ValueError(f"cover from {self.source}: a limit is not negative: {self.limit}")


@dataclass(frozen=True)
class Debt:
    """`amount` 元 (>= 0) due on a day under one agreement or note; its covers are drawn on in their order."""

    due_on: date
    kind: DebtKind
    reference: str
    amount: Decimal
    cover: tuple[Cover, ...] = ()

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"{self.reference}: an amount due is not negative: {self.amount}")


@dataclass(frozen=True)
class Rung:
    """How one debt is met, in 元: from_collateral + from_balance + short = debt.amount."""

    debt: Debt
    from_collateral: Decimal
    from_balance: Decimal
    short: Decimal

    @property
    def exposure(self) -> Decimal:
        """The 敞口 in 元: what margin and pledged deposits leave to be met from the balance."""
        return self.debt.amount - self.from_collateral


@dataclass(frozen=True)
class Ladder:
    """The debts in the order in which they are met, seen from day `on`; `available` 元 as given, even negative.

    A day of the ladder is the day the money is wanted: a debt overdue on `on` stands on `on`.
    """

    on: date
    available: Decimal
    rungs: tuple[Rung, ...]

    @property
    def first_short_on(self) -> date | None:
        """The first day of the ladder on which money is short; None when every debt is met."""
        return next((_wanted_on(rung.debt, self.on) for rung in self.rungs if rung.short), None)

    def short_on(self, day: date) -> Decimal:
        """What is short on one day of the ladder in 元, not counting what was short before."""
        return sum((rung.short for rung in self.made_of(day)), ZERO)

    def made_of(self, day: date) -> tuple[Rung, ...]:
        """The rungs short on one day of the ladder, in their order; empty when none is."""
        return tuple(rung for rung in self.rungs if rung.short and _wanted_on(rung.debt, self.on) == day)

    def rung_of(self, reference: str, due_on: date, kind: DebtKind | None = None) -> Rung:
        """The one rung of a reference and its own (even past) due day; LookupError when there is none.

        The last interest of a loan may fall due with its principal: name the kind then, as two that fit
        are a LookupError too.
        """
        found = [
            rung
            for rung in self.rungs
            if (rung.debt.reference, rung.debt.due_on) == (reference, due_on)
            and (kind is None or rung.debt.kind == kind)
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} debts of {reference} due on {due_on}, not one")
        return found[0]

    @property
    def left(self) -> Decimal:
        """What remains of the balance in 元 (>= 0) after every debt was met as far as it could be."""
        return max(self.available, ZERO) - sum((rung.from_balance for rung in self.rungs), ZERO)


def climb(
    on: date, *, available: Decimal, collateral: Mapping[str, Decimal], debts: Iterable[Debt]
) -> Ladder:
    """Meet one borrower's debts by day, kind and reference: each from its collateral first, then from the balance.

    `available` and the collateral (source -> amount) are in 元; what is negative or not named there holds nothing.
    """
    balance = max(available, ZERO)
    # A copy: what one debt draws is gone for the next, while the caller's collateral stay as they are.
    left_in = {name: max(amount, ZERO) for name, amount in collateral.items()}
    rungs = []
    for debt in sorted(debts, key=lambda debt: ladder_order(debt, on)):
        needed = debt.amount
        for cover in debt.cover:
            drawn = min(cover.limit, left_in.get(cover.source, ZERO), needed)
            if drawn:
                left_in[cover.source] -= drawn
                needed -= drawn
        from_balance = min(balance, needed)
        balance -= from_balance
        rungs.append(Rung(debt, debt.amount - needed, from_balance, needed - from_balance))
    return Ladder(on, available, tuple(rungs))


def _wanted_on(debt: Debt, on: date) -> date:
    # Overdue money is wanted now: the past cannot be funded.
    return max(debt.due_on, on)


def ladder_order(debt: Debt, on: date) -> tuple[date, int, str, date]:
    """In which order debts are met, seen from a day: by the day the money is wanted, by kind, by reference."""
    # The due day comes last so that two overdue debts of one reference do not depend on the order given.
    return _wanted_on(debt, on), KIND_ORDER.index(debt.kind), debt.reference, debt.due_on

"""Whether a movement took loan money that nobody had reviewed. Pure; money in 元.

An account holds loan money that is not yet paid out beside the borrower's own. Own money goes first: a debit takes loan
money only where it leaves less on the account than is still to be paid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Step:
    """A movement of one account, in order. `amount` is positive for what came in, negative for what left.

    `lends`: the loan that it pays out to the borrower; `pays`: the loan whose released payment it carries out;
    `names`: the loan that it says it is of. `is_payment`: it left, and neither repays us nor undoes anything.
    """

    key: int
    amount: Decimal
    is_payment: bool = False
    lends: int | None = None
    pays: int | None = None
    names: int | None = None
    balance_after: Decimal | None = None


@dataclass(frozen=True)
class Leak:
    """Loan money that left without a reviewed payment: of which loan how much, and what was there to be paid out."""

    key: int
    of_loans: Mapping[int, Decimal] = field(default_factory=dict)
    held: Decimal = ZERO  # loan money still to be paid out before it

    @property
    def amount(self) -> Decimal:
        """All of it."""
        return sum(self.of_loans.values(), ZERO)


def leaks(held: Mapping[int, Decimal], opening: Decimal | None, steps: Iterable[Step]) -> list[Leak]:
    """Every debit that takes loan money without review, or that names a loan.

    `held`: loan money on the account still to be paid out, by loan, the one to be charged first at the front;
    `opening`: the balance before the first step, None where nobody knows it: then every debit takes loan money.
    """
    left, balance, found = dict(held), opening, []
    for step in steps:
        before, after = _balances(step, balance)
        if step.lends is not None:
            left[step.lends] = left.get(step.lends, ZERO) + step.amount
        elif step.pays is not None:
            left[step.pays] = max(left.get(step.pays, ZERO) + step.amount, ZERO)
        elif step.is_payment:
            total = sum(left.values(), ZERO)
            taken = _taken(step, left, before, after)
            if taken or step.names is not None:
                charged = _charge(left, taken, first=step.names)
                found.append(Leak(step.key, charged, total))
        balance = after
    return found


def _balances(step: Step, balance: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """The balance before and after: as the movement says, else as reckoned."""
    if step.balance_after is not None:
        return step.balance_after - step.amount, step.balance_after
    return balance, None if balance is None else balance + step.amount


def _taken(step: Step, left: Mapping[int, Decimal], before: Decimal | None, after: Decimal | None) -> Decimal:
    """How much loan money a debit takes."""
    total = sum(left.values(), ZERO)
    if before is None or after is None:
        taken = min(-step.amount, total)
    else:
        # No more loan money is there than there is money at all.
        there = min(total, max(before, ZERO))
        taken = max(there - max(after, ZERO), ZERO)
    named = min(-step.amount, left.get(step.names, ZERO)) if step.names is not None else ZERO
    return max(taken, named)


def _charge(left: dict[int, Decimal], amount: Decimal, *, first: int | None) -> dict[int, Decimal]:
    """Take an amount off what is left, the named loan first, then in order; returns of which loan how much."""
    charged = {}
    for loan in sorted(left, key=lambda one: one != first):
        part = min(left[loan], amount)
        if part:
            left[loan] -= part
            charged[loan] = part
            amount -= part
    return charged

"""Which debits use the money of which loan, where nobody reviews each payment. Pure; money in 元.

What leaves the account after a loan was paid out uses that loan's money, the oldest loan first, until all is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Lent:
    """A loan whose money lies on the account: since when, and how much of it is not used yet."""

    loan: int
    on: date
    left: Decimal


@dataclass(frozen=True)
class Debit:
    """Money that left the account to somebody else."""

    key: int
    on: date
    amount: Decimal


@dataclass(frozen=True)
class Use:
    """So much of a debit is the money of that loan."""

    loan: int
    debit: Debit
    amount: Decimal


def trace(lent: Iterable[Lent], debits: Iterable[Debit]) -> list[Use]:
    """The uses that these debits are, in their order."""
    left = {one.loan: one.left for one in lent}
    oldest = sorted(lent, key=lambda one: (one.on, one.loan))
    uses = []
    for debit in sorted(debits, key=lambda one: (one.on, one.key)):
        rest = debit.amount
        for one in oldest:
            part = min(rest, left[one.loan]) if one.on <= debit.on else ZERO
            if part > 0:
                left[one.loan] -= part
                rest -= part
                uses.append(Use(one.loan, debit, part))
    return uses

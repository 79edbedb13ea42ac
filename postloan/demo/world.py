"""Everything that the story knows, before it is cut into the sets that the branch receives day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from postloan.demo.book import Spec
from postloan.demo.cash import Cash
from postloan.demo.days import Timeline
from postloan.demo.lending import Note
from postloan.demo.names import Profile
from postloan.demo.notes import Agreement


@dataclass(frozen=True)
class Account:
    """An account, whose it is and what it is for."""

    number: str
    key: str
    kind: str
    opened: date


@dataclass
class World:
    """The branch's book and its money up to the end of the story; `by_use` finds an account by its use."""

    timeline: Timeline
    profiles: dict[str, Profile]
    numbers: dict[str, str]
    accounts: list[Account]
    by_use: dict[tuple[str, str], str]
    agreements: list[Agreement]
    notes: list[tuple[Spec, Note]]
    cash: Cash = field(default_factory=Cash)
    openings: dict[str, Decimal] = field(default_factory=dict)  # balances before the first movement
    frozen_from: dict[str, date] = field(default_factory=dict)  # accounts that a court has frozen, whole

    def of(self, key: str) -> list[tuple[Spec, Note]]:
        """A borrower's loans."""
        return [(spec, note) for spec, note in self.notes if spec.key == key]

    def balances(self, day: date) -> dict[str, Decimal]:
        """Every account's balance at the end of a day."""
        found = dict(self.openings)
        for movement in self.cash.movements:
            if movement.on <= day:
                found[movement.account] += movement.signed
        return found

"""Everything that the story knows, before it is cut into the sets that the branch receives day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    _of: dict[str, list[tuple[Spec, Note]]] = field(default_factory=dict)
    _by_number: dict[str, Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for spec, note in self.notes:
            self._of.setdefault(spec.key, []).append((spec, note))
        self._by_number = {number: self.profiles[key] for key, number in self.numbers.items()}

    def of(self, key: str) -> list[tuple[Spec, Note]]:
        """A borrower's loans."""
        return self._of.get(key, [])

    def borrower(self, agreement: Agreement) -> Profile:
        """Whose contract it is."""
        return self._by_number[agreement.borrower]

    def margin(self, key: str, day: date) -> Decimal:
        """What a borrower had put up as margin (保证金) for all that was granted up to a day."""
        return sum(
            (spec.margin_of(note.amount) for spec, note in self.of(key) if note.start <= day), Decimal(0)
        )

    def accounts_of(self, key: str) -> list[Account]:
        """A borrower's accounts."""
        return [account for account in self.accounts if account.key == key]

    def balances_on(self, days: Sequence[date]) -> Iterator[dict[str, Decimal]]:
        """Every account's balance at the end of each of these days, which stand in order."""
        found = dict(self.openings)
        moved = sorted((m for mine in self.cash.by_account.values() for m in mine), key=lambda m: m.on)
        place = 0
        for day in days:
            while place < len(moved) and moved[place].on <= day:
                found[moved[place].account] += moved[place].signed
                place += 1
            yield dict(found)

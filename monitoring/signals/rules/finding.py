"""What a look at movements found: a signal before it is written down. Pure; money in 元."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256

from monitoring.choices import Level, SignalKind


@dataclass(frozen=True)
class Finding:
    """A reading of the movements: what it is, by which rule and thresholds (name → value as text), what shows it.

    `amount` in 元; `movements` are ids of transactions; where there are none, `facts` say what it rests on.
    """

    kind: SignalKind
    level: Level
    borrower_id: int
    effective_on: date
    amount: Decimal
    text: str
    rule: Mapping[str, str]
    movements: tuple[int, ...] = ()
    account_id: int | None = None
    loan_id: int | None = None
    facts: tuple[str, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        """One key for the same kind, borrower and facts, in whatever order they were found."""
        parts = [f"movement:{pk}" for pk in sorted(set(self.movements))] or sorted(self.facts)
        return sha256("\n".join([self.kind.value, str(self.borrower_id), *parts]).encode()).hexdigest()

"""Raising what was found: each reading of the facts once, however often it is found and whatever became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256

from django.db import transaction

from monitoring.choices import Level, SignalKind
from monitoring.models import Signal, SignalMovement

LONGEST = 500  # what a signal keeps of its text
BATCH = 1000


@dataclass(frozen=True)
class Found:
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
        """The same for the same kind, borrower and facts, in whatever order they were found."""
        parts = [f"movement:{pk}" for pk in sorted(set(self.movements))] or sorted(self.facts)
        return sha256("\n".join([self.kind.value, str(self.borrower_id), *parts]).encode()).hexdigest()


@transaction.atomic
def raise_signals(found: Iterable[Found], on: date) -> int:
    """Write down what is new, with its movements, in a few statements; returns how many were new."""
    new = {one.fingerprint: one for one in found}
    known = Signal.objects.filter(fingerprint__in=list(new)).values_list("fingerprint", flat=True)
    for fingerprint in set(known):
        del new[fingerprint]
    if not new:
        return 0
    rows = [_row(fingerprint, one, on) for fingerprint, one in new.items()]
    Signal.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)  # another run may be first
    ids = dict(Signal.objects.filter(fingerprint__in=list(new)).values_list("fingerprint", "pk"))
    SignalMovement.objects.bulk_create(
        [
            SignalMovement(signal_id=ids[fingerprint], transaction_id=pk)
            for fingerprint, one in new.items()
            for pk in sorted(set(one.movements))
        ],
        batch_size=5 * BATCH,
        ignore_conflicts=True,
    )
    return len(new)


def _row(fingerprint: str, one: Found, on: date) -> Signal:
    return Signal(
        kind=one.kind,
        level=one.level,
        borrower_id=one.borrower_id,
        account_id=one.account_id,
        loan_id=one.loan_id,
        effective_on=one.effective_on,
        known_on=on,
        amount=one.amount,
        text=one.text[:LONGEST],
        rule=dict(one.rule),
        fingerprint=fingerprint,
    )

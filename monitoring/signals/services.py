"""Raising what was found: each reading of the facts once, however often it is found and whatever became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from monitoring.models import Signal, SignalMovement
from monitoring.signals.rules.finding import Finding

LONGEST = 500  # what a signal keeps of its text
BATCH = 1000


@transaction.atomic
def raise_signals(found: Iterable[Finding], on: date) -> int:
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


def _row(fingerprint: str, one: Finding, on: date) -> Signal:
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

"""What the tests of signals enter: movements on accounts, and the day's look at them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from core.policy import policy_on
from credit.models import Account, Transaction
from monitoring.models import Signal
from monitoring.signals.scanning import scan

_serial = count(1)


def move(
    account: Account, on: date, amount: str, who: str = "甲公司", *, into: bool = False, **fields: Any
) -> Transaction:
    """A movement, known on its day unless said otherwise."""
    fields.setdefault("known_on", on)
    return Transaction.objects.create(
        number=f"T{next(_serial):07d}",
        account=account,
        effective_on=on,
        direction="CREDIT" if into else "DEBIT",
        amount=Decimal(amount),
        counterparty_name=who,
        **fields,
    )


def scan_day(on: date) -> Counter[str]:
    """The day's look for signals."""
    return scan(on, policy_on(on))


def raised(**where: Any) -> list[tuple[str, str, str]]:
    """(kind, level, amount) of the signals, in the order in which they were raised."""
    rows = Signal.objects.filter(**where).order_by("pk")
    return [(row.kind, row.level, str(row.amount)) for row in rows]


def make_signal(borrower: Any, on: date, *shown: Transaction, **fields: Any) -> Signal:
    """A signal as the day raises it."""
    number = next(_serial)
    fields = {
        "kind": "FLOWS_BACK",
        "level": "RED",
        "amount": Decimal(400_000),
        "text": f"信号 {number}",
    } | fields
    signal = Signal.objects.create(
        borrower=borrower,
        effective_on=on,
        known_on=on,
        rule={"付出后": "30 天内转回"},
        fingerprint=f"{number:064d}",
        **fields,
    )
    for one in shown:
        signal.shown_by.create(transaction=one)
    return signal

"""What the tests of the account months enter: movements, other lenders' debts, declared sales; and a month closed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from core.policy import policy_on
from credit.models import Account, Counterparty, DeclaredSales, OtherDebt, Transaction
from monitoring.months.services import write_months
from tests.monitoring.money import account, put

END = date(2026, 10, 31)  # a Saturday; the tenth workday of November is Friday 11-13
_serial = count(1)


def move(on_account: Account, amount: str, on: date, summary: str = "货款", **more: Any) -> Transaction:
    """A movement: in where the amount has no sign, out where it is negative."""
    value = Decimal(amount)
    return Transaction.objects.create(
        number=f"LS{next(_serial):06d}", account=on_account, effective_on=on, known_on=more.pop("known_on", on),
        direction="CREDIT" if value >= 0 else "DEBIT", amount=abs(value), summary=summary, **more,
    )  # fmt: skip


def lends_elsewhere(borrower: Any, balance: str, lender: str = "他行", on: date = date(2026, 9, 30)) -> None:
    """Another lender's balance as a report says."""
    OtherDebt.objects.create(
        borrower=borrower, lender=lender, effective_on=on, known_on=on, balance=Decimal(balance)
    )


def declares(borrower: Any, sales: str, purchases: str = "0", on: date = date(2026, 3, 1)) -> None:
    """What a borrower says that it sells and buys in a month."""
    DeclaredSales.objects.create(
        borrower=borrower, effective_on=on, known_on=on, monthly_sales=Decimal(sales),
        monthly_purchases=Decimal(purchases),
    )  # fmt: skip


def registers(borrower: Any, name: str, relation: str, number: str = "") -> None:
    """A counterparty of a borrower."""
    Counterparty.objects.create(
        borrower=borrower, name=name, account=number or f"DS{next(_serial):05d}", relation=relation,
        known_on=date(2026, 3, 1),
    )  # fmt: skip


def close(on: date = END) -> Counter[str]:
    """The step of a month's last day."""
    return write_months(on, policy_on(on))


def quiet(cast: Any, borrower: Any = None, unit: Any = None) -> Account:
    """A borrower of whom October has nothing unusual: 150,000 lie there, 100,000 came in and went out."""
    base = account(borrower or cast.borrower, unit or cast.corporate, "150000", on=date(2026, 9, 1))
    move(base, "100000", date(2026, 10, 12))
    move(base, "-100000", date(2026, 10, 12), "采购款")
    return base


__all__ = ["END", "account", "close", "declares", "lends_elsewhere", "move", "put", "quiet", "registers"]

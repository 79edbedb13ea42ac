"""What of the uses that were seen is in 附件1 already, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from credit.models import Loan, PastUse
from monitoring.loan_money.balances import seen_uses
from monitoring.models import FundUse, SeenUse


@dataclass(frozen=True)
class UsedBefore:
    """上线前已用: how much of a loan's money was used before the lender's first day, in 元, and how that is known."""

    amount: Decimal
    until: date | None
    why: str


def used_before(loan: Loan, amount: Decimal, on: date) -> UsedBefore:
    """The line of a loan of before; `amount` as `loan_money.balances` reckons it."""
    told = PastUse.objects.filter(loan=loan, known_on__lte=on).first()
    if told is None:
        return UsedBefore(amount, None, "上线时未报已用金额，上线前发放的按已全部用完计")
    return UsedBefore(amount, told.effective_on, told.reference or "上线时报送")


def payee_of(use: SeenUse) -> tuple[str, str, str]:
    """Whom the money of a use that was seen went to: name, account, bank; empty where it left in cash."""
    if use.payment is not None:
        return use.payment.payee_name, use.payment.payee_account, use.payment.payee_bank
    assert use.transaction is not None
    row = use.transaction
    return row.counterparty_name, row.counterparty_account, row.counterparty_bank


def unrecorded(on: date) -> QuerySet[Any]:
    """Uses that were seen and that no 附件1 in force tells of."""
    told = FundUse.objects.in_force(on).filter(loan=OuterRef("loan"))
    return (
        seen_uses(on)
        .exclude(Exists(told.filter(transaction=OuterRef("transaction"))))
        .exclude(Exists(told.filter(payment=OuterRef("payment"))))
    )

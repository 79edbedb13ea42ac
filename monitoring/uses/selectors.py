"""What of the uses that were seen is in 附件1 already, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DecimalField,
    Exists,
    Field,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from accounts.models import User
from credit.models import Loan, PastUse
from credit.selectors.responsible import unit_in_charge
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


def _of_loan(rows: QuerySet[Any], told: Aggregate, kind: Field[Any, Any]) -> Coalesce:
    """An expression over loans: what is told of these rows of theirs, 0 where there are none."""
    found = rows.filter(loan=OuterRef("pk")).order_by().values("loan").annotate(told=told)
    return Coalesce(Subquery(found.values("told")), Value(0), output_field=kind)


def followed(user: User, on: date) -> QuerySet[Any]:
    """Loans whose money was seen to leave, with what is `recorded`, `missing` (so many `missing_count`) and `odd`."""
    told, missing = FundUse.objects.in_force(on), unrecorded(on)
    odd = told.filter(Q(flows_back=True) | Q(as_agreed=False) | ~Q(anomaly=""))
    amount: Any = DecimalField(max_digits=20, decimal_places=2)
    return (
        Loan.objects.visible_to(user)
        .filter(Exists(SeenUse.objects.filter(loan=OuterRef("pk"))))
        .annotate(
            recorded=_of_loan(told, Sum("amount"), amount),
            missing=_of_loan(missing, Sum("amount"), amount),
            missing_count=_of_loan(missing, Count("pk"), IntegerField()),
            odd=_of_loan(odd, Count("pk"), IntegerField()),
            home=unit_in_charge(on),
        )
    )

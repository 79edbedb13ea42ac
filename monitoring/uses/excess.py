"""What 附件1 itself shows to be wrong, told to the risk line as signals (第二十条、第二十三条)."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.money import yuan
from credit.models import Loan
from monitoring.choices import Level, SignalKind
from monitoring.loan_money.balances import with_unpaid
from monitoring.models import FundUse, SeenUse
from monitoring.signals.rules.finding import Finding
from monitoring.uses.paper import total
from workflow.models import Document


def not_as_agreed(document: Document, loan: Loan, odd: list[Any], kept: list[FundUse]) -> Finding:
    """What the paper itself says to be wrong, for the risk line to judge (第二十条、第二十三条)."""
    amount = total(odd)
    wrong = {int(row["use"]) for row in odd if row.get("use")}
    told = (f"{row.get('item')}:{row.get('amount')}:{row.get('payee')}" for row in odd)
    movements = SeenUse.objects.filter(pk__in=wrong, transaction__isnull=False)
    return Finding(
        kind=SignalKind.USE_EXCEEDED,
        level=Level.RED,
        borrower_id=loan.borrower_id,
        effective_on=max(use.used_on for use in kept),
        amount=amount,
        text=(
            f"借据 {loan.number} 用后跟踪表 {document.number} 认定 {len(odd)} 笔共 {yuan(amount)} 元"
            f"不合约定用途或回流：{'；'.join(str(row.get('note') or '') for row in odd)}"
        ),
        rule={"rule": "fund_use_record", "document": document.number},
        movements=tuple(movements.values_list("transaction", flat=True)),
        loan_id=loan.pk,
        facts=tuple(f"document:{document.number}:{one}" for one in told),  # a correction tells nothing twice
    )


def exceeded(document: Document, loan: Loan, on: date) -> list[Finding]:
    """More was used than was lent, all papers and all that was seen together, whatever each says by itself."""
    sums = with_unpaid(Loan.objects.filter(pk=loan.pk), on).get()
    used, lent = sums.used_before + sums.paid_out, sums.disbursed
    if used <= lent:
        return []
    return [
        Finding(
            kind=SignalKind.USE_EXCEEDED,
            level=Level.RED,
            borrower_id=loan.borrower_id,
            effective_on=on,
            amount=used - lent,
            text=(
                f"借据 {loan.number} 累计用款 {yuan(used)} 元，"
                f"超过累计发放 {yuan(lent)} 元，超出 {yuan(used - lent)} 元"
            ),
            rule={"rule": "fund_use_record", "document": document.number},
            loan_id=loan.pk,
            facts=(f"exceeded:{loan.number}:{used}",),
        )
    ]

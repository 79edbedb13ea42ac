"""Payments on the page of a loan note: what is paid out, what is left, and the button that begins the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from core.policy import policy_on
from credit.models import Account, Loan
from credit.selectors.responsible import manages
from monitoring import freezes
from monitoring.choices import PaymentStatus
from monitoring.loan_money.balances import underway, with_unpaid
from monitoring.loan_money.rules.needs import threshold
from monitoring.loan_money.selectors import need_of
from monitoring.models import Payment
from monitoring.payments.services import reason_not_to_start
from monitoring.supervised import services as supervised

SHOWN = 20


@dataclass(frozen=True)
class PaymentLine:
    """A payment as a list shows it; `why_not` says why the reader may not do what the list offers."""

    row: Payment
    status: PaymentStatus
    why_not: str = ""


def lines_of(rows: Any) -> list[PaymentLine]:
    """Payments with their state as a chip."""
    return [PaymentLine(row, PaymentStatus(row.status)) for row in rows]


def payments_panel(*, loan: Loan, user: User, on: date) -> Panel | None:
    """None where the product pays nothing out."""
    policy = policy_on(on)
    if threshold(loan.product, policy) is None:
        return None
    sums = with_unpaid(Loan.objects.filter(pk=loan.pk), on).get()
    rows = Payment.objects.filter(loan=loan).select_related("document")
    account = Account.objects.filter(number=loan.settlement_account).first()
    need = need_of(loan, policy)
    context = {
        "loan": loan,
        "need": need,
        "sums": sums,
        "underway": underway([loan]).get(loan.pk, 0),
        "lines": lines_of(rows[:SHOWN]),
        "why_not": reason_not_to_start(loan, user, on),
        "frozen": freezes.why_frozen(loan.contract),
        "why_not_mark": "" if manages(user, loan.borrower, on) else _("由管户客户经理或部门负责人办理。"),
        "account": account,
        "mark": supervised.mark_of(account, on) if account else None,
    }
    return Panel("payments", _("支付"), "monitoring/panel_payments.html", context, rows.count())

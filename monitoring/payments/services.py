"""What becomes of a payment that was asked for: submitted, returned, reviewed, withdrawn. Money in 元."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Role
from accounts.models import User
from core import audit
from core.errors import Invalid, Refused
from core.locks import one_at_a_time
from core.money import yuan
from core.obligations import claims
from core.parameters import Policy
from core.policy import policy_on
from core.transitions import advance
from credit.choices import PaymentMode
from credit.models import Account, Counterparty, Loan
from credit.selectors.responsible import manages
from monitoring import freezes
from monitoring.authority.services import check_covers
from monitoring.authority.together import Payee, lately_to
from monitoring.choices import PAYMENT_TRANSITIONS, PaymentStatus
from monitoring.loan_money.balances import underway, unpaid
from monitoring.loan_money.rules.needs import mode_of_payment
from monitoring.models import Payment
from workflow.models import Document

SUBMITTED = audit.act("monitoring.payment.submitted", gettext_lazy("提交支付审核"))
RETURNED = audit.act("monitoring.payment.returned", gettext_lazy("退回支付审核"))
REVIEWED = audit.act("monitoring.payment.reviewed", gettext_lazy("支付审核同意"))
CANCELLED = audit.act("monitoring.payment.cancelled", gettext_lazy("撤销支付"))

CANCELLABLE = (PaymentStatus.REVIEWED, PaymentStatus.RETURNED)


@dataclass(frozen=True)
class Asked:
    """What a payment request asks for."""

    loan: Loan
    account: Account
    payee: Counterparty
    mode: PaymentMode
    amount: Decimal
    purpose: str


def payees(loan: Loan, on: date) -> QuerySet[Counterparty]:
    """Whom the loan's money may be paid to: registered for the borrower, one bound to a contract only under it."""
    mine = Q(contract__isnull=True) | Q(contract=loan.contract_id)
    rows: Any = Counterparty.objects.standing(on).filter(mine, borrower=loan.borrower_id)
    return rows.order_by("name", "account")


def free(loan: Loan, on: date, *, but: int | None = None) -> Decimal:
    """Loan money that may still be asked for: not yet paid out, and not on its way."""
    left = unpaid([loan], on)[loan.pk] - underway([loan], but=but).get(loan.pk, Decimal(0))
    return max(left, Decimal(0))


@claims("GR-17.1", "GR-20.2", does=gettext_lazy("支付须付给登记的交易对手，不超过未付贷款资金"))
def check_payable(asked: Asked, on: date, *, document: Document, policy: Policy | None = None) -> None:
    """Raise unless the payment may be handed to review: registered payee, money left, nothing frozen, mode right."""
    policy = policy or policy_on(on)
    freezes.check_not_frozen(asked.loan.contract)
    if not payees(asked.loan, on).filter(pk=asked.payee.pk).exists():
        raise Refused(
            _("收款人“%(name)s”不是这笔贷款登记的交易对手，不能支付；请先登记交易对手，或改选已登记的。")
            % {"name": asked.payee.name}
        )
    left = free(asked.loan, on, but=document.pk)
    if asked.amount > left:
        raise Refused(
            _(
                "支付金额 %(amount)s 元超过未付贷款资金 %(left)s 元（已见的用款和在途的支付都已扣除），请改小金额。"
            )
            % {"amount": yuan(asked.amount), "left": yuan(left)}
        )
    payee = Payee(asked.payee.name, asked.payee.account)
    lately = lately_to(payee, asked.loan.borrower, on, policy, but=document.pk)
    mode = mode_of_payment(asked.mode, asked.loan.product, asked.amount, lately, policy)
    if mode != asked.mode:
        raise Invalid(
            _(
                "连同近期付给同一收款人及其关联方的 %(lately)s 元，超过受托支付起点，支付方式须为受托支付，请改选。"
            )
            % {"lately": yuan(lately)}
        )


@transaction.atomic
def submit(*, document: Document, asked: Asked, by: User, on: date) -> Payment:
    """The request goes to review: the payment is written down, or brought in line after it came back."""
    one_at_a_time(f"payments:{asked.loan.pk}")
    check_payable(asked, on, document=document)
    columns: dict[str, Any] = {
        "loan": asked.loan,
        "mode": asked.mode,
        "account": asked.account,
        "counterparty": asked.payee,
        "payee_name": asked.payee.name,
        "payee_account": asked.payee.account,
        "payee_bank": asked.payee.bank,
        "amount": asked.amount,
        "purpose": asked.purpose,
        "submitted_on": on,
        "submitted_by": document.author,
    }
    payment = Payment.objects.filter(document=document).first()
    if payment is None:
        payment = Payment.objects.create(document=document, status=PaymentStatus.SUBMITTED, **columns)
    else:
        advance(payment, to=PaymentStatus.SUBMITTED, table=PAYMENT_TRANSITIONS, **columns)
    audit.record(
        act=SUBMITTED,
        subject=payment,
        borrower_number=document.borrower_number,
        after={"document": document.number, "amount": asked.amount, "payee": asked.payee.account},
    )
    return payment


@transaction.atomic
def give_back(*, document: Document, by: User) -> None:
    """Sent back or withdrawn: the payment is the customer line's again."""
    payment = Payment.objects.filter(document=document, status=PaymentStatus.SUBMITTED).first()
    if payment is not None:
        advance(payment, to=PaymentStatus.RETURNED, table=PAYMENT_TRANSITIONS)
        audit.record(act=RETURNED, subject=payment, borrower_number=document.borrower_number)


@claims("GR-18", "GR-20.2", does=gettext_lazy("审核时按当时的未付资金、现行权限和合并计额重新核对"))
def check_reviewable(payment: Payment, on: date) -> None:
    """Raise Refused, with the sentence that the button shows, unless a reviewer may pass the payment now.

    Money may have left, and authorities may have changed, since it was submitted: the review is of what is now.
    """
    loan, document, policy = payment.loan, payment.document, policy_on(on)
    freezes.check_not_frozen(loan.contract)
    passed = underway([loan], but=document.pk, status=[PaymentStatus.REVIEWED]).get(loan.pk, Decimal(0))
    left = max(unpaid([loan], on)[loan.pk] - passed, Decimal(0))
    if payment.amount > left:
        raise Refused(
            _(
                "提交以后又见到用款：未付贷款资金只有 %(left)s 元（已扣已审核待放行的），不够支付 %(amount)s 元，"
                "不能审核通过，请退回客户经理改小或撤销。"
            )
            % {"left": yuan(left), "amount": yuan(payment.amount)}
        )
    lately = lately_to(
        Payee(payment.payee_name, payment.payee_account), loan.borrower, on, policy, but=document.pk
    )
    check_covers(document, loan.borrower, payment.amount + lately, on, policy)


@transaction.atomic
def pass_review(*, document: Document, by: User, on: date) -> Payment:
    """The last reviewer has signed: accounting may release it."""
    payment = Payment.objects.select_related("loan__contract", "loan__borrower").get(document=document)
    one_at_a_time(f"payments:{payment.loan_id}")
    check_reviewable(payment, on)
    if by.pk == payment.submitted_by_id:
        raise Refused(_("提交人不能审核自己提交的支付，请由风险条线审核。"))
    advance(payment, to=PaymentStatus.REVIEWED, table=PAYMENT_TRANSITIONS, reviewed_on=on, reviewed_by=by)
    audit.record(
        act=REVIEWED,
        subject=payment,
        borrower_number=document.borrower_number,
        after={"amount": payment.amount, "payee": payment.payee_account},
    )
    return payment


def reason_not_to_start(loan: Loan, user: User, on: date) -> str:
    """Why the person may not ask for a payment of this loan's money; empty where they may."""
    if not manages(user, loan.borrower, on):
        return _("支付由管户客户经理或部门负责人发起。")
    if frozen := freezes.why_frozen(loan.contract):
        return frozen
    if not Account.objects.filter(number=loan.settlement_account, borrower=loan.borrower_id).exists():
        return _("借据没有登记本行结算账户，请先在借据资料中补录结算账号。")
    if free(loan, on) <= 0:
        return _("没有未付的贷款资金（在途的支付也已扣除）。")
    if not payees(loan, on).exists():
        return _("没有登记交易对手，请先登记收款人的户名和账号。")
    return ""


def reason_not_to_cancel(payment: Payment, user: User, on: date) -> str:
    """Why the person may not cancel a payment; empty where they may."""
    if payment.status not in CANCELLABLE:
        return _("只有已退回或已审核未放行的支付可以撤销。")
    if not user.scope.has(Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD) or not manages(
        user, payment.loan.borrower, on
    ):
        return _("支付由管户客户经理或部门负责人撤销。")
    return ""


@transaction.atomic
def cancel(*, payment: Payment, why: str, by: User, on: date) -> Payment:
    """The customer line gives a payment up that accounting has not released; its money may be asked for again."""
    if not why.strip():
        raise Invalid(_("请写明撤销原因。"))
    if reason := reason_not_to_cancel(payment, by, on):
        raise Refused(reason)
    advance(payment, to=PaymentStatus.CANCELLED, table=PAYMENT_TRANSITIONS)
    audit.record(
        act=CANCELLED,
        subject=payment,
        borrower_number=payment.loan.borrower.number,
        note=why.strip(),
    )
    return payment

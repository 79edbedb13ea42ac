"""The accountant's counter: what was reviewed is released, what was not is refused and told at once. Money in 元."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Role
from accounts.models import User
from accounts.selectors import accounting_units
from core import audit, outbox
from core.errors import Conflict, Invalid, Refused
from core.locks import one_at_a_time
from core.money import yuan
from core.obligations import claims
from core.transitions import advance
from credit.models import Account, Loan
from monitoring import freezes
from monitoring.choices import PAYMENT_TRANSITIONS, PaymentStatus
from monitoring.loan_money.balances import unpaid
from monitoring.loan_money.own_money import MixedAccount, mixed_account
from monitoring.models import PassedSlip, Payment, RefusedRelease

RELEASED = audit.act("monitoring.payment.released", gettext_lazy("支付放行"))
REFUSED = audit.act("monitoring.payment.refused", gettext_lazy("柜面拒办支付"))
SLIP_PASSED = audit.act("monitoring.slip.passed", gettext_lazy("柜面按客户自有资金放行"))
SLIP_UNDONE = audit.act("monitoring.slip.undone", gettext_lazy("撤回柜面放行"))

TOPIC = "refused_release"


def at_counter(user: User, on: date) -> QuerySet[Payment]:
    """Reviewed payments that wait to be released at the person's counter, the longest waiting first."""
    return (
        Payment.objects.filter(status=PaymentStatus.REVIEWED, loan__unit__in=accounting_units(user, on))
        .select_related(
            "loan__borrower", "loan__contract", "account", "document", "submitted_by", "reviewed_by"
        )
        .order_by("reviewed_on", "pk")
    )


def _why_not(payment: Payment, by: User, *, is_ours: bool) -> str:
    """Why the person may not release the payment, the freeze of its contract left aside; empty where they may."""
    if not by.scope.has(Role.ACCOUNTANT) or not is_ours:
        return _("支付由借据所在支行的会计放行。")
    if by.pk == payment.submitted_by_id:
        return _("提交人不能放行自己提交的支付，请由另一名会计放行。")
    if by.pk == payment.reviewed_by_id:
        return _("审核人不能放行自己审核的支付，请由另一名会计放行。")
    if payment.status != PaymentStatus.REVIEWED:
        return _("这笔支付%(status)s，未经审核同意的不得放行。") % {"status": payment.get_status_display()}
    return ""


def check_can_release(payment: Payment, by: User, on: date) -> None:
    """Raise Refused, with the sentence that the button shows, unless the person may release the payment now."""
    is_ours = accounting_units(by, on).filter(pk=payment.loan.unit_id).exists()
    if reason := _why_not(payment, by, is_ours=is_ours):
        raise Refused(reason)
    freezes.check_not_frozen(payment.loan.contract)
    if reason := _too_much(payment, unpaid([payment.loan], on)):
        raise Refused(reason)


def _too_much(payment: Payment, left: Mapping[int, Decimal]) -> str:
    """Why the payment exceeds what is left of its loan, `left` by loan; empty where it does not."""
    rest = left[payment.loan_id]
    if payment.amount <= rest:
        return ""
    return _(
        "放行后累计支付将超过发放额：未付贷款资金只有 %(left)s 元（已见的用款都已扣除）。"
        "请客户经理核对用款并撤销该笔支付。"
    ) % {"left": yuan(rest)}


def reasons_not_to_release(payments: Sequence[Payment], by: User, on: date) -> dict[int, str]:
    """Why the person may not release each of these payments of their own counter; two queries, empty where they may."""
    frozen = freezes.of({payment.loan.contract_id for payment in payments})
    left = unpaid([payment.loan for payment in payments], on)
    return {
        payment.pk: _why_not(payment, by, is_ours=True)
        or (
            f"{freezes.sentence(frozen[payment.loan.contract_id])}，验收前不能放行。"
            if payment.loan.contract_id in frozen
            else _too_much(payment, left)
        )
        for payment in payments
    }


@claims("GR-16", clause="cdef", does=gettext_lazy("会计放行：只放行已审核的支付，三人各不相同"))
@claims("GR-19", clause="d")
@transaction.atomic
def release(*, payment: Payment, by: User, on: date, at: datetime) -> Payment:
    """Let a reviewed payment leave: the third of three people (第十六条)."""
    one_at_a_time(f"payments:{payment.loan_id}")
    stands = Payment.objects.select_related("loan__contract", "loan__borrower").get(pk=payment.pk)
    freezes.hold(stands.loan.contract_id)
    check_can_release(stands, by, on)
    advance(stands, to=PaymentStatus.RELEASED, table=PAYMENT_TRANSITIONS, released_on=on, released_by=by)
    audit.record(
        act=RELEASED,
        subject=stands,
        borrower_number=stands.loan.borrower.number,
        after={"amount": stands.amount, "payee": stands.payee_account, "at": at},
    )
    return stands


@dataclass(frozen=True)
class Slip:
    """What a customer hands in at the counter: from which account, to whom, how much."""

    account: str
    payee_name: str
    payee_account: str
    amount: Decimal


@dataclass(frozen=True)
class Answer:
    """What the counter is told: the reviewed payment to release, the refusal, or that it is the customer's own money.

    None of them: no loan money lies there that must not go.
    """

    payment: Payment | None = None
    refused: RefusedRelease | None = None
    passed: PassedSlip | None = None


def account_at_counter(number: str, user: User, on: date) -> Account:
    """The account that the slip names, at the person's branch; Invalid where there is none."""
    units = accounting_units(user, on)
    of_loans = Loan.objects.filter(settlement_account=Account.plain(number), unit__in=units)
    account = (
        Account.objects.select_related("borrower")
        .filter(
            Q(unit__in=units) | Q(number__in=of_loans.values("settlement_account")),
            number=Account.plain(number),
        )
        .first()
    )
    if account is None:
        raise Invalid(_("本支行没有账号 %(number)s，请核对付款账号。") % {"number": number})
    return account


@claims(
    "GR-19",
    clause="ab",
    does=gettext_lazy("柜面核对：查无已审核支付单，或合同已冻结的，超出客户自有资金即拒办，并通知风险经理"),
)
@claims("GR-23", clause="d")
@transaction.atomic
def ask(*, slip: Slip, by: User, on: date, at: datetime) -> Answer:
    """Look for the reviewed payment that a slip carries out; without one, loan money is refused and the risk line told.

    Loan money counts as leaving last: what the customer's own money covers passes and is written down, so that the next
    slip finds less of it. Where nobody knows the balance nothing passes: the accountant can enter it.
    """
    account = account_at_counter(slip.account, by, on)
    waiting = Payment.objects.filter(
        account=account, amount=slip.amount, status=PaymentStatus.REVIEWED
    ).select_related("loan__borrower", "loan__contract", "document", "submitted_by", "reviewed_by", "account")
    fitting = next(
        (one for one in waiting if Account.plain(one.payee_account) == Account.plain(slip.payee_account)),
        None,
    )
    if fitting is not None:
        return Answer(payment=fitting)
    contracts = Loan.objects.filter(settlement_account=account.number).values_list("contract", flat=True)
    freezes.hold(*set(contracts))
    one_at_a_time(f"slips:{account.pk}")
    mixed = mixed_account(account, on)
    if not mixed.bars:
        return Answer()
    columns = _written(slip, account, by=by, on=on, at=at)
    if mixed.own is not None and slip.amount <= mixed.own:
        return Answer(passed=_let_pass(mixed, mixed.own, columns))
    return Answer(refused=_refuse(mixed, columns))


def _written(slip: Slip, account: Account, *, by: User, on: date, at: datetime) -> dict[str, Any]:
    """The columns of an answer that say what was asked, when and by whom."""
    return {
        "on": on,
        "at": at,
        "by": by,
        "account": account,
        "payee_name": slip.payee_name,
        "payee_account": Account.plain(slip.payee_account),
        "amount": slip.amount,
    }


def _keep(row: PassedSlip | RefusedRelease, *, act: audit.Act, note: str = "", **more: Decimal) -> None:
    told = {"account": row.account.number, "payee": row.payee_account, "amount": row.amount}
    audit.record(
        act=act, subject=row, borrower_number=row.account.borrower.number, after=told | more, note=note
    )


def _let_pass(mixed: MixedAccount, own: Decimal, columns: dict[str, Any]) -> PassedSlip:
    passed = PassedSlip.objects.create(own=own, case=mixed.case, **columns)
    _keep(passed, act=SLIP_PASSED, own=own, loan_money=mixed.loan_money)
    return passed


def slips_of_the_day(user: User, on: date) -> QuerySet[PassedSlip]:
    """What passed at the person's counter today and stands, the latest first."""
    units = accounting_units(user, on)
    of_loans = Loan.objects.filter(unit__in=units).values("settlement_account")
    theirs = Q(account__unit__in=units) | Q(account__number__in=of_loans)
    return PassedSlip.objects.standing().filter(theirs, on=on).select_related("account__borrower")


@transaction.atomic
def undo(*, slip: PassedSlip, by: User, on: date, at: datetime) -> PassedSlip:
    """The customer did not carry it out: the money is the customer's again."""
    one_at_a_time(f"slips:{slip.account_id}")
    if not PassedSlip.objects.standing().filter(pk=slip.pk, on=on).exists():
        raise Conflict(_("这笔放行已撤回，或不是今天的，不能再撤回。请刷新页面。"))
    same = Slip(slip.account.number, slip.payee_name, slip.payee_account, slip.amount)
    undoing = PassedSlip.objects.create(
        own=slip.own, case=slip.case, reverses=slip, **_written(same, slip.account, by=by, on=on, at=at)
    )
    _keep(undoing, act=SLIP_UNDONE)
    return undoing


def _refuse(mixed: MixedAccount, columns: dict[str, Any]) -> RefusedRelease:
    if mixed.case:
        why = freezes.sentence(mixed.case)
    else:
        numbers = "、".join(one.loan.number for one in mixed.held if one.bars)
        why = f"借据 {numbers} 的贷款资金须审核后支付，查无收款账号、金额相符的已审核支付单"
    reason = f"{why}；{mixed.reckoning}"
    refused = RefusedRelease.objects.create(reason=reason[:300], case=mixed.case, **columns)
    _keep(refused, act=REFUSED, note=refused.reason)
    outbox.put(topic=TOPIC, payload={"refused": refused.pk})
    return refused

"""How the money of a loan is to be paid out, and whether each payment is reviewed first. Money in 元."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.money import yuan
from core.obligations import claims
from core.parameters import Policy
from credit.choices import ClauseKind, PaymentMode, Product

SCHEME = "BASE"  # thresholds go by product, whatever the scheme
ENTRUST_ABOVE = "payment.entrust_above"
SELF_REVIEWED = "payment.self_reviewed"
SPLIT_WITHIN = "payment.split_within"


@dataclass(frozen=True)
class Need:
    """How a loan's money is paid out, whether each payment is reviewed before it leaves, and why so."""

    mode: PaymentMode
    is_reviewed: bool
    why: str


@dataclass(frozen=True)
class Agreed:
    """What a contract agrees about payments: the mode (None: nothing), and whether the lender must consent."""

    mode: PaymentMode | None = None
    consent: bool = False
    bans_passive_debit: bool = False


NOTHING = Agreed()
# What a clause must be to say something about payments.
ABOUT_PAYMENTS = (ClauseKind.PAYMENT_MODE, ClauseKind.PAYMENT_CONSENT, ClauseKind.PASSIVE_DEBIT_BAN)


def agreed_by(clauses: Iterable[Any]) -> Agreed:
    """What these clauses (`kind`, `payment_mode`, `place`) of one contract agree; of two modes the later one."""
    mode, kinds = None, set()
    for clause in sorted(clauses, key=lambda one: one.place):
        kinds.add(clause.kind)
        if clause.kind == ClauseKind.PAYMENT_MODE:
            mode = PaymentMode(clause.payment_mode)
    return Agreed(mode, str(ClauseKind.PAYMENT_CONSENT) in kinds, str(ClauseKind.PASSIVE_DEBIT_BAN) in kinds)


def threshold(product: str, policy: Policy) -> Decimal | None:
    """The amount above which a single payment is entrusted (受托支付起点); None: no money is paid out."""
    amount = policy.get(SCHEME, ENTRUST_ABOVE).value.get(product)
    return None if amount is None else Decimal(str(amount))


@claims("GR-17.2", does="按合同、品种、金额判定支付方式和是否须审核")
def need(product: str, amount: Decimal, agreed: Agreed, policy: Policy) -> Need:
    """What the contract agrees, else what product and amount ask for; pure.

    第十七条: a fixed-asset loan under self payment is reviewed too. Whatever the mode, 受托支付 is reviewed.
    """
    limit = threshold(product, policy)
    if limit is None:
        return Need(PaymentMode.SELF, False, f"{Product(product).label}没有对外支付的贷款资金，不须支付审核")
    if agreed.mode is not None:
        mode, why = agreed.mode, f"合同约定{agreed.mode.label}"
    elif amount > limit:
        mode, why = PaymentMode.ENTRUSTED, f"金额超过受托支付起点 {yuan(limit)} 元"
    else:
        mode, why = PaymentMode.SELF, f"金额未超过受托支付起点 {yuan(limit)} 元"
    if mode != PaymentMode.SELF:
        return Need(mode, True, f"{why}，每笔支付须先审核")
    if product in policy.get(SCHEME, SELF_REVIEWED).value:
        return Need(mode, True, f"{why}；{Product(product).label}自主支付，对外支付前也须审核")
    if agreed.consent:
        return Need(mode, True, f"{why}；合同约定支付须经我行审核同意")
    return Need(mode, False, f"{why}，自主支付，不须逐笔审核")


def mode_of_payment(
    asked: PaymentMode, product: str, amount: Decimal, lately: Decimal, policy: Policy
) -> PaymentMode:
    """How one payment is made: above the threshold it is entrusted, alone or with what went to the payee lately.

    `lately`: what was paid or is on its way to the same payee within the days of `payment.split_within`, so that a
    payment cut into pieces (化整为零) gains nothing.
    """
    limit = threshold(product, policy)
    return PaymentMode.ENTRUSTED if limit is not None and amount + lately > limit else asked


def is_split(product: str, amount: Decimal, lately: Decimal, policy: Policy) -> bool:
    """Whether only together with what went to the payee lately the payment is above the threshold."""
    limit = threshold(product, policy)
    return limit is not None and amount <= limit < amount + lately and lately > 0

"""Deciding a signal: the facts are so (属实), loan money misused or not, or they are explained (排除)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.choices import RISK_ROLES
from accounts.models import User
from core import audit, clock
from core.errors import Conflict, Invalid, Refused
from core.transitions import advance
from credit.models import Borrower, Contract
from credit.selectors.responsible import manages
from monitoring.choices import SIGNAL_TRANSITIONS, SignalStatus
from monitoring.misuse import services as misuse
from monitoring.models import Signal
from monitoring.signals.duties import duties_to_check
from monitoring.unreviewed.duties import duties_of_signals
from workflow.models import Document
from workflow.services import duties

CONFIRMED = audit.act("monitoring.signal.confirmed", _("认定资金信号属实"))
DISMISSED = audit.act("monitoring.signal.dismissed", _("排除资金信号"))

WHY_LONGEST = 500  # what a signal keeps


def check_can_dismiss(signal: Signal, by: User) -> None:
    """Raise unless the person may explain the signal away: the risk line only, of an open one."""
    _check_open(signal)
    if not _is_of_the_risk_line(signal, by):
        raise Refused("资金信号由风险条线排除；客户经理请在“资金异动核查表”中说明，由风险经理签字认定。")


def check_can_confirm(signal: Signal, by: User, on: date) -> None:
    """Raise unless the person may say that an open signal is true: the risk line, or the customer's own manager."""
    _check_open(signal)
    if not _is_of_the_risk_line(signal, by) and not manages(by, signal.borrower, on):
        raise Refused("资金信号由风险条线或该客户的管户人员认定，请通知客户经理或风险经理办理。")


def reason_not_to_confirm(signal: Signal, by: User, on: date) -> str:
    """Why the person may not confirm it; empty where they may."""
    try:
        check_can_confirm(signal, by, on)
    except Refused as refused:
        return str(refused)
    return ""


def reason_not_to_dismiss(signal: Signal, by: User) -> str:
    """Why the person may not dismiss it; empty where they may."""
    try:
        check_can_dismiss(signal, by)
    except Refused as refused:
        return str(refused)
    return ""


def _check_open(signal: Signal) -> None:
    if not SIGNAL_TRANSITIONS[SignalStatus(signal.status)]:
        raise Conflict(f"该信号已于 {signal.decided_on} 认定为“{signal.get_status_display()}”，不能再改。")


def _is_of_the_risk_line(signal: Signal, by: User) -> bool:
    seen = Borrower.objects.visible_to(by).filter(pk=signal.borrower_id)
    return by.scope.has(*RISK_ROLES) and seen.exists()


@transaction.atomic
def confirm(
    *,
    signal: Signal,
    by: User,
    why: str,
    is_misuse: bool,
    on: date,
    contract: Contract | None = None,
) -> Signal:
    """The facts are so; where loan money was misused, a case is opened and payments under the contract freeze."""
    signal = _lock(signal)
    check_can_confirm(signal, by, on)
    _confirm(signal, by=by, why=why, is_misuse=is_misuse, on=on, contract=contract, document=None)
    _settle(signal, by, on)
    return signal


@transaction.atomic
def dismiss(*, signal: Signal, by: User, why: str, on: date) -> Signal:
    """The facts have an explanation: the same ones never raise the signal again."""
    signal = _lock(signal)
    check_can_dismiss(signal, by)
    _decide(signal, SignalStatus.DISMISSED, by=by, why=why, on=on, document=None)
    _settle(signal, by, on)
    return signal


@transaction.atomic
def decide_as_signed(
    *,
    signal: Signal,
    is_true: bool,
    is_misuse: bool,
    why: str,
    contract: Contract | None,
    document: Document,
    by: User,
    on: date,
) -> Signal:
    """As a signed sheet says: who had to sign it, and whether a deputy did, its chain has settled."""
    signal = _lock(signal)
    _check_open(signal)
    if is_true:
        return _confirm(
            signal, by=by, why=why, is_misuse=is_misuse, on=on, contract=contract, document=document
        )
    _decide(signal, SignalStatus.DISMISSED, by=by, why=why, on=on, document=document)
    return signal


def _confirm(
    signal: Signal,
    *,
    by: User,
    why: str,
    is_misuse: bool,
    on: date,
    contract: Contract | None,
    document: Document | None,
) -> Signal:
    misused = _contract_of(signal, contract) if is_misuse else None
    _decide(signal, SignalStatus.CONFIRMED, by=by, why=why, on=on, document=document)
    if misused is not None:
        misuse.open_case(
            contract=misused,
            loan=signal.loan if signal.loan and signal.loan.contract_id == misused.pk else None,
            signal=signal,
            facts=signal.text,
            amount=signal.amount,
            by=by,
            on=on,
        )
    return signal


def _settle(signal: Signal, by: User, on: date) -> None:
    """Whose line decided has done its duty; the other line's falls away with the day."""
    items = duties_of_signals([signal]) | duties_to_check([signal.pk])
    why = f"资金信号已认定为“{signal.get_status_display()}”"
    duties.settle(items=items.filter(line=by.line), by=by.username, why=why, on=on, at=clock.now())


def _lock(signal: Signal) -> Signal:
    rows = Signal.objects.select_for_update(of=("self",)).select_related("borrower", "loan__contract")
    return rows.get(pk=signal.pk)


def _contract_of(signal: Signal, contract: Contract | None) -> Contract:
    """Whose money was misused: as named, else the contract of the signal's loan."""
    found = contract or (signal.loan.contract if signal.loan else None)
    if found is None:
        raise Invalid("认定挪用须指明合同：请选择被挪用资金所属的合同。")
    if found.borrower_id != signal.borrower_id:
        raise Invalid(f"合同 {found.number} 不是该客户的合同，请重新选择。")
    return found


def _decide(
    signal: Signal, status: SignalStatus, *, by: User, why: str, on: date, document: Document | None
) -> None:
    why = why.strip()
    if not why:
        raise Invalid("请填写认定理由：核查了什么，依据是什么。")
    if len(why) > WHY_LONGEST:
        raise Invalid(f"认定理由不能超过 {WHY_LONGEST} 字，请精简。")
    advance(
        signal,
        to=status,
        table=SIGNAL_TRANSITIONS,
        decided_on=on,
        decided_by=by,
        decided_why=why,
        document=document,
    )
    audit.record(
        act=CONFIRMED if status == SignalStatus.CONFIRMED else DISMISSED,
        subject=signal,
        before={"status": SignalStatus.OPEN},
        after={"status": status, "kind": signal.kind, "amount": signal.amount, "by": by.username},
        borrower_number=signal.borrower.number,
        note=why,
    )

"""Cases of misuse of loan money (挪用): confirmed by either line, closed by the risk line. Money in 元."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.choices import RISK_ROLES, Line
from accounts.models import User
from core import audit, outbox
from core.errors import Conflict, Invalid, Refused
from core.obligations import claims
from core.policy import policy_on
from core.transitions import advance
from credit.models import Borrower, Contract, Loan
from credit.selectors.responsible import manages
from monitoring import freezes
from monitoring.choices import MISUSE_TRANSITIONS, MisuseStatus
from monitoring.models import MisuseCase, Signal
from workflow.models import Document

CONFIRMED = audit.act("monitoring.misuse.confirmed", _("认定挪用，暂停用款"))
ACCEPTED = audit.act("monitoring.misuse.accepted", _("验收挪用纠正，恢复用款"))

TOPIC = "misuse"
FACTS_LONGEST = 500  # what a case keeps


def reason_not_to_register(borrower: Borrower, by: User, on: date) -> str:
    """Why the person may not say that loan money was misused; empty where they may."""
    seen = Borrower.objects.visible_to(by).filter(pk=borrower.pk)
    if manages(by, borrower, on) or (by.scope.has(*RISK_ROLES) and seen.exists()):
        return ""
    return "挪用由该客户的管户人员或风险条线登记，请通知客户经理或风险经理办理。"


@transaction.atomic
def register(*, contract: Contract, facts: str, amount: Decimal, by: User, on: date) -> MisuseCase:
    """Misuse that no signal showed (现场检查、举报等), as somebody of either line confirms it."""
    if reason := reason_not_to_register(contract.borrower, by, on):
        raise Refused(reason)
    return open_case(contract=contract, loan=None, signal=None, facts=facts, amount=amount, by=by, on=on)


@transaction.atomic
def open_case(
    *,
    contract: Contract,
    loan: Loan | None,
    signal: Signal | None,
    facts: str,
    amount: Decimal,
    by: User,
    on: date,
) -> MisuseCase:
    """Freeze the contract, set the day of correction, promise the principal's notice; the caller has checked who."""
    facts = facts.strip()
    if not facts or len(facts) > FACTS_LONGEST:
        raise Invalid(f"请写明挪用事实，最多 {FACTS_LONGEST} 字。")
    if amount < 0 or (signal is None and not amount):
        raise Invalid("请填写大于零的挪用金额（元）。")
    freezes.hold(contract.pk)
    policy = policy_on(on)
    within = policy.get("BASE", "misuse.correct_within").value
    case = MisuseCase.objects.create(
        contract=contract,
        loan=loan,
        signal=signal,
        facts=facts,
        amount=amount,
        confirmed_on=on,
        confirmed_by=by,
        correct_by=policy.calendar.within(on, within),
    )
    audit.record(
        act=CONFIRMED,
        subject=case,
        borrower_number=contract.borrower.number,
        after={
            "contract": contract.number,
            "amount": str(amount),
            "facts": facts,
            "correct_by": case.correct_by.isoformat(),
        },
    )
    outbox.put(topic=TOPIC, payload={"case": case.pk})
    return case


@claims("GR-23", clause="f", does=_("风险条线验收纠正后才解冻"))
@transaction.atomic
def accept(*, case: MisuseCase, document: Document, by: User, on: date) -> MisuseCase:
    """The risk line accepts the correction: the case is closed, and the contract thaws once none is open."""
    if by.line != Line.RISK:
        raise Refused("挪用的纠正只能由风险条线验收，验收后才能解冻。")
    if not MISUSE_TRANSITIONS[MisuseStatus(case.status)]:
        raise Conflict(f"该挪用已于 {case.accepted_on} 验收，不能再验收。")
    advance(
        case,
        to=MisuseStatus.ACCEPTED,
        table=MISUSE_TRANSITIONS,
        accepted_on=on,
        accepted_by=by,
        document=document,
    )
    audit.record(
        act=ACCEPTED,
        subject=case,
        borrower_number=case.contract.borrower.number,
        after={"contract": case.contract.number, "document": document.number},
    )
    return case

"""Misuse of loan money (挪用): while a case is open, nothing more is lent or paid under its contract. Money in 元."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.choices import Line, Role
from accounts.models import User
from core import audit, outbox
from core.errors import Conflict, Invalid, Refused
from core.locks import one_at_a_time
from core.obligations import claims
from core.policy import policy_on
from core.transitions import advance
from credit.choices import ClauseKind
from credit.models import Borrower, Clause, Contract, Loan
from credit.selectors import manages
from monitoring.choices import MISUSE_TRANSITIONS, MisuseStatus
from monitoring.models import MisuseCase, Signal
from workflow.models import Document

TOPIC = "misuse"
RISK_LINE = (Role.RISK_MANAGER, Role.RISK_HEAD)
FACTS_LONGEST = 500  # what a case keeps
FACTS_SHOWN = 60  # of them, in a sentence that refuses something


def freezes(contracts: Iterable[int]) -> dict[int, MisuseCase]:
    """Of these contracts the frozen ones, each with the case that has frozen it longest; one query."""
    rows = MisuseCase.objects.filter(contract__in=list(contracts), status=MisuseStatus.RECTIFYING)
    found: dict[int, MisuseCase] = {}
    for case in rows.select_related("contract").order_by("confirmed_on", "pk"):
        found.setdefault(case.contract_id, case)
    return found


def frozen_on(on: date) -> QuerySet[MisuseCase]:
    """The cases that froze their contracts at the end of the day."""
    still = Q(accepted_on__isnull=True) | Q(accepted_on__gt=on)
    return MisuseCase.objects.filter(still, confirmed_on__lte=on)


def told(case: MisuseCase) -> str:
    """The freeze in a sentence without its end: which contract, since when, why."""
    facts = case.facts if len(case.facts) <= FACTS_SHOWN else f"{case.facts[:FACTS_SHOWN]}…"
    return f"合同 {case.contract.number} 因挪用已暂停用款（自 {case.confirmed_on} 起，事实：{facts}）"


def why_frozen(contract: Contract) -> str:
    """Since when and why nothing is paid under the contract, and what to do; empty where it is not frozen."""
    case = freezes([contract.pk]).get(contract.pk)
    return f"{told(case)}，填写限期纠正单、经风险条线验收后才能支付。" if case else ""


@claims("GR-23", clause="b")
def check_not_frozen(contract: Contract) -> None:
    """Raise while a case is open under the contract: 暂停用款."""
    if reason := why_frozen(contract):
        raise Refused(reason)


def hold(*contract_ids: int) -> None:
    """Make a freeze and what it stops under these contracts wait for each other; the database does the same (0003)."""
    one_at_a_time(*(f"frozen:{contract_id}" for contract_id in contract_ids))


def suspension_rights(on: date) -> QuerySet[Clause]:
    """The clauses, known by the day, that a freeze rests on (提款暂停权)."""
    rows: QuerySet[Clause] = Clause.objects.known(on).filter(kind=ClauseKind.SUSPENSION_RIGHT)
    return rows.order_by("place")


def suspension_clause(contract: Contract, on: date) -> Clause | None:
    """The one of a contract; None where it gives no such right."""
    return suspension_rights(on).filter(contract=contract).first()


def with_right(cases: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Cases with `has_right`: whether their contract gives the lender a right to suspend."""
    return cases.annotate(has_right=Exists(suspension_rights(on).filter(contract=OuterRef("contract"))))


def reason_not_to_register(borrower: Borrower, by: User, on: date) -> str:
    """Why the person may not say that loan money was misused; empty where they may."""
    seen = Borrower.objects.visible_to(by).filter(pk=borrower.pk)
    if manages(by, borrower, on) or (by.scope.has(*RISK_LINE) and seen.exists()):
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
    hold(contract.pk)
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
        act="monitoring.misuse.confirmed",
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


@claims("GR-23", clause="f")
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
        act="monitoring.misuse.accepted",
        subject=case,
        borrower_number=case.contract.borrower.number,
        after={"contract": case.contract.number, "document": document.number},
    )
    return case

"""The verbs of the book: facts that people confirm, recorded and reversed; classes that decisions set."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import User
from core import audit, clock, outbox
from core.errors import Conflict, Invalid, Refused
from credit.choices import ClassSource, EventKind, RiskClass
from credit.models import Borrower, ClassFact, Loan, RiskEvent

RECORDED = audit.act("credit.event.recorded", _("登记风险事项"))
REVERSED = audit.act("credit.event.reversed", _("冲正风险事项"))
CLASS_RECORDED = audit.act("credit.class.recorded", _("认定风险分类"))

REVERSERS = (Role.CUSTOMER_HEAD, Role.RISK_MANAGER, Role.RISK_HEAD)
DERIVED = frozenset({"downgrade", "overdue", "arrears"})  # references of events that credit.imports derives
RISK_EVENT = "risk_event"  # the outbox topic that the rules of article 28 listen to


@transaction.atomic
def record_event(
    *,
    borrower: Borrower,
    kind: EventKind,
    effective_on: date,
    detail: str,
    loan: Loan | None = None,
    by: User,
    on: date,
    at: datetime,
) -> RiskEvent:
    """Record a confirmed risk event (第二十八条); its duties follow within seconds."""
    detail = detail.strip()
    if not detail:
        raise Invalid("请写明发生了什么。")
    if len(detail) > 300:
        raise Invalid("事实请写在 300 字以内。")
    if effective_on > on:
        raise Invalid(f"发生日 {effective_on} 晚于今天，请核对。")
    if loan is not None and loan.borrower_id != borrower.pk:
        raise Invalid("这笔借据不是该客户的，请核对。")
    event = RiskEvent.objects.create(
        borrower=borrower,
        loan=loan,
        kind=kind,
        effective_on=effective_on,
        known_on=on,
        detail=detail,
        recorded_by=by.username,
        recorded_at=at,
    )
    _announce(event, act=RECORDED)
    return event


@transaction.atomic
def reverse_event(*, event: RiskEvent, detail: str, by: User, on: date, at: datetime) -> RiskEvent:
    """Reverse an event that was recorded by mistake: an opposite row, the first one stays."""
    check_can_reverse(event, by)
    detail = detail.strip()
    if not detail:
        raise Invalid("请写明冲正的理由。")
    if len(detail) > 300:
        raise Invalid("理由请写在 300 字以内。")
    if event.reverses_id is not None:
        raise Conflict("冲正本身不能再冲正；事项确实发生的，请重新登记。")
    # The event's row is locked, so that two reversals of one event wait for each other.
    RiskEvent.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if RiskEvent.objects.filter(reverses=event).exists():
        raise Conflict("这个事项已经冲正过，请刷新页面。")
    reversal = RiskEvent.objects.create(
        borrower=event.borrower,
        loan=event.loan,
        kind=event.kind,
        effective_on=event.effective_on,
        known_on=on,
        detail=detail,
        recorded_by=by.username,
        recorded_at=at,
        reverses=event,
    )
    _announce(reversal, act=REVERSED)
    return reversal


def check_can_reverse(event: RiskEvent, by: User) -> None:
    """Raise Refused unless the person may take the event back.

    Taking it back takes the visit back, so it is not for the person who owes the visit, nor for the one who recorded
    it; and what follows from the core system's figures is corrected there.
    """
    if event.reference.partition(":")[0] in DERIVED:
        raise Refused("这个事项由核心系统数据得出，须由核心系统更正数据，更正导入后会自动冲正。")
    if event.recorded_by == by.username:
        raise Refused("自己登记的事项不能自己冲正，请由部门负责人或风险线核实后冲正。")
    # By their own posts: a manager who stands in for the head does not take their own visits back.
    if not by.scope.each[0].has(*REVERSERS):
        raise Refused("冲正会撤销检查任务，须由部门负责人或风险线办理。")


def reason_not_to_reverse(event: RiskEvent, by: User) -> str:
    """Why the person may not take the event back; empty where they may."""
    try:
        check_can_reverse(event, by)
    except Refused as refusal:
        return str(refusal)
    return ""


def _announce(event: RiskEvent, *, act: audit.Act) -> None:
    audit.record(
        act=act,
        subject=event,
        after={
            "kind": event.kind,
            "loan": event.loan.number if event.loan else "",
            "effective_on": event.effective_on,
            "known_on": event.known_on,
            "detail": event.detail,
            "reverses": event.reverses_id,
        },
        borrower_number=event.borrower.number,
    )
    outbox.put(topic=RISK_EVENT, payload={"event": event.pk})


@transaction.atomic
def record_class(*, loan: Loan, risk_class: RiskClass, effective_on: date, on: date, by: User) -> ClassFact:
    """Record the class that a decision taken here sets; what the core reports stays beside it.

    A class worse than the one in force is itself a risk event (第二十八条第一项：风险分类下迁).
    """
    if effective_on > on:
        raise Invalid(f"生效日 {effective_on} 晚于今天，请核对。")
    Loan.objects.select_for_update().get(pk=loan.pk)
    before = (
        ClassFact.objects.known(on).filter(loan=loan, effective_on__lte=effective_on).newest_first().first()
    )
    same = ClassFact.objects.filter(
        loan=loan, effective_on=effective_on, known_on=on, source=ClassSource.DECISION
    )
    fact = ClassFact.objects.create(
        loan=loan,
        risk_class=risk_class,
        source=ClassSource.DECISION,
        effective_on=effective_on,
        known_on=on,
        correction=same.count(),
    )
    audit.record(
        act=CLASS_RECORDED,
        subject=fact,
        before={"risk_class": before.risk_class} if before else None,
        after={"risk_class": risk_class, "effective_on": effective_on, "by": by.username},
        borrower_number=loan.borrower.number,
    )
    if before and RiskClass(risk_class).severity > RiskClass(before.risk_class).severity:
        _downgraded(fact, RiskClass(before.risk_class), by)
    return fact


def _downgraded(fact: ClassFact, before: RiskClass, by: User) -> None:
    """The event of a class that fell; its reference is the one that an extract of the same day would give."""
    reference = f"downgrade:{fact.loan.number}:{fact.effective_on}"
    if RiskEvent.objects.filter(reference=reference).exists():
        return
    event = RiskEvent.objects.create(
        borrower=fact.loan.borrower,
        loan=fact.loan,
        kind=EventKind.DOWNGRADE,
        effective_on=fact.effective_on,
        known_on=fact.known_on,
        detail=f"风险分类由{before.label}下迁为{RiskClass(fact.risk_class).label}",
        reference=reference,
        recorded_by=by.username,
        recorded_at=clock.now(),
    )
    _announce(event, act=RECORDED)

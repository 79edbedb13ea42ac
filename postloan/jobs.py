"""Celery entry points: each is a date or an id, rereads what it needs, and does nothing the second time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from celery import shared_task

from core import clock, once, outbox, sealing
from core.actor import acting_as, job
from core.policy import policy_on
from credit.models import RiskEvent
from inspections.duties import AT_ONCE_RULES, EVENT_RULES
from monitoring.misuse import services as misuse
from monitoring.misuse.duties import OF_CASES, FrozenContract
from monitoring.models import MisuseCase, RefusedRelease
from monitoring.release import services as release
from monitoring.unreviewed.duties import UnreviewedPayment
from postloan import close_of_day
from reviews.policy.rehearsal import work_out_next
from workflow import registry
from workflow.duties import Rule
from workflow.engine import reconcile
from workflow.services import days
from workflow.services.duties import JUDGED_SOON


@shared_task
def tick() -> list[str]:
    """Close whatever day is open (every five minutes; the cursor is in the database, not in a crontab)."""
    outbox.beat("tick")
    once.prune(clock.now())
    closed = close_of_day.tick(clock.now())
    if closed:
        sealing.anchor()  # the day's end of the chain, outside the database
    return [on.isoformat() for on in closed]


@shared_task
def deliver_outbox() -> int:
    """Hand out what waits in the outbox; a lost broker loses nothing, since the rows are in the database."""
    with acting_as(job("outbox")):
        return outbox.deliver(HANDLERS)


@shared_task
def seal_audit() -> int:
    """Seal the audit entries that are settled."""
    return sealing.seal_all()


@shared_task
def preview() -> int | None:
    """Work out the next preview of a change that somebody asked for."""
    return work_out_next()


def _judge_now(rule: Rule, only: Sequence[int] | None) -> None:
    """Judge a rule for these subjects of its own, instead of this evening."""
    today = clock.today()
    reconcile(rule, on=today, policy=policy_on(today), only=only, not_before=days.go_live_on())


def _bring_in_line(borrower: int, rules: Iterable[Rule]) -> None:
    """Judge these rules now for one borrower, its loans included."""
    for rule in rules:
        _judge_now(rule, rule.of_borrowers([borrower]))


def on_risk_event(payload: Mapping[str, Any]) -> None:
    """A risk event was recorded or reversed: bring what it calls for at once in line (第二十八条, 消费细则)."""
    event = RiskEvent.objects.get(pk=payload["event"])
    _bring_in_line(event.borrower_id, (*EVENT_RULES, *AT_ONCE_RULES))


def on_refused_release(payload: Mapping[str, Any]) -> None:
    """Accounting refused a payment: the risk manager owes an answer at once (第十九条、第二十三条)."""
    refused = RefusedRelease.objects.select_related("account").get(pk=payload["refused"])
    _bring_in_line(refused.account.borrower_id, (UnreviewedPayment(), FrozenContract()))


def on_misuse(payload: Mapping[str, Any]) -> None:
    """A misuse was confirmed: principal, manager and 法务 are told at once (第二十三条, 消费细则 一（二）3)."""
    case = MisuseCase.objects.select_related("contract").get(pk=payload["case"])
    _bring_in_line(case.contract.borrower_id, (*OF_CASES, *AT_ONCE_RULES))


def on_rules(payload: Mapping[str, Any]) -> None:
    """What an act calls for at once is owed now: its rules are judged for the subjects that it names."""
    for code in payload["rules"]:
        _judge_now(registry.rules()[code], payload["subjects"])


HANDLERS = {
    "risk_event": on_risk_event,
    release.TOPIC: on_refused_release,
    misuse.TOPIC: on_misuse,
    JUDGED_SOON: on_rules,
}

"""The close of day: its steps, in order. Each is restartable, and run again it changes nothing.

A day is closed when it is over, in order, never two in one leap; missed days are closed one by one, each as it would
have been closed then. Steps that need the day's extracts wait for them, visibly; the others run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from collections_app.duties import RULES as COLLECTION_RULES
from core import audit, clock
from core.actor import acting_as, job
from core.obligations import catalogue
from core.policy import Policy, policy_on
from credit.duties.book import RULES as BOOK_RULES
from credit.models import Loan
from inspections.duties import RULES as INSPECTION_RULES
from inspections.services import draw_samples
from monitoring.duties import RULES as MONITORING_RULES
from monitoring.duties import FundsRule
from monitoring.funds.services import STEP as FUNDS_STEP
from monitoring.funds.services import write_checks
from monitoring.misuse import watch as frozen
from monitoring.months import services as months
from monitoring.outlook import services as outlook
from monitoring.signals import scanning as signals
from monitoring.unreviewed import services as supervision
from monitoring.uses import seeing as uses
from reviews.duties import RULES as REVIEW_RULES
from workflow import measures
from workflow.choices import RunStatus, SubjectKind
from workflow.duties import Rule
from workflow.engine import reconcile
from workflow.models import DayRun, Quarantined
from workflow.services import days, duties
from workflow.sweep import look_again

# Every rule of the product, in the order of the flow.
RULES: tuple[Rule, ...] = (
    *BOOK_RULES,
    *INSPECTION_RULES,
    *MONITORING_RULES,
    *COLLECTION_RULES,
    *REVIEW_RULES,
)


class Step(NamedTuple):
    """One step of a day: its name as shown, whether it needs the day's extracts, and its work."""

    name: str
    label: str
    needs_facts: bool
    work: Callable[[date, Policy, DayRun], dict[str, Any]]


def duties_of(rule: Rule) -> Callable[[date, Policy, DayRun], dict[str, Any]]:
    """The work of the step that reconciles one rule."""

    def work(on: date, policy: Policy, run: DayRun) -> dict[str, Any]:
        progress = days.RunProgress(run)
        progress.blame(rule.subject)
        counts = reconcile(
            rule, on=on, policy=policy, step=run.step, progress=progress, not_before=days.go_live_on()
        )
        if any(counts.values()):
            audit.record(act="workflow.duties.reconciled", subject=run, after=dict(counts))
        return dict(counts)

    return work


def _draw(on: date, policy: Policy, run: DayRun) -> dict[str, Any]:
    return {"samples": draw_samples(on=on, policy=policy)}


class Sweep(NamedTuple):
    """A step over borrowers: its name, its label, the act that the audit keeps of it, and its work."""

    step: str
    label: str
    act: str
    work: Callable[..., Counter[str]]  # (on, policy, progress, *, only=)


# In the order of the flow: what left, also in spite of a freeze, what it used, what the month was, what all that shows,
# what is still to come.
SWEEPS = (
    Sweep(supervision.STEP, "核对支付与流水", "monitoring.payments.watched", supervision.match_and_watch),
    Sweep(frozen.STEP, "核对冻结合同", "monitoring.frozen.watched", frozen.watch),
    Sweep(uses.STEP, "登记已见用款", "monitoring.uses.seen", uses.see),
    Sweep(months.STEP, "汇总账户月度资金", "monitoring.months.written", months.write_months),
    Sweep(signals.STEP, "识别资金异动", "monitoring.signals.raised", signals.scan),
    Sweep(FUNDS_STEP, "核对到期资金", "monitoring.funds.checked", write_checks),
)
OUTLOOK = Sweep(outlook.STEP, "推算未来资金", "monitoring.outlook.written", outlook.write_outlook)


def swept(sweep: Sweep) -> Step:
    """The step of the day that a sweep is."""

    def work(on: date, policy: Policy, run: DayRun) -> dict[str, Any]:
        progress = days.RunProgress(run)
        progress.blame(SubjectKind.BORROWER)
        counts = sweep.work(on, policy, progress)
        if any(counts.values()):
            audit.record(act=sweep.act, subject=run, after=dict(counts))
        return dict(counts)

    return Step(sweep.step, sweep.label, True, work)


def _escalate(on: date, policy: Policy, run: DayRun) -> dict[str, Any]:
    climbed = duties.escalate(on=on, policy=policy)
    if climbed:
        audit.record(act="workflow.duties.escalated", subject=run, after={"escalated": climbed})
    return {"escalated": climbed}


def _measure(on: date, policy: Policy, run: DayRun) -> dict[str, Any]:
    return {"figures": measures.write(on)}


def _close(on: date, policy: Policy, run: DayRun) -> dict[str, Any]:
    return {}


STEPS: tuple[Step, ...] = (
    Step("samples", "抽取正常类检查样本", True, _draw),
    *map(swept, SWEEPS),
    *(
        Step(
            f"duties:{rule.code}",
            f"生成职责：{catalogue()[rule.obligation].duty}",
            True,
            duties_of(rule),
        )
        for rule in RULES
    ),
    swept(OUTLOOK),
    Step("escalation", "逾期升级", False, _escalate),
    Step("measures", "日度指标", True, _measure),
    Step(days.CLOSED, "日终完成", True, _close),
)


def close(on: date) -> bool:
    """Run every step of a day that can run; returns whether the day is closed now. The caller holds the lock."""
    facts, policy = days.facts_arrived(on), policy_on(on)
    with acting_as(job("close_of_day")):
        for step in STEPS:
            if step.needs_facts and not facts:
                days.wait_for_facts(on, step.name)
            else:
                days.run_step(on, step.name, lambda run, step=step: step.work(on, policy, run))  # type: ignore[misc]
    return facts


@dataclass(frozen=True)
class Closed:
    """One day that the run closed, with what its steps did, and how many days are still to come."""

    on: date
    counts: Counter[str]
    remaining: int


def catch_up(*, until: date) -> Iterator[Closed]:
    """Close every day that is over and not closed, up to and including `until`, in order.

    Yields nothing when another process is closing days at this moment, or when a day has to wait for its extracts.
    """
    with days.only_one() as mine:
        while mine and (on := days.next_open_day()) and on <= until:
            if not close(on):
                return
            counts: Counter[str] = Counter()
            for run in DayRun.objects.filter(on=on, status=RunStatus.DONE):
                counts.update({name: n for name, n in run.counts.items() if isinstance(n, int)})
            yield Closed(on, counts, (until - on).days)


def retry(on: date) -> int:
    """Judge the rows that a day set aside again, once their cause is mended; returns how many still fail."""
    policy = policy_on(on)
    with acting_as(job("close_of_day")):
        for sweep in (*SWEEPS, OUTLOOK):
            ids = look_again(on, sweep.step, lambda ids, sweep=sweep: sweep.work(on, policy, only=ids))  # type: ignore[misc]
            if sweep.step == FUNDS_STEP and ids:  # their loans' duties waited for the look at the funds
                loans = list(Loan.objects.filter(borrower__in=ids).values_list("pk", flat=True))
                for rule in RULES:
                    if isinstance(rule, FundsRule):
                        reconcile(rule, on=on, policy=policy, only=loans, not_before=days.go_live_on())
        for rule in RULES:
            step = f"duties:{rule.code}"
            aside = Quarantined.objects.filter(on=on, step=step, resolved_at__isnull=True)
            ids = list(aside.values_list("subject_id", flat=True))
            if ids:
                aside.update(attempts=0)
                reconcile(rule, on=on, policy=policy, step=step, only=ids, not_before=days.go_live_on())
    return Quarantined.objects.filter(on=on, resolved_at__isnull=True).count()


def tick(at: datetime) -> list[date]:
    """What the five-minute beat does: close whatever day is over and open, once its extracts are here.

    Before the policy hour a day without its extracts is left alone; after it, the steps that need none are run.
    """
    today = clock.local(at).date()
    yesterday = today - timedelta(days=1)
    on = days.next_open_day()
    if on is None or on > yesterday:
        return []
    hour = time.fromisoformat(str(policy_on(today).get("BASE", "extracts.policy_hour").value))
    if on == yesterday and clock.local(at).time() < hour and not days.facts_arrived(on):
        return []
    return [closed.on for closed in catch_up(until=yesterday)]

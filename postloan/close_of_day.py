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

from django.utils.translation import gettext_lazy as _

from core import audit, clock
from core.actor import acting_as, job
from core.obligations import catalogue
from core.parameters import Policy
from core.policy import policy_on
from workflow import measures, registry
from workflow.choices import RunStatus
from workflow.duties import Rule
from workflow.engine import reconcile
from workflow.models import DayRun, Quarantined
from workflow.registry import Preparation
from workflow.services import days, duties
from workflow.sweep import look_again

RECONCILED = audit.act("workflow.duties.reconciled", _("日终生成职责"))
ESCALATED = audit.act("workflow.duties.escalated", _("逾期升级"))

# The order of a day, by the steps of preparations and the codes of rules, in the order of the flow: who is drawn; what
# left, also in spite of a freeze, what it used, what the month was, what all that shows; what is owed; what is to come.
ORDER = (
    "samples", "payments", "frozen", "uses", "months", "signals", "funds",
    "GR-6.4.4", "GD-3.2", "GR-24", "GR-4",
    "GR-27", "GD-3.3", "GD-2", "GS-8", "GS-8/form", "GS-8b/head", "GS-8b/leader",
    "GR-28.1", "GR-28.2", "GR-28.3", "GR-28.4", "XF-2.3", "XF-2.3/collection",
    "FW-2.3.1", "GR-6.4.1b", "GR-6.4.2", "GR-6.4.3",
    "GR-21", "NX-4.2", "GR-21/share", "NX-4.3",
    "GR-19", "GR-26", "GR-22.1", "GR-22.2",
    "GR-23", "GR-23/report", "GR-23/manager_report", "GR-23/legal", "GR-23/frozen",
    "GR-20.2", "LS-3.1", "GR-20.1",
    "GR-6.4.1", "GR-35",
    "outlook",
)  # fmt: skip


class Day(NamedTuple):
    """A day that is closed: its policy, and the lender's first day, before which nothing is raised."""

    on: date
    policy: Policy
    not_before: date | None


def day_of(on: date) -> Day:
    """What every step of a day rests on, asked once."""
    return Day(on, policy_on(on), days.go_live_on())


Work = Callable[[Day, DayRun], dict[str, Any]]


class Step(NamedTuple):
    """One step of a day: its name as shown, whether it needs the day's extracts, and its work."""

    name: str
    label: str
    needs_facts: bool
    work: Work


def duties_of(rule: Rule) -> Work:
    """The work of the step that reconciles one rule."""

    def work(day: Day, run: DayRun) -> dict[str, Any]:
        progress = days.RunProgress(run)
        progress.blame(rule.subject)
        counts = reconcile(
            rule,
            on=day.on,
            policy=day.policy,
            step=run.step,
            progress=progress,
            not_before=day.not_before,
        )
        if any(counts.values()):
            audit.record(act=RECONCILED, subject=run, after=dict(counts))
        return dict(counts)

    return work


def prepared(preparation: Preparation) -> Work:
    """The work of the step that a preparation is."""

    def work(day: Day, run: DayRun) -> dict[str, Any]:
        progress = days.RunProgress(run)
        progress.blame(preparation.subject)
        counts = preparation.work(day.on, day.policy, progress)
        if preparation.act and any(counts.values()):
            audit.record(act=preparation.act, subject=run, after=dict(counts))
        return dict(counts)

    return work


PREPARATIONS = {name: one for name in ORDER if (one := registry.preparations().get(name))}
RULES = {name: registry.rules()[name] for name in ORDER if name not in PREPARATIONS}
if unordered := {*registry.preparations(), *registry.rules()} - set(ORDER):
    raise LookupError(f"not in ORDER, so no day would ever come to it: {sorted(unordered)}")


def step_of(name: str) -> Step:
    """The step of the day that a preparation or a rule is."""
    if preparation := PREPARATIONS.get(name):
        return Step(name, preparation.label, True, prepared(preparation))
    rule = RULES[name]
    return Step(f"duties:{name}", f"生成职责：{catalogue()[rule.obligation].duty}", True, duties_of(rule))


def _escalate(day: Day, run: DayRun) -> dict[str, Any]:
    climbed = duties.escalate(on=day.on, policy=day.policy)
    if climbed:
        audit.record(act=ESCALATED, subject=run, after={"escalated": climbed})
    return {"escalated": climbed}


def _measure(day: Day, run: DayRun) -> dict[str, Any]:
    return {"figures": measures.write(day.on)}


def _close(day: Day, run: DayRun) -> dict[str, Any]:
    return {}


STEPS: tuple[Step, ...] = (
    *map(step_of, ORDER),
    Step("escalation", "逾期升级", False, _escalate),
    Step("measures", "日度指标", True, _measure),
    Step(days.CLOSED, "日终完成", True, _close),
)


def close(on: date) -> bool:
    """Run every step of a day that can run; returns whether the day is closed now. The caller holds the lock."""
    facts, day = days.facts_arrived(on), day_of(on)
    with acting_as(job("close_of_day")):
        for step in STEPS:
            if step.needs_facts and not facts:
                days.wait_for_facts(on, step.name)
            else:
                days.run_step(on, step.name, lambda run, step=step: step.work(day, run))  # type: ignore[misc]
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
    on, policy, not_before = day_of(on)
    with acting_as(job("close_of_day")):
        for preparation in PREPARATIONS.values():
            mended = look_again(
                on,
                preparation.step,
                lambda ids, preparation=preparation: preparation.work(on, policy, only=ids),  # type: ignore[misc]
            )
            for rule in RULES.values():  # whose duties waited for it
                if mended and rule.prepared_by == preparation.step:
                    subjects = rule.of_borrowers(mended)
                    reconcile(rule, on=on, policy=policy, only=subjects, not_before=not_before)
        for rule in RULES.values():
            step = f"duties:{rule.code}"
            aside = Quarantined.objects.filter(on=on, step=step, resolved_at__isnull=True)
            ids = list(aside.values_list("subject_id", flat=True))
            if ids:
                aside.update(attempts=0)
                reconcile(rule, on=on, policy=policy, step=step, only=ids, not_before=not_before)
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

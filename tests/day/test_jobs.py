"""The beat and its jobs: the tick is due within five minutes of any start, and an event calls for its visit at once."""

from __future__ import annotations

import inspect
import multiprocessing
import os
import signal
from datetime import datetime, timedelta

import pytest
import time_machine
from celery.beat import Scheduler
from django.db import connections

from core import clock, outbox
from core.errors import Refused
from core.models import OutboxEntry
from credit.choices import EventKind
from credit.events.services import reason_not_to_reverse, record_event, reverse_event
from credit.models import RiskEvent
from inspections.duties import CorporateVisit
from postloan import close_of_day, jobs
from postloan.celery import app
from tests.conftest import build_cast
from tests.day.test_close_of_day import FIRST, applied
from workflow.models import Quarantined, WorkItem
from workflow.services import days


@pytest.mark.parametrize("hour", range(24))
def test_the_tick_is_due_within_five_minutes_of_a_start_at_any_hour(hour):
    start = datetime(2026, 11, 24, hour, 17, tzinfo=clock.SHANGHAI)
    with time_machine.travel(start, tick=False) as machine:
        scheduler = Scheduler(app, lazy=True)
        scheduler.setup_schedule()
        entry = scheduler.schedule["tick"]
        assert entry.task == "postloan.jobs.tick"
        assert entry.is_due().next <= 300
        machine.move_to(start + timedelta(minutes=5))
        assert entry.is_due().is_due


def test_every_beat_entry_names_a_job_and_binds_its_arguments():
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        job = app.tasks[entry["task"]]
        inspect.signature(job.run).bind(*entry.get("args", ()), **entry.get("kwargs", {}))


@pytest.mark.obligation("GR-28.3", clause="a")
def test_an_event_recorded_by_a_person_calls_for_its_visit_within_seconds_and_its_reversal_takes_it_back(
    cast, reference
):
    event = record_event(
        borrower=cast.borrower, kind=EventKind.STOPPAGE, effective_on=cast.today, detail="厂区停产",
        by=cast.cm, on=cast.today, at=clock.now(),
    )  # fmt: skip
    assert not WorkItem.objects.exists()
    assert jobs.deliver_outbox() == 1
    duty = WorkItem.objects.get()
    assert (duty.obligation, duty.period_key, duty.person) == ("GR-28.3", f"event:{event.pk}", cast.cm)
    assert jobs.deliver_outbox() == 0

    reverse_event(event=event, detail="登记有误", by=cast.risk, on=cast.today, at=clock.now())
    jobs.deliver_outbox()
    duty.refresh_from_db()
    assert duty.status == "VOID"


def test_the_tick_leaves_a_sign_of_life_and_survives_an_empty_lender(db, reference):
    assert jobs.tick() == []
    assert outbox.last_beat("tick") is not None
    assert not OutboxEntry.objects.filter(delivered_at__isnull=True).exists()


class Killing(CorporateVisit):
    """The rule, with one borrower that ends the process that judges it, as running out of memory would."""

    def judge(self, row, on, policy):
        if row.number == "C300001":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(row, on, policy)


def test_a_borrower_that_kills_the_worker_is_set_aside_after_three_attempts(own_database, monkeypatch):
    cast = build_cast()
    applied(FIRST)
    monkeypatch.setattr(
        close_of_day,
        "STEPS",
        tuple(
            step._replace(work=close_of_day.duties_of(Killing())) if step.name == "duties:GR-27" else step
            for step in close_of_day.STEPS
        ),
    )
    deaths = 0
    while not days.is_closed(FIRST):
        connections.close_all()
        child = multiprocessing.get_context("fork").Process(
            target=lambda: list(close_of_day.catch_up(until=FIRST))
        )
        child.start()
        child.join(60)
        deaths += child.exitcode == -signal.SIGKILL
        assert deaths <= 3
    aside = Quarantined.objects.get()
    assert (aside.subject_id, aside.cause) == (cast.other_borrower.pk, "处理该行时进程被终止")
    assert WorkItem.objects.filter(obligation="GR-27", subject_id=cast.borrower.pk).count() == 1


def test_an_event_is_not_taken_back_by_whoever_owes_its_visit_or_recorded_it_or_against_the_core(
    cast, reference
):
    def recorded(**fields):
        return RiskEvent.objects.create(
            borrower=cast.borrower, effective_on=cast.today, known_on=cast.today, detail="核实属实",
            recorded_at=clock.now(), **({"kind": EventKind.STOPPAGE, "recorded_by": cast.risk.username} | fields),
        )  # fmt: skip

    by_risk = recorded()
    assert reason_not_to_reverse(by_risk, cast.cm) == "冲正会撤销检查任务，须由部门负责人或风险线办理。"
    assert reason_not_to_reverse(by_risk, cast.risk).startswith("自己登记的事项不能自己冲正")
    assert reason_not_to_reverse(by_risk, cast.head) == ""
    derived = recorded(
        kind=EventKind.DOWNGRADE, reference="downgrade:JJ2026-0101:2026-11-24", recorded_by="system:import"
    )
    with pytest.raises(Refused, match="由核心系统数据得出"):
        reverse_event(event=derived, detail="不算", by=cast.head, on=cast.today, at=clock.now())

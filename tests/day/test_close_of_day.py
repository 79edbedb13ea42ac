"""The close of day: in order, once, and as it would have been closed then."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from core import clock, sealing
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.choices import EventKind, RiskClass
from credit.models import RiskEvent
from postloan import close_of_day
from tests import factories
from workflow.choices import RunStatus
from workflow.models import DailyMeasure, DayRun, Escalation, WorkItem
from workflow.services import days

pytestmark = pytest.mark.usefixtures("reference")
FIRST = date(
    2026, 9, 30
)  # a quarter ends, 国庆 follows: due dates and rungs of the ladder all move in these days


def applied(on: date) -> None:
    ImportBatch.objects.create(
        profile="native", as_of=on, known_on=on, status=ImportStatus.APPLIED,
        received_at=clock.now(), received_by="1012", finished_at=clock.now(),
    )  # fmt: skip


def facts(cast, on: date) -> None:
    """What the extracts of each day bring."""
    match on:
        case date(year=2026, month=10, day=1):
            factories.make_class(cast.loan, RiskClass.SUBSTANDARD, effective_on=on)
            happened(cast.borrower, EventKind.DOWNGRADE, on)
        case date(year=2026, month=10, day=2):
            factories.make_class(cast.personal_loan, RiskClass.SPECIAL_MENTION, effective_on=on)
        case date(year=2026, month=10, day=3):
            happened(cast.other_borrower, EventKind.STOPPAGE, on)
        case date(year=2026, month=10, day=4):
            factories.make_reading(cast.loan, effective_on=on, balance=Decimal("0"))
    applied(on)


def happened(borrower, kind: EventKind, on: date) -> None:
    RiskEvent.objects.create(
        borrower=borrower, kind=kind, effective_on=on, known_on=on, detail="核实属实",
        reference=f"{kind}:{on}", recorded_by="core", recorded_at=clock.now(),
    )  # fmt: skip


def canonical() -> str:
    """Duties, rungs, figures and days, without ids and without the instants of writing."""
    keys = {f"event:{event.pk}": event.reference for event in RiskEvent.objects.all()}
    duties = [
        {
            name: str(getattr(item, name))
            for name in (
                "obligation", "subject_id", "kind", "borrower_name", "unit_id", "person_id", "raised_on",
                "counts_from", "due_on", "reason", "status", "closed_on", "closed_by", "close_reason",
            )
        } | {"period": keys.get(item.period_key, item.period_key)}
        for item in WorkItem.objects.all()
    ]  # fmt: skip
    rungs = list(
        Escalation.objects.values_list(
            "work_item__obligation", "work_item__borrower_name", "rung", "role", "person__username", "on"
        )
    )
    figures = list(DailyMeasure.objects.values_list("on", "unit", "post", "obligation", "measure", "value"))
    runs = list(DayRun.objects.values_list("on", "step", "status"))
    return json.dumps(
        [sorted(duties, key=str), *(sorted(map(str, rows)) for rows in (rungs, figures, runs))], indent=1
    )


def tick(on: date) -> list[date]:
    """The beat's tick at six in the evening of a day."""
    at = datetime(on.year, on.month, on.day, 18, tzinfo=clock.SHANGHAI)
    with clock.travelling_to(at):
        return close_of_day.tick(at)


def test_five_missed_days_are_closed_one_by_one_as_they_would_have_been_then(cast):
    all_days = [FIRST + timedelta(days=n) for n in range(6)]

    daily = transaction.savepoint()
    for on in all_days:
        facts(cast, on)
        assert tick(on + timedelta(days=1)) == [on]
    world_a = canonical()
    transaction.savepoint_rollback(daily)

    for on in all_days:
        facts(cast, on)
    assert tick(all_days[-1] + timedelta(days=1)) == all_days
    assert canonical() == world_a

    # The story by hand, so that two equal mistakes do not pass for a proof.
    late = WorkItem.objects.get(obligation="GR-27", subject_id=cast.other_borrower.pk, period_key="2026Q3")
    assert (late.due_on, late.raised_on) == (date(2026, 9, 30), FIRST)
    assert list(late.escalations.values_list("rung", "role", "person__username", "on")) == [
        (1, "CUSTOMER_HEAD", "2002", date(2026, 10, 1)),
        (
            2,
            "RISK_HEAD",
            None,
            date(2026, 10, 5),
        ),  # the other branch has no head of risk: the rung waits for one
    ]
    visit = WorkItem.objects.get(obligation="GR-28.1")
    assert (visit.due_on, visit.status, visit.closed_on) == (date(2026, 10, 10), "VOID", date(2026, 10, 4))
    figures = DailyMeasure.objects.filter(unit=cast.corporate, obligation="GR-27").values_list(
        "measure", "value"
    )
    due_today = {"raised": 1, "fell_due": 1, "open": 1, "quarter_due": 1}  # and not late
    assert dict(figures.filter(on=FIRST)) == due_today
    assert dict(figures.filter(on=date(2026, 10, 1))) == {"raised": 1, "open": 2, "late": 1}
    assert dict(figures.filter(on=date(2026, 10, 4))) == {"void": 2}  # repaid: nothing is owed any more


def test_a_second_tick_does_nothing_and_a_day_that_is_not_over_is_not_closed(cast):
    facts(cast, FIRST)
    assert tick(FIRST) == []
    assert tick(FIRST + timedelta(days=1)) == [FIRST]
    before = canonical()
    assert tick(FIRST + timedelta(days=1)) == []
    assert canonical() == before


def test_a_day_waits_for_its_extracts_and_the_steps_that_need_none_run(cast, expecting_extracts):
    applied(FIRST)
    assert tick(FIRST + timedelta(days=1)) == [FIRST]
    missing = FIRST + timedelta(days=1)
    assert tick(missing + timedelta(days=1)) == []
    states = dict(DayRun.objects.filter(on=missing).values_list("step", "status"))
    assert states["duties:GR-27"] == RunStatus.WAITING
    assert states["escalation"] == RunStatus.DONE
    assert not days.is_closed(missing)
    with clock.travelling_to(missing + timedelta(days=1)):
        assert days.day_state(missing + timedelta(days=1)).text == "10-01 等待数据"
    applied(missing)
    assert tick(missing + timedelta(days=1)) == [missing]


def test_before_the_policy_hour_a_day_without_extracts_is_left_alone(cast, expecting_extracts):
    applied(FIRST)
    tick(FIRST + timedelta(days=1))
    early = datetime(2026, 10, 2, 5, 59, tzinfo=clock.SHANGHAI)
    with clock.travelling_to(early):
        assert close_of_day.tick(early) == []
    assert not DayRun.objects.filter(on=date(2026, 10, 1)).exists()


def test_nobody_closes_while_somebody_else_does(cast):
    facts(cast, FIRST)
    with days.only_one() as mine:
        assert mine
        assert tick(FIRST + timedelta(days=1)) == []
    assert tick(FIRST + timedelta(days=1)) == [FIRST]


def test_a_failed_step_is_kept_with_its_cause_and_taken_up_again(cast, monkeypatch):
    facts(cast, FIRST)
    real = close_of_day.measures.write
    monkeypatch.setattr(close_of_day.measures, "write", lambda on: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tick(FIRST + timedelta(days=1))
    run = DayRun.objects.get(on=FIRST, step="measures")
    assert (run.status, run.error) == (RunStatus.FAILED, "ZeroDivisionError: division by zero")
    monkeypatch.setattr(close_of_day.measures, "write", real)
    assert tick(FIRST + timedelta(days=1)) == [FIRST]
    run.refresh_from_db()
    assert (run.status, run.attempts) == (RunStatus.DONE, 2)


def test_a_row_that_kills_its_process_is_quarantined_at_the_third_attempt(cast):
    # What a killed process leaves: the step running, with the set that it held.
    facts(cast, FIRST)
    DayRun.objects.create(
        on=FIRST, step="duties:GR-27", status=RunStatus.RUNNING, attempts=2,
        counts={"in_hand": [cast.other_borrower.pk]},
    )  # fmt: skip
    tick(FIRST + timedelta(days=1))
    assert days.is_closed(FIRST)
    assert WorkItem.objects.filter(obligation="GR-27", subject_id=cast.borrower.pk).exists()
    assert not WorkItem.objects.filter(obligation="GR-27", subject_id=cast.other_borrower.pk).exists()

    # Mended, it is judged again for its day, although the day is closed.
    assert close_of_day.retry(FIRST) == 0
    assert WorkItem.objects.get(obligation="GR-27", subject_id=cast.other_borrower.pk).raised_on == FIRST


def test_by_hand_a_day_that_is_not_over_is_refused_with_a_sentence(cast):
    facts(cast, FIRST)
    with clock.travelling_to(FIRST), pytest.raises(CommandError, match="2026-09-30 还没有过完"):
        call_command("close_of_day", "--on", "2026-09-30")
    with clock.travelling_to(FIRST + timedelta(days=2)):
        call_command("close_of_day", "--on", "2026-09-30")
        assert [anchor.at[:10] for anchor in sealing.known_anchors()] == ["2026-10-02"]
    assert days.last_closed_day() == FIRST

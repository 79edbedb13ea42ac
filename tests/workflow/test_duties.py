"""Duties: handed in, discharged, waived, handed over; and what the database itself refuses of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Post
from core import clock
from core.errors import Conflict, Refused
from core.models import AuditEntry
from core.policy import policy_on
from inspections.models import SiteInspection
from tests import factories
from workflow import registry
from workflow.choices import DutyStatus
from workflow.models import DailyMeasure, DayRun, Document, Escalation, Quarantined, WorkItem
from workflow.services import duties

ON = date(2026, 11, 24)
THEN = "2026-11-24T08:00:00Z"


@pytest.fixture
def duty(cast) -> WorkItem:
    return factories.make_duty(
        cast.cm,
        cast.corporate,
        borrower=cast.borrower,
        counts_from=date(2026, 10, 30),
        due_on=date(2026, 11, 20),
    )


@pytest.fixture
def document(cast) -> Document:
    return Document.objects.create(
        form="site_inspection", form_version=1, number="JC-2026-11-0001", subject_kind="BORROWER",
        subject_id=cast.borrower.pk, borrower_number=cast.borrower.number, borrower_name=cast.borrower.name,
        unit=cast.corporate, author=cast.cm, created_on=ON, saved_at=THEN,
    )  # fmt: skip


def satisfied(document: Document, done_on: date) -> list[WorkItem]:
    document.content = {"inspected_on": done_on.isoformat()}
    return list(registry.discharged_by(document))


def test_evidence_of_a_day_before_the_duty_counts_does_not_satisfy_it(duty, document):
    assert satisfied(document, date(2026, 10, 29)) == []
    assert satisfied(document, date(2026, 10, 30)) == [duty]


def test_what_was_handed_in_by_its_day_is_not_late_and_what_comes_back_is_again(cast, duty, document):
    assert list(WorkItem.objects.overdue(ON)) == [duty]
    duties.hand_in(document=document, items=WorkItem.objects.all(), on=date(2026, 11, 20))
    assert list(WorkItem.objects.overdue(ON)) == []
    duties.take_back(document=document)
    assert list(WorkItem.objects.overdue(ON)) == [duty]
    duties.hand_in(document=document, items=WorkItem.objects.all(), on=date(2026, 11, 21))  # a day too late
    assert list(WorkItem.objects.overdue(ON)) == [duty]


def test_a_duty_is_discharged_once_and_says_by_what_and_when(cast, duty, document):
    duties.discharge(
        items=[duty], document=document, done_on=date(2026, 11, 19), by="1008", on=ON, at=clock.now()
    )
    done = WorkItem.objects.get()
    assert (done.status, done.done_on, done.closed_on, done.closed_by) == (
        DutyStatus.DONE, date(2026, 11, 19), ON, "1008",
    )  # fmt: skip
    assert AuditEntry.objects.get(act="workflow.duty.done").borrower_number == cast.borrower.number
    with pytest.raises(Conflict):  # held since before by another window
        duties.discharge(items=[duty], document=document, done_on=ON, by="1008", on=ON, at=clock.now())


def test_a_duty_is_let_go_only_by_the_head_of_its_own_line_or_the_president_with_a_reason(cast, duty):
    def waive(by, reason="客户搬迁，下季补查"):
        return duties.waive(item=duty, by=by, reason=reason, on=ON, at=clock.now())

    for somebody in (cast.cm, cast.cm2, cast.risk, cast.risk_head, cast.auditor, cast.admin):
        with pytest.raises(Refused):
            waive(somebody)
    with pytest.raises(Refused, match="请写明免办理由"):
        waive(cast.head, "  ")
    assert waive(cast.head).status == DutyStatus.WAIVED
    with pytest.raises(Conflict):
        waive(cast.president)


def test_nobody_lets_their_own_duty_go(cast):
    own = factories.make_duty(cast.head, cast.corporate, borrower=cast.borrower)
    with pytest.raises(Refused, match="不能批准免办自己的职责"):
        duties.waive(item=own, by=cast.head, reason="忙", on=ON, at=clock.now())


@pytest.mark.obligation("GR-3", clause="a")
def test_duties_are_handed_over_on_the_same_line_only(cast, duty):
    with pytest.raises(Refused, match="属于客户线，不能移交给孙磊"):
        duties.reassign(items=WorkItem.objects.all(), to=cast.risk, by=cast.head, reason="休假")
    assert duties.reassign(items=WorkItem.objects.all(), to=cast.cm2, by=cast.head, reason="休假") == 1
    assert WorkItem.objects.get().person == cast.cm2
    assert AuditEntry.objects.get(act="workflow.duty.reassigned").note == "休假"


def test_a_late_duty_climbs_each_rung_of_its_ladder_once(cast, duty, reference):
    from_policy = [(1, "CUSTOMER_HEAD"), (5, "RISK_HEAD"), (10, "PRESIDENT")]
    assert [(days, str(role)) for days, role in duties.ladder(cast.cm.line, _policy())] == from_policy
    # Due on 11-20: the head on 11-21, the risk head on 11-25, the president on 11-30.
    for late in range(12):
        on = date(2026, 11, 20) + timedelta(days=late)
        duties.escalate(on=on, policy=_policy())
        duties.escalate(on=on, policy=_policy())
    assert list(duty.escalations.values_list("rung", "role", "person__username", "on")) == [
        (1, "CUSTOMER_HEAD", "1004", date(2026, 11, 21)),
        (2, "RISK_HEAD", "1007", date(2026, 11, 25)),
        (3, "PRESIDENT", "1008", date(2026, 11, 30)),
    ]


def _policy():
    return policy_on(ON)


def _change(**fields):
    return lambda c: WorkItem.objects.update(**fields)


VIOLATIONS = {
    "a_closed_duty_says_when_and_by_whom": _change(status="VOID", close_reason="不再需要"),
    "a_done_duty_says_when_it_was_done": _change(status="DONE", closed_on=ON, closed_at=THEN, closed_by="1008"),
    "a_duty_is_not_dropped_without_a_reason": _change(
        status="VOID", closed_on=ON, closed_at=THEN, closed_by="1008"
    ),
    "a_duty_can_be_done_before_it_is_due": _change(counts_from=date(2026, 11, 21)),
    "a_rung_is_climbed_once": lambda c: [
        Escalation.objects.create(work_item=c.duty, rung=1, role="CUSTOMER_HEAD", on=ON) for _ in "12"
    ],
    "a_step_of_a_day_is_run_once": lambda c: [DayRun.objects.create(on=ON, step="measures") for _ in "12"],
    "a_finished_step_says_when": lambda c: DayRun.objects.create(on=ON, step="measures", status="DONE"),
    "a_row_is_quarantined_once_per_step": lambda c: [
        Quarantined.objects.create(on=ON, step="s", subject_kind="LOAN", subject_id=1, cause="坏") for _ in "12"
    ],
    "a_figure_of_a_day_stands_once": lambda c: [
        DailyMeasure.objects.create(
            on=ON, unit=c.corporate, post="CUSTOMER_MANAGER", obligation="GR-27", measure="late", value=Decimal(1)
        )
        for _ in "12"
    ],
    "a_post_ends_after_it_begins": lambda c: factories.make_post(
        c.cm, "CUSTOMER_MANAGER", c.personal, from_on=ON, to_on=ON - timedelta(days=1)
    ),
    "a_post_is_entered_once": lambda c: [
        factories.make_post(c.cm, "CUSTOMER_MANAGER", c.personal, from_on=ON) for _ in "12"
    ],
    "principal_is_not_a_post": lambda c: Post.objects.create(
        person=c.president, unit=c.br1, role="PRINCIPAL", from_on=ON
    ),
    "a_visit_proposes_a_class": lambda c: SiteInspection.objects.create(
        document=c.document, borrower=c.borrower, inspected_on=ON, proposed_class="BEST",
        next_frequency="每季一次", overall="正常", known_on=ON,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(cast, duty, document, name):
    cast.duty, cast.document = duty, document
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        VIOLATIONS[name](cast)

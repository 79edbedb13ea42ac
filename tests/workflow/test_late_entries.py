"""Entered afterwards (补录, 第五条): declared by the author, consented to by the head, counted apart."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.models import Deputy, Post, User
from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from tests import factories
from tests.workflow.late import ON, REASON, Work
from workflow import measures
from workflow.choices import DocumentStatus, DutyStatus
from workflow.documents import paper
from workflow.models import DailyMeasure, LateEntry
from workflow.pages import editing
from workflow.rules import days_late
from workflow.selectors import consents_waiting_for
from workflow.services import documents, late_entries, signatures


@pytest.fixture
def work(cast: SimpleNamespace, reference: Any) -> Work:
    return Work(cast)


# --- the gate -------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-5", clause="ab")
def test_work_told_more_than_ten_days_afterwards_is_signed_only_with_its_day_its_reason_and_the_heads_consent(
    work: Work, cast: SimpleNamespace
) -> None:
    # 2026-11-24 less 10 days is 11-14: still told in time; 11-13 is not.
    assert work.submit(work.draft(date(2026, 11, 14))).status == DocumentStatus.LOCKED
    document = work.draft(date(2026, 11, 13))
    with pytest.raises(Invalid, match="2026-11-13 距今超过 10 天，须按补录办理：填写补录原因并请负责人同意"):
        work.submit(document)
    with pytest.raises(Invalid, match="请写明补录原因"):
        work.request(document, date(2026, 11, 13), reason="  ")
    late = work.request(document, date(2026, 11, 13))
    with pytest.raises(Invalid, match="补录须先经客户部门负责人赵强同意"):
        work.submit(document)
    work.refuse(late, cast.head)
    with pytest.raises(Invalid, match="赵强不同意补录：原因不清楚。请补充原因后重新申请"):
        work.submit(document)
    late = work.request(document, date(2026, 11, 13), reason="机房检修两周，附检修通知")
    work.consent(late, cast.head)
    document = work.submit(document)
    assert document.status == DocumentStatus.LOCKED
    duty = document.work_items.get()
    assert (duty.status, duty.done_on, duty.late_entry) == (DutyStatus.DONE, date(2026, 11, 13), True)
    assert signatures.verify(document) == []


@pytest.mark.obligation("GR-5", clause="b")
def test_a_late_entry_may_be_declared_whatever_the_days_and_then_needs_consent(
    work: Work, cast: SimpleNamespace
) -> None:
    document = work.draft(ON)
    late = work.request(document, date(2026, 11, 23))
    with pytest.raises(Invalid, match="补录须先经"):
        work.submit(document)
    work.consent(late, cast.head)
    assert work.submit(document).work_items.get().late_entry


def test_the_forms_own_day_follows_the_declared_one_and_may_not_leave_it(
    work: Work, cast: SimpleNamespace
) -> None:
    document = work.draft(ON)
    late = work.request(document, date(2026, 11, 3))
    document.refresh_from_db()
    assert document.content["done_on"] == "2026-11-03"
    work.consent(late, cast.head)
    document = work.save(document, {"done_on": "2026-11-04"})
    with pytest.raises(Invalid, match="表内日期 2026-11-04 与补录的实际日期 2026-11-03 不一致"):
        work.submit(document)


def test_a_typed_hour_stays_where_the_day_of_a_visit_follows(cast: SimpleNamespace, reference: Any) -> None:
    duty = factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower, counts_from=date(2026, 10, 1))
    document = editing.start_from(duty, user=cast.cm, on=ON)
    Work.request(document, date(2026, 11, 3))
    document.refresh_from_db()
    assert not document.content.get("inspected_at")  # an hour that nobody gave is not invented
    Work.save(document, {"inspected_at": "2026-11-24T09:40", "inspected_on": "2026-11-24"})
    late_entries.withdraw(document=document, by=cast.cm)
    Work.request(document, date(2026, 11, 3))
    document.refresh_from_db()
    assert document.content["inspected_at"] == "2026-11-03T09:40"
    assert document.content["inspected_on"] == "2026-11-03"


@pytest.mark.obligation("GR-5", clause="d")
@pytest.mark.parametrize(
    ("actual_on", "sentence"),
    [
        (date(2026, 11, 25), "实际日期晚于今天"),
        # The duty counts evidence from 10-01 on.
        (date(2026, 9, 30), "实际日期 2026-09-30 早于所办职责的起计日 2026-10-01"),
    ],
)
def test_a_day_on_which_it_cannot_have_been_done_is_refused(
    work: Work, actual_on: date, sentence: str
) -> None:
    document = work.draft(ON)
    with pytest.raises(Invalid, match=sentence):
        work.request(document, actual_on)
    assert not LateEntry.objects.exists()


def test_what_was_handed_in_in_time_and_came_back_is_not_late_for_that(work: Work) -> None:
    # 第一次提交 11-24, 退回后 12-20 再交: 从第一次算.
    day, first = date(2026, 11, 20), date(2026, 11, 24)
    assert days_late(day, first_handed_in_on=None, on=date(2026, 12, 20)) == 30
    assert days_late(day, first_handed_in_on=first, on=date(2026, 12, 20)) == 4
    # What was done only after the first handing in counts from its own telling.
    assert days_late(date(2026, 12, 1), first_handed_in_on=first, on=date(2026, 12, 20)) == 19
    document = work.submit(work.draft(day))
    work.duty(borrower=work.cast.borrower)  # who owes something of the customer may correct
    correction = documents.revise(document=document, by=document.author, on=date(2026, 12, 20))
    assert late_entries.gap_of(correction, on=date(2026, 12, 20)) is None
    correction = work.save(correction, {"done_on": "2026-11-10"})  # 14 days before the first handing in
    assert late_entries.gap_of(correction, on=date(2026, 12, 20)) is not None


# --- who asks and who decides ---------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-5", clause="b")
def test_only_the_head_of_the_authors_own_department_consents(work: Work, cast: SimpleNamespace) -> None:
    late = work.request(work.draft(date(2026, 11, 3)), date(2026, 11, 3))
    for somebody in (cast.cm2, cast.head_personal, cast.other_head, cast.risk_head, cast.vp, cast.president):
        with pytest.raises(Refused, match="这项补录应由客户部门负责人赵强决定"):
            work.consent(late, somebody)
        assert consents_waiting_for(somebody, ON) == []
    with pytest.raises(Refused, match="不能同意自己的补录"):
        work.consent(late, cast.cm)
    assert consents_waiting_for(cast.head, ON) == [late]
    work.consent(late, cast.head, remark="属实")
    assert consents_waiting_for(cast.head, ON) == []
    with pytest.raises(Conflict, match="已经处理过"):
        work.refuse(late, cast.head)


@pytest.mark.parametrize(
    ("author", "unit", "gone", "decides"),
    [
        ("cm", "corporate", (), "head"),
        ("cm", "corporate", ("head",), "vp"),  # vacant: the vice-president
        ("cm", "corporate", ("head", "vp"), "president"),
        ("head", "corporate", (), "vp"),  # nobody over their own work
        ("risk", "risk_dept", (), "risk_head"),
        ("risk", "br1", (), "risk_head"),
        ("risk_head", "risk_dept", (), "vp"),
        ("vp", "br1", (), "president"),
        ("president", "br1", (), "vp"),
        ("accountant", "br1", (), "vp"),
    ],
)
def test_the_consent_moves_up_where_the_author_is_the_head_or_the_post_is_vacant(
    work: Work, cast: SimpleNamespace, author: str, unit: str, gone: tuple[str, ...], decides: str
) -> None:
    Post.objects.filter(person__in=[cast.people[who] for who in gone]).update(to_on=date(2026, 10, 31))
    by = cast.people[author]
    late = work.request(work.draft(date(2026, 11, 3), by=by, unit=getattr(cast, unit)), date(2026, 11, 3))
    deciders = [who for who, person in cast.people.items() if late in consents_waiting_for(person, ON)]
    assert deciders == [decides]
    work.consent(late, cast.people[decides])


def test_where_nobody_is_left_to_consent_the_sentence_says_so(work: Work, cast: SimpleNamespace) -> None:
    document = work.draft(date(2026, 11, 3))
    Post.objects.filter(person__in=[cast.head, cast.vp, cast.president]).update(to_on=date(2026, 10, 31))
    work.request(document, date(2026, 11, 3))
    gap = late_entries.gap_of(document, on=ON)
    assert gap is not None and "现缺岗，请先设置岗位" in gap.sentence


def test_the_deputy_of_a_head_on_leave_consents_with_both_names_but_not_to_their_own(
    work: Work, cast: SimpleNamespace
) -> None:
    Deputy.objects.create(person=cast.head, deputy=cast.cm2, from_on=ON, to_on=ON)
    mine = work.request(work.draft(date(2026, 11, 3)), date(2026, 11, 3))
    own = work.request(work.draft(date(2026, 11, 3), by=cast.cm2), date(2026, 11, 3))
    deputy = User.objects.get(pk=cast.cm2.pk)
    assert consents_waiting_for(deputy, ON) == [mine]
    with pytest.raises(Refused, match="不能同意自己的补录"):
        work.consent(own, deputy)
    work.consent(mine, deputy)
    assert AuditEntry.objects.get(act="workflow.late_entry.granted").on_behalf_of == cast.head.username


def test_only_the_author_declares_a_draft_late_and_takes_it_back(work: Work, cast: SimpleNamespace) -> None:
    document = work.draft(date(2026, 11, 3))
    with pytest.raises(Refused, match="只有经办人张明可以申请补录"):
        work.request(document, date(2026, 11, 3), by=cast.cm2)
    late = work.request(document, date(2026, 11, 3))
    with pytest.raises(Conflict, match="正在等负责人同意；要改请先撤回"):
        work.request(document, date(2026, 11, 4))
    late_entries.withdraw(document=document, by=cast.cm)
    with pytest.raises(Conflict, match="经办人已撤回"):
        work.consent(late, cast.head)
    with pytest.raises(Conflict, match="没有待同意的补录"):
        late_entries.withdraw(document=document, by=cast.cm)
    work.consent(work.request(document, date(2026, 11, 3)), cast.head)
    with pytest.raises(Conflict, match="补录已获同意，不能再改"):
        work.request(document, date(2026, 11, 4))
    with pytest.raises(Conflict, match="没有待同意的补录"):
        late_entries.withdraw(document=document, by=cast.cm)
    with pytest.raises(Conflict, match="不能再改"):
        work.request(work.submit(document), date(2026, 11, 3))


def test_a_refusal_says_why_and_is_asked_again_only_with_more(work: Work, cast: SimpleNamespace) -> None:
    document = work.draft(date(2026, 11, 3))
    late = work.request(document, date(2026, 11, 3))
    with pytest.raises(Invalid, match="不同意时请写明意见"):
        work.refuse(late, cast.head, remark=" ")
    work.refuse(late, cast.head)
    with pytest.raises(Invalid, match="请补充说明后再申请"):
        work.request(document, date(2026, 11, 3))
    late = work.request(document, date(2026, 11, 3), reason="附检修通知")
    assert (late.status, late.remark, late.decided_by) == ("PENDING", "", None)
    told = list(
        AuditEntry.objects.filter(act__startswith="workflow.late_entry")
        .order_by("pk")
        .values_list("act", "note")
    )
    assert told == [
        ("workflow.late_entry.requested", ""),
        ("workflow.late_entry.refused", "原因不清楚"),
        ("workflow.late_entry.requested", ""),
    ]


def test_of_a_draft_that_was_thrown_away_no_consent_is_asked(work: Work, cast: SimpleNamespace) -> None:
    late = work.request(work.draft(date(2026, 11, 3)), date(2026, 11, 3))
    documents.discard(document=late.document, by=cast.cm, on=ON, reason="重复")
    assert consents_waiting_for(cast.head, ON) == []
    with pytest.raises(Conflict, match="已经处理过"):
        work.consent(late, cast.head)


# --- counted apart --------------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-5", clause="e")
def test_what_was_entered_afterwards_counts_apart_and_by_its_real_day(
    work: Work, cast: SimpleNamespace
) -> None:
    def entered(actual_on: date) -> None:
        document = work.draft(actual_on)
        work.consent(work.request(document, actual_on), cast.head)
        work.submit(document)

    work.submit(work.draft(date(2026, 11, 20)))  # due 11-20, told in time: in time
    work.submit(work.draft(date(2026, 11, 21)))  # a day late
    for actual_on in (date(2026, 11, 5), date(2026, 11, 20), date(2026, 11, 22)):  # two in time, one not
        entered(actual_on)
    measures.write(ON)
    figures = dict(DailyMeasure.objects.filter(obligation="FW-2.3.1").values_list("measure", "value"))
    assert {name: int(figures[name]) for name in ("done", "done_in_time", "late_entry", "late_entry_in_time")} == {
        "done": 5, "done_in_time": 1, "late_entry": 3, "late_entry_in_time": 2,
    }  # fmt: skip


def test_the_printout_and_the_page_say_that_it_was_entered_afterwards(
    work: Work, cast: SimpleNamespace
) -> None:
    document = work.draft(date(2026, 11, 3))
    work.consent(work.request(document, date(2026, 11, 3)), cast.head, remark="属实")
    document = work.submit(document)
    shown = paper.paper_of(document)["late_entry"]
    assert (shown.actual_on, shown.reason, shown.decided_by) == (date(2026, 11, 3), REASON, cast.head)
    client = Client()
    client.force_login(cast.risk)
    page = client.get(f"/documents/{document.pk}/").content.decode()
    assert "补录" in page and "2026-11-03" in page and REASON in page and "赵强" in page
    borrower = client.get(f"/borrowers/{cast.borrower.number}/").content.decode()
    assert borrower.count('<span class="chip">补录</span>') == 1  # the duty
    assert f'title="{REASON}">补录' in borrower  # the document

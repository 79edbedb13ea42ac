"""A paper is about a matter: who comes second is told by number, and a duty's link stays where a paper answers it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.test import Client

from accounts.models import User
from core import clock
from core.errors import Conflict, Invalid
from core.models import AuditEntry
from tests.conftest import build_cast
from tests.factories import make_duty
from tests.workflow import raw
from tests.workflow.conftest import NOTE_DUTY, Desk, open_desk
from tests.workflow.late import ON, Work
from tests.workflow.test_states import DOCUMENTS
from workflow import registry
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem
from workflow.services import documents

DAY = date(2026, 11, 24)
KEY = "2026Q4"  # of the duty, and so the matter of its paper
ELSEWHERE = "钱已付出，不能另起新版；请另填一份。"


@pytest.fixture
def duty(cast: SimpleNamespace) -> WorkItem:
    """A duty that the small form discharges."""
    return make_duty(cast.cm, cast.corporate, borrower=cast.borrower, kind=NOTE_DUTY)


@pytest.fixture
def one_a_matter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk at work on a form of which each matter has one paper."""
    monkeypatch.setattr(type(registry.form("test_note")), "one_a_matter", True)
    return desk


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def link(duty: WorkItem) -> Document | None:
    duty.refresh_from_db()
    return duty.document


# --- one paper a matter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bring", "state"), [("submitted", "待签字"), ("locked", "已锁定归档")])
def test_a_second_paper_of_a_matter_is_refused_by_number_once_one_is_signed(
    one_a_matter: Desk, cast: SimpleNamespace, bring: str, state: str
) -> None:
    desk = one_a_matter
    second = desk.draft(by=cast.cm2, matter=KEY)
    first = getattr(desk, bring)(matter=KEY)
    assert first.get_status_display() == state
    with pytest.raises(Conflict, match=f"同一事项的“测试记录”{first.number} {state}，不能再交一份"):
        desk.submit(second)
    assert desk.again(second).status == DocumentStatus.DRAFT
    assert not second.chains.exists()


def test_another_matter_of_the_same_subject_is_not_in_the_way(one_a_matter: Desk) -> None:
    one_a_matter.locked(matter=KEY)
    assert one_a_matter.locked(matter="2027Q1").status == DocumentStatus.LOCKED


def test_a_form_that_does_not_say_so_takes_a_second_paper(desk: Desk) -> None:
    desk.locked(matter=KEY)
    assert desk.locked(matter=KEY).status == DocumentStatus.LOCKED


def test_a_correction_is_no_second_paper(one_a_matter: Desk, cast: SimpleNamespace) -> None:
    desk = one_a_matter
    old = desk.locked(matter=KEY)
    new = documents.revise(document=old, by=cast.cm, on=cast.today)
    assert new.matter == KEY
    desk.submit(desk.save(new, {"finding": "二号车间停产"}))
    desk.sign(desk.step(new, 2), cast.head)
    desk.sign(desk.step(new, 3), cast.president)
    assert (desk.again(new).status, desk.again(old).status) == ("LOCKED", "SUPERSEDED")


@pytest.fixture
def busy_desk(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in a database of its own, on a form of which each matter has one paper."""
    with clock.travelling_to(DAY):
        desk = open_desk(build_cast(), monkeypatch)
        monkeypatch.setattr(type(registry.form("test_note")), "one_a_matter", True)
        yield desk


def test_of_two_that_submit_at_once_one_is_refused(busy_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cast, gate, came = busy_desk.cast, threading.Barrier(2, timeout=20), threading.Barrier(2)
    papers = [busy_desk.draft(by=person, matter=KEY) for person in (cast.cm, cast.cm2)]
    told: list[str] = []
    form = type(registry.form("test_note"))

    def check(*_: Any, **__: Any) -> None:
        """After it was found to be the only one: wait for the other, who must not get here meanwhile."""
        with suppress(threading.BrokenBarrierError):
            came.wait(timeout=1)

    monkeypatch.setattr(form, "check", check)

    def submit(paper: Document) -> None:
        try:
            with clock.travelling_to(DAY):
                gate.wait()
                busy_desk.submit(paper)
            told.append("submitted")
        except Conflict as refusal:
            told.append("refused" if "不能再交一份" in str(refusal) else str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit, args=(paper,)) for paper in papers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(told) == {"submitted": 1, "refused": 1}
    assert Counter(Document.objects.values_list("status", flat=True)) == {"SIGNING": 1, "DRAFT": 1}


# --- a colleague's draft ---------------------------------------------------------------------------------------------


def test_whoever_opens_a_duty_that_a_colleague_has_begun_is_told_and_may_begin_one_beside(
    desk: Desk, cast: SimpleNamespace, duty: WorkItem
) -> None:
    theirs = desk.draft(duty=duty, matter=KEY)
    head, where = client_of(cast.head), f"/documents/start/{duty.pk}/"
    told = f"张明已在填写 {theirs.number}"
    for answer, status in ((head.get(where), 200), (head.post(where), 409)):
        assert (answer.status_code, told in answer.content.decode()) == (status, True)
        assert 'name="beside" value="1"' in answer.content.decode()
    assert Document.objects.get() == theirs

    answer = head.post(where, {"beside": "1"})
    mine = Document.objects.get(author=cast.head)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/documents/{mine.pk}/edit/")
    assert (mine.matter, link(duty)) == (KEY, theirs)
    # Their own draft is opened again without a question.
    assert head.post(where).headers["Location"] == f"/documents/{mine.pk}/edit/"
    assert link(duty) == theirs


def test_whoever_of_two_submits_first_has_the_duty(desk: Desk, cast: SimpleNamespace, duty: WorkItem) -> None:
    theirs = desk.draft(duty=duty, matter=KEY)
    mine = desk.draft(by=cast.head, duty=duty, matter=KEY)
    desk.submit(mine)
    assert link(duty) == mine
    desk.submit(theirs)
    assert link(duty) == mine


def test_asking_writes_nothing(desk: Desk, cast: SimpleNamespace, duty: WorkItem) -> None:
    written = AuditEntry.objects.count()
    before = raw.dump()["workflow_workitem"]
    page = client_of(cast.cm).get(f"/documents/start/{duty.pk}/")
    assert page.status_code == 200 and "开始填写" in page.content.decode()
    assert not Document.objects.exists()
    assert (raw.dump()["workflow_workitem"], AuditEntry.objects.count()) == (before, written)


def test_a_discarded_draft_frees_the_duty_for_a_colleague_s(
    desk: Desk, cast: SimpleNamespace, duty: WorkItem
) -> None:
    theirs = desk.draft(duty=duty, matter=KEY)
    answer = client_of(cast.cm).post(f"/documents/{theirs.pk}/discard/", {"reason": "由部门负责人办理"})
    assert answer.status_code == 302 and link(duty) is None
    answer = client_of(cast.head).post(f"/documents/start/{duty.pk}/")
    assert answer.status_code == 302 and link(duty) == Document.objects.get(author=cast.head)


def test_a_duty_never_leaves_a_paper_in_signature(desk: Desk, cast: SimpleNamespace, duty: WorkItem) -> None:
    beside = desk.draft(by=cast.head, matter=KEY)
    paper = desk.submitted(duty=duty, matter=KEY)
    assert link(duty) == paper
    for who in (cast.cm, cast.cm2):
        with pytest.raises(Conflict, match=f"{paper.number} 正在签字中"):
            desk.start(by=who, duty=duty, matter=KEY)
        desk.start(by=who, matter=KEY)  # without the duty, as a form that people start themselves
        assert link(duty) == paper
    desk.submit(beside)
    assert link(duty) == paper
    desk.withdraw(paper)
    duty.refresh_from_db()
    assert (duty.document, duty.submitted_on, duty.status) == (paper, None, DutyStatus.OPEN)


# --- corrections -----------------------------------------------------------------------------------------------------


def test_a_form_whose_act_took_effect_outside_is_not_corrected_and_says_what_to_do(
    desk: Desk, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, author = desk.locked(), client_of(cast.cm)
    where = f"/documents/{paper.pk}/revise/"
    assert f'action="{where}"' in author.get(f"/documents/{paper.pk}/").content.decode()
    form = type(registry.form("test_note"))
    monkeypatch.setattr(form, "correctable", False)
    monkeypatch.setattr(form, "instead", ELSEWHERE)
    page = author.get(f"/documents/{paper.pk}/").content.decode()
    assert f'action="{where}"' not in page
    assert 'disabled aria-describedby="why-not-revise">更正' in page
    assert f'id="why-not-revise">{ELSEWHERE}<' in page
    answer = author.post(where)
    assert (answer.status_code, ELSEWHERE in answer.content.decode()) == (409, True)
    assert Document.objects.get() == paper


# --- what is signed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["SIGNING", "LOCKED", "SUPERSEDED"])
@pytest.mark.parametrize("change", ["matter = '2027Q1'", "canon = 1"])
def test_what_a_signed_paper_is_about_and_how_it_is_hashed_is_not_changed(
    desk: Desk, status: str, change: str
) -> None:
    paper = DOCUMENTS[status](desk)
    with pytest.raises(IntegrityError, match=f"文书 {paper.number} 已提交签字，内容不能再改"):
        raw.execute(f"UPDATE workflow_document SET {change} WHERE id = %s", paper.pk)


# --- entered afterwards ----------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-5", clause="b")
@pytest.mark.usefixtures("reference")
def test_the_day_of_a_late_entry_is_held_against_the_duties_of_the_matter_linked_or_not(
    cast: SimpleNamespace,
) -> None:
    work = Work(cast)
    paper = work.draft(date(2026, 11, 20), counts_from=date(2026, 10, 20))
    WorkItem.objects.update(document=None)  # as after a paper that was discarded
    with pytest.raises(Invalid, match="实际日期 2026-10-19 早于所办职责的起计日 2026-10-20"):
        work.request(paper, date(2026, 10, 19))
    assert work.request(paper, date(2026, 10, 20)).actual_on == date(2026, 10, 20)


@pytest.mark.usefixtures("reference")
def test_a_late_entry_is_not_held_against_another_matter(cast: SimpleNamespace) -> None:
    work = Work(cast)
    paper = work.draft(date(2026, 11, 20), counts_from=date(2026, 10, 1))
    work.duty(counts_from=date(2026, 9, 1))
    with pytest.raises(Invalid, match="早于所办职责的起计日 2026-10-01"):
        work.request(paper, date(2026, 9, 15))
    assert work.request(paper, date(2026, 10, 2)).requested_on == ON

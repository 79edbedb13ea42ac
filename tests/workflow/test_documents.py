"""Drafts: started once, saved without losing a word, handed in complete, corrected by a new revision."""

from __future__ import annotations

import threading
from datetime import date
from types import SimpleNamespace

import pytest
from django.db import connections

from core import clock
from core.errors import Conflict, Invalid, Refused
from tests.conftest import build_cast
from tests.factories import make_duty
from tests.workflow.conftest import AT, NOTE_DUTY, Desk, open_desk
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document
from workflow.services import documents, signatures


def test_numbers_count_within_form_and_month(desk: Desk, cast: SimpleNamespace) -> None:
    numbers = [
        desk.start(subject_id=1).number,
        desk.start(subject_id=2).number,
        desk.start(subject_id=3, on=date(2026, 12, 1)).number,
        desk.start(subject_id=4).number,
    ]
    assert numbers == ["CS-2026-11-0001", "CS-2026-11-0002", "CS-2026-12-0001", "CS-2026-11-0003"]


def test_the_sequence_goes_on_past_four_digits(desk: Desk) -> None:
    document = desk.start(subject_id=1)
    Document.objects.filter(pk=document.pk).update(number="CS-2026-11-9999")
    assert [desk.start(subject_id=2).number, desk.start(subject_id=3).number] == [
        "CS-2026-11-10000",
        "CS-2026-11-10001",
    ]


def test_opening_the_duty_again_opens_the_same_draft(desk: Desk, cast: SimpleNamespace) -> None:
    duty = make_duty(cast.cm, cast.corporate, borrower=cast.borrower, kind=NOTE_DUTY)
    first = desk.start(duty=duty)
    desk.save(first, {"finding": "未完"})
    again = desk.start(duty=duty)
    assert (again.pk, again.content) == (first.pk, {"finding": "未完"})
    duty.refresh_from_db()
    assert duty.document == first
    assert desk.start(by=cast.cm2).pk != first.pk, "a colleague's draft is a colleague's"


def test_a_duty_whose_document_is_being_signed_is_not_filled_in_twice(
    desk: Desk, cast: SimpleNamespace
) -> None:
    duty = make_duty(cast.cm, cast.corporate, borrower=cast.borrower, kind=NOTE_DUTY)
    document = desk.submitted(duty=duty)
    with pytest.raises(Conflict, match=f"{document.number} 正在签字中"):
        desk.start(duty=duty)


def test_only_somebody_who_may_author_starts_a_form(desk: Desk, cast: SimpleNamespace) -> None:
    with pytest.raises(Refused, match="您不是这份“测试记录”的经办人"):
        desk.start(by=cast.risk)


def test_autosaves_add_up_and_an_answer_of_none_is_taken_away(desk: Desk) -> None:
    document = desk.save(desk.start(), {"finding": "甲"})
    document = desk.save(document, {"amount": "10.00"})
    document = desk.save(document, {"finding": None})
    assert (desk.again(document).content, desk.again(document).version) == ({"amount": "10.00"}, 3)


def test_the_later_of_two_browsers_is_told_and_what_it_typed_is_kept(desk: Desk) -> None:
    document = desk.start()
    desk.save(document, {"finding": "办公室电脑上写的"}, version=0)
    with pytest.raises(Conflict, match=r"已在另一处保存过（11-24 10:00）。您刚才填写的 1 项已另存"):
        desk.save(document, {"finding": "手机上写的"}, version=0)
    with pytest.raises(Conflict):  # the phone goes on typing
        desk.save(document, {"amount": "20.00"}, version=0)

    stands = desk.again(document)
    assert stands.content == {"finding": "办公室电脑上写的"}
    assert stands.conflict["answers"] == {"finding": "手机上写的", "amount": "20.00"}
    with pytest.raises(Conflict, match="冲突还没有处理"):
        desk.submit(stands)

    settled = documents.resolve_conflict(
        document=stands,
        answers={"finding": "手机上写的", "amount": "20.00"},
        version=stands.version,
        by=stands.author,
        at=AT,
    )
    assert desk.again(settled).conflict is None
    assert desk.again(settled).content == {"finding": "手机上写的", "amount": "20.00"}


def test_the_same_save_sent_again_after_a_lost_answer_is_no_conflict(desk: Desk) -> None:
    document = desk.start()
    desk.save(document, {"finding": "甲"}, version=0)
    again = desk.save(document, {"finding": "甲"}, version=0)
    assert (again.version, again.conflict) == (1, None)


@pytest.mark.parametrize("answer", [0.1, [{"amount": 1.5}], "a\x00b", "\ud800"])
def test_a_float_or_an_unstorable_character_is_refused_before_it_is_kept(desk: Desk, answer: object) -> None:
    document = desk.start()
    with pytest.raises(Invalid):
        desk.save(document, {"amount": answer})
    assert desk.again(document).version == 0


def test_nobody_but_the_author_fills_in_a_draft(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.start()
    with pytest.raises(Refused, match="只有经办人张明可以填写"):
        documents.save(document=document, answers={"finding": "甲"}, version=0, by=cast.head, at=AT)


def test_an_incomplete_draft_is_not_submitted_and_says_what_is_missing(desk: Desk) -> None:
    document = desk.start()
    with pytest.raises(Invalid, match=r"还有 1 处没有填好，不能提交：.*发现"):
        desk.submit(document)
    assert desk.again(document).status == DocumentStatus.DRAFT


def test_a_wrong_password_submits_nothing(desk: Desk) -> None:
    document = desk.draft()
    with pytest.raises(Invalid, match="密码不正确"):
        desk.submit(document, password="not it")
    assert not document.chains.exists()


def test_a_discarded_draft_frees_its_duty_and_keeps_its_number(desk: Desk, cast: SimpleNamespace) -> None:
    duty = make_duty(cast.cm, cast.corporate, borrower=cast.borrower, kind=NOTE_DUTY)
    document = desk.start(duty=duty)
    with pytest.raises(Invalid, match="作废时请写明原因"):
        documents.discard(document=document, by=cast.cm, on=cast.today, reason=" ")
    documents.discard(document=document, by=cast.cm, on=cast.today, reason="选错客户")
    duty.refresh_from_db()
    assert (duty.document, duty.status) == (None, DutyStatus.OPEN)
    assert desk.start(duty=duty).number == "CS-2026-11-0002"


def test_a_correction_takes_the_place_of_the_locked_one_only_when_it_is_locked_itself(
    desk: Desk, cast: SimpleNamespace
) -> None:
    old = desk.locked()
    new = documents.revise(document=old, by=cast.cm, on=cast.today)
    assert (new.number, new.revision, new.content) == (old.number, 2, old.content)
    assert [one.sha256 for one in new.attachments.all()] == [one.sha256 for one in old.attachments.all()]
    assert documents.revise(document=old, by=cast.cm, on=cast.today).pk == new.pk
    with pytest.raises(Conflict, match="张明已在更正这份文书"):
        documents.revise(document=old, by=cast.cm2, on=cast.today)

    new = desk.submit(desk.save(new, {"finding": "二号车间停产"}))
    desk.sign(desk.step(new, 2), cast.head)
    assert desk.again(old).status == DocumentStatus.LOCKED
    desk.sign(desk.step(new, 3), cast.president)
    assert desk.again(old).status == DocumentStatus.SUPERSEDED
    assert desk.again(new).status == DocumentStatus.LOCKED
    assert signatures.verify(old) == signatures.verify(new) == []


def test_a_discarded_correction_lets_another_begin(desk: Desk, cast: SimpleNamespace) -> None:
    old = desk.locked()
    first = documents.revise(document=old, by=cast.cm, on=cast.today)
    documents.discard(document=first, by=cast.cm, on=cast.today, reason="不必更正")
    second = documents.revise(document=old, by=cast.cm, on=cast.today)
    assert (second.revision, second.supersedes) == (3, old)


def test_many_who_start_at_once_get_numbers_without_holes_or_doubles(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.travelling_to(date(2026, 11, 24)):
        desk = open_desk(build_cast(), monkeypatch)
    gate = threading.Barrier(8)

    def start(subject: int) -> None:
        gate.wait()
        # Two at a time about the same subject: one draft.
        desk.start(subject_id=subject // 2)
        connections.close_all()

    threads = [threading.Thread(target=start, args=(one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(Document.objects.values_list("number", flat=True))
    assert numbers == ["CS-2026-11-0001", "CS-2026-11-0002", "CS-2026-11-0003", "CS-2026-11-0004"]

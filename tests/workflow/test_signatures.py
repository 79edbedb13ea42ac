"""Signing: a chain over one content, in order, with the password, to the lock; and all the ways it stops."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from axes.models import AccessAttempt
from django.test import Client

from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from tests.workflow.conftest import AT, Desk
from workflow.choices import ChainStatus, DocumentStatus, StepStatus
from workflow.services import signatures


@pytest.mark.obligation("GR-30", clause="a")
def test_three_signatures_in_order_lock_the_document(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    chain = document.chains.get()
    assert document.status == DocumentStatus.SIGNING
    assert [(step.label, step.person, step.status) for step in chain.steps.all()] == [
        ("客户经理", cast.cm, StepStatus.SIGNED),
        ("客户部门负责人", cast.head, StepStatus.WAITING),
        ("经营主责任人", cast.president, StepStatus.WAITING),
    ]
    desk.sign(desk.step(document, 2), cast.head, remark="同意")
    assert desk.again(document).status == DocumentStatus.SIGNING
    desk.sign(desk.step(document, 3), cast.president)

    document = desk.again(document)
    chain = document.chains.get()
    assert (document.status, document.locked_on, document.locked_at) == (
        DocumentStatus.LOCKED,
        cast.today,
        AT,
    )
    assert (chain.status, chain.finished_at) == (ChainStatus.COMPLETED, AT)
    assert {step.signed_hash for step in chain.steps.all()} == {document.content_hash}
    assert desk.step(document, 2).remark == "同意"
    assert desk.hooks == [("submitted", "SIGNING"), ("locked", "LOCKED")]
    assert signatures.verify(document) == []


def test_a_send_back_keeps_everything_typed_and_signing_starts_again_at_the_first_step(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document = desk.submitted()
    desk.sign(desk.step(document, 2), cast.head)
    returned = desk.send_back(desk.step(document, 3), cast.president, reason="请补充存货照片")

    assert returned.status == DocumentStatus.DRAFT
    assert returned.content == {"finding": "车间正常生产", "amount": "1234.50"}
    first = document.chains.get()
    assert first.status == ChainStatus.RETURNED
    assert [step.status for step in first.steps.all()] == ["SIGNED", "SIGNED", "RETURNED"]
    assert desk.step(document, 3).remark == "请补充存货照片"
    assert desk.hooks[-1] == ("returned", "DRAFT")

    document = desk.submit(desk.save(desk.again(document), {"finding": "车间正常生产，存货见照片"}))
    second = document.chains.get(round=2)
    assert [step.status for step in second.steps.all()] == ["SIGNED", "WAITING", "WAITING"]
    assert second.content_hash != first.content_hash
    desk.sign(desk.step(document, 2), cast.head)
    desk.sign(desk.step(document, 3), cast.president)
    assert desk.again(document).status == DocumentStatus.LOCKED


def test_a_send_back_at_the_second_step_cancels_the_third(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    desk.send_back(desk.step(document, 2), cast.head)
    assert [step.status for step in document.chains.get().steps.all()] == ["SIGNED", "RETURNED", "CANCELLED"]


def test_the_author_s_own_signature_is_taken_back_and_not_sent_back(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document = desk.submitted()
    with pytest.raises(Refused, match="经办人自己的签字不能退回；要修改请撤回"):
        desk.send_back(desk.step(document, 1), cast.cm)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_send_back_without_a_reason_is_refused(desk: Desk, cast: SimpleNamespace, reason: str) -> None:
    document = desk.submitted()
    with pytest.raises(Invalid, match="退回时请写明理由"):
        desk.send_back(desk.step(document, 2), cast.head, reason=reason)
    assert desk.again(document).status == DocumentStatus.SIGNING


def test_a_remark_longer_than_its_place_is_refused_before_anything_is_signed(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document = desk.submitted()
    with pytest.raises(Invalid, match="意见最多 500 字"):
        desk.sign(desk.step(document, 2), cast.head, remark="好" * 501)
    desk.sign(desk.step(document, 2), cast.head, remark="好" * 500)


def test_the_author_takes_back_what_no_longer_has_a_signer(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    with pytest.raises(Refused, match="只有经办人可以撤回"):
        signatures.withdraw(document=document, by=cast.head, reason="换人", on=cast.today, at=AT)
    signatures.withdraw(document=document, by=cast.cm, reason="负责人调离", on=cast.today, at=AT)
    assert desk.again(document).status == DocumentStatus.DRAFT
    assert [step.status for step in document.chains.get().steps.all()] == ["SIGNED", "CANCELLED", "CANCELLED"]
    with pytest.raises(Conflict, match="已退回或撤回"):
        desk.sign(desk.step(document, 2), cast.head)


@pytest.mark.obligation("GR-30", clause="a")
def test_the_button_shows_the_sentence_that_the_server_refuses_with(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document = desk.submitted()
    step = desk.step(document, 3)
    sentence = signatures.reason_not_to_sign(step, cast.president)
    assert sentence == "还没轮到您：请等“客户部门负责人”赵强先签。"
    assert not signatures.can_sign(step, cast.president)
    with pytest.raises(Refused) as refusal:
        desk.sign(step, cast.president)
    assert str(refusal.value) == sentence
    assert signatures.reason_not_to_sign(desk.step(document, 2), cast.head) == ""


@pytest.mark.obligation("GR-3", clause="ac")
@pytest.mark.parametrize(
    ("who", "place", "sentence"),
    [
        ("cm", 2, "这是您自己提交的单据，不能由您审核。"),
        ("cm2", 2, "这一栏应由赵强签字。"),
        ("risk", 2, "这一栏属客户线，您属风险线，不能代签。"),
        ("vp", 3, "这一栏应由吴刚签字。"),
        ("head", 3, "这一栏属管理层，您属客户线，不能代签。"),
        ("head", 1, "“客户经理”一栏已由张明签字。请刷新页面。"),
    ],
)
def test_each_refusal_says_why(
    desk: Desk, cast: SimpleNamespace, who: str, place: int, sentence: str
) -> None:
    document = desk.submitted()
    assert signatures.reason_not_to_sign(desk.step(document, place), cast.people[who]) == sentence


def test_nobody_signs_after_leaving_the_post(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    cast.head.posts.update(to_on=cast.today.replace(day=23))
    head = type(cast.head).objects.get(pk=cast.head.pk)
    sentence = "您今天没有“客户部门负责人”岗位，不能在这一栏签字。"
    assert signatures.reason_not_to_sign(desk.step(document, 2), head) == sentence
    type(head).objects.filter(pk=head.pk).update(is_active=False)
    head.refresh_from_db()
    assert signatures.reason_not_to_sign(desk.step(document, 2), head) == "您已不在职，不能签字。"


def test_a_wrong_password_signs_nothing_is_audited_and_counts_towards_the_lock_out(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document = desk.submitted()
    step = desk.step(document, 2)
    for _ in range(9):
        with pytest.raises(Invalid, match="密码不正确，没有签字") as refusal:
            desk.sign(step, cast.head, password="not it")
    assert "还可以再试 1 次" in str(refusal.value)
    assert AccessAttempt.objects.get(username=cast.head.username).failures_since_start == 9
    with pytest.raises(Invalid, match="已暂时锁定，请在 2026-11-24 12:30 之后再试。没有签字"):
        desk.sign(step, cast.head, password="not it")
    with pytest.raises(Invalid, match="已暂时锁定"):  # the right one does not get past the lock-out
        desk.sign(step, cast.head)
    assert desk.step(document, 2).status == StepStatus.WAITING
    refused = AuditEntry.objects.filter(
        act="accounts.password.refused", subject=f"accounts.user:{cast.head.pk}"
    )
    assert refused.count() == 11
    assert AuditEntry.objects.filter(act="accounts.locked_out", note=cast.head.username).count() == 1


@pytest.mark.parametrize("address", ["", "10.9.8.7"], ids=["where it is signed", "from elsewhere"])
def test_a_stranger_who_tries_a_colleague_s_number_at_the_door_keeps_them_from_no_signature(
    desk: Desk, cast: SimpleNamespace, address: str
) -> None:
    document = desk.submitted()
    for _ in range(40):
        Client(REMOTE_ADDR=address).post("/login/", {"username": cast.head.username, "password": "guessed"})
    with pytest.raises(Invalid, match="还可以再试 9 次"):
        desk.sign(desk.step(document, 2), cast.head, password="not it")
    desk.sign(desk.step(document, 2), cast.head)
    assert desk.step(document, 2).status == StepStatus.SIGNED


def test_the_right_password_forgets_earlier_slips(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    with pytest.raises(Invalid):
        desk.sign(desk.step(document, 2), cast.head, password="not it")
    desk.sign(desk.step(document, 2), cast.head)
    assert not AccessAttempt.objects.filter(username=cast.head.username).exists()


def test_a_batch_is_signed_with_one_password_and_each_document_stands_for_itself(
    desk: Desk, cast: SimpleNamespace
) -> None:
    first = desk.submitted()
    second = desk.submitted(by=cast.cm2)
    third = desk.submitted(subject_id=cast.other_borrower.pk)
    desk.send_back(desk.step(second, 2), cast.head)
    results = signatures.sign_batch(
        steps=[desk.step(one, 2) for one in (first, second, third)],
        by=cast.head,
        password="Dai-Hou-2026",
        on=cast.today,
        at=AT,
    )
    assert [error for _, error in results] == [None, "这份文书已退回或撤回，不在签字中。请刷新页面。", None]
    assert [desk.step(one, 2).status for one in (first, second, third)] == ["SIGNED", "RETURNED", "SIGNED"]
    assert desk.step(first, 2).signed_hash != desk.step(third, 2).signed_hash

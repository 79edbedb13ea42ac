"""What the database refuses of documents, chains, steps and attachments, whoever writes; each refusal readable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, models, transaction

from tests.factories import make_photo
from tests.workflow import raw
from tests.workflow.conftest import AT, Desk
from tests.workflow.test_states import DOCUMENTS
from workflow.models import Attachment, Chain, Document, Step

HASH = "0" * 64


@pytest.mark.obligation("GR-30", clause="d")
@pytest.mark.parametrize(
    ("status", "change"),
    [
        (status, change)
        for status in ("SIGNING", "LOCKED", "SUPERSEDED")
        for change in (
            "content = jsonb_set(content, '{finding}', '\"改过\"')",
            "content_hash = repeat('0', 64)",
            "prefilled = '{\"answers\": {}}'",
            "number = 'CS-1'",
            "borrower_number = 'C999'",
            "author_id = author_id + 1",
            "created_on = '2020-01-01'",
        )
    ],
)
def test_what_was_handed_in_is_not_changed(desk: Desk, status: str, change: str) -> None:
    document = at_status(desk, status)
    with pytest.raises(IntegrityError, match=f"文书 {document.number} 已提交签字，内容不能再改"):
        raw.execute(f"UPDATE workflow_document SET {change} WHERE id = %s", document.pk)


def at_status(desk: Desk, status: str) -> Document:
    """A document in a status, brought there by its verbs."""
    return DOCUMENTS[status](desk)


@pytest.mark.obligation("GR-30", clause="d")
@pytest.mark.parametrize("status", ["SIGNING", "LOCKED", "SUPERSEDED", "DISCARDED"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO workflow_attachment (document_id, section, file, name, content_type, size, sha256, note, "
        "uploaded_by_id, uploaded_at) SELECT id, '', 'x', 'x', 'x', 1, 'x', '', author_id, now() "
        "FROM workflow_document WHERE id = %s",
        "UPDATE workflow_attachment SET note = 'x' WHERE document_id = %s",
        "DELETE FROM workflow_attachment WHERE document_id = %s",
    ],
)
def test_attachments_of_what_was_handed_in_are_not_changed(desk: Desk, status: str, statement: str) -> None:
    document = at_status(desk, status)
    assert document.attachments.count() == 1
    with pytest.raises(IntegrityError, match="文书已提交签字，附件不能再改"):
        raw.execute(statement, document.pk)


def test_an_attachment_is_not_moved_to_or_from_what_was_handed_in(desk: Desk) -> None:
    handed_in, draft = desk.submitted(), desk.draft(subject_id=99)
    one = desk.attach(draft, body=make_photo(1))
    move = "UPDATE workflow_attachment SET document_id = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match="附件不能再改"):
        raw.execute(move, handed_in.pk, one.pk)
    with pytest.raises(IntegrityError, match="附件不能再改"):
        raw.execute(move, draft.pk, handed_in.attachments.get().pk)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        # {d} the document being signed, {c} its chain, {s1} its signed step, {s2} {s3} those that wait
        ("UPDATE workflow_step SET remark = '同意' WHERE id = {s1}", "“客户经理”一栏已处理，不能再改"),
        ("UPDATE workflow_step SET signed_by_id = {head} WHERE id = {s1}", "“客户经理”一栏已处理，不能再改"),
        ("UPDATE workflow_step SET signed_on = '2026-01-01' WHERE id = {s1}", "一栏已处理，不能再改"),
        (
            "UPDATE workflow_step SET status = 'WAITING', signed_by_id = NULL, signed_on = NULL, signed_at = NULL, "
            "signed_hash = '' WHERE id = {s1}",
            "“客户经理”一栏已处理，不能再改",
        ),
        ("UPDATE workflow_step SET line = 'RISK' WHERE id = {s2}", "签字栏的次序、岗位和条线不能改"),
        ("UPDATE workflow_step SET position = 7 WHERE id = {s2}", "签字栏的次序、岗位和条线不能改"),
        ("DELETE FROM workflow_step WHERE id = {s3}", "签字栏不能删除"),
        (
            "UPDATE workflow_step SET " + "{signed} WHERE id = {s3}",
            "前面的栏还没有签，不能先签“经营主责任人”",
        ),
        (
            "UPDATE workflow_step SET {signed_by_head}, signed_hash = repeat('0', 64) WHERE id = {s2}",
            "签字须覆盖提交时的内容指纹",
        ),
        ("UPDATE workflow_chain SET content_hash = repeat('0', 64) WHERE id = {c}", "签字链不能改动"),
        ("UPDATE workflow_chain SET round = 5 WHERE id = {c}", "签字链不能改动"),
        (
            "UPDATE workflow_chain SET status = 'COMPLETED', finished_at = now() WHERE id = {c}",
            "还有未签的栏，签字链不能完成",
        ),
        ("DELETE FROM workflow_chain WHERE id = {c}", "签字链不能删除"),
        (
            "UPDATE workflow_document SET status = 'LOCKED', locked_on = '2026-11-24', locked_at = now() "
            "WHERE id = {d}",
            "签字没有完成，不能锁定",
        ),
        ("UPDATE workflow_document SET status = 'DRAFT' WHERE id = {d}", "还在签字中，不能改回草稿"),
        ("UPDATE workflow_document SET status = 'DISCARDED' WHERE id = {d}", "不能从 SIGNING 变为 DISCARDED"),
        ("DELETE FROM workflow_document WHERE id = {d}", "已提交过签字，不能删除"),
        (
            'INSERT INTO workflow_document SELECT (jsonb_populate_record(d, \'{{"id": 999, "revision": 9}}\')).* '
            "FROM workflow_document d WHERE id = {d}",
            "文书只能从草稿开始",
        ),
        (
            "INSERT INTO workflow_chain (document_id, round, status, content_hash, started_on, started_at) "
            "SELECT id, 2, 'RUNNING', repeat('0', 64), '2026-11-24', now() FROM workflow_document WHERE id = {d}",
            "签字链只能从已提交的文书开始，且须覆盖其内容",
        ),
    ],
)
def test_raw_statements_meet_a_readable_refusal(
    desk: Desk, cast: SimpleNamespace, statement: str, sentence: str
) -> None:
    document = desk.submitted()
    covered = f"signed_on = '2026-11-24', signed_at = now(), signed_hash = '{document.content_hash}'"
    filled = statement.format(
        d=document.pk,
        c=document.chains.get().pk,
        s1=desk.step(document, 1).pk,
        s2=desk.step(document, 2).pk,
        s3=desk.step(document, 3).pk,
        head=cast.head.pk,
        signed=f"status = 'SIGNED', signed_by_id = {cast.president.pk}, {covered}",
        signed_by_head=(
            f"status = 'SIGNED', signed_by_id = {cast.head.pk}, signed_on = '2026-11-24', signed_at = now()"
        ),
    )
    before = raw.dump()
    with pytest.raises(IntegrityError, match=sentence):
        raw.execute(filled.replace("%", "%%"))
    assert raw.dump() == before


def test_a_finished_chain_takes_no_further_step(desk: Desk, cast: SimpleNamespace) -> None:
    chain = desk.locked().chains.get()
    with pytest.raises(IntegrityError, match="签字链已结束，不能加签字栏"), transaction.atomic():
        Step.objects.create(chain=chain, position=4, role="PRESIDENT", label="行长", line="MANAGEMENT")


def test_the_lock_of_a_document_is_not_redated(desk: Desk) -> None:
    document = desk.locked()
    with pytest.raises(IntegrityError, match="锁定时间不能再改"):
        raw.execute("UPDATE workflow_document SET locked_on = '2026-01-01' WHERE id = %s", document.pk)


# Every constraint of the four models, violated once with the triggers switched off: (rows to change, the change).
Violation = Callable[[Desk], None]


def change(model: type[models.Model], **values: object) -> Violation:
    """Change the last row of a model, by a document being signed."""

    def violate(desk: Desk) -> None:
        desk.submitted()
        model.objects.filter(pk=model.objects.latest("pk").pk).update(**values)

    return violate


def again(model: type[models.Model], **values: object) -> Violation:
    """Insert the last row of a model again."""

    def violate(desk: Desk) -> None:
        desk.submitted()
        row = model.objects.latest("pk")
        row.pk = None
        row._state.adding = True
        for name, value in values.items():
            setattr(row, name, value)
        row.save()

    return violate


def nobody_signs_twice(desk: Desk) -> None:
    document = desk.submitted()
    Step.objects.filter(pk=desk.step(document, 2).pk).update(
        status="SIGNED", signed_by=document.author, signed_on=desk.cast.today, signed_at=AT, signed_hash=HASH
    )


VIOLATIONS: dict[str, Violation] = {
    "nobody_writes_on_their_own_behalf": lambda desk: change(Document, on_behalf_of=desk.cast.cm)(desk),
    "a_deputy_signs_for_somebody_else": lambda desk: change(Step, on_behalf_of=desk.cast.head)(desk),
    "a_revision_has_its_own_number": again(Document),
    "what_is_signed_has_a_fingerprint": change(Document, content_hash=""),
    "a_locked_document_says_when": change(Document, locked_at=AT),
    "a_file_is_attached_once": again(Attachment),
    "a_photograph_was_taken_on_a_day_of_the_calendar": change(
        Attachment, taken_at=datetime(9999, 12, 31, 20, tzinfo=UTC)
    ),
    "a_round_of_signatures_is_run_once": again(Chain, status="RETURNED", finished_at=AT),
    "one_running_chain_per_document": again(Chain, round=2),
    "a_finished_chain_says_when": change(Chain, finished_at=AT),
    "a_step_has_its_place": again(Step),
    "nobody_signs_twice_in_a_chain": nobody_signs_twice,
    "a_signature_says_who_and_when": change(Step, signed_at=AT),
    "a_signature_covers_a_fingerprint": lambda desk: change(
        Step, status="SIGNED", signed_by=desk.cast.president, signed_on=desk.cast.today, signed_at=AT
    )(desk),
    "a_send_back_gives_its_reason": lambda desk: change(
        Step, status="RETURNED", signed_by=desk.cast.president, signed_on=desk.cast.today, signed_at=AT
    )(desk),
}


def test_every_constraint_of_what_is_signed_has_a_violation_here() -> None:
    named = {
        constraint.name
        for model in (Document, Attachment, Chain, Step)
        for constraint in model._meta.constraints
    }
    assert named == set(VIOLATIONS)


@pytest.mark.parametrize("name", list(VIOLATIONS))
def test_the_constraint_holds_even_with_the_triggers_off(desk: Desk, name: str) -> None:
    with raw.past_the_guards(), pytest.raises(IntegrityError, match=name), transaction.atomic():
        VIOLATIONS[name](desk)

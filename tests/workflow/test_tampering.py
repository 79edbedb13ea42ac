"""Promise 20: what was signed is what is stored, down to each field of everything that a signature covers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import models

from core.errors import Refused
from tests.workflow import raw
from tests.workflow.conftest import AT, Desk
from workflow import registry
from workflow.choices import DocumentStatus
from workflow.models import Attachment, Chain, Document, LateEntry, Step
from workflow.services import signatures

# Fields that are not part of what is signed, each with the reason.
WORKING: dict[type[models.Model], dict[str, str]] = {
    Document: {
        "id": "the row's name; everything refers to it",
        "version": "counts saves of the draft",
        "conflict": "kept aside while a draft, settled before it is handed in",
        "saved_at": "when the draft was last kept",
    },
    Attachment: {"id": "the row's name"},
    Step: {"id": "the row's name; the audit refers to it"},
    LateEntry: {"id": "the row's name"},
}
# Fields that say what became of a finished document; changed on a locked one.
OF_A_LOCKED_ONE = {"locked_on", "locked_at"}
# Mutations after which the row is no longer at the signers' desk: nothing can be signed or sent back there.
NOT_AT_THE_DESK = {(Document, "status"), (Step, "chain"), (Step, "status"), (Attachment, "document")}

FIELDS = [
    (model, field.name)
    for model in WORKING
    for field in model._meta.concrete_fields
    if field.name not in WORKING[model]
]


def another(desk: Desk, row: models.Model, name: str) -> dict[str, Any]:
    """Another value for a field that the constraints of the table would accept."""
    field = row._meta.get_field(name)
    value = getattr(row, field.attname)
    special: dict[tuple[type[models.Model], str], Any] = {
        (Document, "status"): "DRAFT",
        (Document, "form"): "test_note_b",
        (Document, "unit"): desk.cast.br2.pk,
        (Document, "author"): desk.cast.cm2.pk,
        (Document, "content"): {**getattr(row, "content", {}), "amount": "1234.51"},
        (Document, "prefilled"): {"answers": {"amount": "1"}},
        (Attachment, "uploaded_by"): desk.cast.cm2.pk,
        (Step, "signed_by"): desk.cast.other_head.pk,
        (Step, "person"): desk.cast.other_head.pk,
        (Step, "line"): "RISK",
        (Step, "role"): "RISK_HEAD",
        (Step, "on_behalf_of"): desk.cast.other_head.pk,
        (Document, "on_behalf_of"): desk.cast.cm2.pk,
        (LateEntry, "requested_by"): desk.cast.cm2.pk,
        (LateEntry, "decided_by"): desk.cast.other_head.pk,
        (LateEntry, "status"): "REFUSED",
    }
    if (type(row), name) in special:
        return {field.attname: special[type(row), name]}
    if (type(row), name) == (Step, "status"):
        unsigned = {"signed_by": None, "signed_on": None, "signed_at": None, "signed_hash": ""}
        return {"status": "WAITING", **unsigned}
    if isinstance(field, models.ForeignKey):
        # Somewhere with room for the row: a document without files, a chain of one signature.
        other = desk.draft(subject_id=4711)
        if field.related_model is Document:
            return {field.attname: other.pk}
        alone = registry.form("test_note").signers(document=other, on=desk.cast.today)[:1]
        return {field.attname: desk.submit(other, signers=alone).chains.get().pk}
    if isinstance(field, models.DateTimeField):
        return {name: value + timedelta(seconds=1) if value else "2026-11-24T00:00:00Z"}
    if isinstance(field, models.DateField):
        return {
            name: value + timedelta(days=-1 if name == "actual_on" else 1) if value else date(2026, 11, 24)
        }
    if isinstance(field, models.IntegerField):
        return {name: value + 7}
    if name in ("content_hash", "signed_hash", "sha256"):
        return {name: "f" * 64}
    if name == "subject_kind":
        return {name: "LOAN"}
    return {name: f"{value}x"}


def entered_late(desk: Desk) -> Document:
    """A document with the head's consent to its being entered afterwards, at the signers' desk."""
    document = desk.draft()
    desk.attach(document)
    LateEntry.objects.create(
        document=document, actual_on=desk.cast.today, reason="系统停机", requested_by=desk.cast.cm,
        requested_on=desk.cast.today, requested_at=AT, status="GRANTED", decided_by=desk.cast.head,
        decided_on=desk.cast.today, decided_at=AT, remark="同意",
    )  # fmt: skip
    return desk.submit(document)


def mutate(row: models.Model, values: dict[str, Any]) -> None:
    """Change a row as a superuser who has switched the guards off."""
    with raw.past_the_guards():
        changed = type(row)._base_manager.filter(pk=row.pk).update(**values)
    assert changed == 1


def test_every_field_is_either_signed_or_listed_with_its_reason() -> None:
    for model, reasons in WORKING.items():
        assert set(reasons) <= {field.name for field in model._meta.concrete_fields}
        assert all(reasons.values())
    assert len(FIELDS) == 21 + 11 + 13 + 11


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_a_change_past_the_guards_shows_blocks_later_steps_and_asks_for_all_signatures_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, model: type[models.Model], name: str
) -> None:
    monkeypatch.setitem(registry._forms, "test_note_b", registry.form("test_note"))
    document = entered_late(desk) if model is LateEntry else desk.submitted()
    desk.sign(desk.step(document, 2), desk.cast.head)
    if name in OF_A_LOCKED_ONE:
        desk.sign(desk.step(document, 3), desk.cast.president)
    assert signatures.verify(document) == []
    row: models.Model = {
        Document: lambda: desk.again(document),
        Attachment: lambda: document.attachments.get(),
        Step: lambda: desk.step(document, 2),
        LateEntry: lambda: document.late_entry,
    }[model]()
    field = model._meta.get_field(name)
    values = another(desk, row, name)
    before = {changed: getattr(row, changed) for changed in values}
    if isinstance(field, models.FileField):
        before[name] = row.file.name
    mutate(row, values)

    assert signatures.verify(document), f"{model.__name__}.{name} changed and no signature noticed"

    if name in OF_A_LOCKED_ONE:
        return
    third = Step.objects.get(pk=desk.step(document, 3).pk)
    signed = Step.objects.filter(chain__document=document, status="SIGNED").count()
    with pytest.raises(Refused):
        desk.sign(third, desk.cast.president)
    assert Step.objects.filter(chain__document=document, status="SIGNED").count() == signed
    if (model, name) in NOT_AT_THE_DESK:
        return

    # It goes back, the row is put right, and everybody signs again from the first step.
    if (model, name) == (
        Step,
        "position",
    ):  # the chain has a hole: the author takes the document back instead
        desk.withdraw(document)
    else:
        desk.send_back(third, desk.cast.president, reason="内容与签字不符")
    mutate(row, before)
    document = desk.submit(desk.again(document))
    chain = document.chains.get(round=2)
    assert [step.status for step in chain.steps.all()] == ["SIGNED", "WAITING", "WAITING"]
    assert signatures.verify(document) == []


@pytest.mark.parametrize(
    ("model", "name"), [(model, name) for model, names in WORKING.items() for name in names if name != "id"]
)
def test_a_working_field_is_no_part_of_what_is_signed(
    desk: Desk, model: type[models.Model], name: str
) -> None:
    document = desk.locked()
    value = {"version": 99, "conflict": {"answers": {}}, "saved_at": "2027-01-01T00:00:00Z"}[name]
    mutate(document, {name: value})
    assert signatures.verify(document) == []


def test_a_file_changed_on_the_disk_shows_and_blocks(desk: Desk) -> None:
    document = desk.submitted()
    one = document.attachments.get()
    with open(default_storage.path(one.file.name), "ab") as stored:
        stored.write(b"%")
    assert signatures.verify(document) == ["附件“现场.png”的文件与登记的指纹不符。"]
    with pytest.raises(Refused, match=r"附件“现场\.png”的文件与登记的指纹不符。不能再签"):
        desk.sign(desk.step(document, 2), desk.cast.head)


def test_the_fingerprint_of_a_chain_is_checked_too(desk: Desk) -> None:
    document = desk.submitted()
    mutate(document.chains.get(), {"content_hash": "f" * 64})
    assert signatures.verify(document)
    with pytest.raises(Refused, match="内容被改动过"):
        desk.sign(desk.step(document, 2), desk.cast.head)


def test_a_document_locked_by_hand_has_no_signatures_to_show(desk: Desk) -> None:
    document = desk.draft()
    locked = {"status": "LOCKED", "locked_on": desk.cast.today, "locked_at": "2026-11-24T02:00:00Z"}
    mutate(document, {**locked, "content_hash": "f" * 64})
    assert signatures.verify(document) == ["文书标为已锁定，但没有与之相符的已完成签字链。"]


def test_a_signature_put_in_by_hand_has_no_audit_row(desk: Desk) -> None:
    document = desk.submitted()
    signed = desk.step(document, 1)
    values = {name: getattr(signed, name) for name in ("status", "signed_on", "signed_at", "signed_hash")}
    mutate(desk.step(document, 2), {**values, "signed_by": desk.cast.head})
    assert signatures.verify(document) == ["“客户部门负责人”赵强（2026-11-24）的签字与审计记录不符。"]
    assert Document.objects.get(pk=document.pk).status == DocumentStatus.SIGNING
    assert Chain.objects.get(document=document).status == "RUNNING"

"""办结记录: discharges a duty that has no form of its own, so that none is a dead end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet

from accounts.choices import Line, Role
from accounts.models import User
from core import clock
from workflow.definitions import Field, FormDefinition, Kind, Section, not_in_the_future
from workflow.models import Document, WorkItem
from workflow.registry import FormKind, Prefill, Signer, Subject
from workflow.services import duties

COMPLETION_RECORD = FormDefinition(
    code="completion_record",
    version=1,
    title="办结记录",
    annex="",
    number_prefix="BJ",
    sections=(
        Section(
            "record",
            "办理情况",
            (
                Field("duties", "所办职责", Kind.LONGTEXT, locked=True),
                Field("done_on", "办理日期", Kind.DATE),
                Field("record", "办理情况", Kind.LONGTEXT, help="写明做了什么、结果如何、凭证在哪里。"),
                Field("files", "附件", Kind.PHOTOS, help="照片或 PDF 凭证，没有可不传。"),
            ),
        ),
    ),
    checks=(not_in_the_future("record", "done_on", "办理日期晚于今天，请改为实际办理的日期。"),),
)


def prefill(*, subject: Subject, user: User, on: date) -> Prefill:
    """The duties that the record is about, and today."""
    reasons = [item.reason for item in _owed(user, subject)]
    return Prefill(answers={"duties": "\n".join(dict.fromkeys(reasons)), "done_on": on.isoformat()})


def may_author(*, user: User, subject: Subject, on: date) -> bool:
    """Whoever owes the duty."""
    return _owed(user, subject).exists()


def signers(*, document: Document, on: date) -> Sequence[Signer]:
    """The one who did it signs for it."""
    post = document.work_items.values_list("post", flat=True).first()
    role = Role(post) if post else sorted(document.author.scope.roles)[0]
    return [Signer(role, Line(document.author.line), "办理人", document.author)]


def on_submitted(*, document: Document, by: User, on: date) -> None:
    """The duties are no longer late."""
    duties.hand_in(document=document, items=document.work_items.all(), on=on)


def on_locked(*, document: Document, by: User, on: date) -> None:
    """Signed: the duties are done."""
    duties.discharge(
        items=WorkItem.objects.open().filter(document=document),
        document=document,
        done_on=date.fromisoformat(document.content["done_on"]),
        by=by.username,
        on=on,
        at=clock.now(),
    )


def _owed(user: User, subject: Subject) -> QuerySet[WorkItem]:
    return WorkItem.objects.owed_by(user).filter(subject_kind=subject.kind, subject_id=subject.id)


KIND = FormKind(
    definition=COMPLETION_RECORD,
    prefill=prefill,
    signers=signers,
    may_author=may_author,
    on_submitted=on_submitted,
    on_locked=on_locked,
    day_field="done_on",
)

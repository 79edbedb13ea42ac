"""办结记录: discharges a duty that has no form of its own, so that none is a dead end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.choices import Line, Role
from accounts.models import User
from core.errors import Conflict
from workflow.definitions import Field, FormDefinition, Kind, Prefill, Section, not_in_the_future
from workflow.duty_forms import DutyForm, Signer, Subject
from workflow.models import Document, WorkItem
from workflow.querysets import WorkItemQuerySet

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


class CompletionRecord(DutyForm):
    """One record for each duty: its matter is the duty's kind and period."""

    definition = COMPLETION_RECORD
    day_field = "done_on"
    told_by = ("duties",)
    one_a_matter = True

    def matter_of(self, duty: WorkItem) -> str:
        """The duty itself."""
        return f"{duty.kind}:{duty.period_key}"

    def owed(self, subject: Subject) -> QuerySet[WorkItem]:
        """Open duties of that kind and period about the subject."""
        return self._told(subject).open()

    def _told(self, subject: Subject) -> WorkItemQuerySet:
        kind, _colon, key = subject.matter.partition(":")
        return WorkItem.objects.filter(
            kind=kind, period_key=key, subject_kind=subject.kind, subject_id=subject.id
        )

    def check_can_begin(self, *, subject: Subject, on: date) -> None:
        """While it is owed."""
        if not self.owed(subject).exists():
            raise Conflict(_("这项职责已办结或不再需要，不必再填。"))

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The duty that the record is about, and today."""
        reasons = self.owed(subject).values_list("reason", flat=True)
        return Prefill(answers={"duties": "\n".join(dict.fromkeys(reasons)), "done_on": on.isoformat()})

    def may_author(self, *, user: User, subject: Subject, on: date) -> bool:
        """Whoever owes the duty, or did when it was done."""
        return self._told(subject).filter(person__in=user.scope.person_ids).exists()

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """The one who did it signs for it."""
        post = self.owed(Subject.of(document, document.matter)).values_list("post", flat=True).first()
        role = Role(post) if post else sorted(document.author.scope.roles)[0]
        return [Signer(role, Line(document.author.line), "办理人", document.author)]


FORM = CompletionRecord()

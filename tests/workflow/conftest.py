"""A small form of three signatures, and documents on it at every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.choices import Line, Role
from accounts.models import User
from tests.factories import PASSWORD, make_photo
from workflow import registry, rules
from workflow.choices import SubjectKind
from workflow.definitions import Field, FormDefinition, Kind, Prefill, Section
from workflow.duty_forms import DutyForm, Signer, Subject, people_around, seated
from workflow.models import Document, Step, WorkItem
from workflow.services import attachments, documents, signatures

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # ten o'clock in Shanghai
PHOTO = make_photo()
NOTE_DUTY = "test_duty"  # the kind of duties that it discharges
ROLES = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.PRINCIPAL)

NOTE = FormDefinition(
    code="test_note",
    version=1,
    title="测试记录",
    annex="",
    number_prefix="CS",
    sections=(
        Section(
            "main",
            "正文",
            (
                Field("finding", "发现", Kind.LONGTEXT),
                Field("amount", "金额", Kind.MONEY, required=False, unit="元"),
            ),
        ),
    ),
)


class Desk:
    """What a test does with documents of the small form, in as few words as possible."""

    def __init__(self, cast: SimpleNamespace) -> None:
        self.cast = cast
        self.hooks: list[tuple[str, str]] = []
        self.principal = cast.president

    def may_author(self, *, user: User, subject: Subject, on: date) -> bool:
        return user.line == Line.CUSTOMER

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        people = people_around(document, unit=self.cast.corporate, on=on, principal=self.principal.pk)
        return seated(rules.resolve_chain(ROLES, people))

    def heard(self, what: str) -> Any:
        def hook(*, document: Document, by: User, on: date, replaces: Document | None = None) -> None:
            self.hooks.append((what, document.status))

        return hook

    def start(self, *, by: User | None = None, duty: WorkItem | None = None, **over: Any) -> Document:
        borrower = self.cast.borrower
        subject = Subject(
            SubjectKind.BORROWER, borrower.pk, borrower.number, borrower.name, self.cast.corporate.pk
        )
        given = {
            "form": "test_note",
            "subject": replace(
                subject, id=over.pop("subject_id", borrower.pk), matter=over.pop("matter", "")
            ),
            "by": by or self.cast.cm,
            "on": self.cast.today,
            "content": {},
            "prefilled": {},
            "duty": duty,
        }
        return documents.start(**(given | over))

    def draft(self, *, by: User | None = None, finding: str = "车间正常生产", **over: Any) -> Document:
        document = self.start(by=by, **over)
        return self.save(document, {"finding": finding, "amount": "1234.50"})

    def save(self, document: Document, answers: dict[str, Any], *, version: int | None = None) -> Document:
        return documents.save(
            document=document,
            answers=answers,
            version=document.version if version is None else version,
            by=document.author,
            at=AT,
        )

    def attach(self, document: Document, *, name: str = "现场.png", body: bytes = PHOTO) -> Any:
        return attachments.attach(
            document=document,
            section="main",
            upload=SimpleUploadedFile(name, body),
            note="",
            by=document.author,
            at=AT,
        )

    def submit(self, document: Document, **over: Any) -> Document:
        documents.submit(
            document=document,
            **({"by": document.author, "password": PASSWORD, "on": self.cast.today, "at": AT} | over),
        )
        return self.again(document)

    def submitted(self, **over: Any) -> Document:
        document = self.draft(**over)
        self.attach(document)
        return self.submit(document)

    def sign(self, step: Step, by: User, *, password: str = PASSWORD, remark: str = "") -> Step:
        return signatures.sign(step=step, by=by, password=password, remark=remark, on=self.cast.today, at=AT)

    def send_back(self, step: Step, by: User, *, reason: str = "请补充存货照片") -> Document:
        return signatures.send_back(step=step, by=by, reason=reason, on=self.cast.today, at=AT)

    def withdraw(self, document: Document, *, reason: str = "换人") -> Document:
        by = self.cast.cm
        return signatures.withdraw(document=document, by=by, reason=reason, on=self.cast.today, at=AT)

    def locked(self, **over: Any) -> Document:
        document = self.submitted(**over)
        self.sign(self.step(document, 2), self.cast.head)
        self.sign(self.step(document, 3), self.cast.president)
        return self.again(document)

    @staticmethod
    def again(document: Document) -> Document:
        return Document.objects.select_related("author").get(pk=document.pk)

    @staticmethod
    def step(document: Document, position: int) -> Step:
        """The step at a place of the last round."""
        return (
            Step.objects.filter(chain__document=document, position=position).order_by("-chain__round").first()
        )


def note_form(desk: Desk) -> DutyForm:
    """The small form, whose hooks the desk hears."""

    class Note(DutyForm):
        definition = NOTE
        duties = (NOTE_DUTY,)
        begin = staticmethod(lambda **_: Prefill())
        may_author = staticmethod(desk.may_author)
        signers = staticmethod(desk.signers)
        handed_in = staticmethod(desk.heard("submitted"))
        taken_back = staticmethod(desk.heard("returned"))
        write = staticmethod(desk.heard("locked"))

    return Note()


@pytest.fixture
def desk(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The cast at work on the small form."""
    return open_desk(cast, monkeypatch)


def open_desk(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Register the small form for the length of a test."""
    desk = Desk(cast)
    form = note_form(desk)
    monkeypatch.setitem(registry._forms, "test_note", form)
    return desk

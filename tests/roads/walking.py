"""From the home page to a paper and back, as people walk it: a row's button, the form, the password, the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD, make_photo
from tests.forms.answers import posted
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem

Answers = dict[str, Any]


@dataclass(frozen=True)
class Matter:
    """One of several that one person owes at once: what its row says, what its paper is about, what is answered."""

    row: tuple[str, ...]
    about: Answers
    answers: Callable[[Document], Answers]


class Walker:
    """Somebody signed in, who sees pages and presses what is on them."""

    def __init__(self, person: User) -> None:
        self.client = Client()
        self.client.force_login(person)

    def page(self, where: str) -> str:
        """A page that is there."""
        answer = self.client.get(where)
        assert answer.status_code == 200, (where, answer.status_code)
        return answer.content.decode()

    def rows(self, *words: str) -> list[str]:
        """The rows of their own duties on the home page that say all these words."""
        listed = self.page("/").partition('<div id="duty-rows">')[2].partition("</section>")[0]
        return [row for row in listed.split('<div class="duty">')[1:] if all(word in row for word in words)]

    def duty(self, *words: str) -> WorkItem:
        """The duty that the button of the one row with these words starts."""
        (row,) = self.rows(*words)
        (button,) = re.findall(r'formaction="/documents/start/(\d+)/"', row)
        return WorkItem.objects.get(pk=button)

    def take(self, *words: str) -> Document:
        """Press the button of the one row with these words; the form that opens."""
        return self.press(f"/documents/start/{self.duty(*words).pk}/")

    def press(self, where: str) -> Document:
        """A button that leads to a form."""
        answer = self.client.post(where)
        assert answer.status_code == 302, answer.content.decode()
        found = re.fullmatch(r"/documents/(\d+)/edit/", answer.headers["Location"])
        assert found, answer.headers["Location"]
        self.page(answer.headers["Location"])
        return Document.objects.get(pk=found[1])

    def fill(self, paper: Document, **answers: Any) -> Document:
        """Answer on the page of all sections and save it; the rest of the page is sent with it, as a browser does."""
        where = f"/documents/{paper.pk}/edit/all/"
        version = re.findall(r'name="_version" value="(\d+)"', self.page(where))
        typed = posted({**paper.content, **answers}) | {"_here": ["all"], "_version": version}
        answer = self.client.post(f"/documents/{paper.pk}/save/", typed)
        assert (answer.status_code, answer.headers["Location"]) == (302, where)
        paper.refresh_from_db()
        return paper

    def attach(self, paper: Document, section: str) -> None:
        """Add a photograph."""
        files = [SimpleUploadedFile("现场.png", make_photo(), "image/png")]
        answer = self.client.post(f"/documents/{paper.pk}/attachments/", {"section": section, "files": files})
        assert answer.status_code == 302

    def hand_in(self, paper: Document) -> Document:
        """Sign it first, with the password."""
        answer = self.client.post(f"/documents/{paper.pk}/submit/", {"password": PASSWORD})
        assert answer.status_code == 302, re.findall(r'role="alert">([^<]*)', answer.content.decode())
        paper.refresh_from_db()
        return paper

    def sign(self, paper: Document) -> None:
        """Find it in the inbox, read it, sign it."""
        listed = self.page("/documents/inbox/").split('<div class="row-line duty">')
        (row,) = (row for row in listed if paper.number in row)
        (step,) = re.findall(r'href="(/documents/inbox/\d+/)"', row)
        (seen,) = re.findall(r'name="seen" value="(\w+)"', self.page(step))
        typed = {"seen": seen, "from": "inbox", "password": PASSWORD}
        answer = self.client.post(f"/documents/{paper.pk}/sign/", typed)
        assert answer.status_code == 302, re.findall(r'role="alert">([^<]*)', answer.content.decode())
        paper.refresh_from_db()


def signed_by(paper: Document, *signers: User) -> None:
    """The rest of the chain signs, and with the last of them the paper is locked."""
    for place, person in enumerate(signers):
        assert paper.status == DocumentStatus.SIGNING, place
        Walker(person).sign(paper)
    assert paper.status == DocumentStatus.LOCKED


def standing(duty: WorkItem) -> tuple[str, Document | None]:
    """Where a duty stands, and the paper about it."""
    duty.refresh_from_db()
    return duty.status, duty.document


def the_later_first(
    author: Walker, first: Matter, second: Matter, *signers: User
) -> tuple[Document, Document]:
    """Two tasks are on the home page. The later is taken first, the other while that is being signed.

    Each is done by a paper of its own, which is about it and no other; those two papers.
    """
    earlier, later = author.duty(*first.row), author.duty(*second.row)
    assert earlier != later

    paper = author.take(*second.row)
    assert {name: paper.content.get(name) for name in second.about} == second.about
    author.hand_in(author.fill(paper, **second.answers(paper)))
    assert standing(earlier) == (DutyStatus.OPEN, None)
    if signers:
        assert standing(later) == (DutyStatus.OPEN, paper) and not author.rows(*second.row)

    other = author.take(*first.row)
    assert other != paper
    assert {name: other.content.get(name) for name in first.about} == first.about
    signed_by(paper, *signers)
    assert standing(later) == (DutyStatus.DONE, paper)
    assert standing(earlier) == (DutyStatus.OPEN, other)
    assert author.duty(*first.row) == earlier and not author.rows(*second.row)

    author.hand_in(author.fill(other, **first.answers(other)))
    signed_by(other, *signers)
    assert standing(earlier) == (DutyStatus.DONE, other)
    assert standing(later) == (DutyStatus.DONE, paper)
    assert not author.rows(*first.row)
    return other, paper

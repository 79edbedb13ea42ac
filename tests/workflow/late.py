"""Work done on a day, told by a 办结记录 afterwards, in as few words as possible."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from accounts.models import User
from tests import factories
from tests.workflow.conftest import AT
from workflow.models import Document, LateEntry, WorkItem
from workflow.pages import editing
from workflow.services import documents, late_entries

ON = date(2026, 11, 24)
REASON = "机房检修，当日在纸质登记簿上办理"


class Work:
    """A duty of somebody, done on a day, told by a 办结记录."""

    def __init__(self, cast: SimpleNamespace) -> None:
        self.cast = cast
        self.serial = 0

    def duty(self, by: User | None = None, **over: Any) -> WorkItem:
        self.serial += 1
        by = by or self.cast.cm
        given = {
            "kind": "collection_reminder", "obligation": "FW-2.3.1", "borrower": self.cast.borrower,
            "period_key": f"p{self.serial}", "counts_from": date(2026, 10, 1), "raised_on": date(2026, 10, 1),
            "due_on": date(2026, 11, 20), "post": by.posts.get().role,
        }  # fmt: skip
        return factories.make_duty(by, over.pop("unit", self.cast.corporate), **(given | over))

    def draft(self, done_on: date, by: User | None = None, **over: Any) -> Document:
        duty = self.duty(by, **over)
        document = editing.start_from(duty, user=by or self.cast.cm, on=ON)
        return self.save(document, {"done_on": done_on.isoformat(), "record": "已电话提醒"})

    @staticmethod
    def save(document: Document, answers: dict[str, Any]) -> Document:
        document = Document.objects.select_related("author").get(pk=document.pk)
        return documents.save(
            document=document, answers=answers, version=document.version, by=document.author, at=AT
        )

    @staticmethod
    def submit(document: Document, on: date = ON) -> Document:
        documents.submit(document=document, by=document.author, password=factories.PASSWORD, on=on, at=AT)
        return Document.objects.select_related("author").get(pk=document.pk)

    @staticmethod
    def request(document: Document, actual_on: date, **over: Any) -> LateEntry:
        given = {"reason": REASON, "by": document.author, "on": ON, "at": AT}
        return late_entries.request(document=document, actual_on=actual_on, **(given | over))

    @staticmethod
    def consent(late: LateEntry, by: User, remark: str = "") -> LateEntry:
        return late_entries.consent(late_entry=late, by=by, on=ON, at=AT, remark=remark)

    @staticmethod
    def refuse(late: LateEntry, by: User, remark: str = "原因不清楚") -> LateEntry:
        return late_entries.refuse(late_entry=late, by=by, remark=remark, on=ON, at=AT)

"""Entered afterwards (补录): its pages, and what the database refuses of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.workflow import raw
from tests.workflow.conftest import AT
from tests.workflow.late import ON, REASON, Work
from workflow import registry
from workflow.choices import DocumentStatus
from workflow.documents import completion_record
from workflow.models import LateEntry
from workflow.services import late_entries


@pytest.fixture
def work(cast: SimpleNamespace, reference: Any) -> Work:
    return Work(cast)


# --- pages ----------------------------------------------------------------------------------------------------------


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.obligation("GR-5", clause="ab")
def test_the_author_declares_it_beside_the_form_and_keeps_what_was_typed(
    work: Work, cast: SimpleNamespace
) -> None:
    document = work.draft(date(2026, 11, 3))
    client = signed_in(cast.cm)
    page = client.get(f"/documents/{document.pk}/edit/").content.decode()
    assert "线下已办，补录" in page and "由客户部门负责人赵强同意" in page
    assert "距今超过 10 天，须按补录办理" in page
    posted = {
        "_here": "record", "_version": document.version, "done_on": "2026-11-03", "record": "改写的办理情况",
        "_actual_on": "2026-11-03", "_late_reason": REASON,
    }  # fmt: skip
    where = f"/documents/{document.pk}/late-entry/"
    without = client.post(where, posted | {"_late_reason": ""})
    assert without.status_code == 422 and "请写明补录原因。" in without.content.decode()
    document.refresh_from_db()
    assert document.content["record"] == "改写的办理情况"
    answer = client.post(where, posted | {"_version": document.version})
    assert answer.status_code == 302 and answer["Location"].endswith("/edit/record/#late-entry")
    page = client.get(answer["Location"]).content.decode()
    assert "等客户部门负责人赵强同意" in page and "撤回补录申请" in page
    assert (
        "补录须先经客户部门负责人赵强同意" in client.get(f"/documents/{document.pk}/submit/").content.decode()
    )
    client.post(f"{where}withdraw/")
    assert not LateEntry.objects.exists()


@pytest.mark.obligation("GR-5", clause="a")
@pytest.mark.parametrize("day", ["", "2026-02-30", "昨天"])
def test_a_day_that_is_no_day_is_asked_for_again(work: Work, cast: SimpleNamespace, day: str) -> None:
    document = work.draft(date(2026, 11, 3))
    answer = signed_in(cast.cm).post(
        f"/documents/{document.pk}/late-entry/", {"_actual_on": day, "_late_reason": REASON}
    )
    assert answer.status_code == 422
    assert "请填写实际日期" in answer.content.decode() and REASON in answer.content.decode()


def test_the_head_decides_from_the_list_that_the_home_page_leads_to(
    work: Work, cast: SimpleNamespace
) -> None:
    one, other = (
        work.request(work.draft(day, by=by), day)
        for day, by in ((date(2026, 11, 3), cast.cm), (date(2026, 11, 5), cast.cm2))
    )
    client = signed_in(cast.head)
    home = client.get("/").content.decode()
    assert "等我同意的补录" in home and 'href="/late-entries/"' in home
    page = client.get("/late-entries/").content.decode()
    assert "张明 2026-11-03 办理，2026-11-24 录入，隔 21 天" in page and REASON in page
    client.post(f"/late-entries/{one.pk}/decide/", {"decision": "grant", "remark": "属实"})
    nothing_said = client.post(f"/late-entries/{other.pk}/decide/", {"decision": "refuse", "remark": ""})
    assert nothing_said.status_code == 422 and "不同意时请写明意见" in nothing_said.content.decode()
    client.post(f"/late-entries/{other.pk}/decide/", {"decision": "refuse", "remark": "请附检修通知"})
    assert list(LateEntry.objects.order_by("pk").values_list("status", "remark")) == [
        ("GRANTED", "属实"), ("REFUSED", "请附检修通知"),
    ]  # fmt: skip
    page = client.get("/late-entries/").content.decode()
    assert "没有等您同意的补录" in page and "请附检修通知" in page
    assert "请附检修通知" in signed_in(cast.cm2).get(f"/documents/{other.document_id}/edit/").content.decode()


def test_the_list_asks_the_same_number_of_questions_for_three_and_for_thirty(
    work: Work, cast: SimpleNamespace
) -> None:
    def questions() -> int:
        person = User.objects.get(pk=cast.head.pk)
        with CaptureQueriesContext(connection) as asked:
            assert signed_in(person).get("/late-entries/").status_code == 200
        return len(asked)

    def some(count: int) -> None:
        for place in range(count):
            document = work.draft(date(2026, 11, 3), subject_kind="LOAN", subject_id=1000 + work.serial)
            late = work.request(document, date(2026, 11, 3))
            if place % 2:
                work.consent(late, cast.head)

    some(3)
    few = questions()
    some(27)
    assert questions() == few


# --- what the database refuses --------------------------------------------------------------------------------------

VIOLATIONS: dict[str, dict[str, Any]] = {
    "a_late_entry_gives_its_reason": {"reason": ""},
    "a_late_entry_tells_of_the_past": {"actual_on": ON + timedelta(days=1)},
    "a_consent_says_who_and_when": {"status": "GRANTED"},
    "nobody_consents_to_their_own_late_entry": {"status": "GRANTED", "decided_on": ON, "decided_at": AT},
    "a_refused_late_entry_says_why": {"status": "REFUSED", "decided_on": ON, "decided_at": AT},
}


def test_every_constraint_of_a_late_entry_has_a_violation_here() -> None:
    assert {constraint.name for constraint in LateEntry._meta.constraints} == set(VIOLATIONS)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(work: Work, cast: SimpleNamespace, name: str) -> None:
    late = work.request(work.draft(date(2026, 11, 3)), date(2026, 11, 3))
    change = dict(VIOLATIONS[name])
    if "decided_on" in change:
        change["decided_by"] = cast.cm if name.startswith("nobody") else cast.head
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LateEntry.objects.filter(pk=late.pk).update(**change)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workflow_lateentry SET reason = '另一个原因' WHERE document_id = %s",
        "UPDATE workflow_lateentry SET actual_on = actual_on - 1 WHERE document_id = %s",
        "DELETE FROM workflow_lateentry WHERE document_id = %s",
    ],
)
def test_what_a_head_consented_to_stays_as_it_was(work: Work, cast: SimpleNamespace, statement: str) -> None:
    document = work.draft(date(2026, 11, 3))
    work.consent(work.request(document, date(2026, 11, 3)), cast.head)
    with pytest.raises(IntegrityError, match="补录已获同意，不能再改"):
        raw.execute(statement, document.pk)


def test_nothing_is_declared_late_once_it_is_being_signed(desk: Any, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    row: Callable[[], Any] = lambda: LateEntry.objects.create(  # noqa: E731
        document=document, actual_on=ON, reason=REASON, requested_by=cast.cm, requested_on=ON, requested_at=AT
    )
    with pytest.raises(IntegrityError, match="补录说明不能再改"), transaction.atomic():
        row()


# --- a form without a day of its own --------------------------------------------------------------------------------


def test_a_form_that_tells_of_no_day_is_never_late_by_itself(
    desk: Any, cast: SimpleNamespace, reference: Any
) -> None:
    document = desk.draft()
    assert late_entries.gap_of(document, on=ON) is None
    late = late_entries.request(
        document=document, actual_on=date(2026, 11, 3), reason=REASON, by=cast.cm, on=ON, at=AT
    )
    late_entries.consent(late_entry=late, by=cast.head, on=ON, at=AT)
    assert desk.submit(desk.again(document)).status == DocumentStatus.SIGNING


def test_every_form_that_names_a_day_has_the_field() -> None:
    for code, known in registry.forms().items():
        if known.day_field:
            fields = [one for section in known.definition.sections for one in section.fields]
            assert any(one.name == known.day_field for one in fields), code
    assert registry.form("completion_record") is completion_record.FORM

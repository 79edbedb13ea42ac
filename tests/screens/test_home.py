"""今日: one line per task, grouped by how urgent it is, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils.html import strip_tags

from accounts.models import User
from tests import factories
from tests.workflow.conftest import NOTE_DUTY, open_desk
from workflow.models import WorkItem
from workflow.tasks import tasks


def item(**fields: object) -> WorkItem:
    """A duty that is not stored."""
    given = {"kind": "site_inspection", "borrower_number": "C1", "person_id": 1, "due_on": date(2026, 12, 31)}
    return WorkItem(**(given | fields))


def test_duties_of_one_kind_for_one_borrower_are_one_task_due_at_the_earliest() -> None:
    periodic = item(pk=1, obligation="GR-27")
    at_once = item(pk=2, obligation="GR-28.1", due_on=date(2026, 11, 26))
    (task,) = tasks([periodic, at_once])
    assert task.due_on == date(2026, 11, 26)
    assert [each.obligation for each in task.items] == ["GR-28.1", "GR-27"]


def test_another_kind_borrower_or_person_is_another_task() -> None:
    items = [
        item(pk=1),
        item(pk=2, kind="call"),
        item(pk=3, borrower_number="C2"),
        item(pk=4, person_id=2),
        item(pk=5, borrower_number="", subject_kind="UNIT", subject_id=1),
        item(pk=6, borrower_number="", subject_kind="UNIT", subject_id=2),
    ]
    assert len(tasks(items)) == 6


def test_evidence_handed_in_on_time_is_not_late_and_handed_in_late_is() -> None:
    on = date(2026, 11, 24)
    assert tasks([item(pk=1, due_on=date(2026, 11, 23))])[0].is_late(on)
    assert not tasks([item(pk=1, due_on=on)])[0].is_late(on)
    in_time = item(pk=1, due_on=date(2026, 11, 20), submitted_on=date(2026, 11, 20))
    too_late = item(pk=1, due_on=date(2026, 11, 20), submitted_on=date(2026, 11, 21))
    assert not tasks([in_time])[0].is_late(on)
    assert tasks([too_late])[0].is_late(on)


def test_the_day_shows_late_first_then_today_then_this_week_then_later(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    """2026-11-24 is a Tuesday, so the week ends on Sunday the 29th."""
    for number, due in (("L1", 20), ("T1", 24), ("W1", 29), ("N1", 30)):
        borrower = factories.make_borrower(number, f"{number} 公司")
        factories.make_duty(cast.cm, cast.corporate, borrower=borrower, due_on=date(2026, 11, due))
    response = browse(cast.cm).get("/")
    groups = [
        (group.title, [line.task.first.borrower_number for line in group.lines])
        for group in response.context["groups"]
    ]
    assert groups == [("已逾期", ["L1"]), ("今天", ["T1"]), ("本周", ["W1"]), ("以后", ["N1"])]
    page = response.content.decode()
    assert "逾期 4 天" in page
    assert "办法 第二十七条" in page
    assert "GR-27" not in strip_tags(page)  # its address leads to the rulebook


def test_of_very_many_tasks_the_most_urgent_are_shown_and_all_of_them_on_demand(
    cast: SimpleNamespace, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postloan.home.LINES", 2)
    for number, due in (("N1", 30), ("L1", 20), ("W1", 29)):
        borrower = factories.make_borrower(number, f"{number} 公司")
        factories.make_duty(cast.cm, cast.corporate, borrower=borrower, due_on=date(2026, 11, due))
    client = browse(cast.cm)
    first, whole = client.get("/"), client.get("/?all=1")
    assert [(one.title, one.count, len(one.lines)) for one in first.context["groups"]] == [
        ("已逾期", 1, 1), ("本周", 1, 1), ("以后", 1, 0),
    ]  # fmt: skip
    assert "另有 1 件到期更晚的" in first.content.decode() and "all=1" in first.content.decode()
    assert "N1 公司" in strip_tags(whole.content.decode().split('id="duty-rows"')[1])
    assert "另有" not in whole.content.decode()


def test_nobody_elses_duties_are_on_the_page(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    factories.make_duty(cast.cm2, cast.corporate, borrower=cast.borrower)
    assert browse(cast.cm).get("/").context["groups"] == []


def test_filters_narrow_with_and_without_a_script(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    other = factories.make_borrower("C100002", "另一家公司")
    for borrower in (cast.borrower, other):
        factories.make_duty(cast.cm, cast.corporate, borrower=borrower)
    client = browse(cast.cm)
    plain = client.get("/", {"customer": "C100002"})
    swapped = client.get("/", {"customer": "C100002"}, headers={"HX-Request": "true"})
    for response in (plain, swapped):
        (group,) = response.context["groups"]
        assert [line.task.first.borrower_number for line in group.lines] == ["C100002"]
    assert "<html" in plain.content.decode()
    assert "<html" not in swapped.content.decode()


def test_a_task_goes_to_the_signers_and_comes_back_with_the_reason(
    cast: SimpleNamespace, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(cast, monkeypatch)
    duty = factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower, kind=NOTE_DUTY)
    document = desk.draft(duty=duty)
    author, head = browse(cast.cm), browse(cast.head)
    (group,) = author.get("/").context["groups"]
    assert group.lines[0].button == "继续填写"
    assert len(head.get("/").context["waiting"]) == 0

    desk.attach(document)
    document = desk.submit(desk.again(document))
    context = author.get("/").context
    assert context["groups"] == []
    assert [wait.step.person for wait in context["signing"]] == [cast.head]
    assert [step.chain.document for step in head.get("/").context["waiting"]] == [document]
    assert len(browse(cast.president).get("/").context["waiting"]) == 0  # not yet his turn

    desk.send_back(desk.step(document, 2), cast.head, reason="请补充存货照片")
    page = author.get("/")
    assert page.context["signing"] == []
    assert "请补充存货照片" in page.content.decode()
    assert [group.key for group in page.context["groups"]] == ["later"]
    assert len(head.get("/").context["waiting"]) == 0


def test_the_head_sees_who_is_late_and_the_customer_manager_does_not(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    factories.make_duty(cast.cm2, cast.corporate, borrower=cast.borrower, due_on=date(2026, 11, 20))
    head = browse(cast.head).get("/")
    assert [(row["person__name"], row["late"]) for row in head.context["others"]["people"]] == [("李娜", 1)]
    assert "others" not in browse(cast.cm2).get("/").context


def test_an_empty_day_says_why(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    assert "眼下没有要办的事" in browse(cast.cm).get("/").content.decode()


@pytest.mark.parametrize("who", ["cm", "head", "risk", "president", "accountant", "auditor", "admin"])
def test_every_post_has_a_home(cast: SimpleNamespace, browse: Callable[[User], Client], who: str) -> None:
    page = browse(cast.people[who]).get("/")
    assert page.status_code == 200
    nav = page.context["frame"].nav
    own = {entry.label for room in (*nav.rooms, *nav.more) for entry in (room.head, *room.pages)}
    assert ("客户" in own) == (who != "admin")
    assert ("到期与逾期" in own) == (who in {"head", "risk", "president", "auditor"})
    assert ("操作记录" in own) == (who == "auditor")

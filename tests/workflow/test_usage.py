"""Usage by person (第五条): what was done in the system, what was entered afterwards, each with its own rate."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import User
from core import actor, audit, clock
from core.models import AuditEntry
from tests import factories
from tests.workflow.conftest import AT
from workflow.choices import DutyStatus
from workflow.models import DayRun, WorkItem
from workflow.usage import COUNTS, Usage, UsagePage, percent, usage_of

AS_OF = date(2026, 11, 23)
FIRST = date(2026, 10, 1)
PEOPLE = ("cm", "cm2", "cm_personal", "head", "risk", "other_cm")


def duty(cast: SimpleNamespace, who: str | None, due_on: date, **closing: Any) -> WorkItem:
    """A duty that fell due, as it was closed, if it was."""
    person = cast.people[who] if who else None
    unit = person.posts.get().unit if person else cast.corporate
    post = person.posts.get().role if person else "CUSTOMER_MANAGER"
    if closing.get("status", DutyStatus.OPEN) != DutyStatus.OPEN:
        closing = {
            "closed_on": due_on,
            "closed_at": AT,
            "closed_by": "1001",
            "close_reason": "因故",
        } | closing
    raised = {"raised_on": due_on - timedelta(days=30)}
    return factories.make_duty(person, unit, due_on=due_on, post=post, **raised | closing)


def done(cast: SimpleNamespace, who: str, due_on: date, done_on: date, **over: Any) -> WorkItem:
    given = {"status": DutyStatus.DONE, "done_on": done_on, "closed_on": max(done_on, due_on)}
    return duty(cast, who, due_on, **given | over)


def page(person: User, *, first: date = FIRST, until: date = AS_OF, as_of: date = AS_OF) -> UsagePage:
    return usage_of(User.objects.get(pk=person.pk), first=first, until=until, as_of=as_of)


def line(found: UsagePage, name: str) -> Usage:
    return next(one for one in found.lines if one.name == name)


@pytest.mark.obligation("GR-5", clause="ef")
def test_each_person_has_their_figures_and_late_entries_a_rate_of_their_own(cast: SimpleNamespace) -> None:
    day = date(2026, 11, 10)
    done(cast, "cm", day, day)  # in time
    done(cast, "cm", day, day - timedelta(days=3))  # in time
    done(cast, "cm", day, day + timedelta(days=1))  # a day late
    done(cast, "cm", day, day, late_entry=True)  # afterwards, in time by its real day
    done(cast, "cm", day, day + timedelta(days=2), late_entry=True)  # afterwards, and too late
    duty(cast, "cm", day)  # late
    duty(cast, "cm", day, submitted_on=day)  # with the signers: open, not late
    duty(cast, "cm", AS_OF)  # due today: open, not late
    duty(cast, "cm", day, status=DutyStatus.VOID)
    duty(cast, "cm", day, status=DutyStatus.WAIVED)
    duty(cast, "cm", date(2026, 9, 30))  # of the quarter before
    done(cast, "cm", day, day, closed_on=AS_OF + timedelta(days=1))  # closed only after the last closed day
    found = line(page(cast.head), "张明")
    assert {name: getattr(found, name) for name in COUNTS} == {
        "due": 9, "done": 3, "on_time": 2, "late_entries": 2, "late_entries_on_time": 1, "open": 4, "late": 2,
    }  # fmt: skip
    # 3 of 9 in the system; 2 in time of the 7 that were not entered afterwards; 1 of 2 of those that were.
    assert (found.usage_rate, found.on_time_rate, found.late_entry_rate) == (
        Decimal("33.3"), Decimal("28.6"), Decimal("50.0"),
    )  # fmt: skip
    assert (found.unit, found.due) == ("工人支行 公司部", found.done + found.late_entries + found.open)


@pytest.mark.obligation("GR-5", clause="e")
def test_the_figures_equal_a_recomputation_duty_by_duty(cast: SimpleNamespace) -> None:
    chance = Random(5)
    for _ in range(300):
        due = FIRST - timedelta(days=10) + timedelta(days=chance.randrange(75))
        kind = chance.choice(["open", "open", "signing", "done", "done", "done", "void", "waived"])
        who = chance.choice([*PEOPLE, None])
        closed = due + timedelta(days=chance.randrange(-20, 20))
        if kind in ("open", "signing"):
            duty(cast, who, due, **({"submitted_on": closed} if kind == "signing" else {}))
        elif kind == "done":
            when = closed - timedelta(days=chance.randrange(5))
            late = chance.random() < 0.3
            duty(cast, who, due, status="DONE", done_on=when, closed_on=closed, late_entry=late)
        else:
            duty(cast, who, due, status=kind.upper(), closed_on=closed)
    expected: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for item in WorkItem.objects.select_related("person"):
        if not FIRST <= item.due_on <= AS_OF or item.raised_on > AS_OF:
            continue
        closed_by_then = item.closed_on is not None and item.closed_on <= AS_OF
        if closed_by_then and item.status in ("VOID", "WAIVED"):
            continue
        row = expected[item.person.name if item.person else "缺岗（无人负责）"]
        row["due"] += 1
        if closed_by_then:
            row["late_entries" if item.late_entry else "done"] += 1
            if item.done_on <= item.due_on:
                row["late_entries_on_time" if item.late_entry else "on_time"] += 1
        else:
            row["open"] += 1
            in_hand = item.submitted_on is not None and item.submitted_on <= item.due_on
            row["late"] += item.due_on < AS_OF and not in_hand
    found = page(cast.auditor)
    shown = {one.name: {name: getattr(one, name) for name in COUNTS} for one in found.lines}
    assert {name: row for name, row in shown.items() if row["due"]} == dict(expected)
    assert {name: getattr(found.total, name) for name in COUNTS} == {
        name: sum(row[name] for row in expected.values()) for name in COUNTS
    }
    rates = [one.on_time_rate for one in found.lines if one.on_time_rate is not None]
    assert rates == sorted(rates) and len(rates) >= 6  # the worst first


@pytest.mark.obligation("GR-5", clause="f")
def test_everybody_sees_whom_they_answer_for_and_the_others_only_themselves(cast: SimpleNamespace) -> None:
    for who in PEOPLE:
        duty(cast, who, date(2026, 11, 10))
    duty(cast, None, date(2026, 11, 10))
    seen = {who: {one.name for one in page(person).lines} for who, person in cast.people.items()}
    vacant, branch = "缺岗（无人负责）", {"张明", "李娜", "王芳", "赵强", "孙磊"}
    assert seen["cm"] == {"张明"} and seen["accountant"] == {"冯丽"}
    assert seen["head"] == {"张明", "李娜", "赵强", vacant}
    assert seen["head_personal"] == {"王芳"}
    for who in ("risk", "risk_head", "vp", "president"):
        assert seen[who] == branch | {vacant}
    assert seen["other_head"] == {"卫平"}
    assert seen["auditor"] == branch | {vacant, "卫平", "沈波"}


def test_days_signed_in_and_the_last_act_come_from_the_audit(cast: SimpleNamespace) -> None:
    for day, times in ((date(2026, 11, 2), 2), (date(2026, 11, 20), 1), (date(2026, 9, 30), 1)):
        with clock.travelling_to(day), actor.acting_as(actor.Actor(id="1001", name="张明")):
            for _ in range(times):
                audit.record(act="accounts.signed_in", subject=cast.cm)
    with clock.travelling_to(date(2026, 11, 23)), actor.acting_as(actor.Actor(id="1001", name="张明")):
        audit.record(act="credit.export", subject="borrowers")
    found = line(page(cast.cm), "张明")
    assert found.last_at is not None
    assert (found.days, clock.local(found.last_at).date()) == (2, date(2026, 11, 23))


@pytest.mark.parametrize(
    ("part", "whole", "rate"), [(0, 0, None), (0, 3, "0.0"), (2, 3, "66.7"), (1, 8, "12.5"), (3, 3, "100.0")]
)
def test_a_rate_is_given_to_a_tenth_and_of_nothing_there_is_none(
    part: int, whole: int, rate: str | None
) -> None:
    assert percent(part, whole) == (Decimal(rate) if rate else None)


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.fixture
def closed(cast: SimpleNamespace) -> None:
    """The day before is closed."""
    DayRun.objects.create(on=AS_OF, step="closed", status="DONE", finished_at=AT)


def got(person: User, query: str = "", where: str = "/usage/") -> Any:
    client = Client()
    client.force_login(person)
    return client.get(f"{where}{query}")


def test_the_page_shows_the_quarter_of_the_last_closed_day_unless_asked_otherwise(
    cast: SimpleNamespace, closed: None, reference: Any
) -> None:
    duty(cast, "cm", date(2026, 11, 10))
    duty(cast, "cm", date(2026, 8, 10))
    text = got(cast.head).content.decode()
    assert "2026-10-01 至 2026-11-23 到期的职责，按 2026-11-23 日终的状态" in text
    earlier = got(cast.head, "?from=2026-07-01&to=2026-09-30").context["page"]
    assert line(earlier, "张明").due == 1
    assert got(cast.head, "?to=2099-01-01").context["page"].until == AS_OF  # nothing is known of later days
    for query, sentence in (
        ("?from=昨天", "不是日期（写作 2026-11-24）；已按本季显示"),
        ("?to=0001-01-01", "日期须在 1900-01-01 至 2199-12-31 之间；已按本季显示"),
        ("?from=2026-11-20&to=2026-11-01", "起始日晚于截止日"),
        ("?from=2026-12-01", "起始日晚于截止日"),
    ):
        assert sentence in got(cast.head, query).content.decode()
    nobody = got(cast.other_head, "?from=2020-01-01&to=2020-01-02").content.decode()
    assert "卫平" in nobody and "–" in nobody


@pytest.mark.obligation("GR-5", clause="f")
def test_the_workbook_holds_what_the_page_shows_and_taking_it_out_is_written_down(
    cast: SimpleNamespace, closed: None, reference: Any
) -> None:
    done(cast, "cm", date(2026, 11, 10), date(2026, 11, 10))
    duty(cast, "cm2", date(2026, 11, 10))
    sheet = load_workbook(BytesIO(got(cast.head, where="/usage/export/").getvalue())).active
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows()]
    assert rows[0][:7] == ("姓名", "机构", "到期", "系统办结", "使用率（%）", "按期", "按期率（%）")
    assert [row[:7] for row in rows[1:]] == [
        ("李娜", "工人支行 公司部", 1, 0, 0, 0, 0),
        ("张明", "工人支行 公司部", 1, 1, 100, 1, 100),
        ("合计", "", 2, 1, 50, 1, 50),
    ]
    entry = AuditEntry.objects.get(act="workflow.usage.exported")
    assert (entry.note, entry.after) == ("2026-10-01—2026-11-23", {"rows": 2})


def test_the_page_asks_the_same_number_of_questions_however_many_people_and_duties(
    cast: SimpleNamespace, closed: None, reference: Any
) -> None:
    def questions() -> int:
        got(cast.president)
        with CaptureQueriesContext(connection) as asked:
            got(cast.president)
        return len(asked)

    duty(cast, "cm", date(2026, 11, 10))
    few = questions()
    for place in range(40):
        person = factories.make_person(
            f"9{place:03d}", f"新人{place}", role="CUSTOMER_MANAGER", unit=cast.corporate
        )
        factories.make_duty(
            person, cast.corporate, due_on=date(2026, 11, 10), borrower=cast.borrower, period_key=f"q{place}"
        )
    assert questions() == few

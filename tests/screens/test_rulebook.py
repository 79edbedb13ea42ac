"""制度对照: the state of every article, its parameters in force, and its duties as far as the reader may know them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Unit, User
from core import audit, clock, policy
from core.models import Scheme
from core.obligations import catalogue
from core.policy import policy_on
from core.rulebook import shipped_marks
from reviews.policy import words
from reviews.rulebook.selectors import Row, figures_by_obligation, speaks_of
from tests import factories
from workflow.models import DailyMeasure, DayRun

pytestmark = pytest.mark.usefixtures("reference")


def rows_of(page: Any) -> dict[str, Row]:
    return {row.id: row for book in page.context["regulations"] for row in book.rows}


def measure(unit: Unit, on: date, name: str, value: int, obligation: str = "GR-27", **more: Any) -> None:
    DailyMeasure.objects.create(
        unit=unit, on=on, measure=name, value=value, obligation=obligation, post="CUSTOMER_MANAGER", **more
    )


@pytest.fixture
def figures(cast: SimpleNamespace) -> None:
    """Two closed days of this quarter and one of the last, in two departments and in another branch."""
    first, last = date(2026, 10, 31), date(2026, 11, 23)
    DayRun.objects.create(on=last, step="closed", status="DONE", finished_at=clock.now())
    for unit, person, n in (
        (cast.corporate, cast.cm, 1),
        (cast.personal, cast.cm_personal, 10),
        (cast.corporate2, cast.other_cm, 100),
    ):
        measure(unit, first, "raised", 5 * n, person=person)
        measure(unit, first, "open", 5 * n, person=person)
        measure(unit, first, "late", 4 * n, person=person)
        measure(unit, last, "done", 3 * n, person=person)
        measure(unit, last, "done_in_time", 1 * n, person=person)
        measure(unit, last, "late_entry", 1 * n, person=person)
        measure(unit, last, "late_entry_in_time", 1 * n, person=person)
        measure(unit, last, "open", 2 * n, person=person)
        measure(unit, last, "late", 1 * n, person=person)
    measure(cast.corporate, date(2026, 9, 30), "raised", 7, person=cast.cm)


# --- the state -----------------------------------------------------------------------------------------------


def test_the_counts_add_up_to_all_rows_of_the_catalogue_and_lead_to_exactly_as_many(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.cm)
    context = client.get("/rulebook/").context
    assert sum(context["counts"].values()) == context["total"] == context["found"] == 183
    for state, count in context["counts"].items():
        assert sum(book.counts[state] for book in context["regulations"]) == count
    for book in context["regulations"]:
        for state, count in book.cells:
            narrowed = client.get("/rulebook/", {"document": book.key, "state": state}).context
            assert narrowed["found"] == count
            assert {row.document for shown in narrowed["regulations"] for row in shown.rows} <= {book.key}


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The marks of two rows: some clauses of one, every clause of the other."""
    marks = {
        "GR-5": {"a": ["tests/app/test_it.py::test_late"], "e": ["tests/app/test_it.py::test_apart"]},
        "GD-3.3": {letter: [f"tests/app/test_it.py::test_{letter}"] for letter in "abcde"},
    }
    path = tmp_path / "marked_tests.json"
    path.write_text(json.dumps(marks), encoding="utf-8")
    monkeypatch.setattr("core.rulebook.marks_file", lambda: path)
    shipped_marks.cache_clear()
    yield
    shipped_marks.cache_clear()


def test_an_article_says_clause_by_clause_what_keeps_it_and_by_which_tests(
    cast: SimpleNamespace, marked: None, browse: Callable[[User], Client]
) -> None:
    page = browse(cast.cm).get("/rulebook/")
    whole = rows_of(page)["GD-3.3"]
    assert (whole.state, whole.share) == ("WHOLE", "5/5")
    assert [claim.label for claim in whole.claims] == ["生成职责：现场检查"]
    assert {clause.claims for clause in whole.clauses} == {whole.claims}, "no claim names a clause of its own"
    part = rows_of(page)["GR-5"]
    assert (part.state, part.share) == ("PART", "2/6")
    assert len(part.tests) == 2
    told = {
        one.letter: (one.kept, [claim.code.rpartition(".")[2] for claim in one.claims], list(one.tests))
        for one in part.clauses
    }
    assert told == {
        "a": (True, ["gap_of"], ["tests/app/test_it.py::test_late"]),
        "b": (False, ["gap_of"], []),
        "c": (False, ["request"], []),  # what no claim names is kept by whoever claims the row
        "d": (False, ["request"], []),
        "e": (True, ["usage_of"], ["tests/app/test_it.py::test_apart"]),
        "f": (False, ["usage_of"], []),
    }
    assert (rows_of(page)["DA-10"].state, rows_of(page)["DA-10"].share) == ("NOT_YET", "0/4")
    assert rows_of(page)["XW-5.1"].share == ""  # others carry it
    text = page.content.decode()
    assert "要求（2/6 项已落实）" in text
    assert "事后补登的风险事件同样须写原因并经同意" in text and "没有测试证明这一项" in text
    assert "<li>tests/app/test_it.py::test_late</li>" in text
    assert "inspections.duties.CorporateVisit" in text
    assert "还没有程序认领本条" in text


def test_no_catalogue_id_is_printed_on_the_page(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client]
) -> None:
    text = browse(cast.auditor).get("/rulebook/?open=1").content.decode()
    assert '<span class="rule-cite">第二十七条</span>' in text
    printed = re.sub(r"<[^>]*>", " ", text)
    assert [key for key in catalogue() if re.search(rf"(?<![\w-]){re.escape(key)}(?![\w.])", printed)] == []
    # GR-6.2 says in the catalogue: 由 GR-27 至 GR-30 各项承担.
    assert "由第二十七条至第三十条各项承担" in printed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # Three rows have the one word, many the other; the second row has it in a clause.
        ({"q": "会议包 客户经理"}, {"GR-37.2", "GR-38"}),
        ({"q": "第六条（三）后 第4项"}, {"GR-6.4.4"}),
        ({"q": "第六条(三)后 第4项"}, {"GR-6.4.4"}),  # half-width brackets as well
        ({"room": "archives", "document": "XD"}, {"XD-6.9"}),
        ({"q": "没有这样的话"}, set()),
    ],
)
def test_the_book_is_narrowed_by_words_room_and_regulation(
    cast: SimpleNamespace, browse: Callable[[User], Client], query: dict[str, str], found: set[str]
) -> None:
    page = browse(cast.cm).get("/rulebook/", query)
    assert set(rows_of(page)) == found
    assert ("没有符合条件的条文" in page.content.decode()) == (not found)


@pytest.mark.parametrize(
    "query", ["state=x&document=ZZ&room=x", "q=%00", "from=x", "to=1900-01-01&from=2026-01-01"]
)
def test_a_mistyped_address_is_no_error(
    cast: SimpleNamespace, browse: Callable[[User], Client], query: str
) -> None:
    page = browse(cast.cm).get(f"/rulebook/?{query}")
    assert (page.status_code, page.context["found"]) == (200, 183)


def test_the_administrator_reads_the_book_and_nobody_without_a_post_does(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client]
) -> None:
    assert not any(row.duties.any for row in rows_of(browse(cast.admin).get("/rulebook/")).values())
    cast.cm.posts.update(to_on=date(2026, 11, 23))
    assert browse(User.objects.get(pk=cast.cm.pk)).get("/rulebook/").status_code == 403


def test_an_article_on_a_page_leads_to_its_row_and_the_row_is_open(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower, obligation="GR-28.1")
    client = browse(cast.cm)
    link = "/rulebook/?row=GR-28.1#GR-28.1"
    assert f'href="{link}"' in client.get("/").content.decode()
    assert '<details class="rule" id="GR-28.1" open>' in client.get(link).content.decode()


# --- duties --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "times"),
    [
        ("head", 1),
        ("risk", 11),
        ("president", 11),
        ("auditor", 111),
        ("cm", 1),
        ("cm2", 0),
        ("accountant", 0),
    ],
)
def test_duties_are_counted_over_the_quarter_where_the_reader_may_see_them(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client], who: str, times: int
) -> None:
    # Per department: 5 raised, 3 done of which 1 + 1 (on paper) in time; on the last closed day 2 open, 1 late.
    counted = rows_of(browse(cast.people[who]).get("/rulebook/?to=2026-11-24"))["GR-27"].duties
    assert (counted.raised, counted.done, counted.on_time) == (5 * times, 3 * times, 2 * times)
    assert (counted.open, counted.late) == (2 * times, 1 * times)


def test_the_period_is_the_one_that_is_asked_for(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.head)
    year = rows_of(client.get("/rulebook/?from=2026-01-01"))["GR-27"].duties
    assert (year.raised, year.late) == (12, 1)  # 7 on 30 September and 5 on 31 October
    october = rows_of(client.get("/rulebook/?from=2026-10-01&to=2026-10-31"))["GR-27"].duties
    assert (october.raised, october.done, october.open, october.late) == (5, 0, 5, 4)
    # No duty stood open at the end of 22 November: no figure was written, and no earlier one is shown for it.
    november = rows_of(client.get("/rulebook/?from=2026-10-01&to=2026-11-22"))["GR-27"].duties
    assert (november.raised, november.open, november.late) == (5, 0, 0)


def test_late_duties_lead_to_the_list_only_for_those_who_may_read_it(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client]
) -> None:
    link = "/duties/?article=GR-27"
    clauses = len(catalogue()["GR-27"].clauses)
    assert browse(cast.risk).get("/rulebook/").content.decode().count(link) == 1 + clauses
    assert browse(cast.risk).get(link).status_code == 200
    assert link not in browse(cast.cm).get("/rulebook/").content.decode()


# --- parameters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("article", "cite", "same"),
    [
        ("第二十七条", "第二十七条", True),
        ("第六条(三)后·本息催收第1项", "第六条（三）后·本息催收第1项", True),
        ("第六条（三）后·本息催收第1项", "第六条（三）", False),
        ("三、3（3）", "三、3", True),  # a sub-item of the row
        ("2.2", "2.2（5）", True),  # the article that the row is part of
        ("第五条（六）、第六条（六）", "第六条（六）", True),
        ("第五条", "第五章 贷后管理例会制度", False),
        ("第二条", "第二十条", False),
        ("2.2", "2.3（1）", False),
    ],
)
def test_a_parameter_speaks_of_its_article_however_its_brackets_are_written(
    article: str, cite: str, same: bool
) -> None:
    assert speaks_of(article, cite) == same


@pytest.mark.obligation("GR-27", clause="b")
@pytest.mark.obligation("GR-28.1", clause="b")
@pytest.mark.obligation("GR-28.2", clause="d")
@pytest.mark.obligation("GR-28.3", clause="c")
@pytest.mark.obligation("GR-28.4", clause="c")
def test_an_article_shows_its_parameters_in_words_with_scheme_and_what_is_ours(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    rows = rows_of(browse(cast.cm).get("/rulebook/"))
    shown = {(one.name, one.scheme): one for one in rows["GR-27"].figures}
    visits = shown["现场检查频率", "法人客户贷后管理方案"]
    assert visits.value == "；".join(
        [
            "正常 每季至少一次",
            "关注 每季至少一次",
            "次级 每月至少一次",
            "可疑 每月至少一次",
            "损失 每季至少一次",
        ]
    )
    assert visits.ours and visits.since is None
    meeting = {one.name: one for one in rows["GR-35"].figures}["贷后例会频率"]
    assert (meeting.value, meeting.ours) == ("每季至少一次", False)
    for event in ("GR-28.1", "GR-28.2", "GR-28.3", "GR-28.4"):
        (visit, *_rest) = rows[event].figures
        assert (visit.name, visit.value, visit.ours) == ("风险事项到场期限（工作日）", "3", True)
    assert {one.name for one in rows["GS-8"].figures} == {
        "首次检查期限（工作日）", "首次检查后填表期限", "改变用途上报后阅知期限", "首次跟踪检查表签字链",
    }  # fmt: skip
    text = browse(cast.cm).get("/rulebook/").content.decode()
    assert "含本系统设定" in text
    assert "可疑、损失类的频率原文空缺" in text


def test_every_parameter_that_names_a_regulation_is_found_under_one_of_its_articles(
    cast: SimpleNamespace,
) -> None:
    """One that nobody finds has a mistyped article or document."""
    in_force = policy_on(cast.today)
    shown = {(one.name, one.scheme) for of in figures_by_obligation(in_force).values() for one in of}
    names = dict(Scheme.objects.values_list("pk", "name"))
    named = {
        (words.title(one.name), names[code])
        for code, parameters in in_force.parameters.items()
        for one in parameters.values()
        if one.source != "本系统"
    }
    assert named - shown == set()


def test_a_changed_parameter_is_shown_from_its_day_on_and_says_since_when(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    scheme = Scheme.objects.get(code="GR")
    parameters = {key: dict(entry) for key, entry in scheme.versions.get(number=1).parameters.items()}
    parameters["event_visit.within"]["value"] = 2
    at = clock.now()
    version = policy.propose(
        scheme=scheme, parameters=parameters, effective_on=date(2026, 12, 1), reason="从严", by="1007", at=at
    )
    policy.approve(version=version, by="1008", at=at)

    def shown(label: str, obligation: str) -> tuple[str, date | None]:
        of = rows_of(browse(cast.cm).get("/rulebook/"))[obligation].figures
        (one,) = (one for one in of if (one.name, one.scheme) == (label, scheme.name))
        return one.value, one.since

    assert shown("风险事项到场期限（工作日）", "GR-28.1") == ("3", None)
    with clock.travelling_to(date(2026, 12, 1)):
        assert shown("风险事项到场期限（工作日）", "GR-28.1") == ("2", date(2026, 12, 1))
        assert shown("现场检查频率", "GR-27")[1] is None, (
            "what the version did not change is as old as before"
        )


@pytest.mark.parametrize(
    ("parameter", "value", "read"),
    [
        ("contact.within", {"workdays": 5}, "5 个工作日"),
        ("repeat_overdue.times", {"times": 3, "months": 12}, "12 个月内 3 次"),
        ("normal_sampling.rate", "0.10", "10%"),
        ("call.coverage", "1", "100%"),
        ("call.coverage", "0.125", "12.5%"),
        ("call.coverage", "不低于同业", "不低于同业"),
        # The database gives the keys of a mapping back by their length.
        (
            "provision.rates",
            {"LOSS": "1.00", "DOUBTFUL": "0.50", "SUBSTANDARD": "0.25"},
            "次级 25%；可疑 50%；损失 100%",
        ),
        (
            "escalation.ladder",
            {"RISK": ({"after_days": 1, "role": "RISK_HEAD"},)},
            "风险线 逾期 1 天报风险部负责人",
        ),
        ("funds.account_kinds", ("BASIC", "SAVINGS"), "基本户、个人结算户"),
    ],
)
def test_a_value_reads_as_people_say_it(parameter: str, value: Any, read: str) -> None:
    assert words.in_words(value, parameter) == read


# --- the same as a file and as data ----------------------------------------------------------------------------


def test_the_workbook_holds_exactly_the_rows_that_are_shown_and_the_audit_who_took_it(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.head)
    answer = client.get("/rulebook/export/", {"document": "GR", "state": "PART"})
    header, *lines = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active.iter_rows(values_only=True)
    shown = rows_of(client.get("/rulebook/", {"document": "GR", "state": "PART"}))
    assert [line[1] for line in lines] == [row.obligation.cite for row in shown.values()]
    (visits,) = (dict(zip(header, line, strict=True)) for line in lines if line[1] == "第二十七条")
    assert (visits["状态"], visits["由谁落实"]) == ("部分落实", "生成职责：现场检查")
    kept, missing = visits["已落实的要求"], visits["未落实的要求"]
    assert (visits["要求数"], visits["已落实要求数"]) == (6, len(kept.split("；")))
    assert "分类变动即重算下次检查日" in kept
    assert missing.startswith("方案无首次检查的，放款次一日历期起即须定期检查")
    assert [visits[key] for key in ("生成", "办结", "按期", "未办", "其中逾期")] == [5, 3, 2, 2, 1]
    entry = audit.AuditEntry.objects.get(act="postloan.rulebook.exported")
    assert (entry.actor, entry.after) == ("1004", {"rows": len(lines)})


def printed(*args: str) -> str:
    out = io.StringIO()
    call_command("rulebook", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_what_the_auditor_sees(
    cast: SimpleNamespace, figures: None, browse: Callable[[User], Client]
) -> None:
    told = json.loads(printed("--json", "--to", "2026-11-24"))
    page = browse(cast.auditor).get("/rulebook/?to=2026-11-24")
    assert told["counts"] == {str(state): n for state, n in page.context["counts"].items()}
    assert [row["id"] for row in told["rows"]] == list(rows_of(page))
    visits = {row["id"]: row for row in told["rows"]}["GR-27"]
    assert visits["duties"] == {"raised": 555, "done": 333, "on_time": 222, "late": 111, "open": 222}
    assert visits["claims"][0]["code"] == "inspections.duties.CorporateVisit"
    assert visits["parameters"]
    assert [clause["clause"] for clause in visits["clauses"]] == list("abcdef")
    recalculated = visits["clauses"][3]
    assert (recalculated["words"], recalculated["state"]) == ("分类变动即重算下次检查日", "WHOLE")
    assert recalculated["claims"] == ["inspections.duties.CorporateVisit"]
    assert any(test.startswith("tests/inspections/test_visits.py::test_") for test in recalculated["tests"])
    text = printed()
    assert "    已落实  d  分类变动即重算下次检查日\n" in text
    assert "共 183 条：已落实 " in text


def test_where_no_tests_ship_the_state_stays_what_the_tests_said(
    cast: SimpleNamespace, browse: Callable[[User], Client], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = browse(cast.cm).get("/rulebook/").context["counts"]
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    assert browse(cast.cm).get("/rulebook/").context["counts"] == before
    with pytest.raises(CommandError, match="没有测试源码"):
        printed("--write")

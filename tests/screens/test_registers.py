"""Every declared list, by the registry of them: scoped, paged, narrowed, kept, and taken out exactly as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from core import clock
from core.models import AuditEntry
from credit.choices import EventKind
from credit.models import Borrower, RiskEvent
from tests.project.test_query_budgets import fill
from tests.screens.test_leaks import every_byte
from workflow.models import Document, ListSettings, WorkItem
from workflow.registers.lists import Register, registers

Browse = Callable[[User], Client]
WORDS = ("预算客户", "Q0000", "江南纺织", "C100001")  # of customers of the first branch alone
PAYLOADS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "|calc")


def reader(cast: SimpleNamespace, one: Register) -> User:
    """Somebody of the first branch who has the list."""
    people = (cast.risk, cast.head, cast.president, cast.accountant, cast.auditor)
    return next(person for person in people if person.scope.has(*one.roles))


def sheet(answer: object) -> list[tuple[object, ...]]:
    """The rows of a workbook, the head first."""
    return list(load_workbook(BytesIO(answer.getvalue())).active.values)  # type: ignore[attr-defined]


@pytest.fixture
def filled(cast: SimpleNamespace) -> SimpleNamespace:
    """Three more customers with something in nearly every list."""
    fill(cast, 3)
    for borrower in Borrower.objects.filter(number__startswith="Q"):
        RiskEvent.objects.create(
            borrower=borrower, kind=EventKind.STOPPAGE, effective_on=cast.today, known_on=cast.today, detail="全厂停产",
            recorded_by="1001", recorded_at=clock.now(),
        )  # fmt: skip
    return cast


def lists() -> Iterator[Register]:
    reverse("home")  # the registry is complete once the addresses are read
    assert len(registers()) > 5
    yield from registers().values()


def test_each_list_goes_from_page_to_page_through_every_row_once_and_its_workbook_has_the_same(
    filled: SimpleNamespace, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Register, "size", 2)
    seen_in = {}
    for one in lists():
        monkeypatch.setattr(type(one), "size", 2)
        client, seen, after = browse(reader(filled, one)), [], [""]
        while after:
            context = client.get(reverse(one.route), {"after": after}).context
            seen += [row.pk for row in context["rows"]]
            after = context["following"]
        assert len(seen) == len(set(seen)) == int(context["found"]), one.route
        assert len(sheet(client.get(reverse(f"{one.route}_export")))) == len(seen) + 1, one.route
        assert AuditEntry.objects.get(act=one.act).after == {"rows": len(seen)}
        seen_in[one.route] = len(seen)
    assert [route for route, n in seen_in.items() if n > 2] != []


def test_no_list_and_no_workbook_tells_another_branch_a_word(filled: SimpleNamespace, browse: Browse) -> None:
    """Promise 30, and not in vain: whoever may read them finds the same words in nearly every list."""
    told = set()
    for one in lists():
        for where in (reverse(one.route), reverse(f"{one.route}_export")):
            for person in (filled.other_cm, filled.other_risk, filled.other_president):
                sent = every_byte(browse(person).get(where))
                assert [word for word in WORDS if word in sent] == [], where
            if any(word in every_byte(browse(reader(filled, one)).get(where)) for word in WORDS):
                told.add(one.route)
    silent = {one.route for one in lists()} - told
    assert silent <= {"imports", "late_entries", "samples", "misuse", "supervised_accounts", "documents", "groups",
                      "funds", "outlook"}  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_formula_leaves_in_the_workbook_of_any_list(
    filled: SimpleNamespace, browse: Browse, payload: str
) -> None:
    """Promise 37, by the registry: names that are formulas, in every list that says them."""
    Borrower.objects.update(name=payload, industry=payload)
    WorkItem.objects.update(borrower_name=payload, reason=payload)
    Document.objects.filter(status="DRAFT").update(borrower_name=payload)
    for one in lists():
        answer = browse(reader(filled, one)).get(reverse(f"{one.route}_export"))
        for row in load_workbook(BytesIO(answer.getvalue())).active.iter_rows():
            for cell in row:
                assert cell.data_type != "f", one.route
                if isinstance(cell.value, str):
                    assert not cell.value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "|"))


def test_a_kept_filter_is_one_click_away_and_nobody_elses(cast: SimpleNamespace, browse: Browse) -> None:
    client = browse(cast.risk)
    kept = {"_name": "  关注  ", "risk_class": "SPECIAL_MENTION", "kind": "nonsense", "unit": "x"}
    assert client.post("/lists/borrowers/filters/", kept).url == "/borrowers/?risk_class=SPECIAL_MENTION"
    assert (
        '<a href="/borrowers/?risk_class=SPECIAL_MENTION">关注</a>'
        in client.get("/borrowers/").content.decode()
    )
    assert "关注</a>" not in browse(cast.risk_head).get("/borrowers/").content.decode()
    client.post("/lists/borrowers/filters/forget/", {"_name": "关注"})
    assert ListSettings.objects.get().saved == {}


@pytest.mark.parametrize("name", ["", "   ", "字" * 21])
def test_a_filter_without_a_name_that_can_be_read_is_not_kept(
    cast: SimpleNamespace, browse: Browse, name: str
) -> None:
    answer = browse(cast.risk).post("/lists/borrowers/filters/", {"_name": name}, follow=True)
    assert "请给这组筛选起一个 20 个字以内的名称" in answer.content.decode()
    assert not ListSettings.objects.exists()


def test_twenty_filters_are_kept_and_the_next_is_refused_with_what_to_do(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.risk)
    for n in range(21):
        answer = client.post("/lists/borrowers/filters/", {"_name": f"筛选{n}"}, follow=True)
    assert "最多保存 20 组筛选" in answer.content.decode()
    assert len(ListSettings.objects.get().saved) == 20
    client.post("/lists/borrowers/filters/", {"_name": "筛选3", "late": "on"})  # one of them may change
    assert ListSettings.objects.get().saved["筛选3"] == "late=on"


def test_columns_that_are_put_away_stay_away_and_the_workbook_has_them(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.risk)
    shown = [name for name, _head, _on in client.get("/borrowers/").context["columns"]]
    client.post(
        "/lists/borrowers/columns/", {"_column": [name for name in shown if name != "manager"], "late": "on"}
    )
    page = client.get("/borrowers/").content.decode()
    assert '<th scope="col">客户经理</th>' not in page and "客户经理" in page
    assert "客户经理" in sheet(client.get("/borrowers/export/"))[0]
    assert '<th scope="col">客户经理</th>' in browse(cast.risk_head).get("/borrowers/").content.decode()


def test_no_two_columns_of_a_list_go_by_one_name(filled: SimpleNamespace) -> None:
    """Or putting one away would put away both."""
    for one in lists():
        names = [column.name for column in one.columns]
        assert len(names) == len(set(names)) and all(name.isidentifier() for name in names), one.route


def test_a_column_that_was_not_offered_is_not_put_away(cast: SimpleNamespace, browse: Browse) -> None:
    """An accountant of tomorrow finds the button that a manager of today never saw."""
    browse(cast.cm).post("/lists/letters/columns/", {"_column": ["expires_on"]})
    assert "release" not in ListSettings.objects.get().hidden


def test_a_paper_of_a_form_that_is_no_longer_there_is_listed_by_its_number(
    filled: SimpleNamespace, browse: Browse
) -> None:
    paper = Document.objects.first()
    assert paper is not None
    Document.objects.filter(pk=paper.pk).update(form="gone")
    answer = browse(paper.author).get("/documents/", {"q": paper.number})
    assert [row.pk for row in answer.context["rows"]] == [paper.pk]
    assert answer.content.decode().count(paper.number) >= 2  # as its number and as its name


def test_who_may_not_have_a_list_sets_nothing_about_it(cast: SimpleNamespace, browse: Browse) -> None:
    for where in ("columns", "filters", "filters/forget"):
        assert browse(cast.accountant).post(f"/lists/payments/{where}/", {"_name": "x"}).status_code == 403
        assert browse(cast.risk).post(f"/lists/nothing/{where}/", {"_name": "x"}).status_code == 404
    assert not ListSettings.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=9&after=9",
        "after=%00",
        "after=99999999999999999999",
        "q=%00",
        "unit=99999999999999999999",
    ],
)
def test_a_mistyped_address_of_a_list_begins_at_the_beginning(
    filled: SimpleNamespace, browse: Browse, query: str
) -> None:
    for one in lists():
        answer = browse(reader(filled, one)).get(f"{reverse(one.route)}?{query}")
        assert answer.status_code == 200, one.route


def test_a_page_says_the_sum_of_all_rows_and_not_of_the_page(
    filled: SimpleNamespace, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browse(filled.risk)
    whole = client.get("/payments/").context
    monkeypatch.setattr(type(registers()["payments"]), "size", 1)
    page = client.get("/payments/").context
    assert len(page["rows"]) == 1 < len(whole["rows"])
    total = sum(row.amount for row in whole["rows"])
    assert page["summary"] == whole["summary"] == f"共 {len(whole['rows'])} 笔，金额合计 {total:,.2f} 元"


def test_a_workbook_is_read_from_the_database_in_parts_and_asks_no_more_for_more_rows(
    filled: SimpleNamespace, browse: Browse
) -> None:
    client = browse(filled.risk)

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get("/borrowers/export/").getvalue()
        return len(found)

    asked()
    few = asked()
    fill(filled, 20)
    assert asked() == few

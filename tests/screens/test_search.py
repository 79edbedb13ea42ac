"""Search: one box over customers, loans, contracts, documents and duties, scoped, without an extension."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from credit import querysets
from credit.models import Borrower
from tests import factories


@pytest.fixture
def grain(cast: SimpleNamespace) -> Borrower:
    """A customer of the first branch with everything that a person may know of them."""
    borrower = factories.make_borrower(
        "C100777", "江西瑞丰粮油有限公司", initials="jxrflyyxgs", id_number="91360100MA35XK7T2X"
    )
    loan = factories.make_loan(borrower, cast.corporate, number="JJ2026-0777")
    factories.make_responsibility(borrower, cast.cm, cast.corporate)
    factories.make_duty(cast.cm, cast.corporate, borrower=borrower, due_on=date(2026, 11, 27))
    assert loan.number == "JJ2026-0777"
    return borrower


def found(client: Client, text: str) -> list[str]:
    """The customers that the lines under the box name."""
    page = client.get("/search/", {"q": text}, headers={"HX-Request": "true"}).content.decode()
    return [
        number for number in ("C100001", "C100777", "P200001", "C300001") if f"/borrowers/{number}/" in page
    ]


@pytest.mark.parametrize(
    "text",
    [
        "瑞丰",  # in the middle of the name
        "瑞丰粮油有限公司",
        "rfly",  # in the middle of the initials
        "RFLY",
        "jx",  # too short for a run: how the initials begin
        "江",  # too short for a run: how the name begins
        "c1007",
        "91360100ma35xk7t2x",  # the whole certificate number, however its letters are typed
        "XK7T2X",  # its last six
    ],
)
def test_a_customer_is_found_by_any_fragment_that_a_person_would_type(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client], text: str
) -> None:
    assert "C100777" in found(browse(cast.risk), text)


@pytest.mark.parametrize("text", ["K7T2X", "91360100MA", "丰瑞", "瑞粮", "rfyl", "%", "_", "瑞_粮"])
def test_what_does_not_stand_there_so_is_not_found(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client], text: str
) -> None:
    """A piece of a certificate number out of its middle, or fewer than six of its last characters, tell nothing."""
    assert found(browse(cast.risk), text) == []


def test_runs_that_all_occur_but_not_in_this_order_are_no_fragment(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client]
) -> None:
    """大江大河 holds 江大 and 大江, but never 江大江."""
    Borrower.objects.filter(pk=grain.pk).update(name="大江大河商行")
    assert found(browse(cast.risk), "大江大") == ["C100777"]
    assert found(browse(cast.risk), "江大江") == []


@pytest.mark.parametrize("many", [1000, 0])
def test_nobody_finds_a_customer_outside_their_scope_by_any_way(
    cast: SimpleNamespace,
    grain: Borrower,
    browse: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
    many: int,
) -> None:
    """Whether the index told the candidates or the rows are walked because there are too many of them."""
    monkeypatch.setattr(querysets, "CANDIDATES", many)
    for text in ("瑞丰", "rfly", "C1007", "91360100MA35XK7T2X"):
        assert found(browse(cast.cm), text) == ["C100777"], text
        for who in ("cm2", "cm_personal", "other_risk"):
            assert found(browse(cast.people[who]), text) == [], (who, text)


def test_a_name_that_changes_is_found_by_the_new_one_only(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client]
) -> None:
    # As the import does, behind the model.
    Borrower.objects.filter(pk=grain.pk).update(name="江西丰年米业有限公司")
    assert found(browse(cast.risk), "丰年") == ["C100777"]
    assert found(browse(cast.risk), "瑞丰") == []


def test_the_page_shows_the_open_duties_of_those_found(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client]
) -> None:
    factories.make_borrower("C100778", "江西瑞丰商贸有限公司")  # nobody's: the auditor alone sees it
    page = browse(cast.auditor).get("/search/", {"q": "瑞丰"}).content.decode()
    assert "C100777" in page and "C100778" in page
    assert "未完成的职责" in page and "2026-11-27" in page
    assert "91360100MA35XK7T2X" not in page
    assert browse(cast.risk).get("/search/", {"q": "瑞丰"}).headers["Location"] == "/borrowers/C100777/"


def test_a_number_that_begins_like_thousands_of_others_is_not_said_to_be_nowhere(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postloan.search.CANDIDATES", 1)
    page = browse(cast.other_risk).get("/search/", {"q": "JJ2026"}).content.decode()
    assert "太多" in page and "没有找到" not in page
    assert "没有找到" in browse(cast.other_risk).get("/search/", {"q": "JJ2026-0777"}).content.decode()


def test_the_lines_lead_to_the_loan_and_are_eight_at_most(
    cast: SimpleNamespace, grain: Borrower, browse: Callable[[User], Client]
) -> None:
    for i in range(12):
        factories.make_loan(grain, cast.corporate, number=f"JJ2026-08{i:02d}")
    page = (
        browse(cast.cm).get("/search/", {"q": "jj2026-08"}, headers={"HX-Request": "true"}).content.decode()
    )
    assert page.count('href="/loans/JJ2026-08') == 8
    assert "<html" not in page


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("瑞丰", "borrower_name_grams"),
        ("rfly", "borrower_initials_grams"),
        ("K7T2XX", "borrower_certificate_tail"),
    ],
)
def test_every_way_has_an_index_that_answers_it(db: None, text: str, index: str) -> None:
    """What the database would do if it had no other choice: the condition is one that the index understands."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert any(index in question.explain() for question in Borrower.objects.candidates(text))

"""Promise 30: lists, counts, exports, search and the borrower page leak nothing of what a person may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import clock
from credit.choices import EventKind, RiskClass
from credit.models import RiskEvent
from tests import factories

# Words that occur nowhere but in the other branch's rows.
WORDS = (
    "zzsentinel",
    "哨兵客户",
    "哨兵缘由",
    "哨兵借据9",
    "哨兵合同9",
    "哨兵文书",
    "卫平",
    "城东支行",
    "哨兵事实",
)


@pytest.fixture
def secrets(cast: SimpleNamespace) -> None:
    """The other branch, full of words that must stay there; its lists are as late as ours."""
    borrower = factories.make_borrower(
        "SENTINEL9", "哨兵客户有限公司", industry="zzsentinel", address="zzsentinel 路"
    )
    borrower.initials = "sbkh"
    borrower.save()
    contract = factories.make_contract(borrower, number="哨兵合同9")
    loan = factories.make_loan(
        borrower, cast.corporate2, contract=contract, number="哨兵借据9", risk_class=RiskClass.DOUBTFUL
    )
    factories.make_responsibility(borrower, cast.other_cm, cast.corporate2)
    factories.make_duty(
        cast.other_cm, cast.corporate2, borrower=borrower, due_on=date(2026, 11, 20), reason="哨兵缘由"
    )
    RiskEvent.objects.create(
        borrower=borrower,
        loan=loan,
        kind=EventKind.STOPPAGE,
        effective_on=date(2026, 11, 20),
        known_on=date(2026, 11, 20),
        detail="哨兵事实",
        recorded_by="2001",
        recorded_at=clock.now(),
    )


PAGES = (
    "/",
    "/borrowers/",
    "/borrowers/?risk_class=DOUBTFUL",
    "/borrowers/?q=SENTINEL9",
    "/borrowers/?late=on",
    "/borrowers/?after=C2",
    "/borrowers/export/",
    "/borrowers/export/?q=sbkh",
    "/borrowers/C100001/",
    "/duties/",
    "/duties/?when=late",
    "/duties/?article=GR-27",
    "/duties/export/",
    "/search/?q=SENTINEL9",
    "/search/?q=sbkh",
    "/documents/inbox/",
)


def every_byte(response: object) -> str:
    """What was sent, a workbook unpacked."""
    content = response.getvalue() if response.streaming else response.content  # type: ignore[attr-defined]
    if content[:2] == b"PK":
        with ZipFile(BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", errors="replace")


@pytest.mark.parametrize(
    "who", ["cm", "cm_personal", "head", "risk", "risk_head", "president", "vp", "accountant", "admin"]
)
def test_nothing_of_another_branch_occurs_in_any_byte(
    cast: SimpleNamespace, secrets: None, browse: Callable[[User], Client], who: str
) -> None:
    client = browse(cast.people[who])
    for page in PAGES:
        response = client.get(page)
        assert response.status_code in {200, 403, 404}, page
        sent = every_byte(response)
        if "q=" in page:  # the page repeats what was asked for
            sent = sent.replace("SENTINEL9", "").replace("sbkh", "")
        assert [word for word in (*WORDS, "SENTINEL9") if word in sent] == [], page


def test_the_words_do_occur_for_those_who_may_read_them(
    cast: SimpleNamespace, secrets: None, browse: Callable[[User], Client]
) -> None:
    for who in ("other_cm", "other_president", "auditor"):
        client = browse(cast.people[who])
        assert "哨兵客户" in every_byte(client.get("/borrowers/"))
        assert "哨兵客户" in every_byte(client.get("/borrowers/export/"))
        assert "哨兵事实" in every_byte(client.get("/borrowers/SENTINEL9/"))


def test_a_narrowed_list_does_not_tell_whether_the_other_branch_has_such_customers(
    cast: SimpleNamespace, secrets: None, browse: Callable[[User], Client]
) -> None:
    """The same page for a number that exists elsewhere and for one that exists nowhere."""
    client = browse(cast.risk)
    there = every_byte(client.get("/search/", {"q": "SENTINEL9"})).replace("SENTINEL9", "X")
    nowhere = every_byte(client.get("/search/", {"q": "NOWHERE99"})).replace("NOWHERE99", "X")
    assert _without_tokens(there) == _without_tokens(nowhere)
    assert client.get(reverse("borrower", args=["SENTINEL9"])).status_code == 404
    assert client.get(reverse("borrower", args=["NOWHERE99"])).status_code == 404


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line.lower()]

"""挪用处置 on screen: registering, the list, the story, the sheet, and who sees them."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from credit.models import Clause
from monitoring.misuse import services as misuse
from monitoring.models import MisuseCase
from tests.pages import one_time

pytestmark = pytest.mark.usefixtures("reference")


def client(who) -> Client:
    made = Client()
    made.force_login(who)
    return made


@pytest.fixture
def case(cast) -> MisuseCase:
    return misuse.register(
        contract=cast.contract, facts="转入证券公司", amount=Decimal(800000), by=cast.cm, on=cast.today
    )


@pytest.mark.obligation("GR-23", clause="e")
def test_a_manager_registers_a_misuse_and_reads_its_story(cast) -> None:
    where = f"/borrowers/{cast.borrower.number}/misuse/new/"
    mine = client(cast.cm)
    typed = {"contract": cast.contract.pk, "amount": "800,000.00", "facts": "转入证券公司"} | one_time()
    assert "两位小数" in mine.post(where, typed | {"amount": "八十"}).content.decode()
    text = mine.post(where, typed, follow=True).content.decode()
    assert MisuseCase.objects.get().amount == 800000
    assert "没有登记提款暂停权条款" in text and "800,000.00" in text
    assert client(cast.other_cm).get(where).status_code == 404
    assert client(cast.president).get(where).status_code == 403


def test_the_story_names_the_clause_that_the_freeze_rests_on(cast, case) -> None:
    Clause.objects.create(contract=cast.contract, place=9, kind="SUSPENSION_RIGHT", text="可停止放款")
    text = client(cast.risk).get(f"/misuse/{case.pk}/").content.decode()
    assert "合同第 9 项约定（提款暂停权）：可停止放款" in text


def test_the_list_is_narrowed_scoped_and_taken_out(cast, case) -> None:
    risk = client(cast.risk)
    assert cast.contract.number in risk.get("/misuse/").content.decode()
    assert "没有符合条件的挪用" in risk.get("/misuse/?state=ACCEPTED").content.decode()
    assert "没有符合条件的挪用" in risk.get("/misuse/?state=overdue").content.decode()
    assert cast.contract.number not in client(cast.other_risk).get("/misuse/").content.decode()
    assert client(cast.other_risk).get(f"/misuse/{case.pk}/").status_code == 404
    rows = list(load_workbook(BytesIO(risk.get("/misuse/export/").getvalue())).active.values)
    assert rows[-1][2] == cast.contract.number and "转入证券公司" in rows[-1]


def test_the_borrower_page_shows_the_case(cast, case) -> None:
    text = client(cast.cm).get(f"/borrowers/{cast.borrower.number}/").content.decode()
    assert "挪用处置" in text and f"/misuse/{case.pk}/" in text

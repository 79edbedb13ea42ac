"""资金预警 and the ladder on the borrower page: who sees which customer, what it says, what it leaves out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from core import clock
from core.models import AuditEntry
from credit.models import Loan
from monitoring.models import FundsCheck
from tests import factories
from tests.monitoring.money import account, look, put
from workflow.choices import RunStatus
from workflow.models import DayRun

pytestmark = pytest.mark.usefixtures("reference")
CLOSED = date(2026, 11, 23)  # the day before the cast's today


@pytest.fixture
def short(cast) -> None:
    """Two customers of two branches are short, a third debt is met; the days from 11-19 to 11-23 are closed."""
    Loan.objects.update(interest_frequency="NONE")
    mine = {"interest_frequency": "NONE"}
    base = account(cast.borrower, cast.corporate, "1000", on=date(2026, 11, 1))
    put(base, "300", date(2026, 11, 21))
    for number, amount, due_on in (
        ("JJ-1", "200", date(2026, 11, 26)),
        ("JJ-2", "1500.5", date(2026, 11, 30)),
    ):
        factories.make_loan(
            cast.borrower, cast.corporate, number=number, amount=Decimal(amount), matures_on=due_on,
            contract=cast.contract, **mine,
        )  # fmt: skip
    other = account(cast.other_borrower, cast.corporate2, "0")  # short, then met, then short again
    put(other, "9", date(2026, 11, 20))
    put(other, "0", date(2026, 11, 22))
    factories.make_loan(
        cast.other_borrower,
        cast.corporate2,
        number="JJ-3",
        amount=Decimal(7),
        matures_on=date(2026, 11, 25),
        **mine,
    )
    for n in range(19, 24):
        look(date(2026, 11, n))
        DayRun.objects.create(
            on=date(2026, 11, n),
            step="closed",
            status=RunStatus.DONE,
            started_at=clock.now(),
            finished_at=clock.now(),
        )
    look(CLOSED + timedelta(days=1))  # looked at, but the day is not closed


def page(person, where: str = "/funds/") -> str:
    client = Client()
    client.force_login(person)
    answer = client.get(where)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_says_who_is_short_of_what_by_when_and_since_when(cast, short) -> None:
    # 300 on 11-23: JJ-1 takes 200, JJ-2 finds 100 of its 1,500.50: 1,400.50 short, and short since 11-19 already
    # (1,000 - 200 = 800 of 1,500.50). To be there by Friday 11-27.
    text = page(cast.cm)
    assert "江南纺织有限公司" in text and "JJ-2" in text and "缺口 1,400.50" in text
    assert (
        "11-19 起不足" in text
        and "11-27" in text
        and "张明" in text
        and "已过检查日" not in text.split("<tbody>")[1]
    )
    assert "先付" in text and "JJ-1" in text  # what takes the money before
    assert "缺口合计 1,400.50 元" in text and "2026-11-23 日终核对" in text
    assert "城东机械有限公司" not in text


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("cm", {"JJ-2"}), ("cm2", set()), ("head", {"JJ-2"}), ("head_personal", set()), ("risk", {"JJ-2"}),
        ("president", {"JJ-2"}), ("other_cm", {"JJ-3"}), ("other_risk", {"JJ-3"}), ("auditor", {"JJ-2", "JJ-3"}),
    ],
)  # fmt: skip
def test_each_line_sees_its_own_customers(cast, short, who, sees) -> None:
    text = page(cast.people[who])
    assert {number for number in ("JJ-2", "JJ-3") if f">{number}<" in text} == sees
    assert ("没有资金不足的债务" in text) == (not sees)


def test_the_list_is_narrowed_by_kind_department_and_past_check_day(cast, short) -> None:
    # JJ-3 falls due on 11-25, so its check day 11-22, a Sunday, was Friday 11-20.
    def found(query: str) -> set[str]:
        text = page(cast.auditor, f"/funds/?{query}")
        return {number for number in ("JJ-2", "JJ-3") if f">{number}<" in text}

    assert found("past=1") == {"JJ-3"}
    # Booked by the branch, looked after by its department: it is found where its manager is.
    Loan.objects.filter(number="JJ-2").update(unit=cast.br1)
    assert found(f"unit={cast.corporate.pk}") == {"JJ-2"} and found(f"unit={cast.br1.pk}") == set()
    assert found("kind=LOAN") == found("kind=nonsense&unit=x&after=x_9") == {"JJ-2", "JJ-3"}
    assert found("kind=INTEREST") == set()
    assert "没有符合条件的预警" in page(cast.auditor, "/funds/?kind=INTEREST")


def test_a_long_list_comes_in_pages(cast, short, monkeypatch) -> None:
    monkeypatch.setattr("monitoring.funds.views.PAGE", 1)
    first = page(cast.auditor)
    assert ">JJ-3<" in first and ">JJ-2<" not in first
    (after,) = {part.split('"')[0] for part in first.split("after=")[1:]}
    second = page(cast.auditor, f"/funds/?after={after.removesuffix('#funds-rows')}")
    assert ">JJ-2<" in second and ">JJ-3<" not in second and "回到开头" in second


def test_the_workbook_is_the_list_and_its_export_is_written_down(cast, short) -> None:
    client = Client()
    client.force_login(cast.auditor)
    answer = client.get("/funds/export/?past=1")
    sheet = load_workbook(BytesIO(answer.getvalue())).active
    header, row = list(sheet.iter_rows(values_only=True))
    assert header[8] == "缺口（元）" and len(header) == len(row)
    assert (row[2], row[3], row[4], row[8]) == ("城东机械有限公司", "JJ-3", "本金", 7)
    assert [row[i].date() for i in (0, 9, 10)] == [date(2026, 11, 25), date(2026, 11, 20), date(2026, 11, 22)]
    assert AuditEntry.objects.get(act="monitoring.export").after == {"rows": 1}


def test_the_list_asks_no_more_for_many_rows_than_for_few(cast, short) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(cast.auditor)
        return len(queries)

    asked()
    few = asked()
    FundsCheck.objects.bulk_create(
        FundsCheck(
            on=CLOSED, loan=cast.loan, kind="LOAN", due_on=CLOSED + timedelta(days=n), check_day=CLOSED, required=1,
            from_collateral=0, from_balance=0, short=1, available=0,
        )
        for n in range(40)
    )  # fmt: skip
    assert asked() == few


def test_before_the_first_close_of_day_the_page_says_so(cast) -> None:
    assert "还没有核对过" in page(cast.risk)


def test_the_borrower_page_shows_the_ladder_with_its_pots_and_what_is_short(cast) -> None:
    Loan.objects.update(interest_frequency="NONE")
    account(cast.borrower, cast.corporate, "500")
    account(cast.borrower, cast.corporate, "30", kind="MARGIN", number="M-9")
    factories.make_loan(
        cast.borrower, cast.corporate, number="CD-1", product="ACCEPTANCE", amount=Decimal(100),
        matures_on=date(2026, 12, 1), margin=Decimal(30), margin_account="M-9",
    )  # fmt: skip
    # In 90 days up to 2027-02-22: the bill of 100 (30 of it from the margin), then 450 found short by 20.
    factories.make_loan(
        cast.borrower, cast.corporate, number="JJ-9", amount=Decimal(450), matures_on=date(2027, 2, 22),
        interest_frequency="NONE",
    )  # fmt: skip
    text = page(cast.cm, f"/borrowers/{cast.borrower.number}/")
    panel = text.split('id="ladder"')[1].split("</section>")[0]
    assert "2027-02-22 起资金不足，当日缺口 20.00" in panel
    assert "M-9" in panel and "抵 30.00" in panel and "缺口 20.00" in panel and "足额" in panel
    assert cast.loan.number not in panel  # it matures a week later


def test_a_customer_who_owes_nothing_soon_has_an_empty_ladder(cast) -> None:
    Loan.objects.update(interest_frequency="NONE")
    panel = (
        page(cast.cm, f"/borrowers/{cast.borrower.number}/").split('id="ladder"')[1].split("</section>")[0]
    )
    assert "今后 90 天没有应还的本息、票据，也没有逾期。" in panel

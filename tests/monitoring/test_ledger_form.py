"""附件2: what it starts with, what must be explained, who signs, and what its signature does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core import clock
from core.policy import policy_on
from credit.models import Clause, Transaction
from monitoring.ledgers import documents as form
from monitoring.ledgers import paper
from monitoring.ledgers.duties import AccountReview
from monitoring.models import AccountLedgerReview, BorrowerMonth
from tests import factories
from tests.credit_duties.filling import fill, gaps, submit
from tests.monitoring.ledger import END, close, declares, lends_elsewhere, move, put, quiet, registers
from workflow.choices import DocumentStatus, DutyStatus
from workflow.documents.paper import content_of
from workflow.duty_forms import Subject
from workflow.engine import reconcile
from workflow.models import Document, WorkItem
from workflow.pages.editing import start_from
from workflow.services import signatures

pytestmark = pytest.mark.usefixtures("reference")
REVIEWED = date(2026, 11, 5)


@pytest.fixture(autouse=True)
def in_november(cast):
    with clock.travelling_to(REVIEWED):
        yield


def raise_review(on: date = END) -> WorkItem:
    close(on)
    reconcile(AccountReview(), on=on, policy=policy_on(on))
    return WorkItem.objects.get(borrower_number="C100001", period_key=f"{on:%Y-%m}")


def begin(cast, on: date = END) -> Document:
    return start_from(raise_review(on), user=cast.cm, on=REVIEWED)


def test_a_month_with_nothing_unusual_is_the_manager_s_own_word(cast) -> None:
    quiet(cast)
    document = begin(cast)
    assert gaps(document) == {"pattern"}
    fill(document, pattern="正常")
    submit(document)
    assert document.status == DocumentStatus.LOCKED
    review = AccountLedgerReview.objects.get()
    assert (review.document, review.is_normal, review.reviewed_on, review.in_batch) == (
        document,
        True,
        REVIEWED,
        False,
    )
    duty = WorkItem.objects.get(borrower_number="C100001")
    assert (duty.status, duty.done_on) == (DutyStatus.DONE, REVIEWED)


@pytest.mark.obligation("NX-4.2", clause="c")
def test_every_mark_must_be_explained_and_the_head_reads_it(cast) -> None:
    base = quiet(cast)
    put(base, "150000.01", END)  # a cent that no movement explains
    document = begin(cast)
    assert gaps(document) == {"pattern", "marks", "measures"}
    (mark,) = document.content["marks"]
    assert mark["item"] == f"账户 {base.number} 期末余额与流水相差 0.01 元" and mark["threshold"] == "0.00 元"
    fill(document, pattern="正常", measures="已查明", marks=[{**mark, "why": "尾差"}])
    submit(document)
    assert (document.status, AccountLedgerReview.objects.count()) == (DocumentStatus.SIGNING, 0)
    duty = WorkItem.objects.get(borrower_number="C100001")
    assert duty.submitted_on == REVIEWED
    step = document.chains.get().steps.get(position=2)
    assert step.person == cast.head
    signatures.sign(step=step, by=cast.head, password=factories.PASSWORD, on=REVIEWED, at=clock.now())
    duty.refresh_from_db()
    assert (duty.status, AccountLedgerReview.objects.get().is_normal) == (DutyStatus.DONE, True)


def test_an_odd_pattern_is_explained_and_read_by_the_head_though_nothing_was_marked(cast) -> None:
    quiet(cast)
    document = fill(begin(cast), pattern="异常")
    assert gaps(document) == {"pattern_note", "measures"}
    fill(document, pattern_note="购销方向反常", measures="约谈")
    submit(document)
    assert document.status == DocumentStatus.SIGNING


def test_a_review_is_not_of_tomorrow_and_not_of_before_the_month_was_over(cast) -> None:
    quiet(cast)
    document = fill(begin(cast), pattern="正常", reviewed_on="2026-11-06")
    assert gaps(document) == {"reviewed_on"}
    assert gaps(fill(document, reviewed_on="2026-10-30")) == {"reviewed_on"}
    assert gaps(fill(document, reviewed_on="2026-10-31")) == set()


def test_the_form_says_what_moved_with_whom_and_how_the_shares_are_reckoned(cast) -> None:
    base = quiet(cast)
    registers(cast.borrower, "大客户", "DOWNSTREAM", "D1")
    move(base, "600000", date(2026, 10, 20), "往来", counterparty_account="D1", counterparty_name="大客户",
         balance_after=Decimal(750000))  # fmt: skip
    put(base, "750000", date(2026, 10, 20))
    lends_elsewhere(cast.borrower, "1200000")
    declares(cast.borrower, "1000000", "100000")
    Clause.objects.create(contract=cast.contract, place=1, kind="AGREED_BALANCE", amount=Decimal("20000"))
    content = begin(cast).content
    assert content["month"] == "2026-10" and content["credit_share"] == "70%"
    (account,) = content["accounts"]
    assert account["item"] == f"{base.number} 基本户"
    # 19 days of 150,000 and 12 of 750,000 are 11,850,000, over 31 days.
    assert (account["inflow"], account["closing"], account["average"]) == (
        "700,000.00（2）",
        "750000.00",
        "382258.06",
    )
    assert content["flows"] == [
        {"item": "销售回款", "into": "700000.00", "out": "0.00"},
        {"item": "采购支出", "into": "0.00", "out": "100000.00"},
    ]
    # A fifth of 2,800,000 is 560,000: the one item is large, and as a registered customer's nothing unusual.
    (large,) = content["large"]
    number = Transaction.objects.get(counterparty_account="D1").number
    assert (large["item"], large["way"], large["amount"]) == (f"2026-10-20 {number}", "转入", "600000.00")
    assert (large["relation"], large["after"], large["other"]) == ("下游客户", "750000.00", "大客户 D1")
    assert content["partners"] == [
        {"item": "大客户", "relation": "下游客户", "into": "600000.00", "out": "0.00"}
    ]
    rows = {
        row["item"]: (row["value"], row.get("least", ""), row.get("met", "")) for row in content["shares"]
    }
    assert rows == {
        "结算份额": ("70%", "我行信用占比 70%", "达标"),
        "存款日均": ("382,258.06 元", "", ""),
        "存款份额": ("13.65%", "5%", "达标"),
        "约定存款余额": ("382,258.06 元", "20,000.00 元", "达标"),
    }
    assert content["has_marks"] == "no"


@pytest.mark.obligation("NX-4.3", clause="b")
def test_what_nobody_has_told_is_said_beside_the_form_and_not_invented(cast) -> None:
    quiet(cast)
    document = begin(cast)
    assert [fact["title"] for fact in document.prefilled["facts"]] == [
        "尚无他行融资数据，信用占比无从计算", "尚无申报的月销售收入，结算份额无从计算",
    ]  # fmt: skip
    assert document.content["other_credit"] == "未登记"
    assert {row["met"] for row in document.content["shares"] if row["item"] == "结算份额"} == {"无从比较"}


def test_the_shares_are_told_over_the_quarter_and_the_year_too(cast) -> None:
    quiet(cast)
    declares(cast.borrower, "1000000", "100000")
    document = begin(cast)  # October 2026, 31 days
    month = BorrowerMonth.objects.get(borrower=cast.borrower)
    kept = {"our_credit": 1, "syndicated_credit": 0, "group_in": 0, "group_out": 0, "computed_on": END}
    for first, receipts, sales, average in (
        (date(2026, 9, 1), 400000, 800000, 60000), (date(2025, 12, 1), 9, 9, 9), (date(2026, 11, 1), 9, 9, 9),
    ):  # fmt: skip
        BorrowerMonth.objects.create(
            borrower=cast.borrower, month=first, sales_receipts=receipts, declared_sales=sales, average_deposit=average,
            **kept,
        )  # fmt: skip
    (sheet,) = paper.sheets([month])
    told = {row["item"]: (row["quarter"], row["year"]) for row in sheet.answers["shares"] if "year" in row}
    # 100,000 of 1,000,000 in October, the quarter's only month; with September 500,000 of 1,800,000.
    # 150,000 on each of 31 days; with 60,000 on each of 30 days 6,450,000 over 61 days.
    assert told == {"结算份额": ("10%", "27.78%"), "存款日均": ("150,000.00 元", "105,737.70 元")}
    assert document.content["shares"][0]["year"] == "10%"


def test_of_two_months_the_later_may_be_reviewed_first_while_the_other_stays_owed(cast) -> None:
    base = quiet(cast)
    move(base, "100000", date(2026, 9, 12)), move(base, "-100000", date(2026, 9, 12), "采购款")
    raise_review(date(2026, 9, 30))
    october = begin(cast)
    earlier = WorkItem.objects.get(period_key="2026-09", person=cast.cm)
    september = start_from(earlier, user=cast.cm, on=REVIEWED)
    assert (october.content["month"], september.content["month"]) == ("2026-10", "2026-09")
    submit(fill(october, pattern="正常"))
    found = {row.period_key: (row.status, row.document) for row in WorkItem.objects.filter(person=cast.cm)}
    assert found == {"2026-10": (DutyStatus.DONE, october), "2026-09": (DutyStatus.OPEN, september)}
    submit(fill(september, pattern="正常"))
    assert not WorkItem.objects.open().filter(person=cast.cm).exists()


def test_the_paper_prints_its_tables(cast) -> None:
    quiet(cast)
    document = begin(cast)
    sections = {section.code: section for section in content_of(document)}
    assert [section.title for section in sections.values()][:4] == [
        "客户与监测期间", "账户月度汇总", "份额", "判断与措施",
    ]  # fmt: skip
    table = next(block for block in sections["accounts"].blocks if block.look == "table")
    assert [head.text for head in table.heads] == [
        "账号及性质", "期初余额", "流入（笔数）", "流出（笔数）", "期末余额", "日均余额", "差异",
    ]  # fmt: skip
    assert table.rows[0][4].text == "150,000.00"


def test_a_colleague_and_the_risk_line_cannot_write_it(cast) -> None:
    quiet(cast)
    item = raise_review()
    subject = Subject("BORROWER", cast.borrower.pk, "C100001", "", item.unit_id)
    may = {
        name: form.FORM.may_author(user=cast.people[name], subject=subject, on=REVIEWED)
        for name in ("cm", "cm2", "head", "risk", "president")
    }
    assert may == {"cm": True, "cm2": False, "head": True, "risk": False, "president": False}

"""The months of accounts and borrowers as the last day of a month writes them down."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from core.policy import policy_on
from credit.models import AccountBalance, Clause, GroupMember, RelatedParty
from credit.models.groups import Group
from monitoring.models import AccountMonth, BorrowerMonth, Signal
from monitoring.months.services import month_of, write_months
from postloan import close_of_day
from tests import factories
from tests.day.test_close_of_day import applied
from tests.monitoring.ledger import (
    END,
    account,
    close,
    declares,
    lends_elsewhere,
    move,
    put,
    quiet,
    registers,
)
from workflow.models import DayRun, Quarantined, WorkItem

pytestmark = pytest.mark.usefixtures("reference")
OCTOBER = date(2026, 10, 1)
D = Decimal


def kept(borrower) -> BorrowerMonth:
    return BorrowerMonth.objects.get(borrower=borrower, month=OCTOBER)


def codes(borrower) -> list[str]:
    return [mark["code"] for mark in kept(borrower).marks]


def test_an_account_s_month_has_its_flows_average_and_difference(cast) -> None:
    # 1,000 from 09-01; +500 on 10-11 → 1,500 for 21 days (11–31): (10 x 1,000 + 21 x 1,500) / 31 = 1,338.7096… .
    base = account(cast.borrower, cast.corporate, "1000", on=date(2026, 9, 1))
    move(base, "700", date(2026, 10, 11))
    move(base, "-200", date(2026, 10, 11), "代发工资")
    put(base, "1500", date(2026, 10, 11))
    move(base, "9", date(2026, 11, 1))  # the next month's
    move(base, "8", date(2026, 9, 30))  # the last month's
    move(base, "7", date(2026, 10, 31), known_on=date(2026, 11, 1))  # nobody knew it then
    # Hardly anything lies there, and the other branch's customer has no account at all.
    assert close() == {"accounts": 1, "borrowers": 2, "unusual": 2}
    month = month_of(base, OCTOBER)
    assert (month.opening, month.inflow, month.outflow, month.closing) == (1000, 700, 200, 1500)
    assert (month.inflow_count, month.outflow_count) == (1, 1)
    assert (month.average, month.difference) == (D("1338.71"), 0)
    assert month.flows == {"SALES.in": "700.00", "WAGES.out": "200.00"}


def test_the_second_run_and_a_day_within_the_month_change_nothing(cast) -> None:
    base = quiet(cast)
    assert close(END - timedelta(days=1)) == {}
    close()
    first = (list(AccountMonth.objects.values()), list(BorrowerMonth.objects.values()))
    move(base, "5", END)
    assert close() == {}
    assert first == (list(AccountMonth.objects.values()), list(BorrowerMonth.objects.values()))


def test_a_day_that_is_closed_later_knows_no_more_than_it_did(cast) -> None:
    base = quiet(cast)
    put(base, "1", END, known_on=date(2026, 11, 2))
    close()
    assert month_of(base, OCTOBER).closing == 150000


def test_what_was_known_too_late_is_a_difference_of_the_next_month(cast) -> None:
    # 5 of 10-30 are told on 11-02, with the balance. October was written down with 150,000; November begins with that.
    base = quiet(cast)
    close()
    move(base, "5", date(2026, 10, 30), known_on=date(2026, 11, 2))
    put(base, "150005", date(2026, 10, 30), known_on=date(2026, 11, 2))
    close(date(2026, 11, 30))
    november = month_of(base, date(2026, 11, 1))
    assert (november.opening, november.closing, november.difference) == (150000, 150005, 5)
    assert november.average == 150005  # it lay there all month


def test_only_borrowers_with_a_live_loan_of_the_schemes_have_a_month(cast) -> None:
    for borrower, unit in ((cast.borrower, cast.corporate), (cast.personal_borrower, cast.personal)):
        account(borrower, unit, "10")
    factories.make_reading(cast.other_loan, effective_on=date(2026, 10, 30), balance=D(0))
    close()
    assert set(BorrowerMonth.objects.values_list("borrower__number", flat=True)) == {"C100001"}
    assert AccountMonth.objects.count() == 1


def test_shares_leave_syndicated_loans_out_and_take_the_newest_word_of_each_lender(cast) -> None:
    # Ours 2,800,000 and 1,200,000 of a syndicate. Elsewhere 1,000,000 (2,000,000 before) and 200,000: 1,200,000, so
    # 2,800,000 / 4,000,000 = 70 %. Sales 100,000 of 125,000 declared: 80 %. Deposits 150,000 / 2,800,000 = 5.3571 %.
    contract = factories.make_contract(cast.borrower, syndicate_share=D("0.3"))
    factories.make_loan(cast.borrower, cast.corporate, contract=contract, amount=D(1200000))
    quiet(cast)
    lends_elsewhere(cast.borrower, "2000000", on=date(2026, 8, 31))
    lends_elsewhere(cast.borrower, "1000000")
    lends_elsewhere(cast.borrower, "200000", "小贷公司")
    lends_elsewhere(cast.borrower, "9000000", on=date(2026, 11, 1))
    declares(cast.borrower, "1", on=date(2026, 2, 1))
    declares(cast.borrower, "125000", "100000")
    close()
    month = kept(cast.borrower)
    assert (month.our_credit, month.syndicated_credit, month.other_credit) == (4000000, 1200000, 1200000)
    assert (month.credit_share, month.settlement_share) == (D("0.7"), D("0.8"))
    assert (month.average_deposit, month.deposit_share) == (150000, D("0.053571"))
    assert month.marks == [] and not month.is_unusual


@pytest.mark.obligation("NX-4.3", clause="b")
def test_what_nobody_has_said_is_empty_and_not_nought(cast) -> None:
    quiet(cast)
    close()
    month = kept(cast.borrower)
    assert (month.other_credit, month.credit_share, month.declared_sales, month.settlement_share) == (
        None,
    ) * 4


def test_a_margin_is_listed_but_is_no_deposit(cast) -> None:
    quiet(cast)
    account(cast.borrower, cast.corporate, "999999", kind="MARGIN", on=date(2026, 9, 1))
    close()
    assert kept(cast.borrower).average_deposit == 150000
    assert AccountMonth.objects.count() == 2


def test_agreed_shares_and_balances_of_live_contracts_are_compared(cast) -> None:
    quiet(cast)
    declares(cast.borrower, "125000")
    Clause.objects.create(contract=cast.contract, place=1, kind="SETTLEMENT_SHARE", share=D("0.81"))
    Clause.objects.create(contract=cast.contract, place=2, kind="AGREED_BALANCE", amount=D("150000.01"))
    ended = factories.make_contract(cast.borrower)
    Clause.objects.create(contract=ended, place=1, kind="SETTLEMENT_SHARE", share=D("0.99"))
    close()
    assert [(mark["code"], mark["threshold"]) for mark in kept(cast.borrower).marks] == [
        ("agreed_share", "0.810000"),
        ("agreed_balance", "150000.01"),
    ]


@pytest.mark.obligation("NX-4.3", clause="a")
def test_money_from_the_group_its_people_and_itself_is_no_sale(cast) -> None:
    base = quiet(cast)
    own = account(cast.borrower, cast.corporate, "0", on=date(2026, 9, 1))
    group = Group.objects.create(number="JT1", name="江南集团")
    for one in (cast.borrower, cast.other_borrower):
        GroupMember.objects.create(
            group=group, borrower=one, role="SUBSIDIARY", from_on=date(2026, 1, 5), known_on=date(2026, 1, 5)
        )
    RelatedParty.objects.create(borrower=cast.borrower, relation="SHAREHOLDER", name="周老板")
    theirs = account(cast.other_borrower, cast.corporate2, "0", on=date(2026, 9, 1))
    move(base, "30", date(2026, 10, 5), counterparty_account=theirs.number)
    move(base, "-20", date(2026, 10, 6), "采购", counterparty_name="城东机械有限公司")
    move(base, "11", date(2026, 10, 7), counterparty_account=own.number)
    move(base, "12", date(2026, 10, 8), counterparty_name="周老板")
    undone = move(base, "13", date(2026, 10, 9))
    move(base, "-13", date(2026, 10, 10), reverses=undone)
    move(base, "14", date(2026, 10, 9), loan=cast.loan)
    close()
    month = kept(cast.borrower)
    assert (month.sales_receipts, month.group_in, month.group_out) == (100000, 30, 20)
    assert month_of(base, OCTOBER).flows == {
        "GROUP.in": "30.00", "GROUP.out": "20.00", "LOAN_PROCEEDS.in": "14.00", "OTHER.in": "12.00",
        "PURCHASE.out": "100000.00", "REVERSAL.in": "13.00", "REVERSAL.out": "13.00", "SALES.in": "100000.00",
        "SELF_TRANSFER.in": "11.00",
    }  # fmt: skip


def test_the_own_earlier_months_are_remembered(cast) -> None:
    # August and September 100,000 each; October 70,000: exactly three tenths less.
    base = account(cast.borrower, cast.corporate, "150000", on=date(2026, 7, 1))
    for month in (8, 9):
        move(base, "100000", date(2026, month, 12)), move(base, "-100000", date(2026, month, 12), "采购款")
    move(base, "70000", date(2026, 10, 12)), move(base, "-70000", date(2026, 10, 12), "采购款")
    for on in (date(2026, 8, 31), date(2026, 9, 30), END):
        close(on)
    assert codes(cast.borrower) == ["inflow_fall"]
    assert kept(cast.borrower).marks[0]["text"] == "流入 70,000.00 元，较前 2 个月平均 100,000.00 元下降 30%"


def test_a_registered_counterparty_tells_what_is_traded_and_who_is_strange(cast) -> None:
    base = quiet(cast)
    registers(cast.borrower, "棉花厂", "UPSTREAM", "U1")
    move(base, "-40", date(2026, 10, 9), "往来", counterparty_account="U1", counterparty_name="棉花厂")
    move(base, "50", date(2026, 10, 9), counterparty_name="路人甲")
    put(base, "150010", date(2026, 10, 9))
    close()
    assert codes(cast.borrower) == ["strangers"]
    assert "路人甲" in kept(cast.borrower).marks[0]["text"]
    assert month_of(base, OCTOBER).flows["PURCHASE.out"] == "100040.00"


def test_the_questions_do_not_grow_with_the_borrowers(cast) -> None:
    def asked(on: date) -> int:
        policy = policy_on(on)
        with CaptureQueriesContext(connection) as queries:
            write_months(on, policy)
        return len(queries)

    quiet(cast)
    few = asked(END)
    borrowers = [factories.make_borrower(f"M{i:05d}", "客户") for i in range(30)]
    factories.make_loans(borrowers, cast.corporate)
    for borrower in borrowers:
        quiet(cast, borrower)
    assert asked(END) <= few and BorrowerMonth.objects.count() == 32


def test_a_row_that_cannot_be_written_stands_aside_and_is_taken_again(cast) -> None:
    base = quiet(cast)
    # More than a column of money holds: the closing balance less nothing that moved.
    put(base, "9999999999999999.99", date(2026, 10, 9))
    put(base, "-9999999999999999.99", date(2026, 9, 30))
    assert close()["quarantined"] == 1
    assert BorrowerMonth.objects.filter(borrower=cast.other_borrower).exists()
    assert Quarantined.objects.get(step="months").subject_id == cast.borrower.pk
    AccountBalance.objects.create(
        account=base, effective_on=date(2026, 9, 30), known_on=date(2026, 9, 30), balance=0, correction=1
    )
    assert close_of_day.retry(END) == 0
    assert kept(cast.borrower) and not Quarantined.objects.filter(resolved_at=None).exists()


@pytest.mark.obligation("GR-21", clause="a")
def test_the_close_of_the_last_day_writes_the_months_before_it_judges(cast) -> None:
    quiet(cast)
    applied(END)
    assert close_of_day.close(END)
    assert kept(cast.borrower).marks == []
    raised = WorkItem.objects.filter(obligation="GR-21").values_list("borrower_number", "kind")
    assert set(raised) == {
        ("C100001", "account_ledger_review"), ("C300001", "account_ledger_review"), ("C300001", "share_prompt"),
    }  # fmt: skip
    done = DayRun.objects.get(on=END, step="months")
    assert done.counts == {"accounts": 1, "borrowers": 2, "unusual": 1}
    assert AuditEntry.objects.filter(act="monitoring.months.written").count() == 1


def test_an_account_has_one_month_that_adds_up(cast) -> None:
    base = account(cast.borrower, cast.corporate, "10")
    row = {
        "account": base, "month": OCTOBER, "opening": 1, "inflow": 2, "inflow_count": 1, "outflow": 0,
        "outflow_count": 0, "closing": 3, "average": 2, "difference": 0,
    }  # fmt: skip
    AccountMonth.objects.create(**row)
    for wrong in (
        {},
        {"month": date(2026, 9, 1), "difference": 1},
        {"month": date(2026, 9, 1), "inflow": -2},
    ):
        with pytest.raises(IntegrityError):
            savepoint_create(AccountMonth, row | wrong)


def test_a_borrower_has_one_month_and_a_syndicated_part_is_part_of_it(cast) -> None:
    row = {
        "borrower": cast.borrower, "month": OCTOBER, "our_credit": 5, "syndicated_credit": 5, "sales_receipts": 0,
        "average_deposit": 0, "group_in": 0, "group_out": 0, "computed_on": END,
    }  # fmt: skip
    BorrowerMonth.objects.create(**row)
    for wrong in ({}, {"month": date(2026, 9, 1), "syndicated_credit": 6}):
        with pytest.raises(IntegrityError):
            savepoint_create(BorrowerMonth, row | wrong)


def savepoint_create(model, row) -> None:
    with transaction.atomic():
        model.objects.create(**row)


def test_on_the_lender_s_first_day_the_months_before_are_written_for_comparison_and_nobody_owes_them(
    cast,
) -> None:
    base = account(cast.borrower, cast.corporate, "1000", on=date(2026, 7, 1))
    for month in (8, 9, 10):
        move(base, "700", date(2026, month, 11))
    first = date(2026, 11, 12)
    applied(first)
    close_of_day.close(first)
    assert list(AccountMonth.objects.values_list("month", "inflow")) == [
        (date(2026, month, 1), D("700.00")) for month in (8, 9, 10)
    ]
    assert not BorrowerMonth.objects.filter(
        borrower=cast.other_borrower
    ).exists()  # of which nothing is known
    assert not WorkItem.objects.filter(obligation="GR-21").exists()
    assert not Signal.objects.exists()

"""未来资金: the next 30 and 90 days as the ladder says, with the usual inflow beside it and never in it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from core.policy import policy_on
from credit.models import Borrower, Loan
from monitoring.cash.rules.ladder import Debt, DebtKind
from monitoring.cash.selectors import RepaymentFunds
from monitoring.models import AccountMonth, FundsOutlook
from monitoring.outlook import services as outlook
from monitoring.outlook.rules import Usual, comes_in, usual_inflow
from postloan.close_of_day import retry
from tests.monitoring.money import account, lend
from workflow.models import Quarantined

ON = date(2026, 11, 24)
MONTHS = [date(2026, n, 1) for n in range(5, 11)]  # May to October, the six full months before 11-24


def test_the_usual_inflow_is_the_median_of_the_last_six_full_months() -> None:
    months = dict(zip(MONTHS, map(Decimal, [10, 90, 20, 30, 40, 50]), strict=True))
    # Sorted 10 20 30 40 50 90: the middle of 30 and 40 is 35. April and this November do not count.
    more = months | {date(2026, 4, 1): Decimal(999), date(2026, 11, 1): Decimal(999)}
    assert usual_inflow(more, ON, of=6, least=3) == Usual(Decimal(35), 6)


def test_too_few_months_tell_nothing() -> None:
    months = dict.fromkeys(MONTHS[-2:], Decimal(10))
    assert usual_inflow(months, ON, of=6, least=3) is None
    assert usual_inflow(dict.fromkeys(MONTHS[-3:], Decimal(10)), ON, of=6, least=3) == Usual(Decimal(10), 3)


def test_a_month_is_spread_over_its_days() -> None:
    # 36,500 a month is 438,000 a year, 1,200 a day.
    assert Usual(Decimal(36500), 6).within(30) == Decimal("36000.00")
    assert Usual(Decimal(36500), 6).within(90) == Decimal("108000.00")


def test_loan_money_own_transfers_reversals_and_group_flows_are_not_income() -> None:
    flows = {
        "SALES.in": "100", "OTHER.in": "7", "CASH.in": "3", "LOAN_PROCEEDS.in": "1000", "SELF_TRANSFER.in": "1000",
        "REVERSAL.in": "1000", "GROUP.in": "1000", "PURCHASE.out": "1000",
    }  # fmt: skip
    assert comes_in(flows) == 110


DEBTS = st.lists(
    st.tuples(st.integers(-10, 90), st.integers(0, 40), st.sampled_from(list(DebtKind))), max_size=8
)


def purse_of(debts, have: int) -> RepaymentFunds:
    return RepaymentFunds(
        available=Decimal(have),
        debts=[
            Debt(ON + timedelta(days=day), kind, f"{n}", Decimal(amount))
            for n, (day, amount, kind) in enumerate(debts)
        ],
    )


@settings(max_examples=200)
@given(debts=DEBTS, have=st.integers(0, 100))
def test_what_is_short_is_what_a_day_by_day_simulation_finds(debts, have) -> None:
    row = outlook.row_of(1, purse_of(debts, have), None, ON)
    left, short, first, found = have, 0, None, {}
    for day in range(91):  # what is overdue is wanted on the first day
        wanted = sum(amount for due, amount, _kind in debts if max(due, 0) == day)
        paid = min(left, wanted)
        left, short = left - paid, short + wanted - paid
        if wanted > paid and first is None:
            first = ON + timedelta(days=day)
        found[day] = short
    assert (row.short_30, row.short_90, row.first_short_on) == (found[30], found[90], first)
    assert row.short_90 >= row.short_30 and row.due_90 >= row.due_30


@given(debts=DEBTS, have=st.integers(0, 100), usual=st.integers(0, 10**9))
def test_the_certain_line_is_the_same_with_and_without_the_usual_inflow(debts, have, usual) -> None:
    certain = ("available", "due_30", "due_90", "short_30", "short_90", "first_short_on")
    with_it = outlook.row_of(1, purse_of(debts, have), Usual(Decimal(usual), 6), ON)
    without = outlook.row_of(1, purse_of(debts, have), None, ON)
    assert [getattr(with_it, name) for name in certain] == [getattr(without, name) for name in certain]
    assert without.usual_30 is None and with_it.usual_30 is not None


@pytest.fixture
def falls_short(cast, reference):
    """50 万元 on the account; 80 万元 due in 20 days, 100 万元 in 60; 36.5 万元 a month usually comes in."""
    # The cast's own notes bear no interest here, and nothing of them falls due within the ninety days.
    Loan.objects.update(interest_frequency="NONE", matures_on=date(2029, 11, 24))
    base = account(cast.borrower, cast.corporate, "500000")
    lend(cast, "JJ-1", "800000", ON + timedelta(days=20))
    lend(cast, "JJ-2", "1000000", ON + timedelta(days=60))
    for month in MONTHS:
        AccountMonth.objects.create(
            account=base, month=month, opening=0, inflow=365000, inflow_count=1, outflow=365000,
            outflow_count=1, closing=0, average=0, difference=0, flows={"SALES.in": "365000"},
        )  # fmt: skip


def reckon(on: date) -> Counter[str]:
    """Everybody, whatever day is theirs."""
    return outlook.write_outlook(on, policy_on(on), only=Borrower.objects.values_list("pk", flat=True))


def test_what_is_short_within_thirty_and_ninety_days_and_a_second_run_changes_nothing(
    cast, falls_short
) -> None:
    assert reckon(ON) == {"written": 2, "short": 1}
    assert not reckon(ON)
    row = FundsOutlook.objects.get(borrower=cast.borrower)
    # 80 - 50 = 30 short by day 30; then all of the 100: 130 by day 90. 36.5 万 a month is 1.2 万 a day.
    assert (row.short_30, row.short_90, row.due_30, row.due_90) == (300000, 1300000, 800000, 1800000)
    assert (row.first_short_on, row.usual_30, row.usual_90) == (date(2026, 12, 14), 360000, 1080000)


def test_each_borrower_is_reckoned_once_a_week_on_a_day_of_its_own(cast, falls_short) -> None:
    days = [ON + timedelta(days=n) for n in range(14)]
    for on in days:
        outlook.write_outlook(on, policy_on(on))
        outlook.write_outlook(on, policy_on(on))
    first, second = FundsOutlook.objects.filter(borrower=cast.borrower).values_list("on", flat=True)
    assert first in days[:7] and second - first == timedelta(days=7)
    assert FundsOutlook.objects.count() == 4


def test_a_borrower_that_cannot_be_reckoned_is_set_aside_and_reckoned_again(
    cast, falls_short, monkeypatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(outlook, "row_of", lambda *_: 1 / 0)
        assert outlook.write_outlook(ON, policy_on(ON), only=[cast.borrower.pk]) == {"quarantined": 1}
    assert Quarantined.objects.get(step="outlook").subject_id == cast.borrower.pk
    assert retry(ON) == 0
    assert FundsOutlook.objects.count() == 1


def test_ninety_days_hold_the_thirty_in_the_database(cast, falls_short) -> None:
    reckon(ON)
    with pytest.raises(IntegrityError, match="ninety_days"), transaction.atomic():
        FundsOutlook.objects.update(short_90=1)


def page(who, query: str = "", where: str = "/outlook/"):
    client = Client()
    client.force_login(who)
    return client.get(f"{where}{query}")


@pytest.fixture
def closed(cast, falls_short, monkeypatch):
    monkeypatch.setattr("monitoring.outlook.views.last_closed_day", lambda: ON)
    reckon(ON)


def test_the_page_lists_who_falls_short_with_a_total_that_adds_up(cast, closed) -> None:
    text = page(cast.risk).content.decode()
    assert cast.borrower.name in text and "1,300,000.00" in text and "惯常流入，未计入" in text
    text = page(cast.risk, "?days=30").content.decode()
    assert "缺口合计 300,000.00 元" in text
    assert cast.borrower.name not in page(cast.other_risk).content.decode()
    assert "没有符合条件的客户" in page(cast.risk, f"?manager={cast.risk.pk}").content.decode()
    assert cast.borrower.name in page(cast.risk, f"?manager={cast.cm.pk}").content.decode()


def test_before_the_first_closed_day_the_page_says_that_nothing_was_reckoned(cast, reference) -> None:
    assert "还没有推算过" in page(cast.risk).content.decode()


def test_the_sheet_holds_what_is_filtered(cast, closed) -> None:
    sheet = load_workbook(BytesIO(page(cast.risk, "?days=30", "/outlook/export/").getvalue())).active
    rows = list(sheet.values)
    assert rows[-1][:2] == (cast.borrower.number, cast.borrower.name) and 300000 in rows[-1]


def test_the_ladder_shows_the_usual_inflow_beside_what_is_certain(cast, falls_short) -> None:
    text = page(cast.cm, where=f"/borrowers/{cast.borrower.number}/").content.decode()
    assert "惯常流入，未计入" in text and "2026-12-14 起资金不足" in text

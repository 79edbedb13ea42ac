"""The month of an account, against a simulation that walks every day; and the marks of a month, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.periods import month_of
from monitoring.choices import EXPENSES, Flow
from monitoring.flows.rules.movements import Movement
from monitoring.flows.rules.reckoning import AccountEntry, AccountSum, average_of, reckon
from monitoring.months.rules import BookFacts, Earlier, Limits, Month, marks_of

OCTOBER = month_of(date(2026, 10, 1))
D = Decimal


def moved(
    day: int, amount: str, *, into: bool = True, flow: Flow = Flow.SALES, name: str = "", month: int = 10
) -> AccountEntry:
    movement = Movement("CREDIT" if into else "DEBIT", D(amount), counterparty_name=name)
    return AccountEntry(day, 1, date(2026, month, day), movement, flow)


cents = st.integers(min_value=0, max_value=10**12).map(lambda n: D(n) / 100)
balances = st.integers(min_value=-(10**12), max_value=10**12).map(lambda n: D(n) / 100)
months = st.dates(date(2020, 1, 1), date(2030, 12, 31)).map(month_of)


@given(
    month=months,
    opening=balances,
    movements=st.lists(st.tuples(st.integers(0, 30), st.booleans(), cents), max_size=40),
)
def test_the_month_is_what_a_walk_through_its_days_finds(month, opening, movements) -> None:
    length = (month.last - month.first).days + 1
    by_day: dict[int, list[tuple[bool, Decimal]]] = {}
    for day, into, amount in movements:
        by_day.setdefault(day % length, []).append((into, amount))
    balance, ends, changes, rows = opening, [], {}, []
    for n in range(length):
        for into, amount in by_day.get(n, ()):
            balance += amount if into else -amount
            movement = Movement("CREDIT" if into else "DEBIT", amount)
            rows.append(AccountEntry(len(rows), 1, month.first + timedelta(days=n), movement, Flow.OTHER))
        if by_day.get(n):
            changes[month.first + timedelta(days=n)] = balance
        ends.append(balance)
    found = reckon(opening, changes, rows, month, is_new=False)
    assert found.average == (sum(ends) / length).quantize(D("0.01"), ROUND_HALF_UP)
    assert (found.opening, found.closing) == (opening, balance)
    assert found.inflow == sum((a for n in by_day for into, a in by_day[n] if into), D(0))
    assert found.outflow == sum((a for n in by_day for into, a in by_day[n] if not into), D(0))
    assert found.inflow_count + found.outflow_count == len(rows)
    assert found.difference == 0
    # The same, of an account whose opening balance nobody knows.
    assert reckon(None, changes, rows, month, is_new=False).difference == 0


def test_a_balance_holds_until_the_day_on_which_it_changes() -> None:
    # 100 on 20 days (1–20), 50 on 11 days (21–31): 2,550 / 31 = 82.258… → 82.26.
    assert average_of(D(100), {date(2026, 10, 21): D(50)}, OCTOBER) == D("82.26")


def test_a_new_account_had_nothing_and_an_older_one_is_reckoned_back_from_its_first_balance() -> None:
    changes, rows = {date(2026, 10, 10): D(70)}, [moved(10, "30"), moved(12, "5")]
    new = reckon(None, changes, rows, OCTOBER, is_new=True)
    assert (new.opening, new.difference) == (0, 35)  # 70 - 0 - 35
    old = reckon(None, changes, rows, OCTOBER, is_new=False)
    assert (old.opening, old.difference) == (40, -5)  # 70 - 30; the 5 after the last balance is unexplained


LIMITS = Limits(
    fall=D("0.30"),
    least_months=2,
    most_months=6,
    large_share=D("0.20"),
    large_amount=D(5000000),
    deviation=D("0.50"),
    deposit_share=D("0.05"),
    borrowed_days=5,
    borrowed_share=D("0.50"),
)
FIRM = BookFacts(our_credit=D(1000), other_credit=D(1000), declared_sales=D(200), declared_purchases=D(100))


def a_month(
    *rows: AccountEntry,
    book: BookFacts = FIRM,
    average: str = "60",
    earlier=(),
    difference: str = "0",
    **more,
) -> Month:
    one = AccountSum(D(0), D(0), 0, D(0), 0, D(0), D(average), D(difference), {})
    fields = {"relation_to": lambda moved: "DOWNSTREAM", "before": ()}
    return Month(
        accounts={"A1": one}, deposits=frozenset({"A1"}), entries=rows, book=book, earlier=earlier, **{**fields, **more}
    )  # fmt: skip


def codes(month: Month) -> list[str]:
    return [mark.code for mark in marks_of(month, LIMITS)]


def test_a_month_like_any_other_has_no_marks() -> None:
    # Sales of 100 on 200 declared: 50 %, exactly our share of 1,000 on 2,000; deposits of 60 are 6 % of 1,000.
    assert codes(a_month(moved(5, "100"))) == []


def test_a_share_below_ours_is_marked_with_both_figures() -> None:
    (mark,) = marks_of(a_month(moved(5, "99.99")), LIMITS)
    assert mark.code == "settlement_share"
    assert mark.text == "结算份额 50%，低于我行信用占比 50%"
    assert (mark.value, mark.threshold) == ("0.499950", "0.500000")


def test_a_syndicated_loan_is_left_out_of_the_share() -> None:
    # 600 of the 1,000 are syndicated: 400 / 1,400 = 28.5714 %, so 30 % of sales are enough.
    told = BookFacts(our_credit=D(1000), syndicated=D(600), other_credit=D(1000), declared_sales=D(200))
    month = a_month(moved(5, "60"), book=told)
    assert month.credit_share == D("0.285714")
    assert codes(month) == []


def test_nobody_having_said_what_others_lend_there_is_nothing_to_compare() -> None:
    month = a_month(book=BookFacts(our_credit=D(1000), declared_sales=D(200)))
    assert (month.credit_share, month.settlement_share) == (None, D(0))
    assert codes(month) == []
    assert a_month(book=BookFacts(our_credit=D(1000), other_credit=D(0))).settlement_share is None


AGREED = BookFacts(our_credit=D(1000), declared_sales=D(200), agreed_share=D("0.4"), agreed_balance=D(61))


def test_what_the_contract_agrees_is_compared_too() -> None:
    # 70 of 200 are 35 %, below the agreed 40 %; 60 lie there, 61 are agreed.
    assert codes(a_month(moved(5, "70"), book=AGREED)) == ["agreed_share", "agreed_balance"]


def test_a_deposit_below_the_policy_s_share_of_our_credit_is_marked() -> None:
    assert codes(a_month(moved(5, "100"), average="49.99")) == ["deposit_share"]  # of 1,000; 5 % are 50


PAST = (Earlier(D(100), D(60)), Earlier(D(200), D(60)))


@pytest.mark.parametrize(("now", "found"), [("105", ["inflow_fall"]), ("105.01", [])])
def test_a_fall_by_three_tenths_of_the_own_mean_is_marked(now, found) -> None:
    # The mean of 100 and 200 is 150; 30 % of it are 45.
    assert codes(a_month(moved(5, now), earlier=PAST)) == found


def test_one_earlier_month_is_too_few_to_compare_with() -> None:
    assert codes(a_month(moved(5, "100"), earlier=(Earlier(D(1000), D(1000)),))) == []


def test_a_fall_of_the_average_deposit_is_marked() -> None:
    past = (Earlier(D(100), D(100)), Earlier(D(100), D(100)))
    assert codes(a_month(moved(5, "100"), earlier=past)) == ["average_fall"]  # 60 of 100


def test_wages_that_were_paid_every_month_and_stop_are_marked() -> None:
    paid = {expense: D(9) for expense in EXPENSES}
    past = (Earlier(D(100), D(60), paid), Earlier(D(100), D(60), {**paid, Flow.TAX: D(0)}))
    rows = (moved(5, "100"), moved(6, "1", into=False, flow=Flow.UTILITIES))
    assert codes(a_month(*rows, earlier=past)) == ["stopped_wages"]  # taxes were not paid every month


@pytest.mark.parametrize(("amount", "flow", "found"), [
    ("200", Flow.OTHER, ["large"]), ("199.99", Flow.OTHER, []), ("200", Flow.PURCHASE, []),
    ("900", Flow.SELF_TRANSFER, []), ("900", Flow.LOAN_PROCEEDS, []),
])  # fmt: skip
def test_a_large_item_that_is_no_trade_is_marked_from_a_fifth_of_our_credit_on(amount, flow, found) -> None:
    told = BookFacts(our_credit=D(1000))
    assert codes(a_month(moved(7, amount, into=False, flow=flow), book=told)) == found


def test_five_million_are_large_whatever_the_credit() -> None:
    told = BookFacts(our_credit=D(100000000))
    month = a_month(moved(7, "5000000", flow=Flow.CASH), book=told, average="9000000")
    assert codes(month) == ["large"]


def test_trade_far_above_what_was_declared_is_marked() -> None:
    # 300 sold of 200 declared, 150 bought of 100 declared: half as much again.
    rows = (moved(5, "300"), moved(6, "150", into=False, flow=Flow.PURCHASE))
    assert codes(a_month(*rows)) == ["sales", "purchases"]
    rows = (moved(5, "299.99"), moved(6, "149.99", into=False, flow=Flow.PURCHASE))
    assert codes(a_month(*rows)) == []


def test_a_stranger_among_the_five_largest_is_named() -> None:
    rows = [moved(day, str(50 - day), name=f"客户{day}") for day in range(1, 7)]
    told = BookFacts(our_credit=D(1000), has_registered=True)
    known = {"客户1", "客户2", "客户3", "客户4"}
    month = a_month(
        *rows, book=told, relation_to=lambda one: one.movement.counterparty_name in known and "UPSTREAM"
    )
    (mark,) = marks_of(month, LIMITS)
    assert mark.text == "前 5 大往来对手中 1 个未登记：客户5"
    assert (
        codes(a_month(*rows, book=BookFacts(our_credit=D(1000)), relation_to=lambda one: "")) == []
    )  # nobody is


def test_a_balance_that_does_not_follow_from_the_movements_is_marked() -> None:
    (mark,) = marks_of(a_month(moved(5, "100"), difference="-0.01"), LIMITS)
    assert (mark.code, mark.text) == ("difference", "账户 A1 期末余额与流水相差 -0.01 元")


def test_a_repayment_from_money_that_came_in_just_before_is_marked() -> None:
    # 100 repaid on the 3rd; 50 from a stranger on 09-28, five days before: half of it.
    told, paid = BookFacts(our_credit=D(1000)), moved(3, "100", into=False, flow=Flow.REPAYMENT)
    lent = moved(28, "50", flow=Flow.OTHER, name="某小贷", month=9)
    (mark,) = marks_of(a_month(paid, book=told, before=[lent]), LIMITS)
    assert mark.text == "10-03 还款 100.00 元，此前 5 天内由非销售来源转入 50.00 元（某小贷）"
    for harmless in (
        moved(27, "50", flow=Flow.OTHER, month=9),  # six days before
        moved(28, "49.99", flow=Flow.OTHER, month=9),
        moved(28, "100", flow=Flow.SALES, month=9),  # earned
        moved(28, "100", flow=Flow.SELF_TRANSFER, month=9),  # its own
    ):
        assert codes(a_month(paid, book=told, before=[harmless])) == []

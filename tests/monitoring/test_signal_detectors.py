"""What movements show, each detector as a table of cases. Pure: no database; amounts in 元, reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitoring.choices import Flow, SignalKind
from monitoring.flows.rules.movements import Movement, RelatedParties
from monitoring.flows.rules.reckoning import AccountEntry
from monitoring.signals.rules.detectors import detect
from monitoring.signals.rules.facts import Case, Drawdown, Leg, Limits, MonthFact

TODAY = date(2026, 11, 24)
LIMITS = Limits(
    loan_days=30,
    large_share=Decimal("0.20"),
    large_amount=Decimal(5_000_000),
    least={"CORPORATE": Decimal(100_000), "PERSONAL": Decimal(20_000)},
    through_days=2,
    through_share=Decimal("0.90"),
    back_days=30,
    back_share=Decimal("0.50"),
    trip_days=15,
    trip_share=Decimal("0.50"),
    words={
        "SECURITIES": ("证券", "银证"),
        "PROPERTY": ("置业", "购房"),
        "OTHER_LENDER": ("小额贷款", "归还他行"),
    },
    property_products=frozenset({"HOUSING"}),
    cash_share=Decimal("0.30"),
    cash_limit=Decimal(50_000),
    cash_near=Decimal("0.90"),
    cash_times=3,
    drained_days=30,
    drained_share=Decimal("0.50"),
    group_days=30,
    group_share=Decimal("0.50"),
    falling_months=3,
    falling_share=Decimal("0.30"),
)
LOAN = Drawdown(7, "JJ-7", "WORKING_CAPITAL", date(2026, 11, 10), Decimal(3_000_000))


def day(n: int) -> date:
    """So many days before today (negative numbers), or today."""
    return TODAY + timedelta(days=n)


def moved(
    pk: int, n: int, amount: int, *, into: bool = False, who: str = "甲公司", **more: Any
) -> AccountEntry:
    """A movement on account 1, `n` days from today; OTHER unless said otherwise."""
    said = Movement(
        direction="CREDIT" if into else "DEBIT",
        amount=Decimal(amount),
        counterparty_name=who,
        counterparty_account=more.get("number", ""),
        summary=more.get("summary", ""),
    )
    return AccountEntry(pk, more.get("account", 1), day(n), said, more.get("flow", Flow.OTHER))


def case(*rows: AccountEntry, new: set[int] | None = None, **more: Any) -> Case:
    """A company that owes 10,000,000; new is what moved today unless said otherwise."""
    found = {"kind": "CORPORATE", "credit": Decimal(10_000_000), "related": RelatedParties(), **more}
    today = frozenset(one.pk for one in rows if one.on == TODAY) if new is None else frozenset(new)
    return Case(borrower_id=1, on=TODAY, entries=rows, new=today, **found)


def found(one: Case) -> list[tuple[str, str, tuple[int, ...], Decimal]]:
    """(kind, level, movements, amount) of everything that is detected."""
    return [(f.kind.value, f.level.value, f.movements, f.amount) for f in detect(one, LIMITS)]


def kinds(one: Case) -> set[str]:
    """Which kinds are detected."""
    return {f.kind.value for f in detect(one, LIMITS)}


@pytest.mark.obligation("GR-22.1", clause="a")
@pytest.mark.parametrize(
    ("row", "level"),
    [
        # 20 % of 10,000,000 is 2,000,000.
        (moved(1, 0, 2_000_000), "BLUE"),
        (moved(1, 0, 1_999_999), ""),
        # A usual purchase only from 5,000,000 on.
        (moved(1, 0, 4_999_999, flow=Flow.PURCHASE), ""),
        (moved(1, 0, 5_000_000, flow=Flow.PURCHASE), "BLUE"),
        # Neither our own money nor what moves between the borrower's accounts.
        (moved(1, 0, 9_000_000, into=True, flow=Flow.LOAN_PROCEEDS), ""),
        (moved(1, 0, 9_000_000, flow=Flow.SELF_TRANSFER), ""),
        (moved(1, 0, 9_000_000, flow=Flow.REVERSAL), ""),
        # Known before today: it was looked at then.
        (moved(1, -1, 9_000_000), ""),
    ],
)
def test_a_large_movement_is_large_by_amount_or_by_share_of_our_credit(row: AccountEntry, level: str) -> None:
    assert [lv for k, lv, _m, _a in found(case(row)) if k == "LARGE"] == ([level] if level else [])


@pytest.mark.obligation("GR-22.1", clause="a")
def test_a_large_payment_while_loan_money_may_be_in_it_is_graver_and_a_reviewed_one_is_none() -> None:
    row = moved(1, 0, 2_000_000)
    assert ("LARGE", "YELLOW", (1,), Decimal(2_000_000)) in found(case(row, drawdowns=[LOAN]))
    assert found(case(row, drawdowns=[LOAN], reviewed=frozenset({1}))) == []


@pytest.mark.obligation("GR-22.1", clause="a")
def test_a_share_of_a_small_credit_counts_from_the_least_amount_on() -> None:
    # 20 % of 300,000 is 60,000, below the 100,000 from which a company's movements are looked at.
    assert kinds(case(moved(1, 0, 99_999), credit=Decimal(300_000))) == set()
    assert kinds(case(moved(1, 0, 100_000), credit=Decimal(300_000))) == {"LARGE"}


@pytest.mark.obligation("GR-22.1", clause="b")
def test_money_that_passes_through_within_two_days_is_one_signal() -> None:
    # 1,000,000 in; 400,000 + 500,000 out are 90 %.
    rows = (moved(1, -2, 1_000_000, into=True), moved(2, -1, 400_000), moved(3, 0, 500_000))
    assert found(case(*rows)) == [("IN_AND_OUT", "YELLOW", (1, 2, 3), Decimal(1_000_000))]
    assert kinds(case(rows[0], rows[1], moved(3, 0, 499_999))) == set()
    assert kinds(case(moved(1, -3, 1_000_000, into=True), *rows[1:])) == set()  # three days
    assert kinds(case(rows[0], rows[1], moved(3, 0, 500_000, account=2))) == set()  # another account
    sale = moved(1, -2, 1_000_000, into=True, flow=Flow.SALES)
    assert kinds(case(sale, *rows[1:])) == set()  # what was sold is spent


@pytest.mark.obligation("GR-22.1", clause="b")
def test_what_leaves_serves_one_sum_that_came_in_only() -> None:
    # Two sums of 500,000 came in; 450,000 that left is 90 % of the first, nothing is left for the second.
    rows = (
        moved(1, -1, 500_000, into=True),
        moved(2, -1, 500_000, into=True, who="乙公司"),
        moved(3, 0, 450_000),
    )
    assert [m for _k, _l, m, _a in found(case(*rows))] == [(1, 3)]


@pytest.mark.obligation("GR-22.1", clause="c")
def test_money_that_comes_back_from_the_payee_after_a_drawdown_is_red() -> None:
    # Drawn on 11-10; 800,000 paid on 11-14; 400,000 back today is half.
    paid = moved(1, -10, 800_000, flow=Flow.PURCHASE)
    back = moved(2, 0, 400_000, into=True)
    assert found(case(paid, back, drawdowns=[LOAN])) == [
        ("FLOWS_BACK", "RED", (1, 2), Decimal(400_000)),
    ]
    assert kinds(case(paid, replace(back, movement=replace(back.movement, amount=Decimal(399_999))),
                      drawdowns=[LOAN])) == set()  # fmt: skip
    assert kinds(case(paid, back)) == set()  # no loan money in it
    assert kinds(case(paid, moved(2, 0, 400_000, into=True, who="乙公司"), drawdowns=[LOAN])) == set()
    early = moved(1, -15, 800_000)  # paid before the drawdown
    assert kinds(case(early, back, drawdowns=[LOAN])) == set()


@pytest.mark.obligation("GR-22.1", clause="c")
def test_money_that_came_back_serves_one_payment_only() -> None:
    rows = (moved(1, -10, 800_000), moved(2, -9, 800_000), moved(3, 0, 400_000, into=True))
    assert [m for _k, _l, m, _a in found(case(*rows, drawdowns=[LOAN]))] == [(1, 3)]


@pytest.mark.obligation("GR-22.1", clause="c")
def test_money_comes_back_also_from_the_payees_group() -> None:
    rows = (
        moved(1, -10, 800_000, number="A1"),
        moved(2, 0, 800_000, into=True, who="甲集团财务公司", number="A2"),
    )
    assert "FLOWS_BACK" not in kinds(case(*rows, drawdowns=[LOAN]))
    one_group = {"A1": "group:5", "A2": "group:5"}
    assert "FLOWS_BACK" in kinds(case(*rows, drawdowns=[LOAN], circles=one_group))


@pytest.mark.obligation("GR-22.1", clause="c")
def test_a_payee_that_passes_the_money_on_to_kin_closes_the_circle() -> None:
    # 600,000 to 甲公司 on 11-20, which pays 300,000 to the borrower's sister company today.
    paid, leg = moved(1, -4, 600_000), Leg(9, TODAY, Decimal(300_000), "甲公司", "江南纺织贸易公司")
    assert found(case(paid, legs=[leg], new={9}, drawdowns=[LOAN])) == [
        ("ROUND_TRIP", "RED", (1, 9), Decimal(300_000))
    ]
    assert [lv for _k, lv, _m, _a in found(case(paid, legs=[leg], new={9}))] == ["ORANGE"]
    assert kinds(case(paid, legs=[replace(leg, amount=Decimal(299_999))], new={9})) == set()
    assert kinds(case(paid, legs=[replace(leg, on=day(-5))], new={9})) == set()  # before it was paid
    assert kinds(case(moved(1, -16, 600_000), legs=[leg], new={9})) == set()  # sixteen days
    assert kinds(case(paid, legs=[replace(leg, payer="乙公司")], new={9})) == set()


@pytest.mark.obligation("GR-22.1", clause="d")
@pytest.mark.parametrize(
    ("who", "summary", "kind", "with_loan", "without"),
    [
        ("洪都证券经纪客户交易结算资金", "", "SECURITIES", "RED", "YELLOW"),
        ("某银行", "银证转账", "SECURITIES", "RED", "YELLOW"),
        ("洪州置业开发有限公司", "", "PROPERTY", "ORANGE", "BLUE"),
        ("安心小额贷款公司", "", "OTHER_LENDER", "ORANGE", "YELLOW"),
        ("某银行", "归还他行贷款", "OTHER_LENDER", "ORANGE", "YELLOW"),
    ],
)
def test_a_payment_where_loan_money_must_not_go_is_told_by_its_words(
    who: str, summary: str, kind: str, with_loan: str, without: str
) -> None:
    row = moved(1, 0, 100_000, who=who, summary=summary)
    assert found(case(row, drawdowns=[LOAN])) == [(kind, with_loan, (1,), Decimal(100_000))]
    assert found(case(row)) == [(kind, without, (1,), Decimal(100_000))]
    small = moved(1, 0, 99_999, who=who, summary=summary)  # without loan money from 100,000 on
    assert kinds(case(small)) == set() and kinds(case(small, drawdowns=[LOAN])) == {kind}
    assert kinds(case(replace(row, flow=Flow.REPAYMENT), drawdowns=[LOAN])) == set()
    assert kinds(case(row, drawdowns=[LOAN], reviewed=frozenset({1}))) == set()


@pytest.mark.obligation("GR-22.1", clause="d")
def test_a_housing_loan_buys_a_house_and_other_loans_do_not() -> None:
    row = moved(1, 0, 400_000, who="洪州置业开发有限公司", summary="购房款")
    assert kinds(case(row, drawdowns=[replace(LOAN, product="HOUSING")])) == set()
    assert kinds(case(row, drawdowns=[replace(LOAN, product="CONSUMER")])) == {"PROPERTY"}


def test_cash_after_a_drawdown_by_share_or_by_times_just_below_the_limit() -> None:
    def cash(pk: int, n: int, amount: int) -> AccountEntry:
        return moved(pk, n, amount, who="现金", flow=Flow.CASH)

    # 30 % of 3,000,000 is 900,000.
    assert [r for r in found(case(cash(1, -1, 800_000), cash(2, 0, 100_000), drawdowns=[LOAN])) if r[0] == "CASH"] == [
        ("CASH", "ORANGE", (1, 2), Decimal(900_000))
    ]  # fmt: skip
    assert "CASH" not in kinds(case(cash(1, -1, 800_000), cash(2, 0, 99_999), drawdowns=[LOAN]))
    near = [cash(1, -2, 45_000), cash(2, -1, 49_800), cash(3, 0, 49_999)]
    assert found(case(*near, drawdowns=[LOAN])) == [("CASH", "ORANGE", (1, 2, 3), Decimal(144_799))]
    assert found(case(cash(1, -2, 44_999), *near[1:], drawdowns=[LOAN])) == []
    assert found(case(*near[:2], cash(3, 0, 50_000), drawdowns=[LOAN])) == []
    assert found(case(*near)) == []  # nothing was drawn


def test_deposits_that_fell_by_half_are_shown_by_the_largest_payments() -> None:
    # 1,000,000 → 500,000: half of it; 300,000 + 200,000 reach 500,000, the 50,000 are not needed.
    rows = (moved(1, -3, 50_000), moved(2, -2, 200_000), moved(3, 0, 300_000))
    state = {"deposits_before": Decimal(1_000_000), "deposits_now": Decimal(500_000)}
    assert found(case(*rows, **state)) == [("DRAINED", "YELLOW", (3, 2), Decimal(500_000))]
    assert found(case(*rows, **{**state, "deposits_now": Decimal(500_001)})) == []
    assert found(case(*rows, **state, drawdowns=[LOAN])) == []  # a drawdown is spent: looked at by itself
    repaid = replace(rows[2], flow=Flow.REPAYMENT)
    assert found(case(*rows[:2], repaid, **state)) == []
    assert found(case(*rows, deposits_before=Decimal(99_999), deposits_now=Decimal(0))) == []


@pytest.mark.obligation("GR-22.2", clause="b")
def test_loan_money_that_goes_to_another_member_is_a_signal_red_from_half_of_it() -> None:
    related = RelatedParties(group_names=frozenset({"甲公司"}))

    def to_group(amount: int) -> AccountEntry:
        return moved(1, 0, amount, flow=Flow.GROUP)

    assert found(case(to_group(1_499_999), related=related, drawdowns=[LOAN])) == [
        ("GROUP_FLOW", "ORANGE", (1,), Decimal(1_499_999))
    ]
    assert found(case(to_group(1_500_000), related=related, drawdowns=[LOAN])) == [
        ("GROUP_FLOW", "RED", (1,), Decimal(1_500_000))
    ]
    assert found(case(to_group(99_999), related=related, drawdowns=[LOAN])) == []


def test_without_loan_money_the_group_is_a_signal_when_it_gets_half_of_all_that_is_paid() -> None:
    related = RelatedParties(group_names=frozenset({"甲公司"}))
    theirs, others = moved(1, 0, 200_000, flow=Flow.GROUP), moved(2, -1, 200_000, who="乙公司")
    assert found(case(theirs, others, related=related)) == [("GROUP_FLOW", "YELLOW", (1,), Decimal(200_000))]
    more = replace(others, movement=replace(others.movement, amount=Decimal(200_001)))
    assert found(case(theirs, more, related=related)) == []


def test_a_falling_settlement_share_and_stopped_expenses_are_told_by_the_months() -> None:
    months = [
        MonthFact(date(2026, n, 1), Decimal(share)) for n, share in ((8, "0.5"), (9, "0.6"), (10, "0.4"))
    ]
    # The mean of 0.5, 0.6 and 0.4 is 0.5; 30 % less is 0.35.
    assert kinds(case(months=[*months, MonthFact(date(2026, 11, 1), Decimal("0.35"))])) == {"SHARE_FALLING"}
    assert kinds(case(months=[*months, MonthFact(date(2026, 11, 1), Decimal("0.351"))])) == set()
    assert kinds(case(months=[*months, MonthFact(date(2026, 11, 1), None)])) == set()
    stopped = MonthFact(date(2026, 11, 1), None, ("工资本月无支出",))
    assert kinds(case(months=[stopped])) == {"EXPENSES_STOPPED"}


@pytest.mark.obligation("GR-22.1", clause="f")
def test_a_pattern_that_grows_shouts_again_only_when_the_new_part_would_by_itself() -> None:
    """What was shown is spent, dismissed or not: 900,000 of cash were; 899,999 more are not enough, 900,000 are."""
    old = moved(1, -1, 900_000, who="现金", flow=Flow.CASH)
    spent = {SignalKind.CASH: frozenset({1})}
    for amount, again in ((899_999, set()), (900_000, {(2,)})):
        new = moved(2, 0, amount, who="现金", flow=Flow.CASH)
        rows = found(case(old, new, drawdowns=[LOAN], spent=spent))
        assert {m for k, _l, m, _a in rows if k == "CASH"} == again


@pytest.mark.obligation("GR-22.1", clause="f")
def test_every_signal_says_in_one_sentence_what_it_rests_on_and_by_which_thresholds() -> None:
    back = case(moved(1, -10, 800_000), moved(2, 0, 400_000, into=True), drawdowns=[LOAN])
    (one,) = detect(back, LIMITS)
    assert one.text == (
        "借据 JJ-7 放款后，11-14 付给“甲公司” 800,000.00 元，至 11-24 由“甲公司”转回 400,000.00 元。"
    )
    assert one.rule == {
        "放款后": "30 天内付出",
        "付出后": "30 天内转回",
        "转回占付出": "至少 50%",
        "付出起点": "100,000.00 元",
    }
    assert one.loan_id == 7 and one.account_id == 1


def test_the_same_facts_have_the_same_fingerprint_in_whatever_order() -> None:
    (one,) = detect(case(moved(1, -10, 800_000), moved(2, 0, 400_000, into=True), drawdowns=[LOAN]), LIMITS)
    turned = replace(one, movements=(2, 1, 2), text="另一句话")
    assert turned.fingerprint == one.fingerprint
    assert replace(one, movements=(1, 3)).fingerprint != one.fingerprint
    assert replace(one, borrower_id=2).fingerprint != one.fingerprint
    assert replace(one, kind=SignalKind.ROUND_TRIP).fingerprint != one.fingerprint

"""The money must be there some days before it falls due: days and amounts worked out by hand from 本息催收 1 to 3.

2026: 国庆 is 10-01 to 10-07; Saturday 10-10 and Sunday 09-20 are worked; 端午 is 06-19 to 06-21.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from credit.choices import Product
from credit.models import Loan
from monitoring.funds.duties import AcceptanceFunds, InterestFunds, MaturityFunds
from postloan import close_of_day
from tests import factories
from tests.day.test_close_of_day import applied
from tests.monitoring import money
from tests.monitoring.money import account, bill, duty, look, owe, pledge, put
from workflow.choices import DutyStatus
from workflow.models import Quarantined, WorkItem

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture(autouse=True)
def quiet(cast) -> None:
    """Only what a test enters itself falls due: the cast's own loans bear no interest until it says so."""
    Loan.objects.update(interest_frequency="NONE")


def bears_interest(cast, frequency: str = "") -> Loan:
    """The cast's loan: 2,800,000 at 4.35% since 2026-03-10."""
    cast.loan.interest_frequency = frequency
    cast.loan.save()
    return cast.loan


def lend(cast, amount: str, matures_on: date, **fields):
    return money.lend(cast, fields.pop("number", "JJ-M"), amount, matures_on, **fields)


def days(first: date, last: date):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


# Due on, the duty's own day, shown from (ten days before that).
MATURITIES = [
    # Three days before: Thursday 12-17; 国庆, so Wednesday 09-30; the make-up Saturday 10-10; the make-up Sunday
    # 09-20; over the month's end to Saturday 11-28, so Friday.
    (date(2026, 12, 20), date(2026, 12, 17), date(2026, 12, 7)),
    (date(2026, 10, 8), date(2026, 9, 30), date(2026, 9, 20)),
    (date(2026, 10, 13), date(2026, 10, 10), date(2026, 9, 30)),
    (date(2026, 9, 23), date(2026, 9, 20), date(2026, 9, 10)),
    (date(2026, 12, 1), date(2026, 11, 27), date(2026, 11, 17)),
]


@pytest.mark.obligation("GR-6.4.1b", clause="ae")
@pytest.mark.parametrize(("due_on", "by", "shown"), MATURITIES)
def test_money_for_a_maturity_is_owed_three_days_before_by_the_manager(cast, due_on, by, shown) -> None:
    # 5,000,000 to repay, 1,200,000 there: 3,800,000 short.
    account(cast.borrower, cast.corporate, "1200000")
    loan = lend(cast, "5000000", due_on)
    look(shown - timedelta(days=1), MaturityFunds)
    assert not WorkItem.objects.exists()
    look(shown, MaturityFunds)
    found = duty()
    assert (found.subject_kind, found.subject_id, found.period_key) == ("LOAN", loan.pk, f"maturity:{due_on}")
    assert (found.raised_on, found.counts_from, found.due_on) == (shown, shown, by)
    assert (found.person, found.unit, found.post) == (cast.cm, cast.corporate, "CUSTOMER_MANAGER")
    assert found.reason == (
        f"{due_on:%m-%d} 应还本金 5,000,000.00 元，可用 1,200,000.00 元，缺 3,800,000.00 元。"
    )


@pytest.mark.obligation("GR-6.4.1b", clause="de")
def test_of_two_loans_short_at_once_each_is_owed_its_own_shortfall(cast) -> None:
    # 1,200,000 there: the first takes it all and is 1,800,000 short, so of the 2,000,000 of the next nothing is there.
    account(cast.borrower, cast.corporate, "1200000")
    first = lend(cast, "3000000", date(2026, 12, 20))
    second = lend(cast, "2000000", date(2026, 12, 21), number="JJ-N")
    look(date(2026, 12, 10), MaturityFunds)
    owed = {item.subject_id: (item.period_key, item.due_on, item.reason) for item in WorkItem.objects.all()}
    assert owed == {
        first.pk: (
            "maturity:2026-12-20",
            date(2026, 12, 17),
            "12-20 应还本金 3,000,000.00 元，可用 1,200,000.00 元，缺 1,800,000.00 元。",
        ),
        second.pk: (
            "maturity:2026-12-21",
            date(2026, 12, 18),
            "12-21 应还本金 2,000,000.00 元，可用 0.00 元，缺 2,000,000.00 元。",
        ),
    }


@pytest.mark.obligation("GR-6.4.1b", clause="ade")
def test_every_instalment_and_the_final_maturity_are_owed_each_by_its_own_day(cast) -> None:
    # 300 there: the first instalment of 200 is met, 100 of the second 150; nothing is left for the last 250.
    account(cast.borrower, cast.corporate, "300")
    loan = lend(cast, "600", date(2026, 12, 8))
    owe(loan, date(2026, 12, 1), "200")
    owe(loan, date(2026, 12, 4), "150")
    look(date(2026, 11, 25), MaturityFunds)
    assert list(WorkItem.objects.order_by("due_on").values_list("period_key", "due_on", "reason")) == [
        ("maturity:2026-12-04", date(2026, 12, 1), "12-04 应还本金 150.00 元，可用 100.00 元，缺 50.00 元。"),
        ("maturity:2026-12-08", date(2026, 12, 4), "12-08 应还本金 250.00 元，可用 0.00 元，缺 250.00 元。"),
    ]


@pytest.mark.obligation("GR-6.4.1b", clause="be")
def test_interest_of_the_same_day_is_paid_before_the_principal(cast) -> None:
    # 1,000 there; interest 100 first, so 900 of the 1,000 of principal: 100 short.
    account(cast.borrower, cast.corporate, "1000")
    owe(lend(cast, "1000", date(2026, 12, 1)), date(2026, 12, 1), "1000", "100")
    look(date(2026, 11, 24), MaturityFunds, InterestFunds)
    assert duty().reason == "12-01 应还本金 1,000.00 元，可用 900.00 元，缺 100.00 元。"


@pytest.mark.obligation("GR-6.4.1b", clause="ef")
def test_topped_up_before_its_day_the_duty_is_void_and_drained_again_it_is_owed_again(cast) -> None:
    # Due 12-20, to be there by Thursday 12-17.
    base = account(cast.borrower, cast.corporate, "0")
    lend(cast, "1000", date(2026, 12, 20))
    look(date(2026, 12, 8), MaturityFunds)
    put(base, "1000", date(2026, 12, 10))
    look(date(2026, 12, 10), MaturityFunds)
    assert (duty().status, duty().close_reason) == (DutyStatus.VOID, "资金已足额")
    put(base, "400", date(2026, 12, 14))  # before its day: the day stands
    look(date(2026, 12, 14), MaturityFunds)
    assert (duty().status, duty().due_on) == (DutyStatus.OPEN, date(2026, 12, 17))
    assert duty().reason == "12-20 应还本金 1,000.00 元，可用 400.00 元，缺 600.00 元。"
    put(base, "1000", date(2026, 12, 16))
    look(date(2026, 12, 16), MaturityFunds)
    look(date(2026, 12, 17), MaturityFunds)
    # Friday, after its day: until the next workday, Monday, but no later than the due day itself, Sunday.
    put(base, "0", date(2026, 12, 18))
    look(date(2026, 12, 18), MaturityFunds)
    assert (duty().status, duty().due_on) == (DutyStatus.OPEN, date(2026, 12, 20))


@pytest.mark.obligation("GR-6.4.1b", clause="f")
def test_first_drained_after_its_day_there_is_until_the_next_workday(cast) -> None:
    # Due Wednesday 12-09, to be there by Friday 12-04 (12-06 is a Sunday); drained on Saturday 12-05: until Monday.
    base = account(cast.borrower, cast.corporate, "1000")
    lend(cast, "1000", date(2026, 12, 9))
    for on in days(date(2026, 11, 24), date(2026, 12, 4)):
        look(on, MaturityFunds)
    assert not WorkItem.objects.exists()
    put(base, "0", date(2026, 12, 5))
    look(date(2026, 12, 5), MaturityFunds)
    assert (duty().raised_on, duty().due_on) == (date(2026, 12, 5), date(2026, 12, 7))


@pytest.mark.obligation("GR-6.4.1b", clause="f")
def test_what_is_late_stays_owed_until_the_debt_is_paid_or_its_day_has_passed(cast) -> None:
    # Due 12-09, to be there by 12-04. The money comes on 12-07: late all the same, until 12-10.
    base = account(cast.borrower, cast.corporate, "0")
    loan = lend(cast, "1000", date(2026, 12, 9))
    for on in days(date(2026, 12, 1), date(2026, 12, 6)):
        look(on, MaturityFunds)
    assert (duty().status, duty().due_on) == (DutyStatus.OPEN, date(2026, 12, 4))
    put(base, "1000", date(2026, 12, 7))
    look(date(2026, 12, 7), MaturityFunds)
    assert (duty().status, duty().due_on) == (DutyStatus.OPEN, date(2026, 12, 4))
    assert duty().reason == "12-09 应还本金 1,000.00 元，可用 1,000.00 元，现已足额，检查日未足额。"
    look(date(2026, 12, 9), MaturityFunds)
    assert duty().status == DutyStatus.OPEN
    factories.make_reading(
        loan,
        effective_on=date(2026, 12, 10),
        balance=Decimal(1000),
        overdue_principal=Decimal(1000),
        days_past_due=1,
    )
    look(date(2026, 12, 10), MaturityFunds)
    assert (duty().status, duty().close_reason) == (DutyStatus.VOID, "已归还，或已过应还日，不再核对资金")


def test_a_loan_paid_off_asks_for_no_money_though_it_was_late(cast) -> None:
    loan = lend(cast, "1000", date(2026, 12, 9))
    look(date(2026, 12, 1), MaturityFunds)
    factories.make_reading(loan, effective_on=date(2026, 12, 7), balance=Decimal(0))
    look(date(2026, 12, 7), MaturityFunds)
    assert (duty().status, duty().close_reason) == (DutyStatus.VOID, "已无余额，不再核对资金")


@pytest.mark.obligation("GR-6.4.2", clause="abd")
@pytest.mark.parametrize(("due_on", "by", "shown"), MATURITIES)
def test_an_acceptance_is_covered_three_days_before_its_bills_fall_due(cast, due_on, by, shown) -> None:
    # 10,000,000 of bills in two, margin 3,000,000 (30%), a deposit of 2,000,000 pledged: 敞口 5,000,000; 4,500,000
    # there: 500,000 short.
    account(cast.borrower, cast.corporate, "4500000")
    account(cast.borrower, cast.corporate, "3000000", kind="MARGIN", number="M1")
    agreement = lend(
        cast, "10000000", due_on, product=Product.ACCEPTANCE, margin=Decimal(3000000), margin_account="M1"
    )
    bill(agreement, "6000000", due_on), bill(agreement, "4000000", due_on)
    pledge({agreement: "2000000"}, "2000000", amount="2000000")
    look(shown, AcceptanceFunds, MaturityFunds)
    found = duty()
    assert (found.obligation, found.subject_id, found.period_key) == (
        "GR-6.4.2",
        agreement.pk,
        f"bills:{due_on}",
    )
    assert (found.raised_on, found.due_on, found.person) == (shown, by, cast.cm)
    assert found.reason == (
        f"{due_on:%m-%d} 到期票据 10,000,000.00 元，保证金与存单 5,000,000.00 元，可用 4,500,000.00 元，"
        "缺 500,000.00 元。"
    )


@pytest.mark.obligation("GR-6.4.2", clause="abd")
def test_bills_of_one_agreement_on_different_days_are_owed_by_their_own_days(cast) -> None:
    # Tuesday 12-01 by Friday 11-27; Friday 12-04 by Tuesday 12-01. 30 there: the first bill of 20 is met by the margin.
    account(cast.borrower, cast.corporate, "30")
    account(cast.borrower, cast.corporate, "20", kind="MARGIN", number="M1")
    agreement = lend(
        cast, "80", date(2026, 12, 4), product=Product.ACCEPTANCE, margin=Decimal(20), margin_account="M1"
    )
    bill(agreement, "20", date(2026, 12, 1)), bill(agreement, "60", date(2026, 12, 4))
    look(date(2026, 11, 24), AcceptanceFunds)
    assert (duty().period_key, duty().due_on) == ("bills:2026-12-04", date(2026, 12, 1))
    assert duty().reason == "12-04 到期票据 60.00 元，可用 30.00 元，缺 30.00 元。"


@pytest.mark.obligation("GR-6.4.2", clause="d")
def test_once_the_lender_has_advanced_the_money_the_duty_is_over(cast) -> None:
    # Due 12-01; on 12-02 the core system reports the agreement as advanced (垫款): from then on GR-28.2.
    agreement = lend(cast, "80", date(2026, 12, 1), product=Product.ACCEPTANCE)
    bill(agreement, "80", date(2026, 12, 1))
    for on in days(date(2026, 11, 24), date(2026, 12, 1)):
        look(on, AcceptanceFunds)
    assert (duty().status, duty().due_on) == (DutyStatus.OPEN, date(2026, 11, 27))
    factories.make_reading(
        agreement,
        effective_on=date(2026, 12, 2),
        balance=Decimal(80),
        overdue_principal=Decimal(80),
        days_past_due=1,
    )
    look(date(2026, 12, 2), AcceptanceFunds)
    assert duty().status == DutyStatus.VOID


# Frequency, month, by when, what is owed: 2,800,000 at 4.35%, 338.333… a day.
INTEREST = [
    # Quarterly: 12-20 is a Sunday, so Friday; 91 days. 09-20 is a Sunday on which people work; 92 days. 06-20 lies in
    # 端午, so Thursday 06-18; 92 days from 03-20.
    ("", date(2026, 12, 20), date(2026, 12, 18), "30,788.33"),
    ("", date(2026, 9, 20), date(2026, 9, 20), "31,126.67"),
    ("QUARTERLY", date(2026, 6, 20), date(2026, 6, 18), "31,126.67"),
    # Monthly: a Tuesday, 30 days from 09-20; a Friday, 31 days from 10-20.
    ("MONTHLY", date(2026, 10, 20), date(2026, 10, 20), "10,150.00"),
    ("MONTHLY", date(2026, 11, 20), date(2026, 11, 20), "10,488.33"),
]


@pytest.mark.obligation("GR-6.4.3", clause="ac")
@pytest.mark.parametrize(("frequency", "due_on", "by", "amount"), INTEREST)
def test_money_for_interest_is_owed_by_the_twentieth(cast, frequency, due_on, by, amount) -> None:
    bears_interest(cast, frequency)
    shown = by - timedelta(days=10)
    look(shown - timedelta(days=1), InterestFunds)
    assert not WorkItem.objects.exists()
    look(shown, InterestFunds)
    found = duty()
    assert (found.subject_id, found.period_key, found.due_on) == (cast.loan.pk, f"interest:{due_on}", by)
    assert found.reason == f"{due_on:%m-%d} 应付利息 {amount} 元，可用 0.00 元，缺 {amount} 元。"
    assert found.person == cast.cm


@pytest.mark.obligation("GR-6.4.3", clause="a")
def test_a_quarterly_loan_asks_for_nothing_in_another_month(cast) -> None:
    bears_interest(cast)
    for on in days(date(2026, 10, 8), date(2026, 11, 30)):
        look(on, InterestFunds)
    assert not WorkItem.objects.exists()


@pytest.mark.obligation("GR-6.4.3", clause="ac")
def test_interest_that_the_plan_states_is_due_by_the_twentieth_though_it_falls_due_later(cast) -> None:
    # Planned for the 21st, a Monday; there by the 20th, a Sunday, so Friday 12-18. 25,000 of 30,000 there.
    account(cast.borrower, cast.corporate, "25000")
    owe(bears_interest(cast), date(2026, 12, 21), interest="30000")
    look(date(2026, 12, 14), InterestFunds)
    assert (duty().period_key, duty().due_on) == ("interest:2026-12-21", date(2026, 12, 18))
    assert duty().reason == "12-21 应付利息 30,000.00 元，可用 25,000.00 元，缺 5,000.00 元。"


def test_still_short_on_the_twentieth_it_is_late(cast) -> None:
    bears_interest(cast)
    for on in days(date(2026, 12, 14), date(2026, 12, 20)):
        look(on, InterestFunds)
    assert list(WorkItem.objects.overdue(date(2026, 12, 20)).values_list("due_on", flat=True)) == [
        date(2026, 12, 18)
    ]


@pytest.mark.obligation("GR-6.4.1b", clause="d")
@pytest.mark.obligation("GR-6.4.2", clause="c")
def test_one_yuan_covers_one_debt_over_all_three_rules(cast) -> None:
    # 100 there. 11-30: interest 40; 12-01: principal 50 (the 10 left and 40 …): 60 - 50 = 10 for the bill of 30.
    account(cast.borrower, cast.corporate, "100")
    owe(lend(cast, "50", date(2026, 12, 1), number="A"), date(2026, 11, 30), interest="40")
    lend(cast, "30", date(2026, 12, 2), number="B", product=Product.ACCEPTANCE)
    look(date(2026, 11, 24), MaturityFunds, AcceptanceFunds, InterestFunds)
    assert duty().reason == "12-02 到期票据 30.00 元，可用 10.00 元，缺 20.00 元。"


def test_a_customer_without_a_manager_and_one_set_aside(cast) -> None:
    loan = lend(cast, "100", date(2026, 12, 1))
    look(date(2026, 11, 24), MaturityFunds)
    Quarantined.objects.create(
        on=date(2026, 11, 25),
        step="funds",
        subject_kind="BORROWER",
        subject_id=cast.borrower.pk,
        cause="坏数据",
        attempts=3,
    )
    factories.make_reading(loan, effective_on=date(2026, 11, 25), balance=Decimal(0))
    look(date(2026, 11, 25), MaturityFunds)
    assert duty().status == DutyStatus.OPEN  # nobody looked that day, so nothing is taken back
    cast.borrower.responsibilities.filter(role="CUSTOMER_MANAGER").update(to_on=date(2026, 11, 25))
    look(date(2026, 11, 26), MaturityFunds)
    assert duty().status == DutyStatus.VOID
    lend(cast, "100", date(2026, 12, 2), number="JJ-N")
    look(date(2026, 11, 26), MaturityFunds)
    assert duty(period_key="maturity:2026-12-02").person is None


@pytest.mark.obligation("GR-6.4.1b", clause="a")
@pytest.mark.obligation("GR-6.4.2", clause="b")
def test_the_close_of_day_looks_before_it_raises(cast) -> None:
    applied(date(2026, 11, 24))
    lend(cast, "100", date(2026, 12, 1), interest_frequency="MONTHLY")
    lend(cast, "100", date(2026, 12, 1), number="JJ-B", product=Product.ACCEPTANCE)
    assert close_of_day.close(date(2026, 11, 24))
    raised = WorkItem.objects.filter(kind="funds_check").values_list("obligation", "period_key", "due_on")
    assert set(raised) == {
        ("GR-6.4.1b", "maturity:2026-12-01", date(2026, 11, 27)),
        ("GR-6.4.2", "bills:2026-12-01", date(2026, 11, 27)),
        ("GR-6.4.3", "interest:2026-12-01", date(2026, 12, 1)),
    }


def test_a_duty_about_a_loan_that_the_branch_books_stands_in_the_manager_s_department(cast):
    note = lend(cast, "5000000", date(2026, 12, 20))
    Loan.objects.filter(pk=note.pk).update(unit=cast.br1)
    look(date(2026, 12, 10), MaturityFunds)
    found = duty(obligation="GR-6.4.1b")
    assert (found.person, found.unit) == (cast.cm, cast.corporate)

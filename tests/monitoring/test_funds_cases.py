"""Ladders from the book, worked by hand: loans, bills, arrears and claims against accounts, margins and deposits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from credit.choices import Product
from credit.models import Collateral, LetterClaim, LoanTerms
from tests import factories
from tests.monitoring.money import accept, account, bill, checks, lend, look, owe, pledge

pytestmark = pytest.mark.usefixtures("reference")

ON = date(2026, 11, 24)  # a Tuesday
NOV25, NOV26, NOV27, NOV30 = (date(2026, 11, day) for day in (25, 26, 27, 30))


def two_loans_on_one_account(cast):
    # 300 on the account: A takes 200 on 11-25, so B finds 100 of its 150 on 11-26: 50 short.
    account(cast.borrower, cast.corporate, "300")
    lend(cast, "A", "200", NOV25)
    lend(cast, "B", "150", NOV26)
    return [(NOV25, "200.00", "0.00", "200.00", "0.00"), (NOV26, "150.00", "0.00", "100.00", "50.00")]


def several_accounts_less_what_is_frozen(cast):
    # 100 - 30 frozen = 70, and 40 on a second one; a reserve that is frozen beyond its balance, a margin account and
    # a special account count as nothing: 110 of 200.
    for balance, frozen, kind in (
        ("100", "30", "BASIC"), ("40", "0", "COLLECTION"), ("50", "60", "REPAYMENT_RESERVE"),
        ("500", "0", "MARGIN"), ("500", "0", "SPECIAL"),
    ):  # fmt: skip
        account(cast.borrower, cast.corporate, balance, kind=kind, frozen=frozen)
    account(cast.other_borrower, cast.corporate2, "900")
    account(cast.borrower, cast.corporate, None)
    lend(cast, "A", "200", NOV25)
    return [(NOV25, "200.00", "0.00", "110.00", "90.00")]


def margin_within_its_account(cast):
    # 30 stated of 100; 10 on the account of its own: 敞口 100 - 30 = 70, the balance has 50: 20 short.
    account(cast.borrower, cast.corporate, "50")
    account(cast.borrower, cast.corporate, "40", kind="MARGIN", number="M1")
    accept(cast, "A", "100", NOV25, margin="30", account="M1")
    return [(NOV25, "100.00", "30.00", "50.00", "20.00")]


def margin_account_below_the_stated_margin(cast):
    # 30 stated, 12 there: 100 - 12 = 88, 50 on the account: 38 short. What is frozen for the lender is still there.
    account(cast.borrower, cast.corporate, "50")
    account(cast.borrower, cast.corporate, "12", kind="MARGIN", number="M1", frozen="12")
    accept(cast, "A", "100", NOV25, margin="30", account="M1")
    return [(NOV25, "100.00", "12.00", "50.00", "38.00")]


def no_margin_account_is_no_margin(cast):
    account(cast.borrower, cast.corporate, "50")
    accept(cast, "A", "100", NOV25, margin="30", account="")
    accept(cast, "B", "100", NOV26, margin="30", account="M-unknown")
    return [(NOV25, "100.00", "0.00", "50.00", "50.00"), (NOV26, "100.00", "0.00", "0.00", "100.00")]


def one_margin_account_for_two_agreements(cast):
    # 40 in the account, 30 stated for each: A 30, so B 10. 70 + 90 = 160 exposed, 200 there: nothing short.
    account(cast.borrower, cast.corporate, "200")
    account(cast.borrower, cast.corporate, "40", kind="MARGIN", number="M1")
    accept(cast, "A", "100", NOV25, margin="30", account="M1")
    accept(cast, "B", "100", NOV26, margin="30", account="M1")
    return [(NOV25, "100.00", "30.00", "70.00", "0.00"), (NOV26, "100.00", "10.00", "90.00", "0.00")]


def bills_on_different_days(cast):
    # One agreement of 100: 20 + 15 on 11-25, 40 on 11-27, the 25 without a bill at its end on 11-30. Margin 30: 30 of
    # the 35, so 5 from the balance of 50; 40 of 40 from the remaining 45; then 5 of 25: 20 short.
    account(cast.borrower, cast.corporate, "50")
    account(cast.borrower, cast.corporate, "30", kind="MARGIN", number="M1")
    agreement = accept(cast, "A", "100", NOV30, margin="30", account="M1")
    for amount, day in (("20", NOV25), ("15", NOV25), ("40", NOV27)):
        bill(agreement, amount, day)
    return [
        (NOV25, "35.00", "30.00", "5.00", "0.00"),
        (NOV27, "40.00", "0.00", "40.00", "0.00"),
        (NOV30, "25.00", "0.00", "5.00", "20.00"),
    ]


def a_deposit_pledged_in_part(cast):
    # A deposit of 80 secures A with 50 of its 100: 50 exposed, 45 there: 5 short.
    account(cast.borrower, cast.corporate, "45")
    pledge({accept(cast, "A", "100", NOV25): "50"}, "80", amount="80")
    return [(NOV25, "100.00", "50.00", "45.00", "5.00")]


def margin_first_then_the_deposit_over_two_bills(cast):
    # Margin 30, deposit 40 for both bills of 50: the first 30 + 20, the second 20 and 30 from the balance of 25.
    account(cast.borrower, cast.corporate, "25")
    account(cast.borrower, cast.corporate, "30", kind="MARGIN", number="M1")
    agreement = accept(cast, "A", "100", NOV26, margin="30", account="M1")
    bill(agreement, "50", NOV25), bill(agreement, "50", NOV26)
    pledge({agreement: "40"}, "40", amount="40")
    return [(NOV25, "50.00", "50.00", "0.00", "0.00"), (NOV26, "50.00", "20.00", "25.00", "5.00")]


def one_deposit_for_two_agreements_within_its_cap(cast):
    # Worth 90, but the pledge is capped at 70; 50 secured for each: A 50, B the 20 that are left.
    pledge({accept(cast, "A", "60", NOV25): "50", accept(cast, "B", "60", NOV26): "50"}, "90", amount="70")
    return [(NOV25, "60.00", "50.00", "0.00", "10.00"), (NOV26, "60.00", "20.00", "0.00", "40.00")]


def one_deposit_under_two_pledges_by_rank(cast):
    # Worth 60: the first rank secures B with 40, so the second has 20 for A, though A falls due before B.
    first = pledge({accept(cast, "B", "60", NOV26): "40"}, "60", amount="40")
    thing = Collateral.objects.get(liens__guarantee=first)
    pledge({accept(cast, "A", "60", NOV25): "60"}, "", amount="60", collateral=thing, rank=2)
    return [(NOV25, "60.00", "20.00", "0.00", "40.00"), (NOV26, "60.00", "40.00", "0.00", "20.00")]


def what_is_no_full_pledge_covers_nothing(cast):
    # A house, a deposit never valued, one whose pledge was cancelled; and a good one that secures a loan, which is to
    # be repaid from the account.
    agreement = accept(cast, "A", "100", NOV25)
    pledge({agreement: "100"}, "500", amount="500", kind="HOUSE")
    pledge({agreement: "100"}, "", amount="500")
    pledge({agreement: "100"}, "500", amount="500", registered_on=date(2026, 2, 1), cancelled_on=ON)
    pledge({lend(cast, "B", "100", NOV26): "100"}, "100", amount="100")
    return [(NOV25, "100.00", "0.00", "0.00", "100.00"), (NOV26, "100.00", "0.00", "0.00", "100.00")]


def arrears_and_an_open_claim_come_first(cast):
    # 100 there. Arrears of 20 interest and 30 principal and a claim of 15 less 5 margin, all wanted today: 40 left.
    account(cast.borrower, cast.corporate, "100")
    account(cast.borrower, cast.corporate, "5", kind="MARGIN", number="M1")
    late = lend(cast, "L", "30", date(2026, 11, 10), risk_class=None)
    factories.make_reading(
        late, effective_on=date(2026, 11, 11), balance=Decimal(30), overdue_principal=Decimal(30),
        overdue_interest=Decimal(20), days_past_due=1,
    )  # fmt: skip
    letter = lend(
        cast, "G", "80", NOV30, product=Product.LETTER_OF_GUARANTEE, margin=Decimal(5), margin_account="M1"
    )
    LetterClaim.objects.create(number="S1", loan=letter, amount=Decimal(15), claimed_on=date(2026, 11, 20))
    LetterClaim.objects.create(
        number="S2",
        loan=letter,
        amount=Decimal(50),
        claimed_on=date(2026, 11, 2),
        settled_on=ON,
        outcome="撤回",
    )
    lend(cast, "A", "60", NOV25)
    return [(NOV25, "60.00", "0.00", "40.00", "20.00")]


def terms_in_force_and_a_plan(cast):
    # The core system knows of an extension to 11-27 since yesterday; the plan holds 40 of the 100 on 11-25.
    account(cast.borrower, cast.corporate, "70")
    loan = lend(cast, "A", "100", NOV25)
    LoanTerms.objects.create(
        loan=loan, effective_on=date(2026, 11, 23), known_on=date(2026, 11, 23), matures_on=NOV27,
        annual_rate=loan.annual_rate,
    )  # fmt: skip
    owe(loan, NOV25, "40")
    owe(loan, NOV26, "10", replaced_on=date(2026, 11, 20))
    return [(NOV25, "40.00", "0.00", "40.00", "0.00"), (NOV27, "60.00", "0.00", "30.00", "30.00")]


def a_discounted_bill_is_its_acceptors(cast):
    lend(cast, "A", "100", NOV25, product=Product.DISCOUNT, interest_frequency="")
    lend(cast, "B", "100", NOV25, product=Product.LETTER_OF_GUARANTEE, interest_frequency="")
    return []


CASES: list[Callable[[Any], list[tuple]]] = [
    two_loans_on_one_account,
    several_accounts_less_what_is_frozen,
    margin_within_its_account,
    margin_account_below_the_stated_margin,
    no_margin_account_is_no_margin,
    one_margin_account_for_two_agreements,
    bills_on_different_days,
    a_deposit_pledged_in_part,
    margin_first_then_the_deposit_over_two_bills,
    one_deposit_for_two_agreements_within_its_cap,
    one_deposit_under_two_pledges_by_rank,
    what_is_no_full_pledge_covers_nothing,
    arrears_and_an_open_claim_come_first,
    terms_in_force_and_a_plan,
    a_discounted_bill_is_its_acceptors,
]


@pytest.mark.obligation("GR-6.4.1b", clause="bd")
@pytest.mark.obligation("GR-6.4.2", clause="ac")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_worked_by_hand(cast, case) -> None:
    expected = case(cast)
    look(ON)
    assert checks(ON, loan__borrower=cast.borrower) == expected

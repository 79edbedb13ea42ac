"""When the letter of 本息催收第1项 must be out: dates worked out by hand from the 2026 calendar (2027 by weekends)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from collections_app.duties import MaturityLetter
from core.policy import policy_on
from credit.choices import Product
from credit.models import Loan, LoanTerms, PastLetter
from tests import factories
from tests.day.test_close_of_day import applied
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture(autouse=True)
def _nothing_else(cast) -> None:
    """The companies' own loans of the cast are repaid."""
    for loan in (cast.loan, cast.other_loan):
        factories.make_reading(loan, effective_on=date(2026, 3, 11), balance=0)


def run(on: date) -> None:
    reconcile(MaturityLetter(), on=on, policy=policy_on(on))


def lend(cast, matures_on: date, *, starts_on: date = date(2025, 6, 2), **fields) -> Loan:
    loan = factories.make_loan(
        cast.borrower, cast.corporate, starts_on=starts_on, matures_on=matures_on, **fields
    )
    agree(loan, matures_on, on=starts_on)
    return loan


def agree(loan: Loan, matures_on: date, *, on: date) -> None:
    LoanTerms.objects.create(
        loan=loan, effective_on=on, known_on=on, matures_on=matures_on, annual_rate=loan.annual_rate
    )


def sent(loan: Loan, on: date, *, number: str = "H1", **fields) -> None:
    PastLetter.objects.create(
        **{
            "number": number, "loan": loan, "kind": "MATURITY", "recipient": "BORROWER",
            "recipient_name": "江南纺织有限公司", "effective_on": on, "known_on": on, **fields,
        }
    )  # fmt: skip


def owed() -> dict[str, tuple[date, date, str]]:
    return {row.period_key: (row.counts_from, row.due_on, row.status) for row in WorkItem.objects.all()}


MATURITIES = [
    # matures, shown (ten workdays before the sending day), to be sent, receipts.
    # A month's end: 11-30; 11-27..23, 20..16; Wednesday 12-16.
    (date(2026, 12, 31), date(2026, 11, 16), date(2026, 11, 30), date(2026, 12, 16)),
    # 31 March → 28 February, a make-up Saturday; 02-27..24, the make-up Saturday 14, 13..09; Monday 03-16.
    (date(2026, 3, 31), date(2026, 2, 9), date(2026, 2, 28), date(2026, 3, 16)),
    # 31 March → 28 February, a Sunday in 2027, so Friday 26; 02-25..22, 19..15, 12; Tuesday 03-16.
    (date(2027, 3, 31), date(2027, 2, 12), date(2027, 2, 26), date(2027, 3, 16)),
    # Thursday after 国庆: 10-08; 09-30, 29, 28, not 中秋, 24..21, the make-up Sunday 20, 18, 17; 10-24 is a Saturday.
    (date(2026, 11, 8), date(2026, 9, 17), date(2026, 10, 8), date(2026, 10, 23)),
    # 10-04 in 国庆, so 09-30; 09-29, 28, 24..21, 20, 18, 17, 16; Tuesday 10-20.
    (date(2026, 11, 4), date(2026, 9, 16), date(2026, 9, 30), date(2026, 10, 20)),
    # The make-up Saturday 10-10 itself; 10-09, 08, 09-30, 29, 28, 24..21, 20; Monday 10-26.
    (date(2026, 11, 10), date(2026, 9, 20), date(2026, 10, 10), date(2026, 10, 26)),
    # A Sunday at a month's end → 30 April; 04-29..27, 24..20, 17, 16; 05-16 is a Saturday.
    (date(2026, 5, 31), date(2026, 4, 16), date(2026, 4, 30), date(2026, 5, 15)),
]


@pytest.mark.obligation("GR-6.4.1", clause="ab")
@pytest.mark.parametrize(("matures_on", "shown", "letter_on", "receipts_on"), MATURITIES)
def test_the_letter_is_out_a_month_ahead_and_confirmed_fifteen_days_ahead(
    cast, matures_on, shown, letter_on, receipts_on
):
    lend(cast, matures_on)
    run(shown - timedelta(days=1))
    assert owed() == {}
    run(shown)
    letter = {f"letter:{matures_on}": (shown, letter_on, DutyStatus.OPEN)}
    assert owed() == letter
    run(letter_on - timedelta(days=1))
    assert owed() == letter
    run(letter_on)
    both = {**letter, f"receipts:{matures_on}": (letter_on, receipts_on, DutyStatus.OPEN)}
    assert owed() == both
    run(matures_on + timedelta(days=3))  # what was missed stays owed while the loan does
    assert owed() == both


def test_the_customer_manager_owes_it_and_is_told_why(cast):
    loan = lend(cast, date(2026, 12, 24))
    run(cast.today)
    first, second = WorkItem.objects.order_by("due_on")
    assert (first.person, first.post, first.subject_kind, first.subject_id) == (
        cast.cm, "CUSTOMER_MANAGER", "LOAN", loan.pk,
    )  # fmt: skip
    assert first.reason == (
        f"借据 {loan.number} 于 2026-12-24 到期，须提前一个月向借款人和担保人发出到期贷款催收函。"
    )
    assert second.reason.endswith("到期前 15 天收齐借款人和担保人对催收函的确认并存档。")


@pytest.mark.parametrize("product", [Product.ACCEPTANCE, Product.LETTER_OF_GUARANTEE, Product.DISCOUNT])
def test_a_contingent_item_calls_for_none(cast, product):
    lend(cast, date(2026, 12, 24), product=product)
    run(cast.today)
    assert owed() == {}


def test_a_loan_of_another_scheme_calls_for_none(cast):
    lend(cast, date(2026, 12, 24), product=Product.HOUSING)
    run(cast.today)
    assert owed() == {}


def test_a_loan_shorter_than_the_lead_has_until_the_next_workday(cast):
    # Paid out on Friday 11-20 for a month: the letter would be due on the same day. Receipts 15 days ahead: 12-05, a
    # Saturday, so 12-04.
    lend(cast, date(2026, 12, 20), starts_on=date(2026, 11, 20))
    # For ten days: the letter on Monday 11-23, its receipts on the day after.
    lend(cast, date(2026, 11, 30), starts_on=date(2026, 11, 20))
    # For a weekend: there is no workday before it matures.
    lend(cast, date(2026, 11, 23), starts_on=date(2026, 11, 20))
    run(date(2026, 11, 20))
    start = date(2026, 11, 20)
    assert owed() == {
        "letter:2026-12-20": (start, date(2026, 11, 23), DutyStatus.OPEN),
        "receipts:2026-12-20": (start, date(2026, 12, 4), DutyStatus.OPEN),
        "letter:2026-11-30": (start, date(2026, 11, 23), DutyStatus.OPEN),
        "receipts:2026-11-30": (start, date(2026, 11, 24), DutyStatus.OPEN),
    }


@pytest.mark.obligation("GR-6.4.1", clause="b")
def test_an_extended_loan_is_written_to_about_its_new_maturity(cast):
    loan = lend(cast, date(2026, 12, 10))  # the letter was due on 11-10
    run(date(2026, 11, 16))
    agree(loan, date(2026, 12, 20), on=date(2026, 11, 24))  # a month before that: 11-20, gone by
    run(cast.today)
    assert {key: (due, status) for key, (_, due, status) in owed().items()} == {
        "letter:2026-12-10": (date(2026, 11, 10), DutyStatus.VOID),
        "receipts:2026-12-10": (date(2026, 11, 25), DutyStatus.VOID),
        "letter:2026-12-20": (date(2026, 11, 25), DutyStatus.OPEN),
        "receipts:2026-12-20": (date(2026, 12, 4), DutyStatus.OPEN),
    }


def test_until_an_extension_begins_the_letter_is_about_the_maturity_in_force(cast):
    # The loan shows the latest of its terms, half a year on; those in force today end on 12-24, whose letter has been
    # due since 11-24.
    loan = lend(cast, date(2026, 12, 24))
    agree(loan, date(2027, 6, 24), on=cast.today + timedelta(days=1))
    Loan.objects.filter(pk=loan.pk).update(matures_on=date(2027, 6, 24))
    run(cast.today)
    assert {key.split(":")[1] for key in owed()} == {"2026-12-24"}


def test_a_new_rate_alone_puts_nothing_off(cast):
    loan = lend(cast, date(2026, 12, 10))
    LoanTerms.objects.create(
        loan=loan, effective_on=date(2026, 11, 9), known_on=date(2026, 11, 9), matures_on=date(2026, 12, 10),
        annual_rate=0,
    )  # fmt: skip
    run(cast.today)
    assert owed()["letter:2026-12-10"][:2] == (date(2026, 10, 27), date(2026, 11, 10))


def test_a_letter_sent_before_going_live_is_not_asked_for_again(cast):
    confirmed = lend(cast, date(2026, 12, 10))
    sent(confirmed, date(2026, 11, 9), received_on=date(2026, 11, 11), proof="回执 3 号")
    unconfirmed = lend(cast, date(2026, 12, 11))
    sent(unconfirmed, date(2026, 11, 9), number="H2")
    about_another = lend(cast, date(2026, 12, 12))
    agree(about_another, date(2026, 12, 14), on=date(2026, 11, 18))
    sent(about_another, date(2026, 11, 9), number="H3", received_on=date(2026, 11, 11), proof="回执 4 号")
    applied(date(2026, 11, 23))  # went live: whatever is left has until the next workday, Tuesday 11-24
    run(date(2026, 11, 23))
    assert {key: due for key, (_, due, _) in owed().items()} == {
        # 12-11 less 15 days: Thursday 11-26. 12-14: the letter was due on Friday 11-13; receipts Sunday 11-29, so 27.
        "receipts:2026-12-11": date(2026, 11, 26),
        "letter:2026-12-14": date(2026, 11, 24),
        "receipts:2026-12-14": date(2026, 11, 27),
    }


def test_repayment_takes_it_back(cast):
    loan = lend(cast, date(2026, 12, 10))
    run(date(2026, 11, 9))
    factories.make_reading(loan, effective_on=date(2026, 11, 24), balance=0)
    run(cast.today)
    rows = set(WorkItem.objects.values_list("status", "close_reason"))
    assert rows == {(DutyStatus.VOID, "已结清，不再需要催收函")}


def test_the_manager_records_that_it_was_sent(cast, password):
    lend(cast, date(2026, 12, 24))
    run(cast.today)
    duty = WorkItem.objects.get(period_key="letter:2026-12-24")
    client = Client()
    client.force_login(cast.cm)
    client.post(reverse("document_start", args=[duty.pk]))
    record = Document.objects.get(form="completion_record")
    answers = {"done_on": "2026-11-24", "record": "已邮寄 EMS。", "_here": "all", "_version": record.version}
    client.post(reverse("document_save", args=[record.pk]), answers)
    client.post(reverse("document_submit", args=[record.pk]), {"password": password})
    assert {row.period_key: row.status for row in WorkItem.objects.all()} == {
        "letter:2026-12-24": DutyStatus.DONE, "receipts:2026-12-24": DutyStatus.OPEN,
    }  # fmt: skip

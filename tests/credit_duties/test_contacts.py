"""A new borrower of 个贷规定第三条 is reached within five workdays: dates worked out by hand from the 2026 calendar."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from core.policy import policy_on
from credit.borrowers.documents import phone_of
from credit.choices import Product
from credit.duties.book import FirstContact
from credit.models import Contact, Loan
from tests import factories
from tests.credit_duties.filling import fill, gaps, submit
from tests.day.test_close_of_day import applied
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture(autouse=True)
def _only_new_borrowers(cast) -> None:
    """The borrower of the cast was reached long ago."""
    reached(cast.personal_borrower, date(2026, 3, 12))


def reached(borrower, on: date) -> Contact:
    return Contact.objects.create(
        borrower=borrower, person="刘建国", relation="本人", phone="13900000001", reachable_at="城东路 8 号",
        way="PHONE", effective_on=on, known_on=on, reference="LX-1",
    )  # fmt: skip


def lend(cast, starts_on: date, *, borrower=None, product: str = Product.HOUSING, **fields) -> Loan:
    if borrower is None:
        borrower = factories.make_borrower(name="万小红", kind="PERSONAL", phone="0791-88880001")
        factories.make_responsibility(borrower, cast.cm_personal, cast.personal)
    return factories.make_loan(
        borrower, cast.personal, product=product, starts_on=starts_on, matures_on=date(2046, 3, 10), **fields
    )


def run(on: date) -> None:
    reconcile(FirstContact(), on=on, policy=policy_on(on))


def owed() -> dict[str, tuple[date, str]]:
    return {row.period_key: (row.due_on, row.status) for row in WorkItem.objects.all()}


STARTS = [
    # A Friday: 11-23..27. A Saturday: 11-02..06.
    (date(2026, 11, 20), date(2026, 11, 27)),
    (date(2026, 10, 31), date(2026, 11, 6)),
    # 国庆: 09-29, 30, then 10-08, 09 and the make-up Saturday 10-10.
    (date(2026, 9, 28), date(2026, 10, 10)),
    # The make-up Sunday before 中秋: 09-18, 20, 21, 22, 23.
    (date(2026, 9, 17), date(2026, 9, 23)),
    # 春节 from 02-15 to 23 between two make-up Saturdays: 02-14, 24, 25, 26, 27.
    (date(2026, 2, 13), date(2026, 2, 27)),
    # 02-27, the make-up Saturday 28, 03-02, 03, 04.
    (date(2026, 2, 26), date(2026, 3, 4)),
]


@pytest.mark.obligation("GD-3.2", clause="ab")
@pytest.mark.parametrize(("starts_on", "due_on"), STARTS)
def test_a_new_borrower_is_reached_within_five_workdays(cast, starts_on, due_on):
    loan = lend(cast, starts_on)
    run(starts_on)
    assert owed() == {f"first:{loan.number}": (due_on, DutyStatus.OPEN)}
    duty = WorkItem.objects.get()
    assert (duty.subject_kind, duty.subject_id) == ("BORROWER", loan.borrower_id)
    assert duty.counts_from == starts_on
    assert duty.person == cast.cm_personal
    assert duty.reason == f"借据 {loan.number} 于 {starts_on} 发放，5 个工作日内与借款人建立固定联系方式。"
    run(cast.today)
    assert WorkItem.objects.count() == 1


def test_a_second_loan_and_a_known_borrower_call_for_no_other_contact(cast):
    first = lend(cast, date(2026, 11, 19))
    lend(cast, date(2026, 11, 20), borrower=first.borrower)
    lend(cast, date(2026, 11, 20), borrower=cast.personal_borrower)
    run(cast.today)
    assert set(owed()) == {f"first:{first.number}"}


def test_a_company_is_not_asked_for_one(cast):
    factories.make_loan(cast.borrower, cast.corporate, starts_on=date(2026, 11, 20))
    run(cast.today)
    assert owed() == {}


def test_repaid_in_between_the_late_duty_stays_one_while_another_loan_is_live(cast):
    first = lend(cast, date(2026, 9, 17))  # due 09-23
    second = lend(cast, date(2026, 9, 28), borrower=first.borrower)
    run(date(2026, 9, 24))
    factories.make_reading(first, effective_on=date(2026, 11, 2), balance=0)
    run(date(2026, 11, 2))
    assert owed() == {f"first:{first.number}": (date(2026, 9, 23), DutyStatus.OPEN)}
    factories.make_reading(second, effective_on=date(2026, 11, 3), balance=0)
    run(date(2026, 11, 3))
    assert WorkItem.objects.get().close_reason == "已无本方案下的贷款"


def test_a_contact_counts_from_the_day_on_which_it_is_known(cast):
    loan = lend(cast, date(2026, 11, 20))
    run(date(2026, 11, 20))
    reached(loan.borrower, cast.today)
    run(date(2026, 11, 23))
    assert WorkItem.objects.get().status == DutyStatus.OPEN
    run(cast.today)
    assert WorkItem.objects.get().close_reason == "已建立固定联系方式"


def test_what_was_due_before_going_live_is_not_raised(cast):
    lend(cast, date(2026, 11, 13))  # due on Friday 11-20
    late = lend(cast, date(2026, 11, 16))  # due on Monday 11-23
    applied(date(2026, 11, 23))
    reconcile(
        FirstContact(), on=date(2026, 11, 23), policy=policy_on(cast.today), not_before=date(2026, 11, 23)
    )
    assert set(owed()) == {f"first:{late.number}"}


# --- the form ---------------------------------------------------------------------------------------------------


def start(cast) -> Document:
    client = Client()
    client.force_login(cast.cm_personal)
    client.post(reverse("document_start", args=[WorkItem.objects.get().pk]))
    return Document.objects.get()


@pytest.mark.obligation("GD-3.2", clause="c")
def test_the_manager_registers_the_contact_and_the_borrower_page_shows_it(cast):
    loan = lend(cast, date(2026, 11, 20))
    run(cast.today)
    document = start(cast)
    assert (document.content["person"], document.content["phone"]) == ("万小红", "0791-88880001")
    assert gaps(document) == {"reachable_at", "way"}
    fill(
        document,
        phone="139 0000 ０００２",
        reachable_at="微信 wxh-nc",
        way="WECHAT",
        contacted_on="2026-11-23",
    )
    submit(document)
    assert document.status == DocumentStatus.LOCKED
    fact = Contact.objects.get(borrower=loan.borrower)
    assert (fact.person, fact.relation, fact.phone, fact.reachable_at, fact.way) == (
        "万小红", "本人", "13900000002", "微信 wxh-nc", "WECHAT",
    )  # fmt: skip
    assert (fact.effective_on, fact.known_on, fact.reference) == (
        date(2026, 11, 23), cast.today, document.number,
    )  # fmt: skip
    duty = WorkItem.objects.get()
    assert (duty.status, duty.done_on, duty.document) == (DutyStatus.DONE, date(2026, 11, 23), document)
    before = owed()
    run(date(2026, 11, 25))
    assert owed() == before
    client = Client()
    client.force_login(cast.cm_personal)
    page = client.get(reverse("borrower", args=[loan.borrower.number])).content.decode()
    assert "固定联系方式" in page
    assert "微信 wxh-nc" in page


@pytest.mark.obligation("GD-3.2", clause="c")
@pytest.mark.parametrize(
    ("phone", "is_one"),
    [
        ("13900000002", True), ("139-0000-0002", False), ("0791-88880001", True), ("079188880001-12", True),
        ("12345678901", False), ("139000000021", False), ("88880001", False), ("没有", False),
        ("１３９００００ ０００２", True),
    ],
)  # fmt: skip
def test_a_telephone_number_is_one_that_can_be_dialled(cast, phone, is_one):
    lend(cast, date(2026, 11, 20))
    run(cast.today)
    document = fill(start(cast), phone=phone, reachable_at="城东路 8 号", way="PHONE")
    assert gaps(document) == (set() if is_one else {"phone"})
    assert " " not in phone_of(phone)


def test_a_contact_is_not_registered_before_it_was_made(cast):
    lend(cast, date(2026, 11, 20))
    run(cast.today)
    document = fill(start(cast), reachable_at="城东路 8 号", way="PHONE", contacted_on="2026-11-25")
    assert gaps(document) == {"contacted_on"}

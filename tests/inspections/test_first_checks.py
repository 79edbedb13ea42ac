"""The first check of a loan under 公司办法: fifteen workdays, worked out by hand from the 2026 calendar."""

from __future__ import annotations

from datetime import date

import pytest

from core.policy import policy_on
from credit.choices import Product
from credit.models import PastInspection
from inspections.duties import FirstCheck
from tests import factories
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def run(on: date, **more) -> None:
    reconcile(FirstCheck(), on=on, policy=policy_on(on), **more)


def lend(cast, starts_on: date, *, scheme: str = "GS", product: str = Product.WORKING_CAPITAL, **fields):
    contract = factories.make_contract(cast.borrower, product=product, signed_on=starts_on, scheme=scheme)
    return factories.make_loan(
        cast.borrower, cast.corporate, contract=contract, product=product, starts_on=starts_on, **fields
    )


def owed(loan) -> list[tuple[str, date, str]]:
    rows = WorkItem.objects.filter(kind="first_check", subject_kind="LOAN", subject_id=loan.pk)
    return [(row.period_key, row.due_on, row.status) for row in rows]


FIFTEEN_WORKDAYS = [
    # 11–13, the make-up Saturday 14, 春节 15–23, 24–27, the make-up Saturday 28, 03-02 to 06, and Monday 09.
    (date(2026, 2, 10), date(2026, 3, 9)),
    # 16–18, the make-up Sunday 20, 21–24, 中秋 25, 28–30, 国庆 01–07, 10-08 and 09, the make-up Saturday 10, 12.
    (date(2026, 9, 15), date(2026, 10, 12)),
    # 国庆 01–07, then 10-08, 09, the make-up Saturday 10, 12–16, 19–23, 26, 27.
    (date(2026, 9, 30), date(2026, 10, 27)),
    # paid out on a make-up Saturday: 10-12 to 16, 19–23, 26–30.
    (date(2026, 10, 10), date(2026, 10, 30)),
    # 25–27, 11-30 to 12-04, 07–11, 14, 15: over the end of a month.
    (date(2026, 11, 24), date(2026, 12, 15)),
]


@pytest.mark.obligation("GS-8", clause="ac")
@pytest.mark.parametrize(("starts_on", "due_on"), FIFTEEN_WORKDAYS)
def test_the_first_check_falls_due_fifteen_workdays_after_the_money_went_out(cast, starts_on, due_on):
    loan = lend(cast, starts_on)
    for _ in range(2):
        run(starts_on)
    assert owed(loan) == [(f"first:{starts_on}", due_on, DutyStatus.OPEN)]


def test_the_customer_manager_owes_it_and_is_told_of_the_form(cast):
    loan = lend(cast, cast.today)
    cast.borrower.responsibilities.filter(role="CUSTOMER_MANAGER").update(
        person=cast.cm2
    )  # not the senior one
    run(cast.today)
    duty = WorkItem.objects.get(subject_id=loan.pk)
    assert (duty.person, duty.unit, duty.kind, duty.counts_from) == (
        cast.cm2, cast.corporate, "first_check", cast.today,
    )  # fmt: skip
    assert duty.reason == (
        "2026-11-24 放款，15 个工作日内首次跟踪检查，检查后 2 个工作日内填《首次跟踪检查表》。"
    )
    assert (duty.borrower_number, duty.policy.scheme_id) == ("C100001", "GS")


def test_only_what_was_paid_out_under_the_scheme_is_checked(cast):
    for product in (Product.ACCEPTANCE, Product.LETTER_OF_GUARANTEE, Product.DISCOUNT):
        lend(cast, cast.today, product=product)
    lend(cast, cast.today, scheme="")  # 办法 of the branch: a working-capital loan under GR
    lend(cast, cast.today, scheme="XD")
    micro = lend(cast, cast.today, product=Product.MICRO)
    run(cast.today)
    assert [item.subject_id for item in WorkItem.objects.all()] == [micro.pk]


def test_before_going_live_only_what_falls_due_afterwards_and_was_not_checked_on_paper_is_owed(cast):
    go_live = date(2026, 11, 20)
    # 10-21 to 23, 26–30, 11-02 to 06, 09 and 10: due before the first day.
    long_ago = lend(cast, date(2026, 10, 20))
    # 11-11 to 13, 16–20, 23–27, 30 and 12-01: due after it.
    open_still = lend(cast, date(2026, 11, 10))
    PastInspection.objects.create(
        borrower=cast.borrower, effective_on=date(2026, 11, 9), known_on=go_live, inspector="张明"
    )
    run(go_live, not_before=go_live)
    assert (owed(long_ago), owed(open_still)) == (
        [],
        [("first:2026-11-10", date(2026, 12, 1), DutyStatus.OPEN)],
    )
    # Paper that turns up later, of a visit made after the money went out.
    PastInspection.objects.create(
        borrower=cast.borrower, effective_on=date(2026, 11, 12), known_on=date(2026, 11, 23), inspector="张明"
    )
    run(date(2026, 11, 20), not_before=go_live)
    assert owed(open_still)[0][2] == DutyStatus.OPEN  # not known yet on that day
    run(date(2026, 11, 23), not_before=go_live)
    duty = WorkItem.objects.get(subject_id=open_still.pk)
    assert (duty.status, duty.close_reason) == (DutyStatus.VOID, "上线前已检查（2026-11-12）")


def test_a_loan_repaid_before_its_check_is_checked_no_more_and_one_missed_stays_owed(cast):
    loan, repaid = lend(cast, date(2026, 8, 3)), lend(cast, date(2026, 8, 3))
    run(date(2026, 8, 3))
    factories.make_reading(repaid, effective_on=date(2026, 8, 10), balance=0)
    run(date(2026, 8, 10))
    run(date(2026, 12, 31))  # months later
    # 08-04 to 07, 10–14, 17–21, 24.
    assert owed(loan) == [("first:2026-08-03", date(2026, 8, 24), DutyStatus.OPEN)]
    assert owed(repaid) == [("first:2026-08-03", date(2026, 8, 24), DutyStatus.VOID)]

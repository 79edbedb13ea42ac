"""When a borrower must be reminded of an instalment: dates worked out by hand from 2.3（1） and the 2026 calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, policy
from core.models import Scheme
from core.policy import policy_on
from credit.choices import Product
from credit.models import Installment, Loan, LoanTerms
from monitoring.funds.duties import CollectionReminder
from tests import factories
from tests.day.test_close_of_day import applied
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem

THEN = datetime(2026, 8, 31, 9, tzinfo=clock.SHANGHAI)


@pytest.fixture(autouse=True)
def company(reference: None) -> None:
    """A company that manages its working capital loans under FW."""
    base = Scheme.objects.get(code="BASE")
    parameters = base.versions.order_by("-number").first().parameters
    parameters["product.scheme"]["value"]["WORKING_CAPITAL"] = "FW"
    version = policy.propose(
        scheme=base,
        parameters=parameters,
        effective_on=date(2026, 9, 1),
        reason="公司制度",
        by="1012",
        at=THEN,
    )
    policy.approve(version=version, by="1008", at=THEN)


def run(on: date) -> None:
    reconcile(CollectionReminder(), on=on, policy=policy_on(on))


def lend(cast, *, ends: date, starts: date = date(2026, 3, 10), **fields) -> Loan:
    return factories.make_loan(cast.borrower, cast.corporate, starts_on=starts, matures_on=ends, **fields)


def owe(loan: Loan, due_on: date, principal: str = "100000", interest: str = "3625.5", **fields):
    return Installment.objects.create(
        loan=loan, due_on=due_on, principal=Decimal(principal), interest=Decimal(interest), **fields
    )


SHORT, LONG = date(2027, 3, 10), date(2027, 3, 11)  # a year to the day is short; a day more is long
REMINDED = [
    # Five days before: month end; a Sunday, so the Friday before; 国庆 to 10-07, so Wednesday 09-30; the make-up
    # Saturday 10-10 and the make-up Sunday 09-20, on which people work.
    (SHORT, date(2026, 11, 30), date(2026, 11, 25)),
    (SHORT, date(2026, 11, 20), date(2026, 11, 13)),
    (SHORT, date(2026, 10, 12), date(2026, 9, 30)),
    (SHORT, date(2026, 10, 15), date(2026, 10, 10)),
    (SHORT, date(2026, 9, 25), date(2026, 9, 20)),
    # Ten days before: a month end; Saturday 11-14, so the Friday before; the make-up Saturday; from a February's end.
    (LONG, date(2026, 12, 10), date(2026, 11, 30)),
    (LONG, date(2026, 11, 24), date(2026, 11, 13)),
    (LONG, date(2026, 10, 20), date(2026, 10, 10)),
    (LONG, date(2027, 2, 28), date(2027, 2, 18)),
]


@pytest.mark.obligation("FW-2.3.1", clause="bc")
@pytest.mark.parametrize(("ends", "due_on", "expected"), REMINDED)
def test_a_reminder_is_due_so_many_days_ahead_and_shown_ten_days_before_that(cast, ends, due_on, expected):
    owe(lend(cast, ends=ends), due_on)
    shown = expected - timedelta(days=10)
    run(shown - timedelta(days=1))
    assert not WorkItem.objects.exists()
    run(shown)
    run(expected)
    duty = WorkItem.objects.get()
    assert (duty.period_key, duty.raised_on, duty.counts_from, duty.due_on) == (
        f"due:{due_on}", shown, shown, expected,
    )  # fmt: skip


def test_the_accountant_owes_it_and_is_told_how_much_and_how_far_ahead(cast):
    factories.make_person("1092", "何平", role="ACCOUNTANT", unit=cast.risk_dept, from_on=date(2025, 1, 1))
    factories.make_person("2092", "吕安", role="ACCOUNTANT", unit=cast.br2, from_on=date(2020, 1, 1))
    loan = lend(cast, ends=SHORT)
    owe(loan, date(2026, 11, 30))
    run(cast.today)
    duty = WorkItem.objects.get()
    assert (duty.subject_kind, duty.subject_id, duty.borrower_number) == ("LOAN", loan.pk, "C100001")
    assert (duty.person, duty.unit, duty.post) == (cast.accountant, cast.corporate, "ACCOUNTANT")
    assert duty.reason == "2026-11-30 应还本金 100,000.00 元、利息 3,625.50 元，提前 5 天提醒。"
    assert duty.policy.scheme_id == "FW"


def test_a_loan_of_another_scheme_and_an_instalment_of_nothing_call_for_no_reminder(cast):
    owe(lend(cast, ends=SHORT, product=Product.FIXED_ASSET), date(2026, 11, 30))
    owe(lend(cast, ends=SHORT), date(2026, 11, 30), "0", "0")
    run(cast.today)
    assert not WorkItem.objects.exists()


@pytest.mark.obligation("FW-2.3.1", clause="b")
def test_the_maturity_in_force_on_the_day_tells_long_from_short(cast):
    loan = lend(cast, ends=date(2028, 3, 10))
    LoanTerms.objects.create(
        loan=loan, effective_on=loan.starts_on, known_on=loan.starts_on, matures_on=SHORT,
        annual_rate=loan.annual_rate,
    )  # fmt: skip
    owe(loan, date(2026, 11, 30))
    run(cast.today)
    assert WorkItem.objects.get().due_on == date(2026, 11, 25)


@pytest.mark.obligation("FW-2.3.1", clause="e")
def test_each_instalment_has_its_own_reminder_and_a_missed_one_stays(cast):
    loan = lend(cast, ends=SHORT)
    owe(loan, date(2026, 11, 20))
    owe(loan, date(2026, 12, 1), "0")  # interest only
    for on in (date(2026, 11, 13), date(2026, 11, 20), date(2026, 12, 1)):
        run(on)
    rows = WorkItem.objects.order_by("due_on").values_list("period_key", "due_on", "status")
    assert list(rows) == [
        ("due:2026-11-20", date(2026, 11, 13), DutyStatus.OPEN),
        ("due:2026-12-01", date(2026, 11, 26), DutyStatus.OPEN),
    ]


def test_a_loan_or_a_lender_that_began_late_has_until_the_next_workday(cast):
    # Paid out on Friday 11-20, the first interest due on 11-26: five days ahead would be Friday 11-20 itself.
    loan = lend(cast, ends=SHORT, starts=date(2026, 11, 20))
    owe(loan, date(2026, 11, 26))
    run(date(2026, 11, 20))
    duty = WorkItem.objects.get()
    assert (duty.counts_from, duty.due_on) == (date(2026, 11, 20), date(2026, 11, 23))
    WorkItem.objects.all().delete()
    applied(date(2026, 11, 23))  # went live
    owe(lend(cast, ends=SHORT), date(2026, 11, 27))
    run(date(2026, 11, 23))
    assert set(WorkItem.objects.values_list("counts_from", "due_on")) == {
        (date(2026, 11, 23), date(2026, 11, 24))
    }


def test_a_new_plan_and_repayment_take_reminders_back_with_the_reason(cast):
    loan = lend(cast, ends=SHORT)
    old = owe(loan, date(2026, 11, 30))
    run(date(2026, 11, 23))
    old.replaced_on = date(2026, 11, 24)
    old.save()
    owe(loan, date(2026, 12, 2), known_on=date(2026, 11, 24))
    run(date(2026, 11, 24))
    reasons = dict(WorkItem.objects.values_list("period_key", "close_reason"))
    assert reasons == {"due:2026-11-30": "还款计划已变更，该期不再应还", "due:2026-12-02": ""}
    factories.make_reading(loan, effective_on=date(2026, 11, 28), balance=0)
    run(date(2026, 11, 28))  # a day late by now, and nothing is owed any more
    last = WorkItem.objects.get(period_key="due:2026-12-02")
    assert (last.status, last.close_reason) == (DutyStatus.VOID, "已无余额，不再需要提醒")


def test_the_accountant_records_that_the_borrower_was_reminded(cast, password):
    owe(lend(cast, ends=SHORT), date(2026, 11, 30))
    run(cast.today)
    duty = WorkItem.objects.get()
    client = Client()
    client.force_login(cast.accountant)
    client.post(reverse("document_start", args=[duty.pk]))
    record = Document.objects.get(form="completion_record")
    client.post(
        reverse("document_save", args=[record.pk]),
        {
            "done_on": "2026-11-24",
            "record": "已电话提醒财务王经理。",
            "_here": "all",
            "_version": record.version,
        },
    )
    client.post(reverse("document_submit", args=[record.pk]), {"password": password})
    duty.refresh_from_db()
    assert (duty.status, duty.done_on, duty.document) == (DutyStatus.DONE, cast.today, record)

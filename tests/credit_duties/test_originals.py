"""Originals of letters of guarantee come back after the expiry: dates worked out by hand from the 2026 calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.choices import Line
from core import clock
from core.policy import policy_on
from credit.choices import LetterOfGuaranteeKind, Product
from credit.duties.book import OriginalRecovery
from credit.models import LetterOfGuarantee, LetterReturn, Loan, LoanTerms
from tests import factories
from tests.credit_duties.filling import fill, gaps, submit
from tests.day.test_close_of_day import applied
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, Escalation, Step, WorkItem
from workflow.services import attachments, duties, signatures

pytestmark = pytest.mark.usefixtures("reference")

START, EXPIRY = date(2025, 6, 2), date(2026, 11, 20)  # a Friday


def run(on: date) -> None:
    reconcile(OriginalRecovery(), on=on, policy=policy_on(on))


def letter(cast, *, expires: date = EXPIRY, electronic: bool = False, **fields) -> Loan:
    loan = factories.make_loan(
        cast.borrower, cast.corporate, product=Product.LETTER_OF_GUARANTEE, starts_on=START, matures_on=expires,
        **fields,
    )  # fmt: skip
    LetterOfGuarantee.objects.create(
        loan=loan, kind=LetterOfGuaranteeKind.PERFORMANCE, beneficiary="江州建设局", is_electronic=electronic,
        original_number="BH-0017",
    )  # fmt: skip
    return loan


def back(loan: Loan, on: date) -> LetterReturn:
    return LetterReturn.objects.create(
        loan=loan,
        outcome="RETURNED",
        effective_on=on,
        known_on=on,
        custody="金库 3 号柜",
        reference="旧登记簿",
    )


def owed() -> dict[str, tuple[date, date, str]]:
    return {row.period_key: (row.counts_from, row.due_on, row.status) for row in WorkItem.objects.all()}


EXPIRIES = [
    # 30 days before, or the workday before that; the tenth workday after the expiry.
    # Saturday 10-31, so Friday; 12-01..04, 07..11, 14.
    (date(2026, 11, 30), date(2026, 10, 30), date(2026, 12, 14)),
    # 10-01 is 国庆, so Wednesday 09-30; 11-02..06, 09..13.
    (date(2026, 10, 31), date(2026, 9, 30), date(2026, 11, 13)),
    # 国庆 to 10-07, then 10-08, 09, the make-up Saturday 10, 12..16, 19, 20.
    (date(2026, 9, 30), date(2026, 8, 31), date(2026, 10, 20)),
    # The make-up Sunday 09-20, 21..24, not 中秋 25, 28..30, then 10-08, 09.
    (date(2026, 9, 19), date(2026, 8, 20), date(2026, 10, 9)),
    # The make-up Saturday 10-10 itself; 11-10..13, 16..20, 23.
    (date(2026, 11, 9), date(2026, 10, 10), date(2026, 11, 23)),
    # Sunday 03-01, so the make-up Saturday 02-28; 04-01..03, not 清明 06, 07..10, 13..15.
    (date(2026, 3, 31), date(2026, 2, 28), date(2026, 4, 15)),
]


@pytest.mark.obligation("GR-6.4.4", clause="ab")
@pytest.mark.parametrize(("expires", "shown", "due"), EXPIRIES)
def test_the_manager_is_reminded_a_month_ahead_and_takes_it_back_after_the_expiry(cast, expires, shown, due):
    letter(cast, expires=expires)
    run(shown - timedelta(days=1))
    assert owed() == {}
    run(shown)
    reminder = {f"remind:{expires}": (shown, expires, DutyStatus.OPEN)}
    assert owed() == reminder
    run(expires)
    assert owed() == reminder
    run(expires + timedelta(days=1))  # the reminder that nobody answered stays owed
    after = expires + timedelta(days=1)
    assert owed() == {**reminder, f"recover:{expires}": (after, due, DutyStatus.OPEN)}


def test_the_borrowers_own_manager_owes_it_and_is_told_which_letter(cast):
    factories.make_person(
        "1091", "何平", role="CUSTOMER_MANAGER", unit=cast.corporate, from_on=date(2020, 1, 1)
    )
    loan = letter(cast)
    run(EXPIRY)
    run(cast.today)
    first, second = WorkItem.objects.order_by("due_on")
    assert (first.person, first.unit, first.post, first.line) == (
        cast.cm, cast.corporate, "CUSTOMER_MANAGER", "CUSTOMER",
    )  # fmt: skip
    assert (first.subject_kind, first.subject_id, first.borrower_number) == ("LOAN", loan.pk, "C100001")
    assert first.reason == f"保函 {loan.number} 将于 2026-11-20 到期，请与客户约定交还签发原件。"
    assert second.reason == f"保函 {loan.number} 已于 2026-11-20 到期，10 个工作日内收回签发原件。"


@pytest.mark.obligation("GR-6.4.4", clause="b")
def test_an_expired_letter_without_a_balance_is_still_out(cast):
    factories.make_reading(letter(cast), effective_on=EXPIRY, balance=0)
    run(cast.today)
    assert set(owed()) == {"recover:2026-11-20"}


@pytest.mark.obligation("GR-6.4.4", clause="c")
def test_an_electronic_letter_a_returned_one_and_a_loan_call_for_nothing(cast):
    letter(cast, electronic=True)
    back(letter(cast), date(2026, 11, 18))
    factories.make_loan(cast.borrower, cast.corporate, starts_on=START, matures_on=EXPIRY)
    for on in (EXPIRY, cast.today):
        run(on)
    assert owed() == {}


def test_a_return_known_later_takes_back_even_what_was_late(cast):
    loan = letter(cast)
    run(EXPIRY)
    run(date(2026, 11, 21))
    back(loan, cast.today)
    run(date(2026, 11, 23))  # not known then
    assert {status for _, _, status in owed().values()} == {DutyStatus.OPEN}
    run(cast.today)
    rows = set(WorkItem.objects.values_list("status", "close_reason"))
    assert rows == {(DutyStatus.VOID, "原件已收回，或受益人已书面解除责任")}


def test_an_extended_letter_is_owed_for_its_new_expiry_only(cast):
    loan = letter(cast)
    run(EXPIRY)
    run(date(2026, 11, 23))
    LoanTerms.objects.create(
        loan=loan, effective_on=date(2026, 11, 24), known_on=date(2026, 11, 24), matures_on=date(2027, 5, 20),
        annual_rate=0,
    )  # fmt: skip
    run(cast.today)
    assert {key: status for key, (_, _, status) in owed().items()} == {
        "remind:2026-11-20": DutyStatus.VOID, "recover:2026-11-20": DutyStatus.VOID,
    }  # fmt: skip
    run(date(2027, 4, 20))  # thirty days before 05-20
    assert owed()["remind:2027-05-20"] == (date(2027, 4, 20), date(2027, 5, 20), DutyStatus.OPEN)


def test_extended_by_a_few_days_the_reminder_is_for_the_new_expiry(cast):
    loan = letter(cast)
    run(EXPIRY)
    LoanTerms.objects.create(
        loan=loan, effective_on=cast.today, known_on=cast.today, matures_on=date(2026, 12, 10), annual_rate=0
    )
    run(date(2026, 11, 23))
    run(cast.today)
    assert {key: status for key, (_, _, status) in owed().items()} == {
        "remind:2026-11-20": DutyStatus.VOID, "recover:2026-11-20": DutyStatus.VOID,
        "remind:2026-12-10": DutyStatus.OPEN,
    }  # fmt: skip


@pytest.mark.obligation("GR-6.4.4", clause="f")
def test_a_late_recovery_climbs_the_ladder(cast):
    letter(cast)
    run(date(2026, 11, 21))  # due on Friday 12-04: 11-23..27, 11-30..12-04
    policy = policy_on(date(2026, 12, 5))
    steps = duties.ladder(Line.CUSTOMER, policy)
    duties.escalate(on=date(2026, 12, 4), policy=policy)
    assert not Escalation.objects.exists()
    for days, _role in steps:
        duties.escalate(on=date(2026, 12, 4) + timedelta(days=days), policy=policy)
    climbed = [(row.rung, row.role) for row in Escalation.objects.order_by("rung")]
    assert climbed == [(place, role) for place, (_, role) in enumerate(steps, start=1)]
    assert climbed[0] == (1, "CUSTOMER_HEAD")


# --- the form ---------------------------------------------------------------------------------------------------


def start(cast) -> Document:
    client = Client()
    client.force_login(cast.cm)
    client.post(reverse("document_start", args=[WorkItem.objects.order_by("due_on").first().pk]))
    return Document.objects.get(form="original_recovery")


def sign(document: Document, by) -> None:
    step = Step.objects.get(chain__document=document, person=by)
    signatures.sign(step=step, by=by, password=factories.PASSWORD, on=clock.today(), at=clock.now())
    document.refresh_from_db()


def attach(document: Document, section: str) -> None:
    attachments.attach(
        document=document, section=section, upload=SimpleUploadedFile("解除责任函.pdf", factories.make_pdf()), note="",
        by=document.author, at=clock.now(),
    )  # fmt: skip


@pytest.mark.obligation("GR-6.4.4", clause="b")
def test_the_original_comes_back_by_a_form_that_manager_and_head_sign(cast):
    loan = letter(cast)
    run(EXPIRY)
    run(cast.today)
    document = start(cast)
    client = Client()
    client.force_login(cast.cm)
    assert (
        client.get(reverse("document_edit", args=[document.pk])).status_code == 200
    )  # nothing is answered yet
    assert document.content["original_number"] == "BH-0017"
    assert document.content["expires_on"] == "2026-11-20"
    fill(document, outcome="RETURNED", done_on="")
    assert gaps(document) == {"custody", "done_on"}
    fill(document, done_on="2026-11-23")
    assert gaps(document) == {"custody"}
    submit(fill(document, custody="营业部金库 3 号柜"))
    assert document.status == DocumentStatus.SIGNING
    assert not LetterReturn.objects.exists()
    assert set(WorkItem.objects.values_list("submitted_on", flat=True)) == {cast.today}
    sign(document, cast.head)
    assert document.status == DocumentStatus.LOCKED
    fact = LetterReturn.objects.get(loan=loan)
    assert (fact.outcome, fact.effective_on, fact.known_on, fact.custody, fact.reference) == (
        "RETURNED", date(2026, 11, 23), cast.today, "营业部金库 3 号柜", document.number,
    )  # fmt: skip
    rows = set(WorkItem.objects.values_list("status", "done_on", "document"))
    assert rows == {(DutyStatus.DONE, date(2026, 11, 23), document.pk)}
    before = owed()
    run(date(2026, 11, 25))
    assert owed() == before


@pytest.mark.obligation("GR-6.4.4", clause="d")
def test_a_lost_original_needs_the_beneficiarys_written_release(cast):
    loan = letter(cast)
    run(cast.today)
    document = start(cast)
    fill(document, outcome="LOST")
    assert gaps(document) == {"release_reference", "released_on", "release_files"}
    fill(document, release_reference="江建函〔2026〕18 号", released_on="2026-11-25")
    attach(document, "result")  # in another place, it proves nothing
    assert gaps(document) == {"released_on", "release_files"}  # tomorrow's date
    fill(document, released_on="2026-11-22")
    document.attachments.all().delete()
    attach(document, "release")
    submit(document)
    sign(document, cast.head)
    fact = LetterReturn.objects.get(loan=loan)
    assert (fact.outcome, fact.effective_on, fact.custody) == ("LOST", date(2026, 11, 22), "")
    assert WorkItem.objects.get().status == DutyStatus.DONE


def test_an_arrangement_answers_the_reminder_and_not_the_recovery(cast):
    letter(cast, expires=date(2026, 11, 27))
    run(cast.today)
    document = start(cast)
    fill(document, outcome="ARRANGED", done_on="2026-11-24")
    assert gaps(document) == {"arrangement"}
    submit(fill(document, arrangement="与财务王经理电话约定 11 月 30 日交还。"))
    assert document.status == DocumentStatus.LOCKED  # nobody else has to sign it
    assert not LetterReturn.objects.exists()
    run(date(2026, 11, 28))
    assert {key: status for key, (_, _, status) in owed().items()} == {
        "remind:2026-11-27": DutyStatus.DONE, "recover:2026-11-27": DutyStatus.OPEN,
    }  # fmt: skip


def test_an_arrangement_written_up_after_the_expiry_leaves_the_recovery_owed(cast):
    letter(cast)
    run(EXPIRY)
    run(cast.today)
    submit(fill(start(cast), outcome="ARRANGED", arrangement="电话约定。", done_on="2026-11-19"))
    assert {key: status for key, (_, _, status) in owed().items()} == {
        "remind:2026-11-20": DutyStatus.DONE, "recover:2026-11-20": DutyStatus.OPEN,
    }  # fmt: skip


def test_nothing_is_arranged_any_more_once_it_has_expired(cast):
    letter(cast)
    run(cast.today)
    document = start(cast)
    # The day is today's, four days after the expiry.
    fill(document, outcome="ARRANGED", arrangement="下周交还。")
    assert gaps(document) == {"outcome"}


def test_another_letter_of_the_same_customer_stays_out(cast):
    letter(cast)
    other = letter(cast)
    run(cast.today)
    document = start(cast)
    submit(fill(document, outcome="RETURNED", custody="金库"))
    sign(document, cast.head)
    rows = dict(WorkItem.objects.values_list("subject_id", "status"))
    assert rows == {document.subject_id: DutyStatus.DONE, other.pk: DutyStatus.OPEN}


def test_what_became_of_an_original_is_written_once(cast, password):
    letter(cast)
    run(cast.today)
    duty = WorkItem.objects.get()
    submit(fill(start(cast), outcome="RETURNED", custody="金库"))
    document = Document.objects.get()
    sign(document, cast.head)
    client = Client()
    client.force_login(cast.cm)
    answer = client.post(reverse("document_revise", args=[document.pk]))
    assert answer.status_code == 409
    assert "原件的收回或解除已在行外生效，不能另起新版" in answer.content.decode()
    assert duty.pk == WorkItem.objects.get().pk


def test_what_expired_and_was_due_before_going_live_is_not_raised(cast):
    letter(cast, expires=date(2026, 11, 6))  # due 11-20
    late = letter(cast, expires=date(2026, 11, 9))  # due 11-23
    applied(date(2026, 11, 23))
    reconcile(
        OriginalRecovery(), on=date(2026, 11, 23), policy=policy_on(cast.today), not_before=date(2026, 11, 23)
    )
    assert WorkItem.objects.get().subject_id == late.pk

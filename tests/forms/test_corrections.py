"""Corrections as people walk them: what is in force on which day, what stays done, what the pages say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, models
from django.urls import reverse

from core import clock
from core.policy import policy_on
from credit.duties.book import FirstContact
from credit.models import Contact, Loan
from inspections.models import SiteInspection
from monitoring.ledgers.duties import AccountReview
from monitoring.loan_money.balances import with_unpaid, written_in_by_hand
from monitoring.models import AccountLedgerReview, BorrowerMonth, FundUse, Signal
from monitoring.uses.selectors import unrecorded
from tests import factories
from tests.credit_duties.test_contacts import lend
from tests.forms.test_pages import client_of, fill_in, save
from tests.monitoring import ledger, paying, test_uses
from tests.workflow.raw import execute
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem
from workflow.pages.editing import start_from
from workflow.querysets import in_force
from workflow.services import documents

pytestmark = pytest.mark.usefixtures("reference")
FIRST = date(2026, 11, 24)  # the day of the cast, on which each paper is signed
SECOND, THIRD = date(2026, 11, 26), date(2026, 11, 27)  # on which it is corrected, and corrected once more
BEFORE = timedelta(days=1)


def signed(document: Document) -> Document:
    """Handed in by its author, and signed by everybody whose turn comes."""
    paying.submit(document)
    while turn := paying.step(document):
        paying.sign(document, turn.person)
    document.refresh_from_db()
    assert document.status == DocumentStatus.LOCKED
    return document


def begun(document: Document, answers: dict[str, Any]) -> Document:
    """A correction with its answers, not handed in."""
    again = documents.revise(document=document, by=document.author, on=clock.today())
    test_uses.keep(again, answers)
    return again


def corrected(document: Document, answers: dict[str, Any], on: date) -> Document:
    """A correction, signed through on a day."""
    with clock.travelling_to(on):
        return signed(begun(document, answers))


# --- one paper of each kind that writes facts, signed on FIRST ------------------------------------------------------


def a_visit(cast: SimpleNamespace) -> Document:
    duty = factories.make_duty(
        cast.cm, cast.corporate, borrower=cast.borrower, counts_from=date(2026, 11, 20)
    )
    document = start_from(duty, user=cast.cm, on=FIRST)
    fill_in(cast, document)
    document.refresh_from_db()
    return signed(document)


def a_month(cast: SimpleNamespace) -> Document:
    ledger.quiet(cast)
    ledger.close()
    reconcile(AccountReview(), on=ledger.END, policy=policy_on(ledger.END))
    document = start_from(WorkItem.objects.get(borrower_number="C100001"), user=cast.cm, on=FIRST)
    test_uses.keep(document, {"pattern": "正常"})
    return signed(document)


def a_use(cast: SimpleNamespace) -> Document:
    """300,000 that the account shows and 1,000 in cash, of 1,000,000."""
    test_uses.borrow(cast)
    paying.move("620001", "-300000", test_uses.PAID, counterparty_name="华东棉业有限公司")
    test_uses.look(test_uses.PAID)
    document = start_from(WorkItem.objects.get(), user=cast.cm, on=FIRST)
    cash = [{"item": "2026-11-06", "amount": "1000.00", **test_uses.FINE}]
    test_uses.fill(document, cast.cm, by_hand=cash)
    paying.sign(document, cast.head)
    document.refresh_from_db()
    return document


def a_contact(cast: SimpleNamespace) -> Document:
    lend(cast, date(2026, 11, 20))
    reconcile(FirstContact(), on=FIRST, policy=policy_on(FIRST))
    duty = WorkItem.objects.get(borrower_name="万小红")
    document = start_from(duty, user=cast.cm_personal, on=FIRST)
    wrong = {"reachable_at": "微信 wxh-cuo", "way": "WECHAT", "contacted_on": "2026-11-23"}
    test_uses.keep(document, wrong)
    return signed(document)


def in_cash(amount: str) -> dict[str, Any]:
    return {
        "checked_on": "2026-11-23",
        "by_hand": [{"item": "2026-11-06", "amount": amount, **test_uses.FINE}],
    }


@dataclass(frozen=True)
class Case:
    """A form that writes facts: its first paper, two corrections of it, and what is told after each."""

    model: type[models.Model]
    first: Callable[[SimpleNamespace], Document]
    columns: tuple[str, ...]
    corrections: tuple[dict[str, Any], dict[str, Any]]
    told: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]
    says: tuple[str, str]  # what the page of each correction says of the duty

    def in_force(self, on: date) -> list[tuple[Any, ...]]:
        rows = self.model._default_manager.filter(in_force(on))
        return sorted(rows.order_by("pk").values_list(*self.columns))


def keeps(day: str, done: str = "2026-11-24") -> str:
    return f"本版的日期是 {day}；职责仍按 {done} 办结。"


CASES = {
    "site_inspection": Case(
        SiteInspection,
        a_visit,
        ("inspected_on",),
        (
            {"inspected_at": "2026-11-18T09:40", "inspected_on": "2026-11-18"},
            {"inspected_at": "2026-11-23T09:40", "inspected_on": "2026-11-23"},
        ),
        ([(FIRST,)], [(date(2026, 11, 18),)], [(date(2026, 11, 23),)]),
        # Its duty counts from 11-20.
        ("本版内容不再满足这项职责；职责仍按 2026-11-24 办结。", keeps("2026-11-23")),
    ),
    "account_ledger_review": Case(
        AccountLedgerReview,
        a_month,
        ("is_normal", "reviewed_on"),
        (
            {"pattern": "异常", "pattern_note": "反常", "measures": "约谈", "reviewed_on": "2026-11-23"},
            {"pattern": "正常", "pattern_note": None, "measures": None},
        ),
        ([(True, FIRST)], [(False, date(2026, 11, 23))], [(True, date(2026, 11, 23))]),
        (keeps("2026-11-23"), keeps("2026-11-23")),
    ),
    "fund_use_record": Case(
        FundUse,
        a_use,
        ("amount",),
        (in_cash("2000.00"), {"by_hand": None}),
        (
            [(Decimal(1000),), (Decimal(300000),)],
            [(Decimal(2000),), (Decimal(300000),)],
            [(Decimal(300000),)],
        ),
        (keeps("2026-11-23"), keeps("2026-11-23")),
    ),
    "fixed_contact": Case(
        Contact,
        a_contact,
        ("reachable_at", "effective_on"),
        (
            {"reachable_at": "微信 wxh-dui", "contacted_on": "2026-11-20"},
            {"reachable_at": "城东路 8 号", "contacted_on": "2026-11-21"},
        ),
        (
            [("微信 wxh-cuo", date(2026, 11, 23))],
            [("微信 wxh-dui", date(2026, 11, 20))],
            [("城东路 8 号", date(2026, 11, 21))],
        ),
        (keeps("2026-11-20", "2026-11-23"), keeps("2026-11-21", "2026-11-23")),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_a_correction_is_in_force_from_the_day_of_its_last_signature_and_a_past_day_reads_what_was_known(
    cast, case
) -> None:
    first = case.first(cast)
    second = corrected(first, case.corrections[0], SECOND)
    third = corrected(second, case.corrections[1], THIRD)

    days = (FIRST - BEFORE, FIRST, SECOND - BEFORE, SECOND, THIRD - BEFORE, THIRD, date(2027, 1, 4))
    one, two, three = case.told
    assert [case.in_force(day) for day in days] == [[], one, one, two, two, three, three]
    rows = case.model._default_manager.order_by("known_on")
    assert list(rows.values_list("known_on", "replaced_on").distinct()) == [
        (FIRST, SECOND), (SECOND, THIRD), (THIRD, None),
    ]  # fmt: skip
    assert [(one.number, one.revision) for one in (first, second, third)] == [
        (first.number, revision) for revision in (1, 2, 3)
    ]


def test_the_duty_that_is_done_keeps_its_day_and_the_pages_say_what_differs(cast, case) -> None:
    first = case.first(cast)
    (duty,) = WorkItem.objects.filter(document=first)
    kept = (DutyStatus.DONE, duty.done_on, FIRST, first.pk)
    client = client_of(first.author)

    def read(document: Document) -> str:
        return client.get(reverse("document", args=[document.pk])).content.decode()

    def borrower_page() -> str:
        return client.get(reverse("borrower", args=[first.borrower_number])).content.decode()

    assert "职责仍按" not in read(first) and "文书已更正" not in borrower_page()
    document = first
    for answers, on, says in zip(case.corrections, (SECOND, THIRD), case.says, strict=True):
        document = corrected(document, answers, on)
        assert says in read(document)
        duty.refresh_from_db()
        assert (duty.status, duty.done_on, duty.closed_on, duty.document_id) == kept
        assert borrower_page().count("文书已更正") == 1
    assert "职责仍按" not in read(first), "the first version did what it says"
    assert WorkItem.objects.filter(document__number=first.number).count() == 1


def test_a_correction_that_is_begun_handed_in_or_sent_back_changes_nothing(cast, case) -> None:
    first = case.first(cast)

    def book() -> tuple[Any, ...]:
        return (
            list(case.model._default_manager.order_by("pk").values()),
            list(WorkItem.objects.order_by("pk").values()),
            Signal.objects.count(),
            Document.objects.get(pk=first.pk).status,
        )

    as_it_was = book()
    client = client_of(first.author)
    with clock.travelling_to(SECOND):
        again = begun(first, case.corrections[0])
        assert book() == as_it_was
        if case.model is not Contact:  # that is its author's own word, and locked when it is handed in
            paying.submit(again)
            assert again.status == DocumentStatus.SIGNING and book() == as_it_was
            paying.send_back(again, cast.head)
            assert book() == as_it_was
    assert case.in_force(THIRD) == case.told[0]
    assert "文书已更正" not in client.get(reverse("borrower", args=[first.borrower_number])).content.decode()


def test_a_correction_whose_day_was_taken_away_after_it_came_back_can_still_be_read(cast) -> None:
    first = a_visit(cast)
    with clock.travelling_to(SECOND):
        again = begun(first, CASES["site_inspection"].corrections[0])
        paying.submit(again)
        paying.send_back(again, cast.head)
        test_uses.keep(Document.objects.get(pk=again.pk), {"inspected_at": None, "inspected_on": None})
    page = client_of(cast.head).get(reverse("document", args=[again.pk]))
    assert page.status_code == 200 and first.number in page.content.decode()


def test_a_visit_is_corrected_through_the_pages(cast, password) -> None:
    first = a_visit(cast)
    client = client_of(cast.cm)
    with clock.travelling_to(SECOND):
        where = client.post(reverse("document_revise", args=[first.pk])).url
        again = Document.objects.get(supersedes=first)
        assert where == reverse("document_edit", args=[again.pk])
        answers = {**again.content, "inspected_at": "2026-11-23T15:00"}
        assert save(client, again, answers, here="overview").status_code == 302
        posted = client.post(reverse("document_submit", args=[again.pk]), {"password": password})
        assert posted.status_code == 302
        for person in (cast.head, cast.president):
            sign = reverse("document_sign", args=[again.pk])
            assert client_of(person).post(sign, {"password": password}).status_code == 302
    assert CASES["site_inspection"].in_force(SECOND) == [(date(2026, 11, 23),)]
    page = client.get(reverse("document", args=[again.pk])).content.decode()
    assert keeps("2026-11-23") in page and "第 2 版" in page


def test_the_page_of_the_customer_tells_the_corrected_contact_though_the_wrong_one_was_of_a_later_day(
    cast,
) -> None:
    first = a_contact(cast)
    second = corrected(first, CASES["fixed_contact"].corrections[0], SECOND)
    third = corrected(second, {"reachable_at": "信箱 7"}, SECOND)  # twice on one day
    with clock.travelling_to(SECOND):
        page = client_of(cast.cm_personal).get(reverse("borrower", args=[first.borrower_number]))
    text = page.content.decode()
    assert "信箱 7" in text and "wxh-cuo" not in text and "wxh-dui" not in text
    assert Contact.objects.known(FIRST).get().reachable_at == "微信 wxh-cuo"
    assert Contact.objects.known(SECOND).get().reference == third.number


def test_what_is_left_of_a_loan_follows_the_correction_and_a_past_day_keeps_its_own(cast) -> None:
    first = a_use(cast)
    loan = Loan.objects.filter(pk=first.subject_id)

    def left(on: date) -> tuple[list[Decimal], int, Decimal]:
        by_hand = list(written_in_by_hand(on).values_list("amount", flat=True))
        return by_hand, unrecorded(on).count(), with_unpaid(loan, on).get().unpaid

    corrected(first, in_cash("2000.00"), SECOND)
    # Of 1,000,000: 300,000 were seen on 11-05; the cash is told of by the paper alone.
    assert left(FIRST - BEFORE) == ([], 1, Decimal(700000))
    assert left(SECOND - BEFORE) == ([Decimal(1000)], 0, Decimal(699000))
    assert left(SECOND) == ([Decimal(2000)], 0, Decimal(698000))
    with clock.travelling_to(SECOND):
        page = client_of(cast.cm).get(reverse("loan", args=[loan.get().number])).content.decode()
    assert "2,000.00" in page and "1,000.00" not in page


def test_a_correction_of_uses_hands_in_nothing_that_is_owed_of_later_uses(cast) -> None:
    first = a_use(cast)
    with clock.travelling_to(SECOND):
        paying.move("620001", "-200000", SECOND, counterparty_name="赣江运输")
        test_uses.look(SECOND)
        duty = WorkItem.objects.open().get()
        draft = start_from(duty, user=cast.cm, on=SECOND)

        def owed() -> tuple[Any, ...]:
            duty.refresh_from_db()
            return duty.status, duty.document, duty.submitted_on

        as_it_was = (DutyStatus.OPEN, draft, None)
        again = begun(first, in_cash("2000.00"))
        paying.submit(again)
        assert owed() == as_it_was and start_from(duty, user=cast.cm, on=SECOND) == draft
        paying.send_back(again, cast.head)
        assert owed() == as_it_was
        again = signed(Document.objects.get(pk=again.pk))
        assert owed() == as_it_was
        page = client_of(cast.cm).get(reverse("document", args=[again.pk])).content.decode()
        assert keeps("2026-11-23") in page and "不再满足" not in page
        test_uses.fill(draft, cast.cm)
        paying.sign(draft, cast.head)
        assert owed() == (DutyStatus.DONE, draft, SECOND) and not unrecorded(SECOND).exists()


def test_what_a_paper_found_wrong_is_not_told_a_second_time_by_its_correction(cast) -> None:
    test_uses.borrow(cast)
    paying.move("620001", "-300000", test_uses.PAID, counterparty_name="华东棉业有限公司")
    test_uses.look(test_uses.PAID)
    document = start_from(WorkItem.objects.get(), user=cast.cm, on=FIRST)
    odd = {**test_uses.FINE, "as_agreed": "no", "anomaly": "OTHER", "note": "与约定用途不符"}
    cash = [{"item": "2026-11-06", "amount": "1000.00", **odd}]
    test_uses.fill(document, cast.cm, by_hand=cash)
    paying.sign(document, cast.head)
    document.refresh_from_db()
    again = corrected(document, {"analysis": "改写分析。"}, SECOND)
    assert [one.known_on for one in Signal.objects.all()] == [FIRST]
    corrected(again, {"by_hand": [*cash, {"item": "2026-11-09", "amount": "2000.00", **odd}]}, THIRD)
    assert set(Signal.objects.values_list("known_on", "amount")) == {
        (FIRST, Decimal(1000)), (THIRD, Decimal(3000)),
    }  # fmt: skip


# --- the database -----------------------------------------------------------------------------------------------


CHANGED = {
    "boolean": "NOT {0}", "date": "coalesce({0}, '2026-11-24') + 1", "character varying": "coalesce({0}, '') || 'x'",
}  # fmt: skip


def columns_of(table: str) -> dict[str, str]:
    """Every column of a table, the version's that still ran too, and a statement of another value for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table]
        )
        return {name: CHANGED.get(kind, "coalesce({0}, 0) + 1").format(name) for name, kind in cursor}


@pytest.fixture
def facts(cast) -> list[models.Model]:
    """A fact of each table, and the paper that tells of it."""
    paper = start_from(
        factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower), user=cast.cm, on=FIRST
    )
    ledger.quiet(cast)
    ledger.close()
    told = {"document": paper, "known_on": FIRST}
    return [
        SiteInspection.objects.create(
            borrower=cast.borrower, inspected_on=FIRST, proposed_class="NORMAL", next_frequency="每季一次",
            overall="正常", **told,
        ),
        AccountLedgerReview.objects.create(
            month=BorrowerMonth.objects.get(borrower=cast.borrower), is_normal=True, reviewed_on=FIRST, **told,
        ),
        FundUse.objects.create(
            loan=cast.loan, used_on=FIRST, amount=10, in_cash=True, purpose="GOODS", flows_back=False,
            is_upstream=False, as_agreed=True, verified_by="ACCOUNT", **told,
        ),
        Contact.objects.create(
            borrower=cast.borrower, person="何俊", relation="本人", phone="13900000001", reachable_at="城西",
            way="PHONE", effective_on=FIRST, known_on=FIRST, reference=paper.number,
        ),
    ]  # fmt: skip


def test_of_a_signed_fact_the_database_takes_nothing_but_one_day_on_which_it_was_replaced(facts) -> None:
    for fact in facts:
        table = fact._meta.db_table
        others = {name: value for name, value in columns_of(table).items() if name != "replaced_on"}
        assert len(others) >= 7

        def refused(statement: str, table: str = table) -> None:
            with pytest.raises(IntegrityError, match=f"只能由更正接替.*{table}"):
                execute(statement)

        for name, value in others.items():
            refused(f"UPDATE {table} SET {name} = {value}")
            refused(f"UPDATE {table} SET {name} = {value}, replaced_on = '2026-11-26'")
        refused(f"UPDATE {table} SET replaced_on = NULL")
        refused(f"DELETE FROM {table}")
        assert execute(f"UPDATE {table} SET replaced_on = '2026-11-26'") == 1
        for day in ("'2026-11-27'", "NULL", "replaced_on"):
            refused(f"UPDATE {table} SET replaced_on = {day}")
        refused(f"DELETE FROM {table}")
        fact.refresh_from_db()
        assert fact.replaced_on == SECOND

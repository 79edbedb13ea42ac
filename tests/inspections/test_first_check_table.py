"""首次跟踪检查表 from the duty on the home page to the paper and back; workdays by hand from the 2026 calendar."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from core import clock
from core.policy import policy_on
from credit.models import ApprovalCondition
from inspections.duties import REPORTS, USE_CHANGE_RULES, FirstCheck, FirstCheckTable
from inspections.models import FirstCheckRecord
from monitoring.models import FundUse
from postloan.jobs import deliver_outbox
from tests.factories import PASSWORD, make_person
from tests.inspections.test_first_checks import lend
from workflow.duty_forms import Subject
from workflow.engine import reconcile
from workflow.models import Document, WorkItem
from workflow.services import documents, duties

pytestmark = pytest.mark.usefixtures("reference", "password")
# A Tuesday; fifteen workdays later it is 2026-12-15, and two workdays after that 2026-12-17.
GRANTED = date(2026, 11, 24)
CHECKED = {
    "basics": "开工正常，人员场地无变化。",
    "actual_use": "付江州棉纺 80 万元购棉纱，见发票。",
    "as_applied": "yes",
    "use_changed": "no",
    "conditions_met": "没有限制性条件",
    "way": "现场",
}
CHANGED = {
    "actual_use": "50 万元用于购车。",
    "as_applied": "no",
    "use_changed": "yes",
    "change_explained": "50 万元购置车辆，已要求追回。",
}


def close(on: date) -> None:
    for rule in (FirstCheck(), FirstCheckTable(), *USE_CHANGE_RULES):
        reconcile(rule, on=on, policy=policy_on(on))


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def begin(person: User, duty: WorkItem) -> Document:
    """From the button on the home page to the form."""
    client = as_(person)
    assert f'formaction="{reverse("document_start", args=[duty.pk])}"' in client.get("/").content.decode()
    answer = client.post(reverse("document_start", args=[duty.pk]))
    return Document.objects.get(pk=re.findall(r"/documents/(\d+)/edit/", answer.url)[0])


def fill(document: Document, on: date, **answers: Any) -> Document:
    document.refresh_from_db()
    posted = CHECKED | {"checked_on": on.isoformat()} | answers
    posted |= {"_here": "all", "_version": document.version}
    as_(document.author).post(reverse("document_save", args=[document.pk]), posted)
    document.refresh_from_db()
    return document


def submit(document: Document) -> str:
    """What the page says: empty where it was handed in."""
    client = as_(document.author)
    answer = client.post(reverse("document_submit", args=[document.pk]), {"password": PASSWORD})
    document.refresh_from_db()
    return "" if answer.status_code == 302 else answer.content.decode()


def sign(document: Document, person: User) -> None:
    as_(person).post(reverse("document_sign", args=[document.pk]), {"password": PASSWORD})
    document.refresh_from_db()


def owed(loan: Any, kind: str) -> WorkItem:
    return WorkItem.objects.get(subject_kind="LOAN", subject_id=loan.pk, kind=kind)


def checked(cast: Any, loan: Any, on: date, **answers: Any) -> Document:
    """A table that was handed in on a day."""
    with clock.travelling_to(on):
        document = fill(begin(cast.cm, owed(loan, "first_check")), on, **answers)
        assert submit(document) == ""
    return document


@pytest.mark.obligation("GS-8", clause="be")
def test_two_loans_of_a_customer_have_two_checks_and_the_later_may_be_told_first(cast) -> None:
    first, later = lend(cast, GRANTED), lend(cast, GRANTED, amount=500000)
    close(GRANTED)
    for loan in (first, later):
        check, table = owed(loan, "first_check"), owed(loan, "first_check_form")
        assert (check.due_on, table.due_on) == (date(2026, 12, 15), date(2026, 12, 17))
    document = checked(cast, later, date(2026, 12, 1))
    assert (document.content["loan_number"], document.matter) == (later.number, "2026-11-24")
    with clock.travelling_to(date(2026, 12, 1)):
        home = as_(cast.cm).get("/").content.decode()
        assert first.number in home or "首次跟踪检查" in home
        other = begin(cast.cm, owed(first, "first_check"))
        assert other.content["loan_number"] == first.number
    with clock.travelling_to(date(2026, 12, 2)):
        sign(document, cast.head)
        page = as_(cast.cm).get(reverse("document", args=[document.pk])).content.decode()
    assert document.status == "LOCKED" and "办结的职责" in page
    done = {kind: owed(later, kind) for kind in ("first_check", "first_check_form")}
    assert {kind: (item.status, item.done_on) for kind, item in done.items()} == {
        "first_check": ("DONE", date(2026, 12, 1)), "first_check_form": ("DONE", date(2026, 12, 1)),
    }  # fmt: skip
    assert (owed(first, "first_check").status, owed(first, "first_check").document) == ("OPEN", other)


@pytest.mark.obligation("GS-8", clause="bc")
def test_the_time_for_the_table_runs_from_the_day_of_the_check(cast) -> None:
    # Granted on a make-up Saturday: the check is due on Friday 2026-10-30, its table on Monday, Tuesday 11-03.
    october = lend(cast, date(2026, 10, 10))
    close(date(2026, 10, 10))
    assert owed(october, "first_check_form").due_on == date(2026, 11, 3)
    loan = lend(cast, GRANTED)
    close(GRANTED)
    friday = date(2026, 12, 4)
    with clock.travelling_to(friday):
        fill(begin(cast.cm, owed(loan, "first_check")), friday)
    close(friday)
    assert owed(loan, "first_check_form").due_on == date(2026, 12, 8)  # Monday, Tuesday
    assert owed(loan, "first_check").due_on == date(2026, 12, 15)


@pytest.mark.obligation("GS-8", clause="bf")
@pytest.mark.parametrize(("told_on", "is_late"), [(date(2026, 12, 8), False), (date(2026, 12, 9), True)])
def test_a_table_told_more_than_two_workdays_after_the_check_is_late_though_the_check_was_not(
    cast, told_on, is_late
) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    with clock.travelling_to(told_on):
        document = fill(begin(cast.cm, owed(loan, "first_check")), date(2026, 12, 4))
        assert submit(document) == ""
        late = WorkItem.objects.overdue(told_on)
        assert list(late.values_list("kind", flat=True)) == (["first_check_form"] if is_late else [])
        sign(document, cast.head)
        page = as_(cast.risk).get(reverse("first_checks"), {"state": "late"}).content.decode()
    table = owed(loan, "first_check_form")
    assert (table.status, table.due_on, table.done_on) == ("DONE", date(2026, 12, 8), told_on)
    assert owed(loan, "first_check").done_on == date(2026, 12, 4)
    assert (loan.number in page) == is_late and ("12-08 前，逾期" in page) == is_late


@pytest.mark.obligation("GS-8", clause="b")
def test_a_check_on_its_last_day_and_a_table_two_workdays_later_are_both_in_time(cast) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    with clock.travelling_to(date(2026, 12, 17)):
        document = fill(begin(cast.cm, owed(loan, "first_check")), date(2026, 12, 15))
        assert submit(document) == ""
        assert not WorkItem.objects.overdue(date(2026, 12, 17)).exists()
        assert (
            loan.number not in as_(cast.risk).get(reverse("first_checks"), {"state": "late"}).content.decode()
        )


@pytest.mark.obligation("GS-8", clause="f")
def test_a_check_that_nobody_made_is_late_and_climbs_the_ladder(cast) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    after = date(2026, 12, 18)  # the check was due on the 15th, its table on the 17th
    duties.escalate(on=after, policy=policy_on(after))
    late = {item.kind: item.escalations.count() for item in WorkItem.objects.overdue(after)}
    assert late["first_check"] >= 1 and late["first_check_form"] >= 1
    with clock.travelling_to(after):
        assert loan.number in as_(cast.risk).get(reverse("first_checks"), {"state": "late"}).content.decode()
        assert "首次跟踪检查" in as_(cast.head).get("/").content.decode()


@pytest.mark.obligation("GS-8", clause="d")
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"as_applied": ""}, "实际用途与申请用途一致"),
        ({"actual_use": ""}, "实际用途"),
        ({"conditions_met": ""}, "限制性条件是否落实"),
        ({"conditions-0-met": ""}, "逐条落实情况"),
        ({"conditions-0-met": "no", "conditions-0-note": "抵押未登记"}, "与上表逐条的落实情况不符"),
        ({"conditions_met": "没有限制性条件", "conditions-0-met": "yes"}, "与上表逐条的落实情况不符"),
    ],
)
def test_use_and_conditions_have_to_be_answered(cast, answers, sentence) -> None:
    loan = lend(cast, GRANTED)
    ApprovalCondition.objects.create(contract=loan.contract, place=1, text="厂房抵押登记后放款")
    close(GRANTED)
    with clock.travelling_to(GRANTED):
        met = {"conditions_met": "已落实", "conditions-0-met": "yes"}
        document = fill(begin(cast.cm, owed(loan, "first_check")), GRANTED, **(met | answers))
        assert sentence in submit(document)
        assert submit(fill(document, GRANTED, **CHECKED | met)) == ""


@pytest.mark.obligation("GS-8b", clause="ab")
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (CHANGED | {"change_explained": ""}, "改变用途的说明"),
        (CHANGED | {"use_changed": "no"}, "“改变了贷款用途”须选“是”"),
        (CHANGED | {"as_applied": "yes"}, "“与申请用途一致”须选“否”"),
    ],
)
def test_a_changed_use_has_to_be_ticked_and_explained(cast, answers, sentence) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    with clock.travelling_to(GRANTED):
        document = fill(begin(cast.cm, owed(loan, "first_check")), GRANTED, **answers)
        assert sentence in submit(document)
    assert document.status == "DRAFT" and not FirstCheckRecord.objects.exists()


@pytest.mark.obligation("GS-8b", clause="cde")
def test_a_changed_use_is_before_head_and_leader_as_soon_as_it_is_handed_in_and_each_says_when_it_was_seen(
    cast,
) -> None:
    former = make_person("1099", "前任", role="CUSTOMER_HEAD", unit=cast.corporate)
    former.posts.update(from_on=date(2020, 1, 2), to_on=date(2026, 10, 31))
    loan, other = lend(cast, GRANTED), lend(cast, GRANTED)
    close(GRANTED)
    checked(cast, other, GRANTED)
    document = checked(cast, loan, GRANTED, **CHANGED)
    with clock.travelling_to(GRANTED):
        deliver_outbox()
        reports = WorkItem.objects.filter(kind__in=REPORTS).order_by("obligation", "post")
        assert [(one.subject_id, one.post, one.person) for one in reports] == [
            (loan.pk, "CUSTOMER_HEAD", cast.head), (loan.pk, "VICE_PRESIDENT", cast.vp),
        ]  # fmt: skip
        assert document.status == "SIGNING"  # nobody has signed yet
        for report in reports:
            assert report.due_on == date(2026, 11, 25)
            note = begin(report.person, report)
            note.refresh_from_db()
            as_(report.person).post(
                reverse("document_save", args=[note.pk]),
                {"done_on": "2026-11-24", "record": "已阅，要求追回。", "_here": "all", "_version": note.version},
            )  # fmt: skip
            assert submit(note) == ""
        page = as_(cast.risk).get(reverse("first_checks"), {"state": "changed"}).content.decode()
    assert loan.number in page and other.number not in page
    for report in reports.all():
        seen = f"{report.get_post_display()} {report.person.name} {clock.local(report.closed_at):%Y-%m-%d %H:%M} 阅知"
        assert report.status == "DONE" and seen in page
    close(GRANTED)
    assert set(reports.values_list("status", flat=True)) == {"DONE"}


@pytest.mark.obligation("GS-8b", clause="b")
def test_uses_that_the_tracking_paper_calls_odd_cannot_be_passed_over(cast) -> None:
    loan, other = lend(cast, GRANTED), lend(cast, GRANTED)
    close(GRANTED)
    with clock.travelling_to(GRANTED):
        use: dict[str, Any] = {
            "document": begin(cast.cm, owed(other, "first_check")), "loan": loan, "used_on": GRANTED, "amount": 1,
            "payee_name": "某", "purpose": "OTHER", "flows_back": False, "is_upstream": False, "verified_by": "ACCOUNT",
            "known_on": GRANTED,
        }  # fmt: skip
        FundUse.objects.create(**use, as_agreed=True)
        FundUse.objects.create(**use, as_agreed=False, replaced_on=GRANTED)  # corrected since
        document = begin(cast.cm, owed(loan, "first_check"))
        assert "附件1 已登记" not in submit(fill(document, GRANTED, basics=""))
        documents.discard(document=document, by=cast.cm, on=GRANTED, reason="附件1 有更正")
        FundUse.objects.create(**use, as_agreed=False)
        document = begin(cast.cm, owed(loan, "first_check"))
        assert "附件1 已登记不符合约定用途的用款" in submit(fill(document, GRANTED))


def test_what_is_sent_back_is_told_to_nobody_any_more(cast) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    document = checked(cast, loan, GRANTED, **CHANGED)
    with clock.travelling_to(GRANTED):
        deliver_outbox()
        back = reverse("document_send_back", args=[document.pk])
        as_(cast.head).post(back, {"reason": "用途未改变，请核对"})
        assert not FirstCheckRecord.objects.in_force(GRANTED).exists()
        close(GRANTED)
        assert set(WorkItem.objects.filter(kind__in=REPORTS).values_list("status", flat=True)) == {"VOID"}
        assert owed(loan, "first_check").submitted_on is None
        page = as_(cast.risk).get(reverse("first_checks")).content.decode()
        assert loan.number in page and "阅知" not in page and cast.vp.name not in page
        assert submit(fill(document, GRANTED, **CHECKED | {"change_explained": ""})) == ""
    assert not FirstCheckRecord.objects.in_force(GRANTED).get().use_changed


def test_a_check_that_a_record_told_of_before_there_was_a_table_needs_none(cast) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    check = owed(loan, "first_check")
    matter = f"{check.kind}:{check.period_key}"  # a draft that was begun before
    with clock.travelling_to(date(2026, 12, 1)):
        note = documents.begin(
            form="completion_record", subject=Subject.of(check, matter), by=cast.cm, on=date(2026, 12, 1)
        )
        posted = {
            "done_on": "2026-12-01",
            "record": "按约定用途使用",
            "_here": "all",
            "_version": note.version,
        }
        as_(cast.cm).post(reverse("document_save", args=[note.pk]), posted)
        assert submit(note) == ""
    close(date(2026, 12, 1))
    assert (owed(loan, "first_check").status, owed(loan, "first_check_form").status) == ("DONE", "VOID")


def test_the_list_is_exported_as_it_is_filtered(cast) -> None:
    loan, other = lend(cast, GRANTED), lend(cast, GRANTED)
    close(GRANTED)
    checked(cast, loan, GRANTED, **CHANGED)
    with clock.travelling_to(GRANTED):
        deliver_outbox()
        sheet = as_(cast.risk).get(reverse("first_checks_export"), {"state": "changed"})
        assert sheet.status_code == 200 and sheet["Content-Type"].endswith("spreadsheetml.sheet")
        rows = list(load_workbook(BytesIO(sheet.getvalue())).active.values)
        assert len(rows) == 2
        told = dict(zip(*rows, strict=True))
        assert (told["借据号"], told["金额（元）"]) == (loan.number, loan.amount)
        assert (told["改变用途"], told["说明"]) == ("是", CHANGED["change_explained"])
        assert told["限制性条件已落实"] == "是" and "未阅知" in told["上报与阅知"]
        empty = as_(cast.risk).get(reverse("first_checks"), {"state": "unmet"}).content.decode()
        assert "没有符合条件的借据" in empty and other.number not in empty


def test_the_database_keeps_a_changed_use_explained_and_a_check_as_it_was_told(cast) -> None:
    loan = lend(cast, GRANTED)
    close(GRANTED)
    checked(cast, loan, GRANTED, **CHANGED)
    for statement, name in (
        ("UPDATE inspections_firstcheckrecord SET explained = 'x'", "firstcheckrecord"),
        ("DELETE FROM inspections_firstcheckrecord", "firstcheckrecord"),
        ("INSERT INTO inspections_firstcheckrecord (document_id, loan_id, checked_on, fill_by, use_changed, explained,"
         " conditions_met, known_on) SELECT document_id, loan_id, checked_on, fill_by, true, '', true, known_on"
         " FROM inspections_firstcheckrecord", "a_changed_use_is_explained|a_first_check_is_told_once"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

"""附件1 and 自主支付汇总: what is seen of a loan's money, who has to record it by when, and what the paper keeps.

2026: 11-02 is a Monday; workdays of December are its weekdays.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from openpyxl import load_workbook

from core import clock
from core.policy import policy_on
from credit.models import Clause, Transaction
from monitoring.choices import SeenAs
from monitoring.models import FundUse, SeenUse, Signal
from monitoring.release import services as release
from monitoring.self_payments.duties import SelfPaymentSummary
from monitoring.uses.duties import FundUseTracking, RetailUseCheck
from monitoring.uses.recognition import see
from tests.monitoring import paying
from tests.monitoring.paying import lend_on_account, move, register
from workflow import registry
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem
from workflow.pages import editing
from workflow.services import documents

pytestmark = pytest.mark.usefixtures("reference")
LENT, PAID = date(2026, 11, 2), date(2026, 11, 5)


def look(on: date, *rules) -> None:
    """The part of a day that concerns uses."""
    see(on, policy_on(on))
    for rule in rules or (FundUseTracking,):
        reconcile(rule(), on=on, policy=policy_on(on))


def borrow(cast, amount: str = "1000000", **fields):
    """A working-capital loan of 100 万元 under self payment: below the threshold of 1,000 万元, nothing agreed."""
    return lend_on_account(cast, amount, **{"starts_on": LENT, "number": "620001", **fields})


def seen() -> list[tuple[str, str]]:
    return [(row.seen_as, str(row.amount)) for row in SeenUse.objects.order_by("pk")]


def start(duty: WorkItem, by) -> Document:
    """Open the form of a duty, as its button does."""
    return editing.start_from(duty, user=by, on=clock.today())


def keep(document: Document, answers: dict) -> None:
    """Save answers, and with them what the form reckons of them, as the page does."""
    whole = {**document.content, **answers}
    fields = [field for section in registry.definition_of(document).sections for field in section.fields]
    answers = answers | {field.name: field.derive(whole) for field in fields if field.derive}
    documents.save(
        document=document, answers=answers, version=document.version, by=document.author, at=clock.now()
    )
    document.refresh_from_db()


FINE = {
    "purpose": "GOODS", "evidence": "发票 031", "flows_back": "no", "is_upstream": "yes", "as_agreed": "yes",
    "verified_by": "ACCOUNT",
}  # fmt: skip


def fill(document: Document, by, *, judge: dict[int, dict] | None = None, **answers) -> Document:
    """Judge every use as fine unless said otherwise, and hand the paper in."""
    rows = [
        {**row, **FINE, **(judge or {}).get(place, {})} for place, row in enumerate(document.content["uses"])
    ]
    given = {
        "uses": rows, "proof": "购销合同", "analysis": "用于采购棉纱。", "measures": "无",
        "checked_on": clock.today().isoformat(), **answers,
    }  # fmt: skip
    keep(document, given)
    return paying.submit(document)


@pytest.mark.obligation("GR-20.2", clause="a")
def test_self_payments_are_recorded_use_by_use_within_fifteen_workdays_of_the_grant_at_first(cast):
    register(cast.borrower)
    loan = borrow(cast)
    move("620001", "-300000", PAID, counterparty_account=paying.PAYEE, counterparty_name="华东棉业有限公司")
    move("620001", "-20000", PAID, summary="归还贷款利息")  # not used: it came back to us
    look(PAID)

    assert seen() == [("SELF", "300000.00")]
    duty = WorkItem.objects.get(obligation="GR-20.2")
    # 11-02 + 15 workdays: 11-03 is the first, 11-23 the fifteenth. The tenth workday of December would be 12-14.
    assert (duty.due_on, duty.person, duty.kind) == (date(2026, 11, 23), cast.cm, "fund_use_record")
    assert duty.reason == "有 1 笔用款共 300,000.00 元未登记，请逐笔核查用途。"

    document = fill(start(duty, cast.cm), cast.cm)
    assert paying.chain(document) == [("客户经理", "张明"), ("客户部门负责人", cast.head.name)]
    paying.sign(document, cast.head)
    duty.refresh_from_db()
    assert duty.status == DutyStatus.DONE
    use = FundUse.objects.get()
    assert (use.loan, use.amount, use.is_upstream, use.payee_account) == (
        loan, Decimal("300000.00"), True, paying.PAYEE,
    )  # fmt: skip
    document.refresh_from_db()
    assert [document.content[name] for name in ("this_time", "so_far", "unused")] == [
        "300000.00", "300000.00", "700000.00",
    ]  # fmt: skip

    # More leaves on 11-30, after the fifteen workdays: by the tenth workday of December, Monday 12-14.
    look(date(2026, 11, 27))
    assert WorkItem.objects.filter(status=DutyStatus.OPEN).count() == 0
    move("620001", "-900000", date(2026, 11, 30), counterparty_name="江西皮革有限公司")
    look(date(2026, 11, 30))
    later = WorkItem.objects.get(status=DutyStatus.OPEN)
    assert (later.due_on, later.reason[:24]) == (
        date(2026, 12, 14),
        "有 1 笔用款共 700,000.00 元未登记",
    )  # all that is left


def test_the_same_day_again_and_a_movement_that_is_undone_change_nothing(cast):
    borrow(cast)
    wrong = move("620001", "-300000", PAID, counterparty_name="华东棉业有限公司")
    look(PAID)
    look(PAID)
    assert seen() == [("SELF", "300000.00")]
    duty = WorkItem.objects.get()

    move("620001", "300000", date(2026, 11, 6), reverses=wrong, summary="冲正")
    look(date(2026, 11, 6))
    duty.refresh_from_db()
    assert duty.status == DutyStatus.VOID


@pytest.mark.obligation("GR-20.2", clause="a")
def test_a_reviewed_payment_is_a_use_when_it_is_released_and_its_movement_is_no_second_one(cast):
    register(cast.borrower)
    loan = borrow(cast, starts_on=clock.today())
    Clause.objects.create(contract=cast.contract, place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    payment = paying.reviewed(loan, cast, amount="400000")
    release.release(payment=payment, by=cast.accountant, on=clock.today(), at=clock.now())
    move("620001", "-400000", clock.today(), counterparty_account=paying.PAYEE)
    look(clock.today())
    assert seen() == [("PAYMENT", "400000.00")]
    duty = WorkItem.objects.get(obligation="GR-20.2")
    assert duty.person == cast.cm and duty.reason == "有 1 笔用款共 400,000.00 元未登记，请逐笔核查用途。"
    paying.sign(fill(start(duty, cast.cm), cast.cm), cast.head)
    assert [(use.payment, use.amount) for use in FundUse.objects.all()] == [(payment, Decimal(400000))]


@pytest.mark.obligation("GR-20.2", clause="e")
def test_what_flows_back_or_is_not_as_agreed_must_be_explained_and_is_told_to_the_risk_line(cast):
    borrow(cast)
    move("620001", "-300000", PAID, counterparty_account="6230009", counterparty_name="九屿商贸")
    move("620001", "290000", date(2026, 11, 9), counterparty_account="6230009", counterparty_name="九屿商贸")
    look(PAID)
    document = start(WorkItem.objects.get(), cast.cm)
    assert document.content["uses"][0]["flows_back"] == "yes"  # within ten days from the same account

    odd = {0: {"flows_back": "yes", "as_agreed": "no"}}
    with pytest.raises(Exception, match=r"补充说明|异常类型"):
        fill(document, cast.cm, judge=odd)
    odd[0] |= {"anomaly": "FLOWS_BACK", "note": "付出四日后转回 29 万元"}
    document = fill(document, cast.cm, judge=odd)
    paying.sign(document, cast.head)
    signal = Signal.objects.get()
    assert (signal.kind, signal.level, signal.amount) == ("USE_EXCEEDED", "RED", Decimal("300000.00"))
    assert "付出四日后转回 29 万元" in signal.text


def test_no_more_is_recorded_than_was_lent(cast):
    borrow(cast)
    move("620001", "-300000", PAID, counterparty_name="华东棉业有限公司")
    look(PAID)
    document = start(WorkItem.objects.get(), cast.cm)
    by_hand = [{"item": "2026-11-06", "amount": "700000.01", "payee": "临时工", **FINE}]
    with pytest.raises(Exception, match="累计用款超过发放额"):
        fill(document, cast.cm, by_hand=by_hand)
    by_hand[0]["amount"] = "700000.00"
    document.refresh_from_db()
    assert fill(document, cast.cm, by_hand=by_hand).content["unused"] == "0.00"


def test_a_correction_takes_the_place_of_what_was_recorded(cast):
    borrow(cast)
    move("620001", "-300000", PAID, counterparty_name="华东棉业有限公司")
    look(PAID)
    document = fill(start(WorkItem.objects.get(), cast.cm), cast.cm)
    paying.sign(document, cast.head)
    document.refresh_from_db()
    again = documents.revise(document=document, by=cast.cm, on=clock.today())
    again = fill(again, cast.cm, judge={0: {"purpose": "WAGES"}})
    paying.sign(again, cast.head)
    assert list(FundUse.objects.order_by("pk").values_list("purpose", "replaced_on")) == [
        ("GOODS", clock.today()), ("WAGES", None),
    ]  # fmt: skip


def test_a_retail_loan_owes_the_same_look_under_its_own_article(cast):
    cast.contract.scheme = "LS"
    cast.contract.save()
    borrow(cast)
    move("620001", "-50000", PAID, counterparty_name="家装公司")
    look(PAID, FundUseTracking, RetailUseCheck)
    duty = WorkItem.objects.get()
    assert (duty.obligation, duty.kind, duty.due_on) == ("LS-3.1", "fund_use_record", date(2026, 11, 23))


@pytest.mark.obligation("GR-20.1", clause="ac")
def test_a_borrower_that_pays_by_itself_reports_each_quarter_and_the_report_is_checked(cast):
    borrow(cast, starts_on=date(2026, 8, 3))
    move("620001", "-300000", date(2026, 8, 20), counterparty_name="华东棉业有限公司")
    move("620001", "-200000", date(2026, 9, 10), counterparty_name="赣江运输")
    for on in (date(2026, 8, 20), date(2026, 9, 10), date(2026, 9, 29)):
        look(on, SelfPaymentSummary)
    assert not WorkItem.objects.exists()
    look(date(2026, 9, 30), SelfPaymentSummary)
    duty = WorkItem.objects.get()
    # 国庆 10-01 to 10-07, Saturday 10-10 is worked: 8, 9, 10, 12, 13, 14, 15, 16, 19, 20.
    assert (duty.obligation, duty.period_key, duty.due_on) == (
        "GR-20.1",
        "summary:2026Q3",
        date(2026, 10, 20),
    )
    assert "自主支付 2 笔共 500,000.00 元" in duty.reason

    document = start(duty, cast.cm)
    assert "verified_by" in {gap.field for gap in documents.gaps_of(document, on=clock.today())}
    rows = [{**row, "reported": "yes"} for row in document.content["payments"]]
    rows[1] |= {"reported": "no", "note": "漏报，已补"}
    answers = {
        "payments": rows, "received_on": "2026-10-12", "reported_total": "300000", "conclusion": "相符",
        "verified_by": ["ACCOUNT", "VOUCHER"], "findings": "逐笔查验发票。", "checked_on": clock.today().isoformat(),
    }  # fmt: skip
    keep(document, answers)
    with pytest.raises(Exception, match="结论不能选“相符”"):
        paying.submit(document)
    keep(document, {"conclusion": "不符", "conclusion_note": "漏报一笔"})
    assert document.content["difference"] == "-200000.00"
    assert document.content["unexplained"] == "0.00"
    document = paying.submit(document)
    paying.sign(document, cast.head)
    duty.refresh_from_db()
    assert (duty.status, duty.done_on) == (DutyStatus.DONE, clock.today())


def test_what_the_report_says_is_compared_row_by_row_with_the_account(cast):
    borrow(cast, starts_on=date(2026, 8, 3))
    move("620001", "-300000", date(2026, 8, 20), counterparty_name="华东棉业有限公司")
    look(date(2026, 8, 20), SelfPaymentSummary)
    look(date(2026, 9, 30), SelfPaymentSummary)
    document = start(WorkItem.objects.get(), cast.cm)
    keep(document, {
        "payments": [{**row, "reported": "yes"} for row in document.content["payments"]],
        "elsewhere": [{"item": "2026-09-02", "amount": "40000", "payee": "零星工匠", "note": "现金，有收据"}],
        "received_on": "2026-10-12", "reported_total": "300000", "conclusion": "相符", "verified_by": ["VOUCHER"],
        "findings": "逐笔查验。", "checked_on": clock.today().isoformat(),
    })  # fmt: skip
    # The total equals the account, and yet not the rows of the report: 300,000 of the account and 40,000 in cash.
    assert (document.content["difference"], document.content["unexplained"]) == ("0.00", "-40000.00")
    with pytest.raises(Exception, match="结论不能选“相符”"):
        paying.submit(document)
    keep(document, {"reported_total": "340000", "conclusion": "不符", "conclusion_note": "现金支付一笔"})
    assert (document.content["difference"], document.content["unexplained"]) == ("40000.00", "0.00")
    assert paying.submit(document).status == "SIGNING"


def test_the_database_keeps_a_use_from_being_seen_or_recorded_twice(cast):
    loan = borrow(cast)
    row = move("620001", "-10", PAID, counterparty_name="甲")
    one = {"loan": loan, "used_on": PAID, "known_on": PAID, "amount": Decimal(10)}
    SeenUse.objects.create(seen_as=SeenAs.SELF, transaction=row, **one)
    for wrong in (
        {"seen_as": SeenAs.SELF, "transaction": row},
        {"seen_as": SeenAs.SELF},
        {"seen_as": SeenAs.PAYMENT, "transaction": row},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SeenUse.objects.create(**one, **wrong)
    assert Transaction.objects.count() == 1


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_list_shows_each_line_its_own_loans_with_what_is_recorded_and_what_is_not(cast):
    loan = borrow(cast)
    move("620001", "-300000", PAID, counterparty_name="华东棉业有限公司")
    look(PAID)
    for who, sees in ((cast.cm, True), (cast.risk, True), (cast.other_cm, False), (cast.auditor, True)):
        text = client_of(who).get("/uses/").content.decode()
        assert (loan.number in text) == sees, who
    text = client_of(cast.cm).get("/uses/?state=missing").content.decode()
    assert "300,000.00" in text and "1 笔" in text
    assert "没有符合条件的借据" in client_of(cast.cm).get("/uses/?state=odd").content.decode()
    assert client_of(cast.accountant).get("/uses/").status_code == 403
    page = client_of(cast.cm).get(f"/loans/{loan.number}/").content.decode()
    assert "用款跟踪（附件1）" in page and "未登记" in page

    sheet = load_workbook(BytesIO(client_of(cast.cm).get("/uses/export/").getvalue())).active
    assert [cell.value for cell in list(sheet.rows)[1]][7:] == [0, 300000, 1, 0]

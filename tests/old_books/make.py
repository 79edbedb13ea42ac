"""Makes `book_2026_11`: every form in every state, walked as people walk it. It ran at commit 74ed592 and not since.

`./test tests/old_books/make.py -n 0` with `pg_dump` at hand. It is no part of the suite, and later code need not be
able to run it: README.md says what is kept, and why.
"""

from __future__ import annotations

import gzip
import inspect
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from core import clock, sealing
from core.actor import Actor, acting_as
from core.errors import Conflict
from core.policy import policy_on
from credit.choices import BorrowerKind, Product, ResponsibleRole
from credit.duties.book import FirstContact, OriginalRecovery
from credit.duties.contracts import ContractTerms, PaymentClauses
from credit.models import (
    Account,
    AccountBalance,
    ApprovalCondition,
    Borrower,
    Clause,
    Counterparty,
    LetterOfGuarantee,
    Loan,
    Transaction,
)
from inspections.duties import CorporateVisit
from monitoring.ledgers.duties import AccountReview
from monitoring.misuse import services as misuse
from monitoring.misuse.duties import MisuseRectification, MisuseReport
from monitoring.models import Payment, Signal
from monitoring.months.services import write_months
from monitoring.payments import services as payments
from monitoring.payments.views import start_about
from monitoring.release import services as release
from monitoring.self_payments.duties import SelfPaymentSummary
from monitoring.signals.duties import AccountSignals
from monitoring.supervised.duties import SupervisedAccounts
from monitoring.uses.duties import FundUseTracking
from monitoring.uses.recognition import see
from tests import factories
from tests.conftest import build_cast
from tests.databases import url_of
from tests.forms.answers import TYPED, complete, posted
from tests.old_books.told import told, written
from workflow import registry
from workflow.engine import reconcile
from workflow.models import Document, LateEntry, Step, WorkItem
from workflow.pages.editing import start_from
from workflow.services import attachments, documents, late_entries, signatures

HERE = Path(__file__).parent
BOOK, AS_IT_WAS, FILES = "book_2026_11.sql.gz", "as_it_was.json", "files"
_serial = count(1)


# --- days, people and hands ---


class on:
    """Stand on a day, at ten in the morning; each further visit of the same day is a minute later."""

    minutes: dict[date, int] = {}

    def __init__(self, month: int, day: int) -> None:
        self.day = date(2026, month, day)

    def __enter__(self) -> date:
        minute = self.minutes[self.day] = self.minutes.get(self.day, -1) + 1
        moment = datetime.combine(self.day, time(10 + minute // 60, minute % 60), clock.SHANGHAI)
        self.travel = clock.travelling_to(moment)
        self.travel.__enter__()
        return self.day

    def __exit__(self, *error: Any) -> None:
        self.travel.__exit__(*error)


def fresh(person: User) -> User:
    """The person as the next request finds them."""
    return User.objects.get(pk=person.pk)


def again(document: Document) -> Document:
    return Document.objects.select_related("author").get(pk=document.pk)


def act(verb: Callable[..., Any], by: User, **given: Any) -> Any:
    """A verb by somebody, now: with the day, the instant and the password where it asks for them."""
    who, asked = fresh(by), inspect.signature(verb).parameters
    more = {
        "by": who, "user": who, "on": clock.today(), "at": clock.now(), "password": factories.PASSWORD,
    }  # fmt: skip
    with acting_as(Actor(who.username, who.name)):
        return verb(**given, **{name: value for name, value in more.items() if name in asked})


def run(*rules: Any) -> None:
    """What these rules make of the day."""
    for rule in rules:
        reconcile(rule(), on=clock.today(), policy=policy_on(clock.today()))


def owed(kind: str, number: str = "", **where: Any) -> WorkItem:
    """An open duty, the first of its kind for the customer."""
    rows = WorkItem.objects.open().filter(kind=kind, **where)
    return (rows.filter(borrower_number=number) if number else rows).order_by("period_key", "pk")[0]


def begin(duty: WorkItem, by: User) -> Document:
    """The form of a duty, as its button opens it."""
    return again(act(start_from, by, item=duty))


def fill(document: Document, **answers: Any) -> Document:
    """Keep answers, and what the form reckons of them, as the page does."""
    document = again(document)
    whole = {**document.content, **answers}
    fields = [field for section in registry.definition_of(document).sections for field in section.fields]
    answers |= {field.name: field.derive(whole) for field in fields if field.derive}
    documents.save(
        document=document, answers=answers, version=document.version, by=document.author, at=clock.now()
    )
    return again(document)


def attach(document: Document, section: str, name: str, body: bytes, note: str = "") -> None:
    act(
        attachments.attach, document.author, document=document, section=section,
        upload=SimpleUploadedFile(name, body), note=note,
    )  # fmt: skip


def submit(document: Document) -> Document:
    act(documents.submit, document.author, document=document)
    return again(document)


def turn(document: Document) -> Step | None:
    """The step whose turn it is."""
    waiting = Step.objects.filter(chain__document=document, status="WAITING").order_by(
        "-chain__round", "position"
    )
    return waiting.select_related("chain__document", "person").first()


def sign(document: Document, by: User | None = None, remark: str = "") -> Document:
    step = turn(document)
    act(signatures.sign, by or step.person, step=step, remark=remark)
    return again(document)


def lock(document: Document) -> Document:
    """Hand it in and have it signed by everybody whose turn comes."""
    document = submit(document)
    while turn(document):
        document = sign(document)
    assert document.status == "LOCKED"
    return document


def send_back(document: Document, reason: str) -> Document:
    step = turn(document)
    act(signatures.send_back, step.person, step=step, reason=reason)
    return again(document)


def withdraw(document: Document, reason: str) -> Document:
    act(signatures.withdraw, document.author, document=document, reason=reason)
    return again(document)


def discard(document: Document, reason: str) -> Document:
    act(documents.discard, document.author, document=document, reason=reason)
    return again(document)


def correct(document: Document, by: User) -> Document:
    return act(documents.revise, by, document=document)


def photograph(shade: int, taken: str = "") -> bytes:
    """A small photograph that says when it was taken, where it does."""
    stream, exif = BytesIO(), Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken  # DateTimeOriginal
    Image.new("RGB", (16, 12), (shade, 90, 30)).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


# --- the book ---


def borrower(cast: SimpleNamespace, number: str, name: str) -> Borrower:
    """A company of the cast's manager, risk manager and president."""
    one = factories.make_borrower(number, name, area="城西", address="城西工业园 8 号")
    answers = factories.make_responsibility
    answers(one, cast.cm, cast.corporate, role=ResponsibleRole.CUSTOMER_MANAGER)
    answers(one, cast.risk, cast.br1, role=ResponsibleRole.RISK_MANAGER)
    answers(one, cast.president, cast.br1, role=ResponsibleRole.PRINCIPAL)
    return one


def account(of: Borrower, cast: SimpleNamespace, number: str) -> Account:
    return Account.objects.create(
        number=number, borrower=of, unit=cast.corporate, kind="BASIC", opened_on=date(2026, 1, 5)
    )


def lend(cast: SimpleNamespace, of: Borrower, number: str, settles_on: str = "", **fields: Any) -> Loan:
    """A loan that pays out through an account of its own, where one is given."""
    if settles_on:
        account(of, cast, settles_on)
    return factories.make_loan(of, cast.corporate, number=number, settlement_account=settles_on, **fields)


def move(number: str, amount: str, day: date, **fields: Any) -> Transaction:
    """Money on an account: negative amounts leave."""
    exact = Decimal(amount)
    return Transaction.objects.create(
        number=f"LS{next(_serial):06d}", account=Account.objects.get(number=number), effective_on=day, known_on=day,
        direction="DEBIT" if exact < 0 else "CREDIT", amount=abs(exact), **fields,
    )  # fmt: skip


def write_book(cast: SimpleNamespace) -> None:
    """Everything, form by form; what one form leaves behind, the next may find."""
    first, second = cast.borrower, borrower(cast, "C100002", "赣江食品有限公司")
    Borrower.objects.filter(pk=first.pk).update(address="城西工业园 6 号")
    third, fourth = (
        borrower(cast, "C100003", "鄱阳水产有限公司"),
        borrower(cast, "C100004", "信江建材有限公司"),
    )
    fifth = borrower(cast, "C100005", "袁河化工有限公司")
    for one, place in ((second, 2), (third, 3), (fourth, 4), (fifth, 5)):
        contract = factories.make_contract(one, number=f"HT2026-01{place:02d}", purpose="采购原料")
        lend(cast, one, f"JJ2026-01{place:02d}", contract=contract)
    leaves(cast)
    account_ledger_reviews(cast, first, second, third, fourth)
    self_payments_and_uses(cast, third)
    payment_requests(cast, third)
    site_inspections(cast, first, second, third, fourth, fifth)
    signal_checks(cast, first, second)
    misuse_rectifications(cast, fourth, fifth)
    completion_records(cast, first, second, third)
    supervised_accounts(cast, fifth)
    original_recoveries(cast, second)
    contract_papers(cast, second, fourth)
    fixed_contacts(cast)


def leaves(cast: SimpleNamespace) -> None:
    """The manager and the president are away for two days; 李娜 and 郑洁 stand in."""
    span = {"from_on": date(2026, 11, 18), "to_on": date(2026, 11, 19)}
    with on(11, 17):
        factories.make_leave(cast.cm, cast.cm2, **span)
        factories.make_leave(cast.president, cast.vp, **span)


# --- 附件2 ---


def judge(document: Document, **answers: Any) -> Document:
    """A month judged as usual, each mark explained."""
    marks = [{**row, "why": "已核实，为季节性备货"} for row in document.content.get("marks") or ()]
    more: dict[str, Any] = {"marks": marks, "measures": "继续关注"} if marks else {}
    return fill(document, pattern="正常", reviewed_on=clock.today().isoformat(), **more | answers)


def account_ledger_reviews(cast: SimpleNamespace, *companies: Borrower) -> None:
    """Months of four companies; of the first September and October, of the third both owed and one begun."""
    first, second, third, fourth = companies
    for place, one in enumerate(companies, start=1):
        base = account(one, cast, f"6200{place:02d}00")
        AccountBalance.objects.create(
            account=base, effective_on=date(2026, 8, 1), known_on=date(2026, 8, 1), balance=Decimal(150000), frozen=0
        )  # fmt: skip
        for day in (date(2026, 9, 10), date(2026, 10, 12)):
            move(base.number, "100000", day, summary="货款")
            move(base.number, "-100000", day, summary="采购款")
    # A cent that no movement explains: the head reads it.
    AccountBalance.objects.create(
        account=Account.objects.get(number="62000200"), effective_on=date(2026, 10, 31), known_on=date(2026, 10, 31),
        balance=Decimal("150000.01"), frozen=0,
    )  # fmt: skip
    with on(9, 30) as day:
        write_months(day, policy_on(day))
        run(AccountReview)
    with on(10, 9):
        for one in (first, second, fourth):
            lock(judge(begin(owed("account_ledger_review", one.number), cast.cm)))
    with on(10, 31) as day:
        write_months(day, policy_on(day))
        run(AccountReview)
    with on(11, 3):  # 2026-10 of the first, locked, and again corrected and locked
        october = lock(judge(begin(owed("account_ledger_review", first.number), cast.cm)))
    with on(11, 5):
        odd = {"pattern": "异常", "pattern_note": "购销方向反常", "measures": "约谈财务经理"}
        lock(fill(correct(october, cast.cm), **odd))
    with on(11, 6):  # 2026-10 of the second, with the head
        document = submit(judge(begin(owed("account_ledger_review", second.number), cast.cm)))
        assert document.status == "SIGNING"
    with on(11, 20):  # the third: both months hang on the draft, which is about September
        judge(begin(owed("account_ledger_review", third.number), cast.cm))
    with on(11, 6):  # the fourth: sent back by the head
        document = judge(begin(owed("account_ledger_review", fourth.number), cast.cm))
        document = submit(fill(document, pattern="异常", pattern_note="回款变慢", measures="上门核实"))
    with on(11, 9):
        send_back(document, "请写明回款变慢的客户名称")
    with on(11, 10):  # September of the fourth: a correction begun
        september = Document.objects.get(
            form="account_ledger_review", borrower_number=fourth.number, status="LOCKED"
        )
        correct(september, cast.cm)


# --- 自主支付汇总核查表 and 附件1 ---

FINE = {
    "purpose": "GOODS", "evidence": "发票 031", "flows_back": "no", "is_upstream": "yes", "as_agreed": "yes",
    "verified_by": "ACCOUNT",
}  # fmt: skip


def trace(document: Document, **over: Any) -> Document:
    """A 附件1 that finds every use in order, unless said otherwise."""
    rows = [{**row, **FINE, **over} for row in document.content["uses"]]
    return fill(
        document, uses=rows, proof="购销合同", analysis="用于采购原料。", measures="无",
        checked_on=clock.today().isoformat(),
    )  # fmt: skip


def sum_up(document: Document) -> Document:
    """A 自主支付汇总核查表 on which report and account agree."""
    rows = [{**row, "reported": "yes"} for row in document.content["payments"]]
    total = sum(Decimal(row["amount"]) for row in rows)
    return fill(
        document, payments=rows, received_on=clock.today().isoformat(), reported_total=f"{total:.2f}",
        conclusion="相符", verified_by=["ACCOUNT", "VOUCHER"], findings="逐笔查验发票。",
        checked_on=clock.today().isoformat(),
    )  # fmt: skip


def look(*rules: Any) -> None:
    """What the day sees of loan money, and what these rules make of it."""
    see(clock.today(), policy_on(clock.today()))
    run(*rules)


def self_payments_and_uses(cast: SimpleNamespace, of: Borrower) -> None:
    """Three loans of one company that it spends by itself, each through an account of its own."""
    contract = factories.make_contract(of, number="HT2026-0113", purpose="采购鲜鱼")
    loans = [
        lend(
            cast, of, f"JJ2026-011{place}", f"62000{place}", contract=contract, amount=Decimal(1000000),
            starts_on=date(2026, 8, 3),
        )
        for place in (3, 4, 5)
    ]  # fmt: skip
    with on(8, 20) as day:
        for place in (3, 4, 5):
            move(
                f"62000{place}",
                "-300000",
                day,
                counterparty_name="湖口渔业合作社",
                counterparty_account="6230011",
            )
        move("620005", "-40000", day, counterparty_name="赣江运输有限公司", counterparty_account="6230012")
        look(FundUseTracking)
    with on(8, 24):  # 附件1: the first loan locked, corrected and locked again
        record = lock(trace(begin(owed("fund_use_record", subject_id=loans[0].pk), cast.cm)))
    with on(8, 26):
        lock(trace(correct(record, cast.cm), purpose="WAGES", note="改为发放工资"))
    with on(8, 24):  # the second loan locked, and a correction begun
        record = lock(trace(begin(owed("fund_use_record", subject_id=loans[1].pk), cast.cm)))
    with on(8, 27):
        correct(record, cast.cm)
    with on(9, 30):
        look(SelfPaymentSummary)
    with on(10, 12):
        lock(sum_up(begin(owed("self_payment_summary", subject_id=loans[0].pk), cast.cm)))
        submit(sum_up(begin(owed("self_payment_summary", subject_id=loans[1].pk), cast.cm)))
    with on(11, 16) as day:  # more leaves the first loan's account: a second 附件1, sent back
        move("620003", "-150000", day, counterparty_name="湖口渔业合作社", counterparty_account="6230011")
        look(FundUseTracking)
        document = submit(trace(begin(owed("fund_use_record", subject_id=loans[0].pk), cast.cm)))
    with on(11, 17):
        send_back(document, "请补充发票")
    with on(11, 20):  # the third loan: two drafts, on each of which its duty hangs
        trace(begin(owed("fund_use_record", subject_id=loans[2].pk), cast.cm))
        sum_up(begin(owed("self_payment_summary", subject_id=loans[2].pk), cast.cm))


# --- 支付审核单 ---

PAYEE = "6230001"
PAID_FOR = {
    "mode": "ENTRUSTED", "payee": PAYEE, "purpose": "采购鲜鱼首批货款", "trade_contract": "CG-2026-11",
    "contract_party": "湖口冷链有限公司", "contract_amount": "2000000", "no_invoice_why": "预付款，到货后补交",
    "progress": "合同签订后预付五成", "purpose_fits": "yes", "payee_fits": "yes", "amount_fits": "yes",
}  # fmt: skip


def ask(loan: Loan, by: User, amount: str) -> Document:
    """A 支付审核单 with everything that it asks for."""
    document = act(start_about, by, form="payment_request", loan=loan)
    attach(document, "evidence", "合同.pdf", factories.make_pdf())
    return fill(document, **PAID_FOR, amount=amount)


def payment_requests(cast: SimpleNamespace, of: Borrower) -> None:
    """Two loans whose payments are reviewed; of the first one a payment is released and traced."""
    contract = factories.make_contract(of, number="HT2026-0123", purpose="采购鲜鱼", amount=Decimal(8000000))
    Clause.objects.create(contract=contract, place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    Counterparty.objects.create(
        borrower=of, account=PAYEE, name="湖口冷链有限公司", relation="UPSTREAM", known_on=date(2026, 3, 1)
    )
    one, other = (
        lend(cast, of, f"JJ2026-012{place}", f"62000{place}", contract=contract, starts_on=date(2026, 11, 2))
        for place in (1, 2)
    )
    with on(11, 4):
        document = lock(ask(one, cast.cm, "1000000"))
        act(release.release, cast.accountant, payment=Payment.objects.get(document=document))
        move(
            "620001",
            "-1000000",
            clock.today(),
            counterparty_account=PAYEE,
            counterparty_name="湖口冷链有限公司",
        )
        look(FundUseTracking)
    with on(11, 11):  # its use, on an 附件1 that is being signed
        submit(trace(begin(owed("fund_use_record", subject_id=one.pk), cast.cm)))
    with on(11, 12):
        lock(ask(other, cast.cm, "400000"))  # reviewed and not released
        cancelled = lock(ask(other, cast.head, "100000"))
        act(payments.cancel, cast.cm, payment=Payment.objects.get(document=cancelled), why="卖方改期交货")
        withdraw(submit(ask(other, cast.head, "200000")), "金额有误")
        discard(ask(one, cast.cm, "50000"), "改走另一笔借据")
        submit(ask(one, cast.cm, "500000"))
        send_back(submit(ask(one, cast.head, "300000")), "发票与合同不符")
        ask(other, cast.cm, "600000")


# --- 附件3 ---


def visit(document: Document, shade: int, **changed: Any) -> Document:
    """Everything answered and a photograph attached, through the page."""
    today = clock.today().isoformat()
    client = Client()
    client.force_login(document.author)
    again_typed = {name: TYPED[name] for name in ("ratios", "amounts", "collateral", "sureties", "problems")}
    lead = document.author.username
    for _ in range(2):  # the first save brings the blocks, the second fills them
        document = again(document)
        wanted = complete(**{name: answer for name, answer in document.content.items() if answer} | again_typed | {
            "inspected_at": f"{today}T09:40", "inspected_on": today, "lead_inspector": lead,
            "second_inspector": "1002" if lead != "1002" else "1001", "statements_before": "2026-07-31",
        } | changed)  # fmt: skip
        rows = {
            f"contracts-{place}-security": ["正常"] for place in range(len(document.content["contracts"]))
        }
        answer = client.post(
            reverse("document_save", args=[document.pk]),
            {**posted(wanted), **rows, "_here": "all", "_version": str(document.version)},
        )
        assert answer.status_code == 302, answer.status_code
    document = again(document)
    if not document.attachments.exists():
        attach(document, "photos", "车间.jpg", photograph(shade, "2026:11:03 09:52:10"), "车间全景")
    return document


def site_inspections(cast: SimpleNamespace, *companies: Borrower) -> None:
    """Visits of five companies; the first is corrected twice, the second by somebody's deputy."""
    first, second, third, fourth, fifth = companies
    with on(11, 3):
        run(CorporateVisit)
        locked = lock(visit(begin(owed("site_inspection", first.number), cast.cm), 10))
    with on(11, 9):  # corrected by its author and locked
        locked = lock(fill(correct(locked, cast.cm), problems="原料库存偏高"))
    with on(11, 20):  # and a further correction begun by the head
        fill(correct(locked, cast.head), problems="原料库存偏高，须按月跟踪")
    with on(11, 4):  # 补录 of a visit of three weeks ago, with the head's consent
        document = visit(begin(owed("site_inspection", second.number), cast.cm), 20)
        late = act(
            late_entries.request, cast.cm, document=document, actual_on=date(2026, 10, 16),
            reason="机房检修，当日在纸质登记簿上办理",
        )  # fmt: skip
        act(late_entries.consent, cast.head, late_entry=late, remark="情况属实")
        locked = lock(again(document))
    with on(11, 11):  # a correction that was thrown away
        discard(correct(locked, cast.cm), "核对后无须更正")
    with on(11, 18):  # by the manager's deputy, signed for the president by his
        document = begin(
            factories.make_duty(
                cast.cm, cast.corporate, borrower=second, period_key="once:2026-11-16", obligation="GR-28",
                raised_on=date(2026, 11, 16), reason="风险事项发生，须现场检查",
            ),
            cast.cm2,
        )  # fmt: skip
        document = sign(submit(visit(document, 30)), cast.head, "同意")
        document = sign(document, cast.vp)
        assert (document.status, document.on_behalf_of) == ("LOCKED", cast.cm)
    with on(11, 19):  # by the deputy too, and still with the head
        document = submit(visit(begin(owed("site_inspection", third.number), cast.cm2), 40))
        assert document.on_behalf_of == cast.cm
    with on(11, 20):  # the head has sent it back
        document = submit(visit(begin(owed("site_inspection", fourth.number), cast.cm), 50))
    with on(11, 23):
        send_back(document, "照片看不清，请重拍")
    with on(11, 20):  # sent back once, and now with the president
        document = send_back(
            submit(visit(begin(owed("site_inspection", fifth.number), cast.cm), 60)), "请补充存货数量"
        )
    with on(11, 23):
        document = sign(submit(fill(document, stock="910")), cast.head)
        assert turn(document).position == 3
    with on(
        11, 23
    ):  # one withdrawn and ready to go again, one in two minds, one thrown away, about no duty of its own
        extra = factories.make_duty(
            cast.head, cast.corporate, borrower=first, period_key="once:2026-11-20", obligation="GR-28",
            raised_on=date(2026, 11, 20), post="CUSTOMER_HEAD", reason="风险事项发生，须现场检查",
        )  # fmt: skip
        withdraw(submit(visit(begin(extra, cast.head), 70)), "次检查人有误")
        extra = factories.make_duty(
            cast.cm, cast.corporate, borrower=first, period_key="once:2026-11-21", obligation="GR-28",
            raised_on=date(2026, 11, 21), reason="风险事项发生，须现场检查",
        )  # fmt: skip
        document = visit(begin(extra, cast.cm), 80)
        with pytest.raises(Conflict):
            documents.save(
                document=document,
                answers={"problems": "另一处写的"},
                version=0,
                by=document.author,
                at=clock.now(),
            )
        extra = factories.make_duty(
            cast.cm, cast.corporate, borrower=second, period_key="once:2026-11-22", obligation="GR-28",
            raised_on=date(2026, 11, 22), reason="风险事项发生，须现场检查",
        )  # fmt: skip
        discard(begin(extra, cast.cm), "重复发起")
        visit(begin(extra, cast.cm), 90)  # and begun again: complete, and not handed in


# --- 资金异动核查表 ---


def signal(of: Borrower, day: date, number: int, **fields: Any) -> Signal:
    fields = {"kind": "FLOWS_BACK", "level": "RED", "amount": Decimal(400000)} | fields
    return Signal.objects.create(
        borrower=of, effective_on=day, known_on=day, rule={"付出后": "30 天内转回"}, fingerprint=f"{number:064d}",
        text=f"第 {number} 号信号：转回 400,000.00 元。", **fields,
    )  # fmt: skip


def explain(document: Document, *verdicts: str) -> Document:
    rows = [
        {**row, "why": "核对合同发票", "verdict": verdict}
        for row, verdict in zip(document.content["signals"], verdicts, strict=True)
    ]
    return fill(document, signals=rows, checked_on=clock.today().isoformat())


def signal_checks(cast: SimpleNamespace, first: Borrower, second: Borrower) -> None:
    """Signals of two companies: decided, being decided, explained and not handed in."""
    with on(11, 10) as day:
        signal(first, day, 1)
        signal(first, day, 2, kind="SECURITIES", level="ORANGE", loan=cast.loan)
        signal(second, day, 3)
        run(AccountSignals)
    with on(11, 11):
        lock(explain(begin(owed("signal_check", first.number), cast.cm), "DISMISSED", "CONFIRMED"))
        submit(explain(begin(owed("signal_check", second.number), cast.cm), "CONFIRMED"))
    with on(11, 20) as day:
        signal(first, day, 4)
        run(AccountSignals)
    with on(11, 23):
        explain(begin(owed("signal_check", first.number), cast.cm), "DISMISSED")


# --- 限期纠正单 ---

CORRECTED = {
    "demanded": "书面要求三日内归还挪用资金", "corrected": "已归还至监管账户", "evidence": "回单 HD-1",
    "proposal": "恢复用款",
}  # fmt: skip


def put_right(document: Document) -> Document:
    return fill(document, **CORRECTED, corrected_on=clock.today().isoformat())


def misuse_rectifications(cast: SimpleNamespace, fourth: Borrower, fifth: Borrower) -> None:
    """Three cases under the fourth's contract, one accepted and two open; two open ones under the fifth's."""

    def confirm(of: Borrower, facts: str, amount: int) -> None:
        contract = of.contracts.order_by("pk")[0]
        act(misuse.register, cast.cm, contract=contract, facts=facts, amount=Decimal(amount))

    with on(11, 4):
        confirm(fourth, "转入证券公司", 800000)
        run(MisuseRectification, MisuseReport)
    with on(11, 6):
        lock(put_right(begin(owed("misuse_rectification", fourth.number), cast.cm)))
    with on(11, 12):
        confirm(fourth, "转购房款", 200000)
        confirm(fourth, "转给股东", 300000)
        run(MisuseRectification, MisuseReport)
    with on(11, 16):  # the head began, the manager went on: both drafts are about the older case
        put_right(begin(owed("misuse_rectification", fourth.number), cast.head))
        document = submit(put_right(begin(owed("misuse_rectification", fourth.number), cast.cm)))
    with on(11, 17):
        document = send_back(document, "请附还款回单号")
    with on(11, 20):  # handed in again, and with the head
        submit(fill(document, evidence="回单 HD-2、HD-3"))
    with on(11, 20):
        confirm(fifth, "转给关联方", 100000)
        confirm(fifth, "提现去向不明", 50000)
        run(MisuseRectification, MisuseReport)
    with on(
        11, 23
    ):  # begun from the duty of the later case, it is about the older one, and both duties hang on it
        later = WorkItem.objects.open().filter(kind="misuse_rectification", borrower_number=fifth.number)
        put_right(begin(later.order_by("-period_key")[0], cast.cm))


# --- 办结记录 ---


def tell(document: Document, done_on: date | None = None) -> Document:
    return fill(document, done_on=(done_on or clock.today()).isoformat(), record="已电话提醒，有通话记录")


def completion_records(cast: SimpleNamespace, *companies: Borrower) -> None:
    """Notes of the president and reminders of the manager; two of them on paper first."""
    with on(11, 9):
        lock(tell(begin(owed("misuse_report", "C100004"), cast.president)))

    def reminder(of: Borrower, day: int, **over: Any) -> WorkItem:
        given = {"kind": "collection_reminder", "obligation": "FW-2.3.1", "period_key": f"2026-11-{day:02d}"}
        days = {
            "raised_on": date(2026, 10, 8),
            "due_on": date(2026, 11, day),
            "counts_from": date(2026, 10, 8),
        }
        return factories.make_duty(
            cast.cm,
            cast.corporate,
            borrower=of,
            **given | days | {"reason": f"11 月 {day} 日到期，提醒还款。"} | over,
        )

    def on_paper(document: Document, actual_on: date) -> LateEntry:
        return act(
            late_entries.request, document.author, document=document, actual_on=actual_on,
            reason="外出收贷，当日在纸质登记簿上办理",
        )  # fmt: skip

    first, second, third = companies
    with on(11, 13):  # 补录, consented to and signed
        document = tell(begin(reminder(first, 5), cast.cm))
        late = on_paper(document, date(2026, 10, 28))
        act(late_entries.consent, cast.head, late_entry=late)
        lock(again(document))
    with on(11, 13):
        discard(tell(begin(reminder(second, 6), cast.cm)), "重复登记")
    with on(11, 18):  # by the manager's deputy
        document = lock(tell(begin(reminder(first, 18), cast.cm2)))
        assert document.on_behalf_of == cast.cm
    with on(11, 20):  # consented to and not yet signed
        document = tell(begin(reminder(second, 7), cast.cm))
        late = on_paper(document, date(2026, 11, 2))
        act(late_entries.consent, cast.head, late_entry=late)
    with on(11, 20):  # the head has not answered yet
        on_paper(tell(begin(reminder(third, 8), cast.cm)), date(2026, 11, 3))
    with on(11, 23):  # the president's note of two cases on one draft: opened for the one, then for the other
        reports = (
            WorkItem.objects.open().filter(kind="misuse_report", borrower_number="C100004").order_by("pk")
        )
        for duty in reports:
            document = tell(begin(duty, cast.president))
        assert [*document.work_items.order_by("pk")] == [*reports] and len(reports) == 2
    with on(11, 23):  # one duty, one draft
        tell(begin(reminder(first, 25), cast.cm))


# --- 受控账户登记表 ---


def supervised_accounts(cast: SimpleNamespace, of: Borrower) -> None:
    """Three loans whose payments are reviewed, each through an account of its own."""
    contract = factories.make_contract(
        of, number="HT2026-0115", product=Product.FIXED_ASSET, purpose="购置设备"
    )
    loans = [
        lend(
            cast, of, f"JJ2026-015{place}", f"6200{place}0", contract=contract, product=Product.FIXED_ASSET,
            amount=Decimal(1500000), starts_on=date(2026, 11, 16),
        )
        for place in (51, 52, 53)
    ]  # fmt: skip

    def marking(document: Document) -> Document:
        return fill(document, notified_on=clock.today().isoformat(), marked_on=clock.today().isoformat())

    def ending(document: Document) -> Document:
        return fill(document, ended_on=clock.today().isoformat(), why="资金已全部支付")

    with on(11, 17):
        run(SupervisedAccounts)
        lock(marking(begin(owed("supervised_account", subject_id=loans[0].pk), cast.cm)))
    with on(11, 20):  # the mark is to be taken off, by nobody's duty
        submit(ending(act(start_about, cast.cm, form="supervised_account", loan=loans[0])))
    with on(11, 20):
        marking(begin(owed("supervised_account", subject_id=loans[1].pk), cast.cm))
    with on(11, 20):
        document = submit(marking(begin(owed("supervised_account", subject_id=loans[2].pk), cast.cm)))
    with on(11, 23):
        send_back(document, "网银尚未标识，请先通知开户行")
    with on(11, 23):  # begun from the loan's page, without a duty
        marking(act(start_about, cast.head, form="supervised_account", loan=loans[2]))


# --- 保函原件收回单 ---


def original_recoveries(cast: SimpleNamespace, of: Borrower) -> None:
    """Four letters of one company: one arranged beforehand, one back, one on the way, one lost."""
    contract = factories.make_contract(
        of, number="HT2026-0142", product=Product.LETTER_OF_GUARANTEE, signed_on=date(2025, 6, 2)
    )
    letters = []
    for place, expiry in enumerate((date(2026, 11, 30), *[date(2026, 11, 9)] * 3), start=1):
        loan = factories.make_loan(
            of, cast.corporate, contract=contract, number=f"BH2025-000{place}", amount=Decimal(300000),
            product=Product.LETTER_OF_GUARANTEE, starts_on=date(2025, 6, 2), matures_on=expiry,
        )  # fmt: skip
        LetterOfGuarantee.objects.create(
            loan=loan, kind="PERFORMANCE", beneficiary="江州建设局", is_electronic=False,
            original_number=f"BH-001{place}",
        )  # fmt: skip
        letters.append(loan)
    with on(10, 30):
        run(OriginalRecovery)
    with on(11, 3):
        document = begin(owed("original_recovery", subject_id=letters[0].pk), cast.cm)
        lock(fill(document, outcome="ARRANGED", arrangement="与财务经理电话约定到期次日交还。"))
    with on(11, 10):
        run(OriginalRecovery)
    back = {"outcome": "RETURNED", "custody": "营业部金库 3 号柜"}
    with on(11, 12):
        document = fill(begin(owed("original_recovery", subject_id=letters[1].pk), cast.cm), **back)
        attach(document, "result", "原件.png", factories.make_photo(120, (12, 16)))
        lock(again(document))
    with on(11, 13):
        submit(fill(begin(owed("original_recovery", subject_id=letters[2].pk), cast.cm), **back))
    with on(11, 20):
        document = fill(
            begin(owed("original_recovery", subject_id=letters[3].pk), cast.cm), outcome="LOST",
            release_reference="江建函〔2026〕18 号", released_on="2026-11-19",
        )  # fmt: skip
        attach(document, "release", "解除责任函.pdf", factories.make_pdf(pages=2))


# --- 支付约定补签登记表 and 合同约定落实登记表 ---


def contract_papers(cast: SimpleNamespace, second: Borrower, fourth: Borrower) -> None:
    """Two contracts that lack clauses and carry promises; of the one half is mended, of the other nothing."""
    one, other = (of.contracts.get(number=f"HT2026-010{place}") for of, place in ((second, 2), (fourth, 4)))
    for contract in (one, other):
        Clause.objects.create(contract=contract, place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
        Clause.objects.create(
            contract=contract, place=2, kind="OTHER", due_on=date(2026, 11, 26), text="办妥押品保险"
        )
        for place in (1, 2):
            ApprovalCondition.objects.create(
                contract=contract,
                place=place,
                due_on=date(2026, 11, 23 + place),
                text=f"追加第 {place} 项抵押",
            )

    def mend(document: Document, *agreed: str) -> Document:
        rows = [
            {**row, "agreed": answer, "text": "经贷款人同意" if answer == "yes" else ""}
            for row, answer in zip(document.content["clauses"], agreed, strict=True)
        ]
        return fill(document, clauses=rows, reference="BC-1", signed_on=clock.today().isoformat())

    with on(11, 16):
        run(PaymentClauses, ContractTerms)
    with on(11, 17):  # one clause of two: the duty stays
        lock(mend(begin(owed("contract_clauses", second.number), cast.cm), "yes", "no"))
    with on(11, 20):
        submit(mend(begin(owed("contract_clauses", second.number), cast.cm), "yes"))
        mend(begin(owed("contract_clauses", fourth.number), cast.cm), "yes", "yes")

    def meet(document: Document, *met: str) -> Document:
        return fill(document, met=list(met), met_on=clock.today().isoformat(), evidence="保单 B-7 已入库")

    with on(11, 17):
        lock(meet(begin(owed("contract_terms", second.number), cast.cm), "condition:1", "clause:2"))
    with on(11, 20):
        submit(meet(begin(owed("contract_terms", second.number), cast.cm), "condition:2"))
        withdraw(submit(meet(begin(owed("contract_terms", fourth.number), cast.cm), "clause:2")), "凭证有误")


# --- 固定联系登记表 ---


def fixed_contacts(cast: SimpleNamespace) -> None:
    """Two persons: the one reached, corrected twice; the other not told yet."""
    second = factories.make_borrower("P200002", "万小红", kind=BorrowerKind.PERSONAL, phone="0791-88880001")
    factories.make_responsibility(second, cast.cm_personal, cast.personal)
    factories.make_loan(
        second, cast.personal, number="JJ2026-0202", product=Product.HOUSING, amount=Decimal(600000),
        starts_on=date(2026, 11, 16), matures_on=date(2046, 3, 10),
    )  # fmt: skip
    with on(3, 10):
        run(FirstContact)

    def reach(document: Document, place: str) -> Document:
        return fill(
            document,
            phone="0791-88880002",
            reachable_at=place,
            way="PHONE",
            contacted_on=clock.today().isoformat(),
        )

    with on(3, 12):
        document = lock(reach(begin(owed("fixed_contact", "P200001"), cast.cm_personal), "城东路 8 号"))
    with on(4, 8):
        document = lock(reach(correct(document, cast.cm_personal), "城东路 18 号"))
    with on(11, 16):
        reach(correct(document, cast.cm_personal), "城东路 28 号")
    with on(11, 16):
        run(FirstContact)
    with on(11, 17):
        reach(begin(owed("fixed_contact", "P200002"), cast.cm_personal), "湖滨路 3 号")


# --- what is kept of it ---


def executable(dump: str) -> str:
    """The dump as one text that any client can execute: no commands of psql, no settings of a server, no remarks."""
    kept = []
    for line in dump.splitlines():
        if re.match(r"\\|--|SET (?!check_function_bodies|standard_conforming_strings)", line):
            continue
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


def test_make(new_database: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes the dump, what it held, and the attached files beside this module."""
    monkeypatch.setattr("django.utils.timezone.now", clock.now)  # what history and sessions say of the time
    with new_database() as name:
        with on(11, 2):
            cast = build_cast()
        write_book(cast)
        with on(11, 24):
            sealing.seal_all()
        assert sealing.verify().ok
        User.objects.update(password="!")  # nobody's password is needed
        for document in Document.objects.all():
            assert signatures.verify(document) == [], document
        print(*map(state_of, Document.objects.order_by("form", "number", "revision")), sep="\n")
        (HERE / AS_IT_WAS).write_text(written(told()), encoding="utf-8")
        without = [f"--exclude-table-data={table}" for table in ("django_session", "axes_*")]
        dump = subprocess.run(
            ["pg_dump", "--inserts", "--no-owner", "--no-privileges", *without, url_of(name)],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        (HERE / BOOK).write_bytes(gzip.compress(executable(dump).encode(), mtime=0))
        kept = HERE / FILES
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        for path in sorted(Path(settings.MEDIA_ROOT).glob("attachments/*/*")):
            if len(path.name) == 64:  # not its smaller copies
                shutil.copy(path, kept / path.name)


def state_of(one: Document) -> str:
    """A document, its rounds, who wrote it about what, the duties that hang on it, and what a draft lacks."""
    rounds = ",".join(one.chains.values_list("status", flat=True))
    duties = ",".join(
        f"{kind}:{key}" for kind, key in one.work_items.order_by("pk").values_list("kind", "period_key")
    )
    gaps = len(documents.gaps_of(one, on=date(2026, 11, 24))) if one.status == "DRAFT" else "-"
    about = f"{one.subject_kind} {one.subject_id}"
    return f"{one.form} {one} {one.status} [{rounds}] {one.author.name} {about} [{duties}] {gaps}"

"""The money of a loan, as its people meet it: paid out by review, followed, misused, corrected; and a month closed."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core import clock
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.imports.run import import_files, profile
from credit.models import Clause, Loan
from monitoring.models import AccountLedgerReview, FundUse, MisuseCase, Payment, Signal
from postloan import close_of_day
from postloan.jobs import deliver_outbox
from tests.browser.test_story import fill, give_password
from tests.monitoring.paying import GOOD, PAYEE, PDF, lend_on_account, move, register
from tests.project.test_query_budgets import fill as fill_book
from workflow.choices import DutyStatus
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.browser
ACCOUNT = "620001"
HEADS = ("流水号", "账号", "交易日", "方向", "金额", "对方户名", "对方账号", "摘要")


def applied(on: date) -> None:
    """The extracts of a day have arrived."""
    ImportBatch.objects.create(
        profile="native", as_of=on, known_on=on, status=ImportStatus.APPLIED, received_at=clock.now(),
        received_by="1012", finished_at=clock.now(),
    )  # fmt: skip


def extract(folder: Path, on: date, *movements: tuple[str, str, str, str]) -> None:
    """The core system's file of the day: (amount that left, to whom, account, summary)."""
    with (folder / "transactions.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEADS)
        for n, (amount, name, account, summary) in enumerate(movements, 1):
            rows.writerow(
                [f"HX{on:%Y%m%d}{n:04d}", ACCOUNT, on.isoformat(), "借", amount, name, account, summary]
            )
    layout = profile("native")
    batch = import_files({"transactions.csv": folder / "transactions.csv"}, layout=layout, as_of=on)
    assert batch.status == ImportStatus.APPLIED, batch.files.get().errors


def fill_in(page: Page, document: Document, answers: dict[str, str]) -> None:
    """Fill in a form and save it."""
    given = {name: [value] for name, value in answers.items()}
    page.goto(f"/documents/{document.pk}/edit/all/")
    for _ in range(2):  # some answers ask for others
        fill(page, given)
    page.get_by_role("button", name="保存", exact=True).first.click()


def hand_in(page: Page, document: Document) -> None:
    """With the password."""
    page.goto(f"/documents/{document.pk}/submit/")
    expect(page.get_by_text("没有填好")).to_have_count(0)
    give_password(page, "签字并提交")


def write(page: Page, document: Document, answers: dict[str, str]) -> None:
    """Fill in a form and hand it in."""
    fill_in(page, document, answers)
    hand_in(page, document)


def sign(page: Page, document: Document) -> None:
    page.goto(f"/documents/{document.pk}/")
    give_password(page, "签字")


@pytest.fixture
def lent(world) -> Loan:
    """Eight million paid out under an entrusted contract after the lender's first day, the 20th of last month."""
    first = (clock.today().replace(day=1) - timedelta(days=1)).replace(day=20)
    applied(first)
    register(world.borrower)
    for place, kind in enumerate(
        ("PAYMENT_MODE", "PAYMENT_CONSENT", "PASSIVE_DEBIT_BAN", "SUSPENSION_RIGHT"), 1
    ):
        mode = "ENTRUSTED" if kind == "PAYMENT_MODE" else ""
        Clause.objects.create(
            contract=world.contract, place=place, kind=kind, payment_mode=mode, text="见合同"
        )
    loan = lend_on_account(
        world, "8000000", number=ACCOUNT, starts_on=first + timedelta(days=1), balance=Decimal(8_000_000)
    )
    move(ACCOUNT, "8000000", loan.starts_on, loan=loan, summary="贷款发放", balance_after=Decimal(8_000_000))
    return loan


@pytest.mark.obligation("GR-16", clause="bc")
@pytest.mark.obligation("GR-20.2", clause="a")
@pytest.mark.obligation("GR-23", clause="bf")
def test_loan_money_is_reviewed_released_followed_misused_and_corrected_and_a_month_is_closed(
    world, lent, site, sign_in, tmp_path
):
    today = clock.today()
    list(close_of_day.catch_up(until=today - timedelta(days=1)))
    manager, risk, risk_head = sign_in(world.cm), sign_in(world.risk), sign_in(world.risk_head)

    # Six million to the registered supplier: the risk manager's limit is five, so the head of risk signs too.
    manager.goto(f"/loans/{lent.number}/")
    manager.get_by_role("button", name="发起支付").click()
    request = Document.objects.get(form="payment_request")
    manager.goto(f"/documents/{request.pk}/edit/all/")
    manager.locator("input[type=file]").first.set_input_files(
        {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": io.BytesIO(PDF).getvalue()}
    )
    expect(manager.get_by_text("合同.pdf").first).to_be_visible()
    write(
        manager, request,
        {
            "mode": "ENTRUSTED", "payee": PAYEE, "amount": "6000000", "purpose": "采购棉纱", "trade_contract": "CG-11",
            "contract_party": "华东棉业有限公司", "contract_amount": "6000000", "no_invoice_why": "预付款，到货后补交",
            "progress": "合同签订后全额预付", "purpose_fits": "yes", "payee_fits": "yes", "amount_fits": "yes",
        },
    )  # fmt: skip
    accountant = sign_in(world.accountant)
    accountant.goto("/counter/")
    expect(accountant.get_by_text("没有待放行的支付")).to_be_visible()
    sign(risk, request)
    sign(risk_head, request)
    accountant.goto("/counter/")
    accountant.get_by_role("button", name="放行").click()
    expect(accountant.locator("main")).to_contain_text("没有待放行的支付")
    assert Payment.objects.get().status == "RELEASED"

    # The evening's extract: the payment, and 1.5 million that nobody reviewed.
    extract(
        tmp_path, today,
        ("6000000.00", "华东棉业有限公司", PAYEE, "货款"), ("1500000.00", "洪都证券", "6298", "银证转账"),
    )  # fmt: skip
    close_of_day.close(today)
    assert Payment.objects.get().transaction.counterparty_account == PAYEE
    signal = Signal.objects.get(kind="UNREVIEWED")
    assert (signal.level, signal.loan, signal.amount) == ("RED", lent, Decimal("1500000.00"))

    # The risk manager finds it on the home page, confirms it as misuse, and the contract is frozen.
    risk.goto("/")
    expect(risk.get_by_text("未经审核划付 1,500,000.00 元").first).to_be_visible()
    risk.goto(f"/signals/{signal.pk}/")
    risk.locator("[name=verdict][value=MISUSE]").check()
    risk.locator("[name=why]").fill("转入证券账户，与采购棉纱的约定不符。")
    risk.get_by_role("button", name="认定").click()
    case = MisuseCase.objects.get()
    assert case.contract == world.contract and case.status == "RECTIFYING"
    manager.goto(f"/loans/{lent.number}/")
    expect(manager.get_by_role("button", name="发起支付")).to_be_disabled()
    expect(manager.locator("main")).to_contain_text("已暂停用款")

    # The counter refuses what is not the customer's own, and the story of the case tells it.
    accountant.goto("/counter/")
    for name, text in (
        ("account", ACCOUNT), ("payee_name", "某商行"), ("payee_account", "6299"), ("amount", "100,000"),
    ):  # fmt: skip
        accountant.locator(f"[name={name}]").fill(text)
    accountant.get_by_role("button", name="核对").click()
    expect(accountant.get_by_role("alert")).to_contain_text("因挪用已暂停用款")
    expect(accountant.get_by_role("alert")).to_contain_text("客户自有资金只有 0.00 元")
    risk.goto(f"/misuse/{case.pk}/")
    expect(risk.locator("main")).to_contain_text("柜面拒办")

    # The manager corrects it, the head reads it, and only the risk line's signature thaws.
    deliver_outbox()
    duty = WorkItem.objects.get(kind="misuse_rectification")
    manager.goto(f"/documents/start/{duty.pk}/")
    manager.get_by_role("button", name="开始填写").click()
    sheet = Document.objects.get(form="misuse_rectification")
    write(
        manager, sheet,
        {
            "demanded": "当面要求三日内转回。", "corrected_on": today.isoformat(), "corrected": "1,500,000 元已转回。",
            "evidence": "转回流水", "proposal": "恢复用款，逐笔审核。",
        },
    )  # fmt: skip
    head = sign_in(world.head)
    sign(head, sheet)
    assert MisuseCase.objects.get().status == "RECTIFYING"
    sign(risk, sheet)
    assert MisuseCase.objects.get().status == "ACCEPTED"
    manager.goto(f"/loans/{lent.number}/")
    expect(manager.get_by_role("button", name="发起支付")).to_be_enabled()

    # 附件1: both uses are there, the unreviewed one is judged as what it was.
    duty = WorkItem.objects.get(kind="fund_use_record", status=DutyStatus.OPEN)
    manager.goto(f"/documents/start/{duty.pk}/")
    manager.get_by_role("button", name="开始填写").click()
    record = Document.objects.get(form="fund_use_record")
    fine = {
        "purpose": "GOODS",
        "flows_back": "no",
        "is_upstream": "yes",
        "as_agreed": "yes",
        "verified_by": "VOUCHER",
    }
    odd = fine | {
        "purpose": "OTHER", "is_upstream": "no", "as_agreed": "no", "anomaly": "SECURITIES", "note": "已转回并处置",
    }  # fmt: skip
    rows = {row["payee"].partition(" ")[0]: place for place, row in enumerate(record.content["uses"])}
    answers = {
        "proof": "购销合同 CG-11",
        "analysis": "六百万元用于采购，其余已转回。",
        "measures": "逐笔审核。",
    }
    for payee, judged in (("华东棉业有限公司", fine), ("洪都证券", odd)):
        answers |= {f"uses-{rows[payee]}-{name}": value for name, value in judged.items()}
    write(manager, record, answers | {"checked_on": today.isoformat()})
    sign(head, record)
    assert sorted(FundUse.objects.values_list("amount", "as_agreed")) == [
        (Decimal("1500000.00"), False), (Decimal("6000000.00"), True),
    ]  # fmt: skip
    manager.goto(f"/loans/{lent.number}/#uses")
    expect(manager.locator("#uses")).to_contain_text("不合用途")

    # 附件2: last month is closed on its own sheet, every mark explained.
    manager.goto("/ledgers/")
    manager.get_by_role("button", name="填写附件2").first.click()
    ledger = Document.objects.get(form="account_ledger_review")
    marks = {f"marks-{place}-why": "已向客户核实。" for place in range(len(ledger.content["marks"]))}
    write(
        manager, ledger,
        marks | {"pattern": "正常", "measures": "督促客户登记购销模式。", "reviewed_on": today.isoformat()},
    )  # fmt: skip
    sign(head, ledger)
    review = AccountLedgerReview.objects.get()
    assert review.is_normal and review.month.borrower == world.borrower
    assert (
        WorkItem.objects.get(kind="account_ledger_review", subject_id=world.borrower.pk).status
        == DutyStatus.DONE
    )


def ask(page: Page, loan: Loan, amount: str) -> Document:
    """Begin a 支付审核单 from the loan's page and fill it in, all but the handing in."""
    page.goto(f"/loans/{loan.number}/")
    page.get_by_role("button", name="发起支付").click()
    request = Document.objects.filter(form="payment_request").latest("pk")
    page.goto(f"/documents/{request.pk}/edit/all/")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": io.BytesIO(PDF).getvalue()}
    )
    expect(page.get_by_text("合同.pdf").first).to_be_visible()
    fill_in(page, request, GOOD | {"amount": amount})
    return request


@pytest.mark.obligation("GR-20.2", clause="bc")
def test_money_that_left_meanwhile_is_refused_from_the_request_to_the_counter(world, site, sign_in, tmp_path):
    # Three million under self payment. 1,200,000 are reviewed, 1,000,000 are under review, 500,000 are asked for.
    today = clock.today()
    applied(today - timedelta(days=2))
    register(world.borrower)
    loan = lend_on_account(
        world, "3000000", number=ACCOUNT, starts_on=today - timedelta(days=1), balance=Decimal(3_000_000)
    )
    list(close_of_day.catch_up(until=today - timedelta(days=1)))
    manager, risk, accountant = (
        sign_in(world.cm),
        sign_in(world.risk),
        sign_in(world.accountant, width=390, height=844),
    )
    passed = ask(manager, loan, "1200000")
    hand_in(manager, passed)
    sign(risk, passed)
    waiting = ask(manager, loan, "1000000")
    hand_in(manager, waiting)
    begun = ask(manager, loan, "500000")

    # The evening's extract: the borrower paid 2,500,000 by itself. 500,000 are left.
    extract(tmp_path, today, ("2500000.00", "赣江运输", "6299", "运费"))
    close_of_day.close(today)

    hand_in(manager, begun)
    expect(manager.locator("main")).to_contain_text("超过未付贷款资金 0.00 元")
    risk.goto(f"/documents/{waiting.pk}/")
    expect(risk.get_by_role("button", name="签字", exact=True)).to_be_disabled()
    expect(risk.locator("#why-not-sign")).to_contain_text("提交以后又见到用款：未付贷款资金只有 0.00 元")
    accountant.goto("/counter/")
    expect(accountant.get_by_role("button", name="放行")).to_be_disabled()
    expect(accountant.locator("main")).to_contain_text("未付贷款资金只有 500,000.00 元")

    # The manager sees where it went, gives the payment up, and what is left cannot be asked for twice.
    manager.goto(f"/loans/{loan.number}/")
    expect(manager.locator("#payments")).to_contain_text("2,500,000.00")
    expect(manager.get_by_role("button", name="发起支付")).to_be_disabled()
    assert sorted(Payment.objects.values_list("status", "amount")) == [
        ("REVIEWED", Decimal(1_200_000)), ("SUBMITTED", Decimal(1_000_000)),
    ]  # fmt: skip


PAGES = {
    "risk": (
        "/signals/", "/signals/{signal}/", "/misuse/", "/funds/", "/outlook/", "/payments/", "/uses/", "/ledgers/",
        "/supervised-accounts/", "/agreements/", "/groups/JT/",
    ),
    "president": ("/payments/authority/",),
    "accountant": ("/counter/",),
    "cm": ("/ledgers/", "/borrowers/{borrower}/", "/loans/{loan}/"),
}  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_the_pages_of_money_pass_axe_and_nothing_runs_off_the_edge(world, site, sign_in, width, height):
    fill_book(world, 2)
    signal = Signal.objects.order_by("-pk").first()
    loan = Payment.objects.first().loan
    at = {"signal": signal.pk, "borrower": loan.borrower.number, "loan": loan.number}
    wrong = []
    for who, pages in PAGES.items():
        page = sign_in(world.people[who], width=width, height=height)
        for path in pages:
            assert page.goto(path.format(**at)).status == 200, path
            for violation in Axe().run(page).response["violations"]:
                wrong.append((who, path, violation["id"], [n["target"] for n in violation["nodes"]][:3]))
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append((who, path, "runs off the edge"))
    assert wrong == [], wrong

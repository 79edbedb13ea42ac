"""What the customer manager owes about loan money, two of a kind at once: each goes its own road from the home page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core import clock
from core.policy import policy_on
from credit.choices import Product
from monitoring.ledgers.duties import AccountReview
from monitoring.misuse import services as misuse
from monitoring.models import FundUse, MisuseCase, Payment, Signal, SupervisedAccount
from monitoring.self_payments.duties import SelfPaymentSummary
from monitoring.signals.duties import AccountSignals
from monitoring.supervised.duties import SupervisedAccounts
from postloan.jobs import deliver_outbox
from tests import factories
from tests.monitoring import ledger
from tests.monitoring.movements import make_signal
from tests.monitoring.paying import GOOD, lend_on_account, move, register
from tests.monitoring.test_misuse import ANSWERS as CORRECTED
from tests.monitoring.test_uses import FINE, look
from tests.roads.walking import Answers, Matter, Walker, signed_by, standing, the_later_first
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def judge(rule, on: date) -> None:
    reconcile(rule, on=on, policy=policy_on(on))


@pytest.mark.obligation("GR-23", clause="f")
def test_of_two_misuses_under_one_contract_the_later_is_corrected_first(cast) -> None:
    factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
    matters = []
    for facts, amount in (("转入证券公司", "800000"), ("又转去购房", "300000")):
        case = misuse.register(
            contract=cast.contract, facts=facts, amount=Decimal(amount), by=cast.cm, on=cast.today
        )
        about = {"case": str(case.pk), "contract": cast.contract.number, "facts": facts}
        matters.append(Matter(("限期纠正挪用", facts), about, lambda paper: CORRECTED))
    deliver_outbox()
    first, second = the_later_first(Walker(cast.cm), *matters, cast.head, cast.risk)
    cases = MisuseCase.objects.order_by("pk").values_list("status", "document")
    assert list(cases) == [("ACCEPTED", first.pk), ("ACCEPTED", second.pk)]
    assert Walker(cast.risk).client.get(f"/documents/{second.pk}/pdf/").status_code == 200


def test_of_two_months_the_later_is_reviewed_first(cast) -> None:
    def odd(paper: Document) -> Answers:
        marks = [{**mark, "why": "已核实"} for mark in paper.content.get("marks", ())]
        return {"pattern": "异常", "pattern_note": "购销方向反常", "measures": "约谈", "marks": marks}

    with clock.travelling_to(date(2026, 11, 5)):
        ledger.quiet(cast)
        for on in (date(2026, 9, 30), ledger.END):
            ledger.close(on)
            judge(AccountReview(), on)
        matters = [
            Matter(("账户资金监测", f"{month} 账户资金监测"), {"month": month}, odd)
            for month in ("2026-09", "2026-10")
        ]
        the_later_first(Walker(cast.cm), *matters, cast.head)


def test_of_two_quarters_of_one_loan_the_later_is_summed_up_first(cast) -> None:
    loan = lend_on_account(cast, "1000000", starts_on=date(2026, 5, 6))
    for paid, end in ((date(2026, 6, 10), date(2026, 6, 30)), (date(2026, 8, 20), date(2026, 9, 30))):
        move("620001", "-300000", paid, counterparty_name="华东棉业有限公司")
        look(paid)
        look(end, SelfPaymentSummary)

    def agreed(paper: Document) -> Answers:
        rows = [{**row, "reported": "yes"} for row in paper.content["payments"]]
        return {
            "received_on": "2026-11-20", "reported_total": "300000", "payments": rows, "verified_by": ["ACCOUNT"],
            "conclusion": "相符", "findings": "逐笔核对无误",
        }  # fmt: skip

    matters = [
        Matter((f"{period} 自主支付",), {"loan_number": loan.number, "period": period}, agreed)
        for period in ("2026Q2", "2026Q3")
    ]
    first, second = the_later_first(Walker(cast.cm), *matters, cast.head)
    days = [[row["item"] for row in paper.content["payments"]] for paper in (first, second)]
    assert days == [["2026-06-10"], ["2026-08-20"]]


def test_of_two_loans_of_one_borrower_the_later_s_uses_are_recorded_first(cast) -> None:
    matters = []
    for number, amount in (("620001", "300000"), ("620002", "200000")):
        loan = lend_on_account(cast, "1000000", number=number, starts_on=date(2026, 11, 2))
        move(number, f"-{amount}", date(2026, 11, 5), counterparty_name="华东棉业有限公司")
        row = ("有 1 笔用款", f"{int(amount):,}.00 元")
        matters.append(Matter(row, {"loan_number": loan.number}, _recorded))
    look(date(2026, 11, 5))
    first, second = the_later_first(Walker(cast.cm), *matters, cast.head)
    kept = FundUse.objects.order_by("amount").values_list("document", "amount")
    assert list(kept) == [(second.pk, Decimal(200000)), (first.pk, Decimal(300000))]


def _recorded(paper: Document) -> Answers:
    rows = [{**row, **FINE} for row in paper.content["uses"]]
    return {
        "uses": rows,
        "proof": "购销合同",
        "analysis": "采购棉纱",
        "measures": "无",
        "checked_on": "2026-11-24",
    }


# --- supervised accounts ------------------------------------------------------------------------------------------

STARTED = date(2026, 11, 20)
MARKED = {"notified_on": "2026-11-23", "marked_on": "2026-11-24"}


def pay_out(cast, *accounts: str) -> list[WorkItem]:
    """Loans whose payments are reviewed, through these accounts; what is owed about them."""
    for number in accounts:
        lend_on_account(cast, number=number, product=Product.FIXED_ASSET, starts_on=STARTED)
    judge(SupervisedAccounts(), cast.today)
    return list(WorkItem.objects.filter(obligation="GR-26").order_by("pk"))


@pytest.mark.obligation("GR-26", clause="a")
def test_two_loans_through_one_account_are_one_task_and_one_paper(cast) -> None:
    owed = pay_out(cast, "620001", "620001")
    manager = Walker(cast.cm)
    assert manager.rows("登记受控账户")[0].count("账户 620001 有未付贷款资金") == len(owed) == 2
    paper = manager.take("登记受控账户")
    assert paper.content["account"] == "620001"
    manager.hand_in(manager.fill(paper, **MARKED))
    assert not manager.rows("登记受控账户")
    signed_by(paper, cast.accountant)
    assert [standing(duty) for duty in owed] == [(DutyStatus.DONE, paper)] * 2
    assert SupervisedAccount.objects.count() == 1


@pytest.mark.obligation("GR-26", clause="a")
def test_of_two_accounts_the_later_is_marked_first(cast) -> None:
    accounts = ("620001", "620002")
    pay_out(cast, *accounts)
    matters = [Matter(("登记受控账户", one), {"account": one}, lambda paper: MARKED) for one in accounts]
    the_later_first(Walker(cast.cm), *matters, cast.accountant)
    assert SupervisedAccount.objects.count() == 2


# --- signals ------------------------------------------------------------------------------------------------------


def explained(paper: Document) -> Answers:
    return {
        "signals": [
            {**row, "why": "货款，合同相符", "verdict": "DISMISSED"} for row in paper.content["signals"]
        ]
    }


def raise_signal(cast, text: str) -> Signal:
    signal = make_signal(cast.borrower, cast.today, text=text)
    judge(AccountSignals(), cast.today)
    return signal


def listed(paper: Document) -> list[str]:
    return [row["signal"] for row in paper.content["signals"]]


def test_two_open_signals_are_one_task_and_one_sheet(cast) -> None:
    signals = [raise_signal(cast, text) for text in ("甲公司转回", "乙公司转回")]
    manager = Walker(cast.cm)
    paper = manager.take("核查资金异动", "甲公司转回", "乙公司转回")
    assert listed(paper) == [str(one.pk) for one in signals]
    manager.hand_in(manager.fill(paper, **explained(paper)))
    assert not manager.rows("核查资金异动")
    signed_by(paper, cast.risk)
    owed = WorkItem.objects.filter(kind="signal_check")
    assert [standing(duty) for duty in owed] == [(DutyStatus.DONE, paper)] * 2


def test_a_signal_that_comes_while_the_sheet_is_signed_gets_a_sheet_that_lists_only_it(cast) -> None:
    raise_signal(cast, "甲公司转回")
    manager = Walker(cast.cm)
    paper = manager.take("核查资金异动")
    manager.hand_in(manager.fill(paper, **explained(paper)))

    signal = raise_signal(cast, "乙公司转回")
    other = manager.take("核查资金异动", "乙公司转回")
    assert other != paper and listed(other) == [str(signal.pk)]
    signed_by(paper, cast.risk)
    (later,) = WorkItem.objects.filter(period_key=f"signal:{signal.pk}")
    assert standing(later) == (DutyStatus.OPEN, other)
    manager.hand_in(manager.fill(other, **explained(other)))
    signed_by(other, cast.risk)
    assert standing(later) == (DutyStatus.DONE, other)
    assert set(Signal.objects.values_list("status", flat=True)) == {"DISMISSED"}


# --- payments -----------------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-17.1", clause="c")
def test_a_second_payment_of_a_loan_is_begun_while_the_first_is_signed(cast) -> None:
    register(cast.borrower)
    loan = lend_on_account(cast)
    manager = Walker(cast.cm)

    def ask(amount: str) -> Document:
        button = f"/loans/{loan.number}/payments/new/"
        assert button in manager.page(f"/loans/{loan.number}/")
        paper = manager.press(button)
        assert paper.content["loan_number"] == loan.number
        manager.attach(paper, "evidence")
        return manager.fill(paper, **GOOD | {"amount": amount})

    first = manager.hand_in(ask("1000000"))
    second = ask("500000")
    assert second != first and first.status == DocumentStatus.SIGNING
    signed_by(first, cast.risk)
    manager.hand_in(second)
    signed_by(second, cast.risk)
    payments = Payment.objects.order_by("pk").values_list("document", "amount", "status")
    assert list(payments) == [
        (first.pk, Decimal(1000000), "REVIEWED"), (second.pk, Decimal(500000), "REVIEWED"),
    ]  # fmt: skip

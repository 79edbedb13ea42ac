"""The freeze of a contract after misuse (第二十三条): what of it leaves, comes, passes, and who is told.

The letters are those of the article's clauses: a the report, b self payments, c outflows and drawdowns, d own money,
e the right to suspend; f stands in test_misuse.py, b's reviewed payments in test_payments.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core import clock, outbox
from core.models import AuditEntry
from core.policy import policy_on
from credit.models import AccountBalance, Clause, LedgerEntry, Loan
from monitoring.decisions.services import dismiss
from monitoring.misuse import services as misuse
from monitoring.misuse import watch as frozen
from monitoring.misuse.duties import RULES as MISUSE_RULES
from monitoring.misuse.duties import FrozenContract
from monitoring.models import PassedSlip, Payment, RefusedRelease, Signal
from monitoring.unreviewed.duties import UnreviewedPayment
from monitoring.uses.recognition import see
from postloan.close_of_day import retry
from postloan.jobs import HANDLERS
from tests import factories
from tests.imports.extracts import close, load_only
from tests.imports.test_entry import post
from tests.monitoring.money import put
from tests.monitoring.paying import PAYEE, lend_on_account, move, register, reviewed, sign, submit
from tests.monitoring.test_misuse import ANSWERS
from tests.pages import one_time
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem
from workflow.pages.editing import start_from
from workflow.services import documents
from workflow.sweep import set_aside

pytestmark = pytest.mark.usefixtures("reference")
LENT, BEFORE = date(2026, 11, 2), date(2026, 11, 20)
SLIP = {"account": "620001", "payee_name": "某商行", "payee_account": "6299", "amount": "100,000"}


@pytest.fixture
def loan(cast) -> Loan:
    """100 万元 under self payment that nobody reviews, all of it on account 620001."""
    return lend_on_account(cast, "1000000", starts_on=LENT)


@pytest.fixture
def case(cast, loan):
    """Its contract is frozen since today, Tuesday 11-24."""
    return freeze(cast)


def freeze(cast, facts: str = "转入证券公司"):
    return misuse.register(
        contract=cast.contract, facts=facts, amount=Decimal(800000), by=cast.risk, on=cast.today
    )


def account(cast):
    return cast.borrower.accounts.get(number="620001")


def at(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def slip(cast, amount: str, **differs: str):
    """What the counter answers: its status, and its page."""
    answer = at(cast.accountant).post("/counter/", SLIP | one_time() | {"amount": amount} | differs)
    return answer.status_code, answer.content.decode()


def watch(on: date) -> dict[str, int]:
    """The day's look at frozen contracts."""
    return dict(frozen.watch(on, policy_on(on)))


def told() -> list[tuple[str, str, str]]:
    return [(row.kind, row.level, str(row.amount)) for row in Signal.objects.order_by("pk")]


def judge(on: date) -> None:
    for rule in (*MISUSE_RULES, FrozenContract(), UnreviewedPayment()):
        reconcile(rule, on=on, policy=policy_on(on))


def owed(kind: str) -> list[tuple[str, str]]:
    """Whose duties of a kind there are, and how they stand."""
    rows = WorkItem.objects.filter(kind=kind).order_by("pk")
    return [(row.person.name if row.person else "", row.status) for row in rows]


def write_down(item: WorkItem, by, record: str) -> None:
    """Discharge a duty by a 办结记录."""
    document = start_from(item, user=by, on=clock.today())
    documents.save(
        document=document, answers={"record": record}, version=document.version, by=by, at=clock.now()
    )
    document.refresh_from_db()
    submit(document)


def accept(cast) -> None:
    """The manager's 限期纠正单, signed to its end on the same day."""
    item = WorkItem.objects.get(kind="misuse_rectification")
    document = start_from(item, user=cast.cm, on=clock.today())
    documents.save(document=document, answers=ANSWERS, version=document.version, by=cast.cm, at=clock.now())
    document.refresh_from_db()
    submit(document)
    sign(document, cast.head)
    sign(document, cast.risk)


# --- a: the report ------------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-23", clause="a")
def test_the_principal_is_told_at_once_and_the_managers_report_outlives_a_quick_correction(
    cast, case
) -> None:
    assert outbox.deliver(HANDLERS) == 1
    assert owed("misuse_report") == [("吴刚", "OPEN")] and owed("misuse_manager_report") == [("张明", "OPEN")]
    accept(cast)
    for day in (cast.today, cast.today + timedelta(days=30)):
        judge(day)
    assert owed("misuse_manager_report") == [("张明", "OPEN")]
    write_down(WorkItem.objects.get(kind="misuse_manager_report"), cast.cm, "已当面并书面报告吴刚行长")
    judge(cast.today)
    assert owed("misuse_manager_report") == [("张明", "DONE")] and owed("misuse_report") == [("吴刚", "OPEN")]


@pytest.mark.obligation("GR-23", clause="a")
def test_a_case_that_was_closed_before_anybody_looked_is_reported_all_the_same(cast, case) -> None:
    reconcile(
        MISUSE_RULES[0], on=cast.today, policy=policy_on(cast.today)
    )  # the duty to correct, and no other
    accept(cast)
    assert outbox.deliver(HANDLERS) == 1
    assert owed("misuse_report") == [("吴刚", "OPEN")] and owed("misuse_manager_report") == [("张明", "OPEN")]


# --- b: self payments that nobody reviews -------------------------------------------------------------------------


@pytest.mark.obligation("GR-23", clause="b")
def test_a_self_payment_of_frozen_loan_money_is_refused_at_the_counter_and_told_to_the_risk_line(
    cast, loan
) -> None:
    put(account(cast), "1000000", BEFORE)
    assert slip(cast, "100,000")[0] == 200  # before the freeze it is ordinary business
    assert not RefusedRelease.objects.exists() and not PassedSlip.objects.exists()
    case = freeze(cast)
    status, page = slip(cast, "100,000")
    assert status == 403 and "因挪用已暂停用款（自 2026-11-24 起，事实：转入证券公司）" in page
    assert "已通知风险经理" in page and "客户自有资金只有 0.00 元" in page
    refused = RefusedRelease.objects.get()
    assert refused.case == case
    outbox.deliver(HANDLERS)
    duty = WorkItem.objects.get(kind="frozen_contract")
    assert (duty.obligation, duty.period_key, duty.person, duty.due_on) == (
        "GR-23", f"refused:{refused.pk}", cast.risk, cast.today,
    )  # fmt: skip
    assert "柜面拒办支付 100,000.00 元（收款人“某商行”）" in duty.reason
    assert not WorkItem.objects.filter(obligation="GR-19").exists()


# --- c: what the account shows, and what is lent --------------------------------------------------------------------


@pytest.mark.obligation("GR-23", clause="c")
def test_an_outflow_of_frozen_loan_money_is_told_in_red_the_same_day_loan_money_first(cast, case) -> None:
    # 1,000,000 of loan money and 500,000 of the customer's own: 600,000 and 300,000 leave as loan money, so do 100,000
    # of the last 200,000; a repayment to us and what was undone are no outflow, a transfer to an own account is one.
    put(account(cast), "1500000", BEFORE)
    move("620001", "-600000", cast.today, counterparty_name="海南置业", counterparty_account="6298")
    move("620001", "-50000", cast.today, summary="归还贷款本金")
    undone = move("620001", "-70000", cast.today, counterparty_name="误划", counterparty_account="6297")
    move("620001", "70000", cast.today, reverses=undone)
    move("620001", "-300000", cast.today, counterparty_name=cast.borrower.name, counterparty_account="6296")
    move("620001", "-200000", cast.today, counterparty_name="工资户", counterparty_account="6295")
    move("620001", "-10", cast.today, counterparty_name="水费", counterparty_account="6294")
    assert watch(cast.today) == {"signals": 3}
    assert told() == [
        ("FROZEN_OUTFLOW", "RED", "600000.00"),
        ("FROZEN_OUTFLOW", "RED", "300000.00"),
        ("FROZEN_OUTFLOW", "RED", "200000.00"),
    ]
    first, *_, last = Signal.objects.order_by("pk")
    assert (first.known_on, first.account, first.loan.contract) == (cast.today, account(cast), cast.contract)
    assert "仍付“海南置业”600,000.00 元" in first.text and "贷款资金 100,000.00 元" in last.text
    see(cast.today, policy_on(cast.today))  # what the day saw of the uses changes nothing of what it told
    assert watch(cast.today) == {"signals": 0}


def test_the_risk_manager_answers_for_what_left_until_it_is_decided(cast, case) -> None:
    move("620001", "-600000", cast.today, counterparty_name="海南置业", counterparty_account="6298")
    watch(cast.today)
    judge(cast.today)
    duty = WorkItem.objects.get(kind="frozen_contract")
    # Known by the close of Tuesday 11-24, first seen on Wednesday 11-25: due that day.
    assert (duty.person, duty.due_on) == (cast.risk, date(2026, 11, 25))
    assert "海南置业" in duty.reason and "请立即核实处理" in duty.reason
    dismiss(signal=Signal.objects.get(), by=cast.risk, why="客户自有回款支付货款", on=cast.today)
    duty.refresh_from_db()
    assert duty.status == DutyStatus.DONE


@pytest.mark.obligation("GR-23", clause="c")
def test_only_what_happens_while_it_is_frozen_is_told_and_a_missed_day_as_it_would_have_been_then(
    cast, loan
) -> None:
    yesterday, tomorrow = cast.today - timedelta(days=1), cast.today + timedelta(days=1)
    move("620001", "-5", cast.today, counterparty_account="6298")
    assert watch(cast.today) == {}
    freeze(cast)
    move("620001", "-7", yesterday, known_on=cast.today, counterparty_account="6298")  # before the freeze
    judge(cast.today)
    with clock.travelling_to(tomorrow):
        accept(cast)
    move("620001", "-9", tomorrow, counterparty_account="6298")
    assert watch(tomorrow) == {}  # thawed
    assert watch(cast.today) == {"signals": 1} and told() == [("FROZEN_OUTFLOW", "RED", "5.00")]


@pytest.mark.obligation("GR-23", clause="c")
def test_a_payment_that_was_released_before_the_freeze_is_no_outflow_of_it(cast) -> None:
    register(cast.borrower)
    cast.contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    payment = reviewed(lend_on_account(cast), cast)
    movement = move("620001", "-1000000", cast.today, counterparty_account=PAYEE)
    Payment.objects.filter(pk=payment.pk).update(
        status="RELEASED", released_on=cast.today, released_by=cast.accountant, transaction=movement
    )
    freeze(cast)
    assert watch(cast.today) == {"signals": 0}
    # Of a reviewed loan too, loan money leaves first: 2,000,000 are left, and one yuan of it goes.
    move("620001", "-1", cast.today, counterparty_account="6298")
    assert watch(cast.today) == {"signals": 1}


LOAN = {
    "number": "JJ2026-0999", "contract": "HT2026-0101", "unit": "BR1-C", "product": "WORKING_CAPITAL",
    "amount": "500000", "annual_rate": "4.35", "starts_on": "2026-11-24", "matures_on": "2027-03-01",
}  # fmt: skip
DRAWN = {
    "number": "LS-9", "loan": "JJ2026-0101", "kind": "发放", "amount": "200000",
    "effective_on": "2026-11-24",
}  # fmt: skip


@pytest.mark.obligation("GR-23", clause="cf")
@pytest.mark.parametrize("typed", [{}, {"starts_on": "2026-11-20"}])  # whatever day is typed
def test_a_new_note_under_a_frozen_contract_is_refused_on_screen(cast, case, typed) -> None:
    answer = post(at(cast.cm), "loans", LOAN | typed)
    assert answer.status_code == 422
    (reason,) = answer.context["page"].forms[0].errors["contract"]
    assert "合同 HT2026-0101 因挪用已暂停用款（自 2026-11-24 起" in reason and "限期纠正单" in reason
    assert not Loan.objects.filter(number="JJ2026-0999").exists()
    judge(cast.today)
    accept(cast)
    assert post(at(cast.cm), "loans", LOAN | typed).status_code == 302


@pytest.mark.obligation("GR-23", clause="c")
def test_money_paid_out_on_an_old_note_is_refused_on_screen_and_a_repayment_is_not(cast, case) -> None:
    answer = post(at(cast.accountant), "repayments", DRAWN)
    assert answer.status_code == 422
    assert "因挪用已暂停用款" in answer.context["page"].forms[0].errors["loan"][0]
    assert post(at(cast.accountant), "repayments", DRAWN | {"kind": "归还本金"}).status_code == 302
    assert (
        post(
            at(cast.accountant), "repayments", DRAWN | {"number": "LS-10", "loan": "JJ2026-0301"}
        ).status_code
        == 422
    )
    assert LedgerEntry.objects.get().kind == "PRINCIPAL"


@pytest.mark.obligation("GR-23", clause="c")
@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"contract": "HT-OTHER"}, "contract"),
        ({"settlement_account": "620002"}, "settlement_account"),
        ({"amount": "1000000.01"}, "amount"),
        ({"purpose": "更正用途"}, ""),
        ({"amount": "900000"}, ""),
    ],
)
def test_a_note_is_not_led_out_of_the_freeze_by_a_correction(cast, loan, change, column) -> None:
    factories.make_contract(cast.borrower, number="HT-OTHER")
    freeze(cast)
    query = f"?key={loan.number}"
    page = at(cast.cm).get(f"/entry/loans/{query}").context["page"]
    row = page.known[0] | change
    answer = post(at(cast.cm), "loans", row, query=query, seen=page.seen)
    assert answer.status_code == (422 if column else 302)
    if column:
        assert list(answer.context["page"].forms[0].errors) == [column]


@pytest.mark.obligation("GR-23", clause="c")
def test_what_an_extract_lends_under_a_frozen_contract_is_taken_and_told_in_red(cast, case, tmp_path) -> None:
    batch = load_only(
        tmp_path, as_of=cast.today,
        loans=[
            ("借据号", "合同号", "机构号", "品种", "金额", "年利率", "发放日", "到期日"),
            ("JJ-NEW", "HT2026-0101", "BR1-C", "流动资金贷款", "500000", "0.0435", "2026-11-24", "2027-03-01"),
        ],
        repayments=[
            ("流水号", "借据号", "类型", "金额", "发生日"),
            ("L1", "JJ-NEW", "发放", "500000", "2026-11-24"),  # told with its note
            ("L2", "JJ2026-0101", "发放", "200000", "2026-11-24"),
            ("L3", "JJ2026-0101", "归还本金", "5", "2026-11-24"),
        ],
    )  # fmt: skip
    assert batch.status == "APPLIED" and Loan.objects.filter(number="JJ-NEW").exists()
    assert watch(cast.today) == {"signals": 2} and watch(cast.today) == {"signals": 0}
    assert told() == [("FROZEN_DRAWDOWN", "RED", "500000.00"), ("FROZEN_DRAWDOWN", "RED", "200000.00")]
    assert "借据 JJ-NEW 发放 500,000.00 元" in Signal.objects.order_by("pk")[0].text
    page = at(cast.cm).get(f"/misuse/{case.pk}/").content.decode()
    assert "冻结合同的新提款" in page and "借据 JJ-NEW 发放 500,000.00 元" in page


def test_a_customer_that_breaks_is_set_aside_and_told_when_it_is_tried_again(cast, case, monkeypatch) -> None:
    move("620001", "-5", cast.today, counterparty_account="6298")
    monkeypatch.setattr(frozen, "_outflow", None)
    assert watch(cast.today) == {"quarantined": 1}
    assert [row.subject_id for row in set_aside(cast.today, frozen.STEP)] == [cast.borrower.pk]
    monkeypatch.undo()
    see(cast.today, policy_on(cast.today))  # the steps after it went on
    assert retry(cast.today) == 0 and told() == [("FROZEN_OUTFLOW", "RED", "5.00")]


# --- d: the customer's own money ------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-23", clause="bd")
def test_own_money_passes_beside_frozen_loan_money_to_the_cent_and_no_more(cast, case) -> None:
    put(account(cast), "1500000", BEFORE)
    status, page = slip(cast, "500000.01")
    assert status == 403 and "客户自有资金只有 500,000.00 元" in page
    assert "2026-11-20 余额 1,500,000.00 元，减贷款资金 1,000,000.00 元" in page
    status, page = slip(cast, "500000")
    assert status == 200 and "按客户自有资金支付" in page and "列为红色信号" in page
    passed = PassedSlip.objects.get()
    assert (passed.by, passed.amount, passed.own, passed.case) == (
        cast.accountant, Decimal(500000), Decimal(500000), case,
    )  # fmt: skip
    assert AuditEntry.objects.get(act="monitoring.slip.passed").after["loan_money"] == "1000000.00"
    # That evening it is told: what is signalled counts loan money as leaving first.
    move("620001", "-500000", cast.today, counterparty_name="某商行", counterparty_account="6299")
    assert watch(cast.today) == {"signals": 1}


@pytest.mark.obligation("GR-23", clause="bd")
def test_two_slips_that_are_each_own_money_are_not_both(cast, case) -> None:
    put(account(cast), "1500000", BEFORE)
    assert slip(cast, "300000")[0] == 200
    status, page = slip(cast, "200000.01")
    assert status == 403 and "减已放行、流水未到的自有资金 300,000.00 元" in page
    assert slip(cast, "200000", payee_account="6295")[0] == 200
    # What the customer did not carry out is the customer's again, once.
    first = PassedSlip.objects.get(amount=300000)
    for _ in range(2):
        at(cast.accountant).post(f"/counter/slips/{first.pk}/undo/")
    assert PassedSlip.objects.count() == 3
    assert slip(cast, "300000.01")[0] == 403 and slip(cast, "300000")[0] == 200


@pytest.mark.obligation("GR-23", clause="bd")
def test_a_slip_counts_until_its_movement_is_known_or_its_day_is_closed(cast, case) -> None:
    put(account(cast), "1500000", cast.today - timedelta(days=1))
    assert slip(cast, "300000")[0] == 200
    # The accountant enters the movement: the balance is less, and the slip counts no more.
    move("620001", "-300000", cast.today, counterparty_account="62 99")
    assert slip(cast, "200000.01")[0] == 403 and slip(cast, "200000")[0] == 200
    close(cast.today)
    with clock.travelling_to(cast.today + timedelta(days=1)):
        assert slip(cast, "200000")[0] == 200  # it was not carried out, and the day's extract is in


@pytest.mark.obligation("GR-23", clause="d")
def test_what_came_in_since_the_balance_is_own_money_too(cast, case) -> None:
    put(account(cast), "1000000", BEFORE)
    assert slip(cast, "80000")[0] == 403
    move("620001", "80000", cast.today, counterparty_name="销售回款")
    assert slip(cast, "80000")[0] == 200


@pytest.mark.obligation("GR-23", clause="d")
def test_a_running_balance_tells_where_no_days_balance_does(cast, case) -> None:
    move("620001", "1000000", LENT, balance_after=Decimal(1000000))
    move("620001", "500", LENT)
    assert slip(cast, "500.01")[0] == 403 and slip(cast, "500")[0] == 200


@pytest.mark.obligation("GR-23", clause="bd")
def test_where_nobody_knows_the_balance_nothing_passes_until_the_accountant_enters_it(cast, case) -> None:
    status, page = slip(cast, "1")
    assert status == 403 and "账户余额没有记录，不能确认是客户自有资金" in page
    assert "请先登记该账户的余额或流水，再来核对" in page
    assert (
        post(at(cast.accountant), "balances", {"account": "620001", "balance": "1000001"}).status_code == 302
    )
    assert AccountBalance.objects.exists() and slip(cast, "1")[0] == 200


@pytest.mark.obligation("GR-23", clause="d")
def test_what_was_seen_to_be_used_is_taken_off_the_loan_money_once(cast, loan) -> None:
    # 1,000,000 lent and 100 of the customer's own; 400,000 of the loan's were used before the freeze.
    put(account(cast), "1000100", LENT)
    move("620001", "-400000", BEFORE, counterparty_account="6298")
    see(BEFORE, policy_on(BEFORE))
    freeze(cast)
    status, page = slip(cast, "100.01")
    assert status == 403 and "余额 600,100.00 元，减贷款资金 600,000.00 元" in page
    assert slip(cast, "100")[0] == 200


@pytest.mark.obligation("GR-23", clause="d")
def test_loan_money_that_is_spent_or_repaid_binds_own_money_no_longer(cast, loan) -> None:
    put(account(cast), "100", BEFORE)
    move("620001", "-1000000", BEFORE, counterparty_account="6298")
    see(BEFORE, policy_on(BEFORE))
    freeze(cast)
    status, page = slip(cast, "100")
    assert status == 200 and "没有被冻结的贷款资金" in page and not PassedSlip.objects.exists()
    move("620001", "-1", cast.today, counterparty_account="6295")
    assert watch(cast.today) == {"signals": 0}
    other = lend_on_account(cast, "70", starts_on=BEFORE)
    assert slip(cast, "30.01")[0] == 403
    factories.make_reading(other, effective_on=cast.today, balance=Decimal(0))
    assert slip(cast, "100")[0] == 200


@pytest.mark.obligation("GR-19", clause="a")
def test_own_money_passes_beside_loan_money_under_review_as_well(cast) -> None:
    cast.contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    lend_on_account(cast)
    put(account(cast), "3000000.50", BEFORE)
    assert slip(cast, "0.51")[0] == 403 and RefusedRelease.objects.get().case is None
    status, page = slip(cast, "0.50")
    assert status == 200 and "按客户自有资金支付" in page and PassedSlip.objects.get().case is None


def test_no_more_passes_than_is_the_customers_own(cast, case) -> None:
    row = {
        "on": cast.today, "at": clock.now(), "by": cast.accountant, "account": account(cast), "payee_name": "某",
    }  # fmt: skip
    for amount in (Decimal(2), Decimal(0)):
        with pytest.raises(IntegrityError, match="no_more_passes"), transaction.atomic():
            PassedSlip.objects.create(amount=amount, own=1, **row)


# --- e: no right to suspend -----------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-23", clause="e")
def test_where_the_contract_gives_no_right_the_freeze_says_so_and_legal_is_asked(cast, case) -> None:
    legal = factories.make_person("1013", "彭律", role="LEGAL", unit=cast.corporate.parent)
    outbox.deliver(HANDLERS)
    duty = WorkItem.objects.get(kind="misuse_legal")
    assert (duty.person, duty.due_on) == (legal, date(2026, 11, 26))  # two workdays
    home = at(legal).get("/").content.decode()
    assert "出具暂停用款的法律意见" in home and "没有登记提款暂停权条款" in home
    assert f"/borrowers/{cast.borrower.number}/" not in home  # whose pages 法务 does not read
    story = f"/misuse/{case.pk}/"
    page = at(cast.cm).get(story).content.decode()
    assert "已请法务出具意见" in page and "法务 彭律</b> 待办" in page
    write_down(duty, legal, "依据民法典第六百七十三条，可以停止发放；建议补签")
    duty.refresh_from_db()
    page = at(cast.cm).get(story).content.decode()
    assert "法务 彭律</b> 已办" in page and f"/documents/{duty.document_id}/" in page
    assert "合同无提款暂停权，已请法务" in at(cast.risk).get("/misuse/").content.decode()


@pytest.mark.obligation("GR-23", clause="e")
def test_legal_is_not_asked_where_the_contract_gives_the_right_nor_after_the_thaw(cast, case) -> None:
    legal = factories.make_person("3001", "总行法务", role="LEGAL", unit=cast.bank)
    judge(cast.today)
    assert owed("misuse_legal") == [(legal.name, "OPEN")]  # the branch has none of its own
    right = Clause.objects.create(contract=cast.contract, place=9, kind="SUSPENSION_RIGHT", text="可停止放款")
    judge(cast.today)
    assert owed("misuse_legal") == [(legal.name, "VOID")]
    right.delete()
    judge(cast.today)
    assert owed("misuse_legal") == [(legal.name, "OPEN")]
    accept(cast)
    judge(cast.today)
    assert owed("misuse_legal") == [(legal.name, "VOID")]

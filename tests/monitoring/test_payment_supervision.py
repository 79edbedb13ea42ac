"""The day's movements against what was reviewed: matched, told in red, passive debits, run twice, by the day's rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.policy import policy_on
from monitoring.decisions.services import confirm, dismiss
from monitoring.models import Payment, Signal
from monitoring.unreviewed import services as supervision
from monitoring.unreviewed.duties import UnreviewedPayment
from monitoring.unreviewed.services import match_and_watch
from monitoring.uses.recognition import see
from postloan.close_of_day import retry
from tests import factories
from tests.monitoring.money import put
from tests.monitoring.paying import PAYEE, lend_on_account, move, register, reviewed
from workflow.engine import reconcile
from workflow.models import WorkItem
from workflow.sweep import set_aside

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def loan(cast):
    """300 万元 paid out on account 620001, each payment reviewed; 50 万元 of the borrower's own beside it."""
    register(cast.borrower)
    cast.contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    loan = lend_on_account(cast)
    put(account(loan), "3500000", date(2026, 11, 20))
    return loan


def account(loan):
    return loan.borrower.accounts.get(number=loan.settlement_account)


def watch(on: date):
    return dict(match_and_watch(on, policy_on(on)))


def told(**where) -> list[tuple[str, str, str]]:
    rows = Signal.objects.filter(**where).order_by("pk")
    return [(row.kind, row.level, str(row.amount)) for row in rows]


def released(loan, cast, **answers) -> Payment:
    payment = reviewed(loan, cast, **answers)
    Payment.objects.filter(pk=payment.pk).update(
        status="RELEASED", released_on=cast.today, released_by=cast.accountant
    )
    return payment


@pytest.mark.obligation("GR-17.2", clause="d")
def test_a_transfer_of_loan_money_without_review_is_told_in_red_the_same_day(cast, loan) -> None:
    # 3,500,000 on the account, 3,000,000 of it to be paid out under review: 500,000 may go, one cent more may not.
    move("620001", "-500000", cast.today, counterparty_name="工资户", counterparty_account="6299")
    move("620001", "-0.01", cast.today, counterparty_name="海南置业", counterparty_account="6298")
    assert watch(cast.today) == {"matched": 0, "signals": 1}
    (signal,) = Signal.objects.all()
    assert told() == [("UNREVIEWED", "RED", "0.01")]
    assert (signal.loan, signal.known_on, signal.account) == (loan, cast.today, account(loan))
    assert "海南置业" in signal.text and "动用 0.01 元" in signal.text
    assert [one.counterparty_name for one in signal.movements.all()] == ["海南置业"]
    # So is what leaves of a fixed-asset loan, although its contract says self payment; the risk manager is told.
    own = factories.make_contract(cast.borrower)
    own.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="SELF")
    fixed = lend_on_account(cast, "800000", number="620002", product="FIXED_ASSET", contract=own)
    put(account(fixed), "800000", date(2026, 11, 20))
    move("620002", "-800000", cast.today, counterparty_name="海南置业", counterparty_account="6298")
    watch(cast.today)
    assert told(loan=fixed) == [("UNREVIEWED", "RED", "800000.00")]
    reconcile(UnreviewedPayment(), on=cast.today, policy=policy_on(cast.today))
    assert WorkItem.objects.get(period_key=f"signal:{Signal.objects.get(loan=fixed).pk}").person == cast.risk


def test_the_risk_manager_owes_an_answer_until_the_signal_is_decided(cast, loan) -> None:
    move("620001", "-600000", cast.today, counterparty_name="海南置业", counterparty_account="6298")
    watch(cast.today)
    rule, signal = UnreviewedPayment(), Signal.objects.get()
    reconcile(rule, on=cast.today, policy=policy_on(cast.today))
    duty = WorkItem.objects.get(obligation="GR-19")
    # Known by the close of Tuesday 11-24, first seen on Wednesday 11-25: due that day.
    assert (duty.period_key, duty.person, duty.due_on) == (
        f"signal:{signal.pk}",
        cast.risk,
        date(2026, 11, 25),
    )
    dismiss(signal=signal, by=cast.risk, why="系自有资金", on=cast.today)
    duty.refresh_from_db()
    assert (duty.status, duty.closed_by, duty.done_on) == ("DONE", cast.risk.username, cast.today)
    assert duty.close_reason == "资金信号已认定为“排除”"


def test_what_the_other_line_decided_is_not_the_risk_managers_doing(cast, loan) -> None:
    move("620001", "-600000", cast.today, counterparty_name="海南置业", counterparty_account="6298")
    watch(cast.today)
    reconcile(UnreviewedPayment(), on=cast.today, policy=policy_on(cast.today))
    confirm(signal=Signal.objects.get(), by=cast.cm, why="未经审核，属实", is_misuse=False, on=cast.today)
    later = cast.today + timedelta(days=5)  # late or not, a decided signal owes nothing more
    reconcile(UnreviewedPayment(), on=later, policy=policy_on(later))
    duty = WorkItem.objects.get(obligation="GR-19")
    assert (duty.status, duty.close_reason) == ("VOID", "资金信号已认定")


def test_a_released_payment_finds_its_movement_and_is_no_signal(cast, loan) -> None:
    payment = released(loan, cast)
    movement = move("620001", "-1000000", cast.today, counterparty_account=PAYEE)
    assert watch(cast.today) == {"matched": 1, "signals": 0}
    payment.refresh_from_db()
    assert payment.transaction == movement
    # The next 500,000 are the borrower's own: 2,500,000 on the account, 2,000,000 still to be paid out.
    tomorrow = cast.today + timedelta(days=1)
    put(account(loan), "2500000", cast.today)
    move("620001", "-500000", tomorrow, counterparty_account="6299")
    move("620001", "-1", tomorrow, counterparty_account="6299")
    watch(tomorrow)
    assert told() == [("UNREVIEWED", "RED", "1.00")]


@pytest.mark.parametrize(
    "differs",
    [
        {"amount": "-1000000.01"},
        {"counterparty_account": "6230002"},
        {"on": date(2026, 11, 23), "known_on": date(2026, 11, 24)},  # left before it was released
    ],
)
def test_what_is_not_the_reviewed_payment_is_told(cast, loan, differs) -> None:
    released(loan, cast)
    fields = {"amount": "-1000000", "on": cast.today, "counterparty_account": PAYEE} | differs
    move("620001", **fields)
    assert watch(cast.today) == {"matched": 0, "signals": 1}


def test_one_movement_carries_out_one_payment(cast, loan) -> None:
    first, second = released(loan, cast), released(loan, cast)
    move("620001", "-1000000", cast.today, counterparty_account=PAYEE)
    watch(cast.today)
    assert Payment.objects.filter(transaction__isnull=False).count() == 1
    tomorrow = cast.today + timedelta(days=1)
    move("620001", "-1000000", tomorrow, counterparty_account=PAYEE)
    watch(tomorrow)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.transaction != second.transaction and not Signal.objects.exists()


def test_run_twice_it_changes_nothing(cast, loan) -> None:
    released(loan, cast)
    move("620001", "-1000000", cast.today, counterparty_account=PAYEE)
    move("620001", "-700000", cast.today, counterparty_account="6298")
    assert watch(cast.today) == {"matched": 1, "signals": 1}
    assert watch(cast.today) == {"matched": 0, "signals": 0}
    assert told() == [("UNREVIEWED", "RED", "700000.00")]


def test_loan_money_that_left_unreviewed_is_not_missed_again(cast, loan) -> None:
    # 600,000 leave: 100,000 of them loan money. 2,900,000 are left, all of it loan money; then 200,000 come in from
    # sales, and 200,000 may go again.
    move("620001", "-600000", cast.today, counterparty_account="6298")
    watch(cast.today)
    see(cast.today, policy_on(cast.today))
    assert watch(cast.today)["signals"] == 0  # the day again, though its use is written down by now
    put(account(loan), "2900000", cast.today)
    tomorrow = cast.today + timedelta(days=1)
    move("620001", "200000", tomorrow)
    move("620001", "-200000", tomorrow, counterparty_account="6299")
    assert watch(tomorrow) == {"matched": 0, "signals": 0}
    after = tomorrow + timedelta(days=1)
    put(account(loan), "2900000", tomorrow)
    move("620001", "-1", after, counterparty_account="6299")
    assert watch(after)["signals"] == 1


def test_a_movement_that_comes_late_the_same_day_is_judged_by_what_was_there_in_the_morning(
    cast, loan
) -> None:
    # 10,000,000 on the account. 1,000,000 leave in the loan's name, own money or not: 2,000,000 are still to be paid.
    # Then 7,500,000 leave: 1,500,000 are there, 500,000 less than what is to be paid.
    put(account(loan), "10000000", date(2026, 11, 23))
    move("620001", "-1000000", cast.today, loan=loan, counterparty_account="6298")
    watch(cast.today)
    see(cast.today, policy_on(cast.today))
    move("620001", "-7500000", cast.today, counterparty_account="6299")
    watch(cast.today)
    assert told() == [("UNREVIEWED", "RED", "1000000.00"), ("UNREVIEWED", "RED", "7500000.00")]
    assert "动用 500,000.00 元" in Signal.objects.order_by("pk").last().text


@pytest.mark.parametrize(
    "fields",
    [
        {"summary": "归还贷款本金"},
        {"summary": "扣款", "named": True},
        {"undone": True},
    ],
)
def test_repayments_to_us_and_undone_movements_are_no_payments(cast, loan, fields) -> None:
    undone, named = fields.pop("undone", False), fields.pop("named", False)
    row = move("620001", "-900000", cast.today, **fields, **({"loan": loan} if named else {}))
    if undone:
        move("620001", "900000", cast.today, reverses=row)
    assert watch(cast.today)["signals"] == 0


def test_money_lent_and_moved_on_the_same_day_is_told(cast) -> None:
    # Nothing on the account but what was lent today; the core system does not name the loan.
    register(cast.borrower)
    cast.contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    loan = lend_on_account(cast, "800000", number="620002", starts_on=cast.today)
    put(account(loan), "50", date(2026, 11, 20))
    move("620002", "-50", cast.today, counterparty_account="6299")  # own money, before
    move("620002", "800000", cast.today, summary="贷款发放")
    move("620002", "-800000", cast.today, counterparty_account="6298")
    watch(cast.today)
    assert told() == [("UNREVIEWED", "RED", "800000.00")]


@pytest.mark.obligation("GR-24", clause="c")
def test_a_passive_debit_is_told_while_loan_money_is_unpaid(cast, loan) -> None:
    move(
        "620001",
        "-100",
        cast.today,
        channel="CLEARING",
        counterparty_name="某商行",
        counterparty_account="6297",
    )
    move("620001", "-600000", cast.today, channel="COLLECTION", counterparty_account="6296")
    move("620001", "-1", cast.today, channel="ONLINE", counterparty_account="6295")
    watch(cast.today)
    # 100 of own money: orange. 600,000 of the 499,900 that are left: loan money too, red, and unreviewed as well;
    # after it nothing but loan money is left, so that the last yuan is unreviewed.
    assert sorted(told()) == [
        ("PASSIVE_DEBIT", "ORANGE", "100.00"),
        ("PASSIVE_DEBIT", "RED", "600000.00"),
        ("UNREVIEWED", "RED", "1.00"),
        ("UNREVIEWED", "RED", "600000.00"),
    ]


@pytest.mark.obligation("GR-24", clause="c")
def test_where_the_contract_forbids_it_a_passive_debit_is_told_without_unpaid_money(cast) -> None:
    lend_on_account(cast, "1000")
    cast.contract.clauses.create(place=1, kind="PASSIVE_DEBIT_BAN", text="不得以票据交换被动扣款")
    move(
        "620001",
        "-5",
        cast.today,
        channel="DIRECT_DEBIT",
        counterparty_name="电力公司",
        counterparty_account="6297",
    )
    watch(cast.today)
    assert told() == [("PASSIVE_DEBIT", "ORANGE", "5.00")]
    assert "合同禁止被动划款" in Signal.objects.get().text


def test_loans_that_need_no_review_or_are_repaid_are_not_watched(cast) -> None:
    lend_on_account(cast, "1000")  # 流动资金, self payment
    cast.other_loan.settlement_account = "620001"
    cast.other_loan.save()
    repaid = lend_on_account(cast, "20000000", number="620003", balance=Decimal(0))
    for number in ("620001", repaid.settlement_account):
        move(number, "-5", cast.today, counterparty_account="6297")
    assert watch(cast.today) == {"matched": 0}


def test_more_rows_ask_no_more_questions(cast, loan) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            watch(cast.today)
        return len(caught)

    move("620001", "-900000", cast.today, counterparty_account="6298")
    first = count()
    for n in range(8):
        borrower = factories.make_borrower(f"Q{n}")
        contract = factories.make_contract(borrower)
        contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
        number = f"6291{n}"
        borrower.accounts.create(number=number, unit=cast.corporate, kind="BASIC", opened_on=cast.today)
        factories.make_loan(borrower, cast.corporate, contract=contract, settlement_account=number)
        for _ in range(5):
            move(number, "-10", cast.today, counterparty_account="6298")
    again = count()
    assert Signal.objects.count() == 41 and again <= first + 4  # raising what is new


def test_a_customer_that_breaks_is_set_aside_and_the_others_are_told(cast, loan, monkeypatch) -> None:
    register(cast.other_borrower)
    contract = cast.other_loan.contract
    contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    cast.other_borrower.accounts.create(
        number="620009", unit=cast.corporate2, kind="BASIC", opened_on=cast.today
    )
    cast.other_loan.settlement_account = "620009"
    cast.other_loan.save()
    for number in ("620001", "620009"):
        move(number, "-900000", cast.today, counterparty_account="6298")

    def broken(leak, row, theirs, by_id):
        if row.account.number == "620009":
            raise ValueError("a movement that nobody foresaw")
        return real(leak, row, theirs, by_id)

    real = supervision._unreviewed
    monkeypatch.setattr(supervision, "_unreviewed", broken)
    assert watch(cast.today) == {"matched": 0, "signals": 1, "quarantined": 1}
    assert [row.subject_id for row in set_aside(cast.today, supervision.STEP)] == [cast.other_borrower.pk]
    monkeypatch.setattr(supervision, "_unreviewed", real)
    assert retry(cast.today) == 0
    assert Signal.objects.count() == 2 and not set_aside(cast.today, supervision.STEP).exists()

"""The day's look for signals on the database: what it reads, that it says each thing once, and what a decision does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from core.policy import policy_on
from credit.models import Contract, Group, GroupMember, Loan, RelatedParty
from monitoring.choices import Level, SignalKind
from monitoring.decisions.services import confirm, dismiss, reason_not_to_confirm, reason_not_to_dismiss
from monitoring.models import BorrowerMonth, MisuseCase, Signal
from monitoring.signals import scanning as step
from monitoring.signals.duties import AccountSignals, GroupSignals
from monitoring.signals.rules.finding import Finding
from monitoring.signals.services import raise_signals
from postloan.close_of_day import retry
from tests import factories
from tests.monitoring.money import account
from tests.monitoring.movements import make_signal, move, raised, scan_day
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import Quarantined, WorkItem

pytestmark = pytest.mark.usefixtures("reference")
TODAY = date(2026, 11, 24)


def days_ago(n: int) -> date:
    return TODAY - timedelta(days=n)


@pytest.fixture
def lent(cast) -> Loan:
    """3,000,000 paid out to the cast's company on 11-10."""
    return factories.make_loan(
        cast.borrower, cast.corporate, contract=cast.contract, number="JJ-NEW", starts_on=days_ago(14)
    )


@pytest.fixture
def base(cast):
    return account(cast.borrower, cast.corporate, "1000000")


def found(cast, *movements, **more) -> Finding:
    """A reading of these movements."""
    fields = {"amount": Decimal(5), "text": "甲" * 501, "rule": {"天数": "2 天内"}} | more
    return Finding(SignalKind.IN_AND_OUT, Level.RED, cast.borrower.pk, TODAY,
                 movements=tuple(one.pk for one in movements), **fields)  # fmt: skip


@pytest.mark.obligation("GR-22.1", clause="cf")
def test_money_that_flows_back_is_raised_once_with_its_movements_rule_and_thresholds(
    cast, lent, base
) -> None:
    paid = move(base, days_ago(10), "800000", summary="货款")
    back = move(base, TODAY, "400000", into=True)
    assert scan_day(TODAY)["raised"] == 1
    (signal,) = Signal.objects.all()
    assert (signal.kind, signal.level, signal.amount, signal.loan) == ("FLOWS_BACK", "RED", 400_000, lent)
    assert (signal.effective_on, signal.known_on, signal.account) == (TODAY, TODAY, base)
    assert set(signal.movements.all()) == {paid, back}
    assert "800,000.00 元" in signal.text and signal.rule["转回占付出"] == "至少 50%"
    assert scan_day(TODAY)["raised"] == 0 and Signal.objects.count() == 1


@pytest.mark.obligation("GR-22.1", clause="f")
def test_a_dismissed_pattern_does_not_shout_again_and_what_is_new_must_reach_the_threshold_by_itself(
    cast, lent, base
) -> None:
    # 900,000 of 3,000,000 in cash is 30 %.
    move(base, days_ago(1), "900000", "现金", summary="现金支取")
    scan_day(days_ago(1))
    dismiss(signal=Signal.objects.get(kind="CASH"), by=cast.risk, why="发放工资，工资表相符", on=TODAY)
    move(base, TODAY, "899999", "现金", summary="现金支取")
    scan_day(TODAY)
    assert Signal.objects.filter(kind="CASH").count() == 1
    move(base, TODAY + timedelta(1), "1", "现金", summary="现金支取")  # the new ones together: 900,000
    scan_day(TODAY + timedelta(1))
    assert raised(kind="CASH", status="OPEN") == [("CASH", "ORANGE", "900000.00")]


def test_only_what_became_known_on_the_day_is_looked_at_and_late_news_counts_on_the_day_it_arrives(
    cast, lent, base
) -> None:
    move(base, days_ago(3), "200000", "洪都证券", known_on=TODAY)
    assert scan_day(days_ago(3))["looked_at"] == 0 and raised() == []
    assert scan_day(TODAY)["looked_at"] == 1 and raised() == [("SECURITIES", "RED", "200000.00")]
    assert scan_day(TODAY + timedelta(1))["looked_at"] == 0


def test_a_customer_who_owes_nothing_is_not_looked_at(cast, base) -> None:
    move(base, TODAY, "9000000", "洪都证券")
    factories.make_reading(cast.loan, effective_on=days_ago(5), balance=Decimal(0))
    assert scan_day(TODAY) == {"looked_at": 0, "raised": 0} and raised() == []


def test_a_movement_that_was_undone_shows_nothing(cast, lent, base) -> None:
    wrong = move(base, TODAY, "200000", "洪都证券")
    move(base, TODAY, "200000", "洪都证券", into=True, summary="冲正", reverses=wrong)
    scan_day(TODAY)
    assert raised() == []


@pytest.fixture
def group(cast):
    """The cast's company and its sister company, with an account here."""
    made = Group.objects.create(number="G-1", name="江南集团")
    sister = factories.make_borrower("C100009", "江南贸易有限公司")
    for one in (cast.borrower, sister):
        GroupMember.objects.create(
            group=made, borrower=one, role="AFFILIATE", from_on=date(2026, 1, 5), known_on=date(2026, 1, 5)
        )
    return account(sister, cast.corporate, "0", number="62990001")


@pytest.mark.obligation("GR-22.2", clause="b")
def test_loan_money_that_enters_another_member_is_a_signal(cast, lent, base, group) -> None:
    # 1,500,000 is half of the drawdown: red.
    move(base, TODAY, "1500000", "江南贸易有限公司", counterparty_account="62990001")
    scan_day(TODAY)
    assert raised() == [("GROUP_FLOW", "RED", "1500000.00")]


@pytest.mark.obligation("GR-22.1", clause="c")
@pytest.mark.obligation("GR-22.2", clause="b")
def test_a_circle_over_a_third_party_is_found_on_the_members_account(cast, lent, base, group) -> None:
    # 甲公司 was paid 600,000 three days ago and pays the sister company 300,000 today; the borrower moves nothing.
    paid = move(base, days_ago(3), "600000", summary="货款")
    leg = move(group, TODAY, "300000", into=True)
    scan_day(TODAY)
    (signal,) = Signal.objects.all()
    assert (signal.kind, signal.level, signal.borrower) == ("ROUND_TRIP", "RED", cast.borrower)
    assert set(signal.movements.all()) == {paid, leg} and "江南贸易有限公司" in signal.text
    scan_day(TODAY)
    assert Signal.objects.count() == 1


@pytest.mark.obligation("GR-22.1", clause="c")
@pytest.mark.parametrize(
    "receiver", ["江南控股有限公司", "江南贸易有限公司"]
)  # a shareholder, a company of the group
def test_the_circle_is_seen_on_the_day_on_which_it_closes_though_the_borrower_moves_nothing(
    cast, lent, base, group, receiver
) -> None:
    payee = account(cast.other_borrower, cast.corporate2, "0", number="62880001")
    RelatedParty.objects.create(borrower=cast.borrower, name="江南控股有限公司", relation="SHAREHOLDER")
    move(base, days_ago(3), "600000", "城东机械有限公司", counterparty_account="62880001", summary="货款")
    scan_day(days_ago(3))
    assert raised(kind="ROUND_TRIP") == []
    move(payee, TODAY, "300000", receiver, counterparty_account="9900001")  # kept elsewhere
    scan_day(TODAY)
    assert raised(kind="ROUND_TRIP", borrower=cast.borrower) == [("ROUND_TRIP", "RED", "300000.00")]


@pytest.mark.obligation("GR-22.1", clause="c")
def test_a_payee_here_that_passes_the_money_on_to_a_related_party_closes_the_circle(cast, lent, base) -> None:
    payee = account(cast.other_borrower, cast.corporate2, "0", number="62880001")
    RelatedParty.objects.create(borrower=cast.borrower, name="江南控股有限公司", relation="SHAREHOLDER")
    move(base, TODAY, "600000", "城东机械有限公司", counterparty_account="62880001", summary="货款")
    move(payee, TODAY, "300000", "江南控股有限公司")
    scan_day(TODAY)
    assert ("ROUND_TRIP", "RED", "300000.00") in raised(borrower=cast.borrower)


def test_months_that_ended_show_what_stopped_and_what_fell_on_the_last_day_only(cast) -> None:
    for month, share, marks in (
        (date(2026, 10, 1), "0.5", []),
        (date(2026, 11, 1), "0.3", [{"code": "stopped_wages", "text": "工资本月无支出"}]),
    ):
        BorrowerMonth.objects.create(
            borrower=cast.borrower, month=month, our_credit=1, syndicated_credit=0, sales_receipts=0,
            settlement_share=Decimal(share), average_deposit=0, group_in=0, group_out=0, marks=marks,
            computed_on=month,
        )  # fmt: skip
    scan_day(date(2026, 11, 29))
    assert raised() == []
    scan_day(date(2026, 11, 30))
    assert [kind for kind, _level, _amount in raised()] == ["SHARE_FALLING", "EXPENSES_STOPPED"]
    assert scan_day(date(2026, 11, 30))["raised"] == 0


def test_the_number_of_queries_does_not_grow_with_customers(cast) -> None:
    def look(n: int) -> int:
        borrowers = [factories.make_borrower(f"Q{n}{i:03d}", f"客户{n}-{i}") for i in range(n)]
        loans = factories.make_loans(borrowers, cast.corporate, starts_on=days_ago(5))
        for loan in loans:
            base = account(loan.borrower, cast.corporate, "500000")
            move(base, days_ago(1), "300000", "甲公司")
            move(base, TODAY, "200000", "甲公司", into=True)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            scan_day(TODAY)
        return len(asked)

    policy_on(TODAY)
    first = look(2)
    assert look(9) <= first + 1


def test_a_customer_that_breaks_is_set_aside_and_the_others_are_looked_at(
    cast, lent, base, monkeypatch
) -> None:
    move(base, TODAY, "200000", "洪都证券")
    move(account(cast.other_borrower, cast.corporate2, "1"), TODAY, "200000", "洪都证券")
    real = step.detect

    def breaks(case, limits):
        if case.borrower_id == cast.borrower.pk:
            raise ValueError("坏数据")
        return real(case, limits)

    monkeypatch.setattr(step, "detect", breaks)
    assert scan_day(TODAY)["quarantined"] == 1
    assert raised() == [("SECURITIES", "YELLOW", "200000.00")]
    assert Quarantined.objects.get().subject_id == cast.borrower.pk
    monkeypatch.setattr(step, "detect", real)
    assert retry(TODAY) == 0
    assert len(raised()) == 2


def test_raising_takes_each_reading_once_and_counts_the_new_ones(cast, base) -> None:
    one, two = move(base, TODAY, "1"), move(base, TODAY, "2")
    assert raise_signals([found(cast, one, two), found(cast, two, one), found(cast, two)], TODAY) == 2
    assert raise_signals([found(cast, one, two)], TODAY + timedelta(1)) == 0
    first = Signal.objects.order_by("pk").first()
    assert first.movements.count() == 2 and len(first.text) == 500 and first.known_on == TODAY
    assert raise_signals([found(cast, facts=("month:11",)), found(cast, facts=("month:12",))], TODAY) == 2
    assert raise_signals([], TODAY) == 0


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"decided_why": "无"}, "a_decided_signal_says_who_and_why"),
        ({"status": "CONFIRMED"}, "a_decided_signal_says_who_and_why"),
        ({"effective_on": TODAY + timedelta(1)}, "a_signal_is_known_afterwards"),
    ],
)
def test_a_signal_that_contradicts_itself_is_not_kept(cast, changed, constraint) -> None:
    signal = make_signal(cast.borrower, TODAY)
    signal.pk, signal.fingerprint = None, "another"
    for name, value in changed.items():
        setattr(signal, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        signal.save(force_insert=True)


@pytest.mark.parametrize(
    "change", [{"amount": 1}, {"text": "别的"}, {"effective_on": TODAY - timedelta(1)}, {"level": "BLUE"}]
)
def test_what_a_signal_says_is_never_changed_and_a_decided_one_not_at_all(cast, change) -> None:
    signal = Signal.objects.filter(pk=make_signal(cast.borrower, TODAY).pk)
    with pytest.raises(IntegrityError, match="不能修改"), transaction.atomic():
        signal.update(**change)
    signal.update(status="DISMISSED", decided_on=TODAY, decided_by=cast.risk, decided_why="发票相符")
    with pytest.raises(IntegrityError, match="不能修改或删除"), transaction.atomic():
        signal.update(decided_why="有别的理由")
    with pytest.raises(IntegrityError, match="不能修改或删除"), transaction.atomic():
        signal._raw_delete("default")


def test_the_same_facts_and_the_same_movement_stand_once(cast, base) -> None:
    signal, one = make_signal(cast.borrower, TODAY), move(base, TODAY, "1")
    signal.shown_by.create(transaction=one)
    with pytest.raises(IntegrityError, match="a_movement_shows_a_signal_once"), transaction.atomic():
        signal.shown_by.create(transaction=one)
    with pytest.raises(IntegrityError, match="fingerprint"), transaction.atomic():
        Signal.objects.create(
            borrower=cast.borrower, kind="CASH", level="RED", effective_on=TODAY, known_on=TODAY, amount=1, text="同",
            fingerprint=signal.fingerprint,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "may_confirm", "may_dismiss"),
    [
        ("cm", True, False), ("cm2", False, False), ("head", True, False), ("risk", True, True),
        ("risk_head", True, True), ("president", False, False), ("auditor", False, False),
        ("accountant", False, False), ("other_cm", False, False), ("other_risk", False, False),
    ],
)  # fmt: skip
def test_who_may_confirm_and_who_may_dismiss(cast, who, may_confirm, may_dismiss) -> None:
    signal, person = make_signal(cast.borrower, TODAY), cast.people[who]
    assert (not reason_not_to_confirm(signal, person, TODAY)) == may_confirm
    assert (not reason_not_to_dismiss(signal, person)) == may_dismiss
    if not may_confirm:
        with pytest.raises(Refused):
            confirm(signal=signal, by=person, why="属实", is_misuse=False, on=TODAY)
    if not may_dismiss:
        with pytest.raises(Refused):
            dismiss(signal=signal, by=person, why="排除", on=TODAY)


def test_a_decision_is_made_once_with_a_reason_and_is_written_down(cast) -> None:
    signal = make_signal(cast.borrower, TODAY)
    for why in ("", "  ", "长" * 501):
        with pytest.raises(Invalid):
            confirm(signal=signal, by=cast.risk, why=why, is_misuse=False, on=TODAY)
    confirm(signal=signal, by=cast.risk, why=" 与客户核对属实 ", is_misuse=False, on=TODAY)
    signal.refresh_from_db()
    assert (signal.status, signal.decided_by, signal.decided_on, signal.decided_why) == (
        "CONFIRMED", cast.risk, TODAY, "与客户核对属实",
    )  # fmt: skip
    entry = AuditEntry.objects.get(act="monitoring.signal.confirmed")
    assert entry.note == "与客户核对属实" and entry.borrower_number == cast.borrower.number
    with pytest.raises(Conflict, match="已于 2026-11-24 认定为“属实”"):
        dismiss(signal=signal, by=cast.risk, why="改主意", on=TODAY)
    assert not MisuseCase.objects.exists()


def test_a_confirmed_misuse_opens_a_case_under_the_contract(cast, lent) -> None:
    with pytest.raises(Invalid, match="须指明合同"):
        confirm(signal=make_signal(cast.borrower, TODAY), by=cast.risk, why="属实", is_misuse=True, on=TODAY)
    with pytest.raises(Invalid, match="不是该客户的合同"):
        confirm(
            signal=make_signal(cast.borrower, TODAY), by=cast.risk, why="属实", is_misuse=True, on=TODAY,
            contract=Contract.objects.get(number=cast.other_loan.contract.number),
        )  # fmt: skip
    assert not Signal.objects.exclude(status="OPEN").exists()  # nothing half done
    signal = make_signal(cast.borrower, TODAY, loan=lent)
    confirm(signal=signal, by=cast.cm, why="货款未真实采购", is_misuse=True, on=TODAY)
    case = MisuseCase.objects.get()
    assert (case.contract, case.loan, case.signal, case.amount) == (cast.contract, lent, signal, 400_000)


@pytest.mark.parametrize(
    ("level", "due_on"),
    [
        # Known on Tuesday 11-24: 1, 2, 5 and 10 workdays later.
        ("RED", date(2026, 11, 25)), ("ORANGE", date(2026, 11, 26)), ("YELLOW", date(2026, 12, 1)),
        ("BLUE", date(2026, 12, 8)),
    ],
)  # fmt: skip
def test_each_open_signal_is_a_duty_of_the_manager_due_by_its_level(cast, level, due_on) -> None:
    signal = make_signal(cast.borrower, TODAY, level=level)
    reconcile(AccountSignals(), on=TODAY, policy=policy_on(TODAY))
    item = WorkItem.objects.get()
    assert (item.obligation, item.kind, item.period_key) == ("GR-22.1", "signal_check", f"signal:{signal.pk}")
    assert (item.person, item.due_on, item.counts_from) == (cast.cm, due_on, TODAY)
    assert item.reason == f"{Level(level).label}色信号：{signal.text}"
    confirm(signal=signal, by=cast.cm, why="凭证查验，属实", is_misuse=False, on=TODAY)
    item.refresh_from_db()
    assert (item.status, item.closed_by, item.document) == (DutyStatus.DONE, cast.cm.username, None)


def test_signals_of_a_group_are_duties_of_their_own_article_and_a_decided_one_is_owed_no_more(cast) -> None:
    signal = make_signal(cast.borrower, TODAY, kind="GROUP_FLOW")
    make_signal(cast.borrower, TODAY, kind="UNREVIEWED")  # goes to the risk manager, by another rule
    for rule in (AccountSignals(), GroupSignals()):
        reconcile(rule, on=TODAY, policy=policy_on(TODAY))
    assert [item.obligation for item in WorkItem.objects.all()] == ["GR-22.2"]
    late = TODAY + timedelta(days=30)
    dismiss(signal=signal, by=cast.risk, why="成员间货款，有合同发票", on=TODAY)
    reconcile(GroupSignals(), on=late, policy=policy_on(late))
    item = WorkItem.objects.get()
    assert (item.status, item.close_reason) == (DutyStatus.VOID, "资金信号已认定")

"""What an import does to the book: once, whole, by what changed; late facts say what they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from openpyxl import Workbook

from accounts.models import Post, Unit, User
from core import clock
from core.models import AuditEntry, ImportBatch, OutboxEntry
from core.models.imports import ImportStatus
from core.staging.text_files import Layout, open_text
from credit.choices import ClassSource, EventKind, RiskClass
from credit.events.services import record_class
from credit.imports.book import initials_of
from credit.imports.run import import_folder, profile
from credit.models import (
    AccountBalance,
    Borrower,
    ClassFact,
    Contract,
    Installment,
    LedgerEntry,
    Loan,
    LoanReading,
    Responsibility,
    RiskEvent,
    Transaction,
)
from tests.imports.extracts import AS_OF, BOOK, Rows, close, load, load_book, load_only, said, states, write

pytestmark = pytest.mark.django_db

D20, D21, D22, D23, D24 = (date(2026, 11, day) for day in (20, 21, 22, 23, 24))


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(D24):
        yield


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the book."""
    models = (Unit, User, Post, Borrower, Contract, Loan, LoanReading, ClassFact, LedgerEntry, Installment,
              AccountBalance, Transaction, Responsibility, RiskEvent)  # fmt: skip
    return {model.__name__: list(model.objects.order_by("pk").values_list()) for model in models}


def state(
    balance: str = "2800000.00", overdue: str = "0", interest: str = "0", days: str = "0", klass: str = "正常"
) -> Rows:
    """One row of JJ1's state."""
    return states(("JJ1", balance, overdue, interest, days, klass))


def begin(tmp_path: Path) -> None:
    """The small book as of the 20th, without the 23rd's transaction."""
    assert load_book(tmp_path / "a", D20, transactions=None).status == ImportStatus.APPLIED


def events() -> list[tuple[str, str, date, date]]:
    """Kind, reference, effective and known day of every event."""
    return list(RiskEvent.objects.order_by("pk").values_list("kind", "reference", "effective_on", "known_on"))


def test_a_whole_book_is_loaded(tmp_path: Path) -> None:
    batch = load_book(tmp_path)
    assert batch.status == ImportStatus.APPLIED
    borrower = Borrower.objects.get()
    assert (borrower.name, borrower.initials, borrower.kind) == ("江南纺织有限公司", "jnfzyxgs", "CORPORATE")
    loan = Loan.objects.get()
    assert (loan.borrower, loan.contract.number, loan.unit.code) == (borrower, "HT1", "0101")
    assert (loan.amount, loan.annual_rate) == (Decimal("3000000.00"), Decimal("0.043500"))
    assert list(loan.readings.values_list("balance", "effective_on", "known_on")) == [
        (Decimal("2800000.00"), AS_OF, AS_OF)
    ]
    assert list(loan.classes.values_list("risk_class", "source")) == [("NORMAL", "CORE")]
    assert AccountBalance.objects.get().balance == Decimal("120000.50")
    moved = Transaction.objects.get()
    assert (moved.direction, moved.amount, moved.summary) == ("CREDIT", Decimal("20000.50"), "货款")
    assert Unit.objects.get(code="0101").path == "/01/0101/"
    manager = Responsibility.objects.get()
    assert (manager.person.name, manager.role) == ("张明", "CUSTOMER_MANAGER")
    assert not manager.person.has_usable_password()
    assert Post.objects.count() == 2
    assert RiskEvent.objects.count() == 0  # a first reading is an opening, not an event
    entry = AuditEntry.objects.get(act__startswith="credit.extracts")
    assert entry.act == "credit.extracts.applied"
    assert entry.after["counts"]["loans"] == {"inserted": 1, "changed": 0}


def test_the_same_files_again_change_nothing(tmp_path: Path) -> None:
    first = load_book(tmp_path)
    before = everything()
    again = load(tmp_path)
    assert (first.status, again.status) == (ImportStatus.APPLIED, ImportStatus.UNCHANGED)
    assert everything() == before
    assert set(again.files.values_list("status", flat=True)) == {ImportStatus.UNCHANGED}


def test_the_same_rows_in_another_file_change_nothing(tmp_path: Path) -> None:
    load_book(tmp_path / "a")
    before = everything()
    padded = {name: [*rows, tuple("" for _ in rows[0])] for name, rows in BOOK.items()}
    again = load(write(tmp_path / "b", padded))
    assert again.status == ImportStatus.APPLIED
    assert everything() == before
    assert [(f.inserted, f.changed) for f in again.files.all()] == [(0, 0)] * len(BOOK)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_an_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    batch = load(write(tmp_path, BOOK, encoding=encoding))
    assert batch.status == ImportStatus.APPLIED, [f.errors for f in batch.files.all()]
    assert Borrower.objects.get().name == "江南纺织有限公司"


def test_a_gbk_file_with_a_plain_header_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("a,b\n江南,1\n".encode("gbk"))
    assert list(open_text(path, Layout()).rows) == [(2, ["江南", "1"])]


def test_a_workbook_says_the_same_as_a_csv(tmp_path: Path) -> None:
    write(tmp_path, {**BOOK, "balances": None, "accounts": None})
    sheets: dict[str, list[tuple[Any, ...]]] = {
        "balances": [("账号", "余额"), ("6222001", 0.1 + 0.2)],
        "accounts": [
            ("账号", "客户编号", "机构号", "账户性质", "开户日", "允许透支"),
            ("6222001", "C1", "0101", "基本户", date(2020, 5, 6), False),
            (None, None, None, None, None, None),
        ],
    }
    for name, rows in sheets.items():
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
    assert load(tmp_path).status == ImportStatus.APPLIED
    balance = AccountBalance.objects.get()
    assert (balance.balance, balance.account.opened_on) == (Decimal("0.30"), date(2020, 5, 6))


def test_only_what_changed_is_kept(tmp_path: Path) -> None:
    begin(tmp_path)
    load_only(tmp_path / "b", D21, loan_states=state(), balances=BOOK["balances"])
    load_only(tmp_path / "c", D22, loan_states=state("2700000.00"), balances=BOOK["balances"])
    assert list(LoanReading.objects.values_list("effective_on", "balance")) == [
        (D20, Decimal("2800000.00")),
        (D22, Decimal("2700000.00")),
    ]
    assert ClassFact.objects.count() == 1
    assert AccountBalance.objects.count() == 1


def test_what_the_file_does_not_carry_stays_and_what_it_changes_changes(tmp_path: Path) -> None:
    load_book(tmp_path / "a")
    load_only(
        tmp_path / "b", customers=[("客户编号", "名称", "类型"), ("C1", "江南纺织股份有限公司", "CORPORATE")]
    )
    borrower = Borrower.objects.get()
    assert (borrower.name, borrower.initials) == ("江南纺织股份有限公司", "jnfzgfyxgs")
    assert borrower.industry == "纺织业"


def test_a_handover_in_one_file_ends_one_and_begins_the_other(tmp_path: Path) -> None:
    load_book(tmp_path / "a")
    head = BOOK["responsibilities"][0]
    alone = load_only(
        tmp_path / "b", responsibilities=[head, ("C1", "客户经理", "1002", "0101", "2026-11-01", "")]
    )
    assert said(alone, "responsibilities")[0][3] == "与张明的任期重叠，请一并给出其止日"
    both = load_only(
        tmp_path / "c",
        responsibilities=[
            head,
            ("C1", "客户经理", "1002", "0101", "2026-11-01", ""),
            ("C1", "客户经理", "1001", "0101", "2026-01-05", "2026-10-31"),
        ],
    )
    assert both.status == ImportStatus.APPLIED
    assert list(Responsibility.objects.order_by("from_on").values_list("person__name", "to_on")) == [
        ("张明", date(2026, 10, 31)),
        ("李娜", None),
    ]


LEDGER = ("流水号", "借据号", "类型", "金额", "发生日", "冲正流水号")


def test_a_reversal_stands_beside_what_it_reverses(tmp_path: Path) -> None:
    paid = ("R1", "JJ1", "归还本金", "200000.00", "2026-11-20", "")
    undone = ("R2", "JJ1", "归还本金", "200000.00", "2026-11-23", "R1")
    load_book(tmp_path / "a", repayments=[LEDGER, undone, paid])
    assert LedgerEntry.objects.get(number="R2").reverses == LedgerEntry.objects.get(number="R1")
    less = ("R3", "JJ1", "归还本金", "1.00", "2026-11-23", "R1")
    batch = load_only(tmp_path / "b", repayments=[LEDGER, less])
    assert [reason for *_, reason in said(batch, "repayments")] == [
        "须与被冲正的流水同借据、同类型、同金额，且它本身不是冲正",
        "这笔流水已经冲正过",
    ]


# --- events


@pytest.mark.obligation("GR-28.1", clause="c")
def test_a_worse_class_is_an_event_once(tmp_path: Path) -> None:
    begin(tmp_path)
    load_only(tmp_path / "b", D21, loan_states=state(klass="次级"))
    load_only(tmp_path / "c", D22, loan_states=state(klass="次级"))
    load_only(tmp_path / "d", D23, loan_states=state(klass="关注"))
    assert events() == [("DOWNGRADE", "downgrade:JJ1:2026-11-21", D21, D21)]
    event = RiskEvent.objects.get()
    assert (event.detail, event.borrower.number) == ("风险分类由正常下迁为次级", "C1")
    assert list(OutboxEntry.objects.values_list("topic", "payload")) == [("risk_event", {"event": event.pk})]


def test_a_loan_that_opens_overdue_raises_no_event(tmp_path: Path) -> None:
    load_book(tmp_path, loan_states=state(overdue="10", interest="5", days="40", klass="次级"))
    assert LoanReading.objects.get().days_past_due == 40
    assert events() == []


@pytest.mark.obligation("GR-28.2", clause="a")
def test_overdue_and_arrears_are_events_when_they_begin_and_again_after_settlement(tmp_path: Path) -> None:
    begin(tmp_path)
    load_only(tmp_path / "b", D21, loan_states=state(overdue="1234567.80", interest="12.30", days="1"))
    load_only(tmp_path / "c", D22, loan_states=state(overdue="1234567.80", interest="12.40", days="2"))
    load_only(tmp_path / "d", D23, loan_states=state())
    load_only(
        tmp_path / "e", D24, loan_states=state(interest="5", days="3")
    )  # interest alone: 欠息, not 逾期
    assert events() == [
        ("OVERDUE", "overdue:JJ1:2026-11-21", D21, D21),
        ("INTEREST_ARREARS", "arrears:JJ1:2026-11-21", D21, D21),
        ("INTEREST_ARREARS", "arrears:JJ1:2026-11-24", D24, D24),
    ]
    assert list(RiskEvent.objects.order_by("pk").values_list("detail", flat=True)) == [
        "逾期 1 天，逾期本金 1,234,567.80 元",
        "欠息 12.30 元",
        "欠息 5.00 元",
    ]


@pytest.mark.obligation("GR-28.2", clause="c")
@pytest.mark.parametrize(
    "product",
    [pytest.param("银行承兑汇票", marks=pytest.mark.obligation("GR-6.4.2", clause="e")), "保函"],
)
def test_what_the_lender_paid_for_the_customer_is_an_advance_not_an_overdue(
    tmp_path: Path, product: str
) -> None:
    draft = ("CD1", "HT1", "0101", product, "1000000", "0", "2026-05-20", "2026-11-20")
    paid, unpaid = ("CD1", "1000000", "0", "0", "0", "正常"), ("CD1", "600000", "600000", "0", "1", "正常")
    load_book(tmp_path / "a", D20, transactions=None, loans=[*BOOK["loans"], draft], loan_states=states(paid))
    load_only(tmp_path / "b", D21, loan_states=states(unpaid))
    load_only(tmp_path / "c", D22, loan_states=states(("CD1", "600000", "600000", "0", "2", "正常")))
    assert events() == [("ADVANCE", "advance:CD1:2026-11-21", D21, D21)]
    assert RiskEvent.objects.get().detail == "本行垫付 600,000.00 元"
    load_only(tmp_path / "d", D21, loan_states=states(paid))  # the open day again: nothing was paid
    assert not RiskEvent.objects.standing(date.max).exists()


def test_the_core_repeating_itself_does_not_undo_a_decision_taken_here(tmp_path: Path) -> None:
    begin(tmp_path)
    loan = Loan.objects.get()
    record_class(
        loan=loan, risk_class=RiskClass.SUBSTANDARD, effective_on=D21, on=D21, by=User.objects.first()
    )
    load_only(tmp_path / "b", D22, loan_states=state())
    load_only(tmp_path / "c", D23, loan_states=state(klass="次级"))
    assert list(loan.classes.values_list("source", "risk_class", "effective_on")) == [
        (ClassSource.CORE, "NORMAL", D20),
        (ClassSource.DECISION, "SUBSTANDARD", D21),
        (ClassSource.CORE, "SUBSTANDARD", D23),
    ]
    assert events() == [("DOWNGRADE", "downgrade:JJ1:2026-11-21", D21, D21)]  # the decision's own, not twice


def test_an_event_that_the_lender_reports_stands_once(tmp_path: Path) -> None:
    head = ("来源编号", "客户编号", "借据号", "事项", "发生日", "事实")
    row = ("E-1", "C1", "", "停产", "2026-11-19", "主要生产线停产")
    load_book(tmp_path / "a", events=[head, row])
    load_only(tmp_path / "b", D24, events=[head, row])
    event = RiskEvent.objects.get()
    assert (event.kind, event.loan) == (EventKind.STOPPAGE, None)
    assert (event.effective_on, event.known_on) == (date(2026, 11, 19), D23)
    assert OutboxEntry.objects.count() == 1


# --- the same day again, and late days


def test_an_open_day_delivered_again_is_a_correction_and_its_event_is_reversed(tmp_path: Path) -> None:
    begin(tmp_path)
    load_only(tmp_path / "b", D21, loan_states=state(overdue="10", days="3", klass="关注"))
    load_only(tmp_path / "c", D21, loan_states=state())
    loan = Loan.objects.get()
    assert list(loan.readings.order_by("pk").values_list("effective_on", "days_past_due", "correction")) == [
        (D20, 0, 0),
        (D21, 3, 0),
        (D21, 0, 1),
    ]
    assert LoanReading.objects.known(D21).newest_first()[0].days_past_due == 0
    assert ClassFact.objects.known(D21).newest_first()[0].risk_class == "NORMAL"
    assert RiskEvent.objects.standing(date.max).count() == 0
    assert RiskEvent.objects.filter(reverses__isnull=False).count() == 2


def test_a_late_fact_is_known_from_the_next_open_day_and_listed(tmp_path: Path) -> None:
    begin(tmp_path)
    close(D20, D21, D22)
    batch = load_only(
        tmp_path / "b",
        D21,
        loan_states=state("2700000.00"),
        balances=[BOOK["balances"][0], ("6222001", "-0.00", "5")],
        transactions=[BOOK["transactions"][0], ("T9", "6222001", "2026-11-21", "付", "7.00", "", "", "")],
    )
    assert (batch.as_of, batch.known_on) == (D21, D23)
    assert list(LoanReading.objects.values_list("effective_on", "known_on", "balance")) == [
        (D20, D20, Decimal("2800000.00")),
        (D21, D23, Decimal("2700000.00")),
    ]
    assert LoanReading.objects.known(D22).newest_first()[0].effective_on == D20  # as the close saw it
    day = {"effective_on": "2026-11-21", "known_on": "2026-11-23"}
    assert batch.difference == [
        {"kind": "借据状态", "key": "JJ1", "field": "余额", **day, "old": "2800000.00", "new": "2700000.00"},
        {"kind": "账户余额", "key": "6222001", "field": "余额", **day, "old": "120000.50", "new": "0.00"},
        {"kind": "账户余额", "key": "6222001", "field": "冻结止付金额", **day, "old": "0.00", "new": "5"},
        {"kind": "账户流水", "key": "T9", "field": "金额", **day, "old": "", "new": "7.00"},
    ]


def test_a_late_day_does_not_overrule_the_extract_after_it(tmp_path: Path) -> None:
    begin(tmp_path)
    load_only(tmp_path / "b", D22, loan_states=state())  # says: unchanged; nothing is stored
    close(D20, D21, D22)
    load_only(tmp_path / "c", D21, loan_states=state("2700000.00"))
    assert list(
        LoanReading.objects.order_by("effective_on").values_list("effective_on", "known_on", "balance")
    ) == [
        (D20, D20, Decimal("2800000.00")),
        (D21, D23, Decimal("2700000.00")),
        (D22, D23, Decimal("2800000.00")),
    ]


def test_dated_folders_are_applied_in_order_and_stop_at_the_first_refused(tmp_path: Path) -> None:
    write(tmp_path / "2026-11-21", {"loan_states": state("2700000.00")})
    write(tmp_path / "2026-11-20", BOOK | {"transactions": None})
    write(tmp_path / "2026-11-22", {"loan_states": state("x")})
    write(tmp_path / "20261123", {"loan_states": state("1")})
    batches = list(import_folder(tmp_path, layout=profile("native")))
    assert [(batch.as_of, batch.status) for batch in batches] == [
        (D20, ImportStatus.APPLIED),
        (D21, ImportStatus.APPLIED),
        (D22, ImportStatus.REJECTED),
    ]
    assert LoanReading.objects.count() == 2
    assert ImportBatch.objects.count() == 3


@pytest.mark.parametrize(
    "table",
    [
        "credit_loanreading",
        "credit_classfact",
        "credit_transaction",
        "credit_accountbalance",
    ],
)
@pytest.mark.parametrize("verb", ["UPDATE {} SET known_on = known_on", "DELETE FROM {}"])
def test_a_fact_is_neither_changed_nor_deleted(tmp_path: Path, table: str, verb: str) -> None:
    load_book(tmp_path)
    with pytest.raises(Exception, match="已入账的事实不能修改或删除"), connection.cursor() as cursor:
        cursor.execute(verb.format(table))


def test_initials_are_what_a_person_would_type() -> None:
    assert initials_of("江南纺织（集团）有限公司") == "jnfzjtyxgs"
    assert initials_of("A1 重工") == "a1zg"

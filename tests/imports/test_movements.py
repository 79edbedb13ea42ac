"""Movements on accounts: reversals, the same number again, other currencies, balances that do not follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from core import clock
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.imports import findings
from credit.models import Transaction
from tests.imports.extracts import BOOK, Rows, load_book, load_only, said
from tests.imports.test_findings import listed

pytestmark = pytest.mark.django_db

D22, D23, D24 = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24)
HEAD = (
    "流水号",
    "账号",
    "交易日",
    "方向",
    "金额",
    "交易后余额",
    "对方户名",
    "摘要",
    "冲正流水号",
    "币种",
    "渠道",
    "借据号",
)
BALANCES = ("账号", "余额", "冻结止付金额", "数据日期")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(D24):
        yield


def row(number: str, direction: str, amount: str, after: str = "", **more: str) -> tuple[str, ...]:
    """A movement on the book's account, of 23 November unless it says otherwise."""
    return (
        number, more.get("account", "6222001"), more.get("on", "2026-11-23"), direction, amount, after, "", "",
        more.get("reverses", ""), more.get("currency", ""), more.get("channel", ""), more.get("loan", ""),
    )  # fmt: skip


def moved(folder: Path, *rows: Sequence[str], on: date = D23) -> ImportBatch:
    """Import the small book with these movements, or these movements alone where the book is there."""
    files: dict[str, Rows] = {"transactions": [HEAD, *rows]}
    if on == D23:
        return load_book(folder, on, **{"balances": None, **files})
    return load_only(folder, on, **files)


def test_what_a_movement_says_of_its_way_its_loan_and_what_it_undoes_is_kept(tmp_path: Path) -> None:
    rows = [
        row("T3", "付", "20000.50", "100000.00", reverses="T1", channel="柜面"),
        row("T1", "收", "20000.50", "120000.50", currency="人民币", channel="网上银行", loan="JJ1"),
        row("T4", "收", "5.00", "100005.00", currency="CNY"),
    ]
    first = moved(tmp_path / "a", *rows)
    assert (said(first, "transactions"), listed(first, "transactions")) == ([], [])
    kept = Transaction.objects.order_by("number")
    assert list(kept.values_list("number", "channel", "loan__number", "reverses__number")) == [
        ("T1", "ONLINE", "JJ1", None), ("T3", "COUNTER", None, "T1"), ("T4", "", None, None)
    ]  # fmt: skip
    again = moved(tmp_path / "b", *rows, row("T5", "付", "5.00", "100000.00", reverses="T4"))
    assert again.status == ImportStatus.APPLIED
    assert again.files.get(kind="transactions").inserted == 1
    assert Transaction.objects.get(number="T5").reverses.number == "T4"


UNLIKE = "须与被冲正的流水同账户、同金额、方向相反，不早于它，且它本身不是冲正"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("T2", "付", "20000.50", reverses="T8"), "系统中没有这个流水，本批文件里也没有"),
        (row("T2", "付", "20000.51", reverses="T1"), UNLIKE),
        (row("T2", "收", "20000.50", reverses="T1"), UNLIKE),
        (row("T2", "付", "20000.50", reverses="T1", on="2026-11-22"), UNLIKE),
        (row("T2", "付", "20000.50", reverses="T1", account="6222002"), UNLIKE),
        (row("T2", "收", "3.00", reverses="T0"), UNLIKE),  # undoes one that undoes another
        (row("T2", "付", "7.00", reverses="TA"), "这笔流水已经冲正过"),
    ],
)
@pytest.mark.parametrize("booked", [True, False], ids=["in the book", "in the file"])
def test_a_reversal_undoes_one_movement_of_its_account_once(
    tmp_path: Path, bad: tuple[str, ...], reason: str, booked: bool
) -> None:
    accounts = [*BOOK["accounts"], ("6222002", "C1", "0101", "一般户", "2020-05-06", "否")]
    good = [
        row("T1", "收", "20000.50"),
        row("T9", "收", "3.00"),
        row("T0", "付", "3.00", reverses="T9"),
        row("TA", "收", "7.00"),
        row("TB", "付", "7.00", reverses="TA"),
    ]
    files: dict[str, Rows | None] = {"balances": None, "accounts": accounts, "transactions": [HEAD, *good]}
    if booked:
        assert load_book(tmp_path / "a", D23, **files).status == ImportStatus.APPLIED
        batch = load_only(tmp_path / "b", D23, transactions=[HEAD, bad])
    else:
        batch = load_book(tmp_path / "a", D23, **{**files, "transactions": [HEAD, *good, bad]})
    assert batch.status == ImportStatus.REJECTED
    assert said(batch, "transactions") == [(2 if booked else 7, "冲正流水号", bad[8], reason)]
    assert not Transaction.objects.filter(number="T2").exists()


def test_the_same_number_with_other_content_is_named_with_its_row(tmp_path: Path) -> None:
    moved(tmp_path / "a", row("T1", "收", "20000.50", "20000.50"))
    batch = moved(tmp_path / "b", row("T2", "收", "1.00"), row("T1", "收", "20000.51", "20000.51"), on=D24)
    assert batch.status == ImportStatus.REJECTED
    told = "已入账而内容不同；入账的事实不能改写，请以冲正流水更正"
    assert said(batch, "transactions") == [(3, "流水号", "T1", told)]


def test_another_currency_and_a_day_to_come_are_named_with_their_rows(tmp_path: Path) -> None:
    batch = moved(
        tmp_path,
        row("T1", "收", "1.00"),
        row("T2", "收", "1.00", currency="USD"),
        row("T3", "收", "1.00", on="2026-11-24"),
    )
    assert batch.status == ImportStatus.REJECTED
    assert said(batch, "transactions") == [
        (3, "币种", "USD", "只收人民币的流水；外币账户的流水请从文件中剔除"),
        (4, "交易日", "2026-11-24", "晚于数据日期 2026-11-23"),
    ]


def breaks(batch: ImportBatch) -> list[tuple[int | None, str]]:
    """Rows whose balance afterwards does not carry on from the one before."""
    return [
        (line, value)
        for line, column, value, _reason in listed(batch, "transactions")
        if column == "交易后余额"
    ]


def test_a_balance_that_does_not_carry_on_is_listed_with_its_row(tmp_path: Path) -> None:
    # 100.00; −30.00 leaves 70.00, not 75.00; the next goes on from 75.00: one break. Then 5.00 is lost: another.
    batch = moved(
        tmp_path,
        row("T1", "收", "100.00", "100.00"),
        row("T2", "付", "30.00", "75.00"),
        row("T3", "收", "1.00", "76.00"),
        row("T4", "收", "1.00"),
        row("T5", "收", "1.00", "73.00"),
    )
    assert batch.status == ImportStatus.APPLIED
    assert breaks(batch) == [(3, "75.00"), (6, "73.00")]
    reason = listed(batch, "transactions")[0][3]
    assert reason == (
        "与前一笔不衔接：按前一笔余额和本笔金额应为 70.00 元，相差 5.00 元，请向核心系统核对是否漏送或错序"
    )


def test_a_chain_holds_whatever_order_the_rows_of_a_day_stand_in(tmp_path: Path) -> None:
    mixed = [
        row("T3", "付", "10.00", "120.00"),
        row("T1", "收", "100.00", "100.00", on="2026-11-22"),
        row("T2", "收", "30.00", "130.00"),
    ]
    assert breaks(moved(tmp_path / "a", *mixed)) == []
    # The next file carries on from 120.00, the last of the day before, though it stood first in its file.
    nexts = [
        row("T4", "收", "5.00", "125.00", on="2026-11-24"),
        row("T5", "付", "5.00", "120.00", on="2026-11-24"),
    ]
    assert breaks(moved(tmp_path / "b", *nexts, on=D24)) == []


def test_the_first_movement_of_a_file_carries_on_from_the_book(tmp_path: Path) -> None:
    moved(tmp_path / "a", row("T1", "收", "100.00", "100.00"))
    batch = moved(tmp_path / "b", row("T2", "付", "1.00", "98.00", on="2026-11-24"), on=D24)
    assert breaks(batch) == [(2, "98.00")]


def test_a_lender_may_refuse_what_does_not_carry_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "listed", lambda on: frozenset())
    batch = moved(tmp_path, row("T1", "收", "100.00", "100.00"), row("T2", "付", "1.00", "98.00"))
    assert batch.status == ImportStatus.REJECTED
    assert [(line, value) for line, _column, value, _why in said(batch, "transactions")] == [(3, "98.00")]


def test_a_balance_at_the_end_of_a_day_follows_from_the_one_before_and_what_moved(tmp_path: Path) -> None:
    def told(folder: str, on: date, balance: str, *rows: Sequence[str]) -> list[tuple[int | None, str]]:
        load = load_book if on == D22 else load_only
        batch = load(
            tmp_path / folder,
            on,
            balances=[BALANCES[:3], ("6222001", balance, "0")],
            transactions=[HEAD, *rows],
        )
        assert batch.status == ImportStatus.APPLIED
        return [(line, reason) for line, _c, _v, reason in listed(batch, "balances")]

    assert (
        told("a", D22, "100.00", row("T1", "收", "100.00", on="2026-11-22")) == []
    )  # nothing before is known
    assert told("b", D23, "130.00", row("T2", "收", "30.00")) == []
    lost = told("c", D24, "150.00", row("T3", "收", "15.00", on="2026-11-24"))  # 130 + 15 = 145, not 150
    assert lost == [(2, "与流水不符：2026-11-23 余额 130.00 元，其后流水净额 15.00 元，相差 5.00 元")]


def test_balances_that_come_without_movements_are_not_compared(tmp_path: Path) -> None:
    moved(tmp_path / "a", row("T1", "收", "100.00", "100.00"))
    load_only(tmp_path / "b", D23, balances=[BALANCES[:3], ("6222001", "100.00", "0")])
    batch = load_only(tmp_path / "c", D24, balances=[BALANCES[:3], ("6222001", "900.00", "0")])
    assert batch.status == ImportStatus.APPLIED
    assert listed(batch, "balances") == []


def test_many_accounts_are_judged_in_a_fixed_number_of_statements(tmp_path: Path) -> None:
    """A chain is read once, however many accounts and rows: no statement per row."""

    def statements(folder: str, accounts: int) -> int:
        numbers = [f"70{n:04d}" for n in range(accounts)]
        book = [BOOK["accounts"][0], *((n, "C1", "0101", "一般户", "2020-05-06", "否") for n in numbers)]
        rows = [row(f"{folder}{n}", "收", "1.00", "1.00", account=n) for n in numbers]
        with _counted() as count:
            batch = load_book(
                tmp_path / folder, D23, accounts=book, balances=None, transactions=[HEAD, *rows]
            )
        assert (batch.status, breaks(batch)) == (ImportStatus.APPLIED, [])
        return len(count)

    from django.test.utils import CaptureQueriesContext

    def _counted() -> CaptureQueriesContext:
        return CaptureQueriesContext(connection)

    assert statements("a", 3) >= statements("b", 60)


def test_money_is_exact_to_the_cent(tmp_path: Path) -> None:
    moved(tmp_path, row("T1", "收", "0.10", "0.10"), row("T2", "收", "0.20", "0.30"))
    assert Transaction.objects.get(number="T2").balance_after == Decimal("0.30")

"""Bad input: a clear sentence each, every bad row named, nothing half applied."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from openpyxl import Workbook

from core import clock
from core.errors import Conflict, Invalid
from core.models.imports import ImportStatus
from core.staging import text_files, workbooks
from credit.models import Account, AccountBalance, Borrower, Loan
from tests.imports.extracts import BOOK, file_of, load, load_book, load_only, said, states, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(date(2026, 11, 24)):
        yield


def rejected(batch: Any) -> bool:
    """The batch was refused and left nothing of itself in the book."""
    return (
        batch.status == ImportStatus.REJECTED and not Borrower.objects.exists() and not Loan.objects.exists()
    )


def test_one_bad_row_changes_nothing_and_every_bad_row_is_named(tmp_path: Path) -> None:
    batch = load_book(
        tmp_path,
        customers=[*BOOK["customers"], ("C2", "", "法人", "", ""), ("C3", "江北", "公司", "", "")],
        accounts=[*BOOK["accounts"], ("6222009", "C9", "0101", "基本户", "2026-02-30", "也许")],
    )
    assert rejected(batch)
    assert said(batch, "customers") == [
        (3, "名称", "", "不能为空"),
        (4, "类型", "公司", "不在可选值内：法人、个体、个人"),
    ]
    assert said(batch, "accounts") == [
        (3, "客户编号", "C9", "系统中没有这个客户，本批文件里也没有"),
        (3, "开户日", "2026-02-30", "没有这一天，或不是日期（写作 2026-11-24 或 20261124）"),
        (3, "允许透支", "也许", "应为“是”或“否”"),
    ]


def test_a_row_is_not_blamed_for_its_parents_fault(tmp_path: Path) -> None:
    batch = load_book(tmp_path, customers=[BOOK["customers"][0], ("C1", "江南纺织有限公司", "国企", "", "")])
    assert rejected(batch)
    assert said(batch, "contracts") == []
    assert len(said(batch, "customers")) == 1


def test_a_negative_balance_is_refused_unless_the_account_may_be_overdrawn(tmp_path: Path) -> None:
    below = [BOOK["balances"][0], ("6222001", "-0.01", "0")]
    batch = load_book(tmp_path / "a", balances=below)
    assert rejected(batch)
    assert said(batch, "balances") == [(2, "余额", "-0.01", "不能为负数：该账户不允许透支")]
    may = [BOOK["accounts"][0], ("6222001", "C1", "0101", "基本户", "2020-05-06", "是")]
    assert load_book(tmp_path / "b", balances=below, accounts=may).status == ImportStatus.APPLIED


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("-1.00", "不能为负数"),
        ("二百万", "不是数字（不写千分位和单位）"),
        ("2,800,000.00", "不是数字（不写千分位和单位）"),
        ("１００", "不是数字（不写千分位和单位）"),
        ("1.005", "小数超过 2 位"),
        ("1" * 17, "数值过大"),
        ("", "不能为空"),
    ],
)
def test_an_amount_that_is_none_is_named(tmp_path: Path, value: str, reason: str) -> None:
    batch = load_book(tmp_path, loan_states=states(("JJ1", value, "0", "0", "0", "正常")))
    assert rejected(batch)
    assert said(batch, "loan_states") == [(2, "余额", value, reason)]


@pytest.mark.parametrize("day", ["2026-02-30", "20260230", "2026/11/24", "2026-13-01", "0000-00-00", "昨天"])
def test_a_day_that_does_not_exist_is_named(tmp_path: Path, day: str) -> None:
    batch = load_book(
        tmp_path,
        contracts=[BOOK["contracts"][0], ("HT1", "C1", "流动资金贷款", "5000000", day, "2027-03-01", "")],
    )
    assert rejected(batch)
    assert said(batch, "contracts") == [
        (2, "签订日", day, "没有这一天，或不是日期（写作 2026-11-24 或 20261124）")
    ]


@pytest.mark.parametrize("day", ["0001-01-01", "18991231", "2200-01-01", "99991231"])
def test_a_day_that_no_paper_of_a_bank_bears_is_refused_with_the_range(tmp_path: Path, day: str) -> None:
    batch = load_book(
        tmp_path,
        contracts=[BOOK["contracts"][0], ("HT1", "C1", "流动资金贷款", "5000000", "2026-03-01", day, "")],
    )
    assert rejected(batch)
    assert said(batch, "contracts") == [(2, "到期日", day, "日期须在 1900-01-01 至 2199-12-31 之间")]


def test_a_leap_day_is_a_day(tmp_path: Path) -> None:
    leap = ("6222001", "C1", "0101", "基本户", "20240229", "否")
    assert load_book(tmp_path, accounts=[BOOK["accounts"][0], leap]).status == ImportStatus.APPLIED
    assert Account.objects.get().opened_on == date(2024, 2, 29)


def test_the_same_key_twice_in_a_file_is_named(tmp_path: Path) -> None:
    batch = load_book(tmp_path, balances=[*BOOK["balances"], ("6222001", "5.00", "0")])
    assert rejected(batch)
    assert said(batch, "balances") == [(3, "账号", "6222001", "账号与第 2 行重复")]


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    batch = load_book(tmp_path, balances=[("帐号", "余额"), ("6222001", "1")])
    assert rejected(batch)
    assert said(batch, "balances") == [(1, "账号", "", "缺少列：账号；文件中的列有：帐号、余额。")]


def test_a_column_twice_is_named(tmp_path: Path) -> None:
    batch = load_book(tmp_path, balances=[("账号", "余额", "余额"), ("6222001", "1", "2")])
    assert said(batch, "balances") == [(1, "余额", "", "表头有重复的列：余额。")]


def test_a_file_cut_in_the_middle_of_a_row_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, BOOK) / "transactions.csv"
    path.write_bytes(path.read_bytes()[: path.read_bytes().rindex(b",2026-11-23")])
    batch = load(tmp_path)
    assert rejected(batch)
    assert said(batch, "transactions") == [
        (2, "", "", "文件被截断：末行只有 2 列（应 8 列），且没有换行结尾，请重新导出。")
    ]


def test_a_quote_that_is_never_closed_is_named_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, BOOK) / "customers.csv"
    path.write_text(path.read_text("utf-8") + 'C2,"江北,法人,,\nC3,江中,法人,,\n', "utf-8")
    batch = load(tmp_path)
    assert rejected(batch)
    assert said(batch, "customers") == [
        (3, "", "", "从第 3 行起有引号没有闭合，文件可能被截断，请重新导出。")
    ]


def test_a_row_of_another_width_is_named(tmp_path: Path) -> None:
    batch = load_book(tmp_path, balances=[*BOOK["balances"], ("6222001", "1", "0", "多余")])
    assert said(batch, "balances") == [(3, "", "", "这一行有 4 列，表头有 3 列。")]


def test_a_wrong_encoding_is_named_with_its_byte(tmp_path: Path) -> None:
    path = write(tmp_path, BOOK) / "customers.csv"
    good = path.read_bytes()
    path.write_bytes(good + b"C2,\xff\xfe,\n")
    batch = load(tmp_path)
    assert rejected(batch)
    offset = len(good) + len(b"C2,") + 1
    assert said(batch, "customers") == [
        (3, "", "", f"编码错误：第 3 行、文件第 {offset} 个字节不是 UTF-8 字符，请以 UTF-8 或 GBK 重新导出。")
    ]


def test_utf16_and_binary_files_are_named(tmp_path: Path) -> None:
    book = write(tmp_path, BOOK)
    (book / "customers.csv").write_bytes("客户编号,名称".encode("utf-16"))
    (book / "balances.csv").write_bytes(b"a,b\n\0\0")
    (book / "accounts.csv").write_bytes(b"")
    batch = load(book)
    assert said(batch, "customers")[0][3] == "文件是 UTF-16 编码，请另存为 UTF-8 或 GBK 的 CSV。"
    assert said(batch, "balances")[0][3] == "文件含有空字节，不是文本文件。"
    assert said(batch, "accounts")[0][3] == "文件是空的（0 字节），请重新导出。"


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(text_files, "MAX_BYTES", 10)
    batch = load_only(tmp_path, balances=BOOK["balances"])
    assert rejected(batch)
    assert said(batch, "balances")[0][3].endswith("超过上限 0 MB，请按日期或机构拆分后再导入。")


def test_a_misspelt_file_name_is_refused_rather_than_lost(tmp_path: Path) -> None:
    write(tmp_path, {**BOOK, "ballances": BOOK["balances"]})
    batch = load(tmp_path)
    assert rejected(batch)
    reason = batch.files.get(name="ballances.csv").errors[0]["reason"]
    assert reason.startswith("无法识别的文件名；本方案的文件：units.csv、")


def test_a_fact_of_tomorrow_is_refused(tmp_path: Path) -> None:
    row = ("T1", "6222001", "2026-11-24", "收", "1.00", "", "", "")
    batch = load_book(tmp_path, transactions=[BOOK["transactions"][0], row])
    assert said(batch, "transactions") == [(2, "交易日", "2026-11-24", "晚于数据日期 2026-11-23")]


def test_extracts_of_tomorrow_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="数据日期 2026-11-25 晚于今天"):
        load_book(tmp_path / "a", as_of=date(2026, 11, 25))
    with pytest.raises(Invalid, match="没有可以导入的文件"):
        load(write(tmp_path / "b", {}))


def test_a_booked_transaction_is_not_rewritten(tmp_path: Path) -> None:
    load_book(tmp_path / "a")
    other = ("T1", "6222001", "2026-11-23", "收", "20000.51", "", "", "")
    batch = load_only(tmp_path / "b", transactions=[BOOK["transactions"][0], other])
    assert said(batch, "transactions") == [
        (2, "流水号", "T1", "已入账而内容不同；入账的事实不能改写，请以冲正流水更正")
    ]


def test_two_people_for_one_role_at_a_time_are_named(tmp_path: Path) -> None:
    both = [*BOOK["responsibilities"], ("C1", "客户经理", "1002", "0101", "2026-11-01", "")]
    batch = load_book(tmp_path, responsibilities=both)
    assert said(batch, "responsibilities") == [
        (3, "起", "2026-11-01", "与文件中该客户同一岗位的另一行任期重叠")
    ]


@pytest.mark.obligation("GR-3", clause="b")
def test_a_post_of_the_other_line_and_a_circle_of_units_are_named(tmp_path: Path) -> None:
    batch = load_book(
        tmp_path,
        people=[
            *BOOK["people"],
            ("1003", "孙磊", "客户线", "0101", "风险经理", "2024-01-01", "2023-01-01"),
        ],
        units=[BOOK["units"][0], ("01", "总行", "总行", "0101"), ("0101", "工人支行", "支行", "01")],
    )
    assert said(batch, "people") == [
        (4, "岗位", "风险经理", "该岗位属于风险线，与人员的条线不符"),
        (4, "止", "2023-01-01", "早于起 2024-01-01"),
    ]
    assert [reason for *_, reason in said(batch, "units")] == ["上级机构成环，机构不能是自己的上级"] * 2


def test_a_formula_in_a_name_stays_text_and_is_pointed_out(tmp_path: Path) -> None:
    name = '=HYPERLINK("http://x")'
    batch = load_book(tmp_path, customers=[BOOK["customers"][0], ("C1", name, "法人", "", "")])
    assert batch.status == ImportStatus.APPLIED
    assert Borrower.objects.get().name == name
    assert file_of(batch, "customers").errors == [
        {
            "line": 2,
            "column": "名称",
            "value": name,
            "reason": "以公式符号开头，按文字保存；导出时自动加引号，不会被当作公式。",
            "notice": True,
        }
    ]


# --- XLSX


def workbook(path: Path, rows: Any) -> None:
    """A sheet with these rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_a_formula_in_a_cell_is_refused_and_never_evaluated(tmp_path: Path) -> None:
    write(tmp_path, {**BOOK, "balances": None})
    workbook(tmp_path / "balances.xlsx", [("账号", "余额"), ("6222001", "=1+1")])
    batch = load(tmp_path)
    assert rejected(batch)
    assert said(batch, "balances") == [(2, "余额", "=1+1", "这一格是公式，不是值；请粘贴为数值后再导入。")]


def test_a_number_that_lost_its_digits_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {**BOOK, "balances": None})
    workbook(tmp_path / "balances.xlsx", [("账号", "余额"), (6222021001112223334, 1)])
    assert said(load(tmp_path), "balances")[0][3] == (
        "号码存成了数字，超过 15 位的部分已经失真；请将该列设为文本。"
    )


@pytest.mark.parametrize("megabytes", [20, 600])  # by its ratio, and by its size
def test_an_xlsx_that_unpacks_to_gigabytes_is_refused_unopened(tmp_path: Path, megabytes: int) -> None:
    write(tmp_path, {**BOOK, "balances": None})
    with (
        zipfile.ZipFile(tmp_path / "balances.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb,
        bomb.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for _ in range(megabytes):
            sheet.write(b"\x20" * 1024**2)
    batch = load(tmp_path)
    assert rejected(batch)
    assert said(batch, "balances") == [
        (None, "", "", f"XLSX 解压后达 {megabytes} MB，与文件大小不相称，已拒收；数据多请改用 CSV。")
    ]


def test_too_many_parts_entities_and_a_broken_archive_are_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(workbooks, "MAX_ENTRIES", 1)
    write(tmp_path, {"balances": None})
    workbook(tmp_path / "balances.xlsx", [("账号", "余额")])
    assert "个部件，超过上限 1，已拒收。" in said(load(tmp_path), "balances")[0][3]
    with zipfile.ZipFile(tmp_path / "balances.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    assert said(load(tmp_path), "balances")[0][3] == "XLSX 内含实体声明，已拒收，请重新导出。"
    (tmp_path / "balances.xlsx").write_bytes(b"PK\x03\x04 cut")
    assert said(load(tmp_path), "balances")[0][3] == (
        "这不是完整的 XLSX 文件（可能被截断或是旧的 XLS），请重新导出。"
    )


# --- one at a time


def test_two_imports_never_interleave(tmp_path: Path) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [0x696D706F727473])
        with pytest.raises(Conflict, match="另一批数据正在导入"):
            load_book(tmp_path)
    finally:
        with (
            other.cursor() as cursor
        ):  # closing alone lets it go a moment later, in the middle of the next test
            cursor.execute("SELECT pg_advisory_unlock_all()")
        other.close()
    assert not AccountBalance.objects.exists()


@pytest.mark.obligation("GR-3", clause="b")
def test_a_responsible_person_of_the_other_line_is_named(tmp_path: Path) -> None:
    answers = [BOOK["responsibilities"][0], ("C1", "风险经理", "1001", "0101", "2026-01-01", "")]
    batch = load_book(tmp_path, responsibilities=answers)
    assert [reason for *_, reason in said(batch, "responsibilities")] == [
        "该岗位属于风险线，与人员的条线不符"
    ]

"""A small book as extract files: one good customer with a loan, an account and a day's facts; tests spoil one thing."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from core import clock
from core.models import ImportBatch, ImportFile
from credit.imports.run import import_files, profile
from workflow.choices import RunStatus
from workflow.models import DayRun
from workflow.services.days import CLOSED

AS_OF = date(2026, 11, 23)

Rows = Sequence[Sequence[str]]

BOOK: Mapping[str, Rows] = {
    "units": [
        ("机构号", "名称", "类型", "上级机构号"),
        ("01", "江州农村商业银行", "总行", ""),
        ("0101", "工人支行", "支行", "01"),
    ],
    "people": [
        ("工号", "姓名", "条线", "机构号", "岗位", "起", "止"),
        ("1001", "张明", "客户线", "0101", "客户经理", "2024-01-01", ""),
        ("1002", "李娜", "客户线", "0101", "客户经理", "2024-01-01", ""),
    ],
    "customers": [
        ("客户编号", "名称", "类型", "证件号", "行业"),
        ("C1", "江南纺织有限公司", "法人", "91320100000000001X", "纺织业"),
    ],
    "contracts": [
        ("合同号", "客户编号", "品种", "授信金额", "签订日", "到期日", "约定用途"),
        ("HT1", "C1", "流动资金贷款", "5000000.00", "2026-03-02", "2027-03-01", "采购棉纱"),
    ],
    "loans": [
        ("借据号", "合同号", "机构号", "品种", "金额", "年利率", "发放日", "到期日"),
        ("JJ1", "HT1", "0101", "流动资金贷款", "3000000.00", "0.0435", "2026-03-02", "2027-03-01"),
    ],
    "loan_states": [
        ("借据号", "余额", "逾期本金", "欠息", "逾期天数", "风险分类"),
        ("JJ1", "2800000.00", "0", "0", "0", "正常"),
    ],
    "accounts": [
        ("账号", "客户编号", "机构号", "账户性质", "开户日", "允许透支"),
        ("6222001", "C1", "0101", "基本户", "2020-05-06", "否"),
    ],
    "balances": [("账号", "余额", "冻结止付金额"), ("6222001", "120000.50", "0")],
    "transactions": [
        ("流水号", "账号", "交易日", "方向", "金额", "交易后余额", "对方户名", "摘要"),
        ("T1", "6222001", "2026-11-23", "收", "20000.50", "120000.50", "江北贸易公司", "货款"),
    ],
    "responsibilities": [
        ("客户编号", "岗位", "工号", "机构号", "起", "止"),
        ("C1", "客户经理", "1001", "0101", "2026-01-05", ""),
    ],
}

STATES = BOOK["loan_states"][0]


def states(*rows: Sequence[str]) -> Rows:
    """A file of loan states: number, balance, overdue principal, overdue interest, days past due, class."""
    return [STATES, *rows]


def write(
    folder: Path, book: Mapping[str, Rows | None], *, encoding: str = "utf-8", ending: str = "csv"
) -> Path:
    """Write the files of a date."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in book.items():
        if rows is not None:
            with (folder / f"{name}.{ending}").open("w", encoding=encoding, newline="") as file:
                csv.writer(file).writerows(rows)
    return folder


def load(folder: Path, as_of: date = AS_OF, layout: str = "native") -> ImportBatch:
    """Import a folder as of a date."""
    files = {path.name: path for path in sorted(folder.iterdir())}
    return import_files(files, layout=profile(layout), as_of=as_of)


def load_book(folder: Path, as_of: date = AS_OF, **changes: Rows | None) -> ImportBatch:
    """Import the small book with some of its files changed (None leaves one out)."""
    return load(write(folder, {**BOOK, **changes}), as_of)


def load_only(folder: Path, as_of: date = AS_OF, **files: Rows) -> ImportBatch:
    """Import these files and no others."""
    return load(write(folder, files), as_of)


def file_of(batch: ImportBatch, kind: str) -> ImportFile:
    """One file of a batch."""
    return batch.files.get(kind=kind)


def said(batch: ImportBatch, kind: str) -> list[tuple[int | None, str, str, str]]:
    """Every bad row of a file: line, column, value, reason."""
    return [
        (entry["line"], entry["column"], entry["value"], entry["reason"])
        for entry in file_of(batch, kind).errors
        if not entry.get("notice")
    ]


def close(*days: date) -> None:
    """Mark days as closed, as the close of day does."""
    for on in days:
        DayRun.objects.create(on=on, step=CLOSED, status=RunStatus.DONE, finished_at=clock.now())

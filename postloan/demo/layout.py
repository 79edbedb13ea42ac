"""The native layout of the extracts: which columns each file has, and how they are written."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

Row = dict[str, str]
Extracts = dict[date, dict[str, list[Row]]]

COLUMNS: dict[str, tuple[str, ...]] = {
    "units": ("机构号", "名称", "类型", "上级机构号"),
    "people": ("工号", "姓名", "条线", "机构号", "岗位", "起", "止"),
    "customers": ("客户编号", "名称", "类型", "证件号", "行业", "地址", "片区", "法定代表人", "电话", "主营业务",
                  "信用等级"),
    "contracts": ("合同号", "客户编号", "品种", "授信金额", "签订日", "到期日", "约定用途", "批复文号", "批复日期"),
    "loans": ("借据号", "合同号", "机构号", "品种", "金额", "年利率", "发放日", "到期日", "用途", "结算账号"),
    "loan_states": ("借据号", "余额", "逾期本金", "欠息", "逾期天数", "风险分类"),
    "schedules": ("借据号", "应还日", "应还本金", "应还利息"),
    "repayments": ("流水号", "借据号", "类型", "金额", "发生日", "冲正流水号"),
    "accounts": ("账号", "客户编号", "机构号", "账户性质", "开户日", "允许透支"),
    "balances": ("账号", "余额", "冻结止付金额"),
    "transactions": ("流水号", "账号", "交易日", "方向", "金额", "交易后余额", "对方户名", "对方账号", "对方行",
                     "摘要"),
    "responsibilities": ("客户编号", "岗位", "工号", "机构号", "起", "止"),
    "events": ("来源编号", "客户编号", "借据号", "事项", "发生日", "事实"),
}  # fmt: skip


def row(kind: str, *values: object) -> Row:
    """A row of a kind, its values in the order of the columns."""
    return dict(zip(COLUMNS[kind], (_text(value) for value in values), strict=True))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def write(extracts: Mapping[date, Mapping[str, Sequence[Row]]], target: Path) -> list[Path]:
    """Write each set into its dated folder; returns the folders in the order of their dates."""
    folders: list[Path] = []
    for day in sorted(extracts):
        folder = target / day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        for kind, rows in extracts[day].items():
            with (folder / f"{kind}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[kind], lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        folders.append(folder)
    return folders

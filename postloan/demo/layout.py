"""The native layout of the extracts: which columns each file has, and how they are written."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

Row = dict[str, str]
Dated = list[tuple[date, Row]]  # each row with the day on which it is told
Extracts = dict[date, dict[str, list[Row]]]

COLUMNS: dict[str, tuple[str, ...]] = {
    "units": ("机构号", "名称", "类型", "上级机构号"),
    "people": ("工号", "姓名", "条线", "机构号", "岗位", "起", "止"),
    "customers": ("客户编号", "名称", "类型", "证件号", "行业", "地址", "片区", "法定代表人", "电话", "主营业务",
                  "信用等级"),
    "contracts": ("合同号", "客户编号", "品种", "授信金额", "签订日", "到期日", "约定用途", "批复文号", "批复日期",
                  "管理方案", "我行银团份额"),
    "loans": ("借据号", "合同号", "机构号", "品种", "金额", "年利率", "发放日", "到期日", "用途", "结算账号",
              "付息方式", "保证金账号", "保证金金额"),
    "loan_states": ("借据号", "余额", "逾期本金", "欠息", "逾期天数", "风险分类", "数据日期"),
    "schedules": ("借据号", "应还日", "应还本金", "应还利息"),
    "repayments": ("流水号", "借据号", "类型", "金额", "发生日", "冲正流水号"),
    "accounts": ("账号", "客户编号", "机构号", "账户性质", "开户日", "允许透支"),
    "balances": ("账号", "余额", "冻结止付金额", "数据日期"),
    "transactions": ("流水号", "账号", "交易日", "方向", "金额", "交易后余额", "对方户名", "对方账号", "对方行",
                     "摘要", "渠道", "冲正流水号", "借据号", "币种"),
    "responsibilities": ("客户编号", "岗位", "工号", "机构号", "起", "止"),
    "groups": ("集团编号", "集团名称", "上级集团编号", "主办客户经理工号"),
    "group_members": ("集团编号", "客户编号", "成员类型", "起", "止"),
    "related_parties": ("客户编号", "关系", "关联方名称", "关联方证件号", "关联方客户编号", "持股比例", "说明"),
    "clauses": ("合同号", "序号", "约定事项", "支付方式", "结算份额", "约定余额", "约定期限", "履行日期",
                "约定内容"),
    "counterparties": ("客户编号", "户名", "对手账号", "开户行", "关系", "合同号", "登记日", "停用日"),
    "other_debts": ("客户编号", "融资机构", "数据日期", "融资余额"),
    "declared_sales": ("客户编号", "起用日期", "含税月销售收入", "含税月采购支出", "购销模式"),
    "conditions": ("合同号", "序号", "批复要求", "落实期限", "落实日期", "落实说明"),
    "bills": ("票据号", "借据号", "票面金额", "出票日", "到期日", "出票人", "收款人", "承兑人"),
    "letters": ("借据号", "保函种类", "受益人", "电子保函", "原件编号"),
    "letter_claims": ("索赔编号", "借据号", "索赔金额", "索赔日", "了结日", "处理结果"),
    "guarantees": ("担保合同号", "客户编号", "担保方式", "担保人", "担保人证件号", "担保人客户编号", "担保金额",
                   "最高额", "签订日", "债权起", "债权止", "债权确定日", "保证方式", "保证期间", "终止日"),
    "secured": ("担保合同号", "借据号", "担保债权金额", "起", "止"),
    "collateral": ("押品编号", "押品类型", "押品名称", "权属人", "所在地", "权证号"),
    "liens": ("担保合同号", "押品编号", "顺位", "先顺位债权", "登记日", "登记证号", "注销登记日"),
    "valuations": ("押品编号", "评估日", "评估价值", "评估机构"),
    "deputies": ("工号", "代理人工号", "起", "止", "事由"),
    "letter_returns": ("借据号", "结果", "收回日", "保管位置", "凭证"),
    "past_inspections": ("客户编号", "检查日期", "检查人", "总体评价", "拟风险分类", "档案号"),
    "past_letters": ("函件编号", "借据号", "函件种类", "收件人类型", "收件人", "发出日", "送达方式",
                     "签收日", "送达证明"),
    "past_uses": ("借据号", "上线前已用金额", "截至日", "凭证"),
    "class_history": ("借据号", "风险分类", "生效日"),
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

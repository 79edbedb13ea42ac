"""The whole book as extracts: groups, clauses, bills, letters, security; once, and only where it is consistent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from core import clock
from core.models import Scheme
from core.models.imports import ImportStatus
from credit.imports import whole_book
from credit.models import Clause, Contract, Group, Guarantee, Lien, Loan, RelatedParty, Valuation
from tests.imports.extracts import BOOK, Rows, load_book, load_only, said

pytestmark = pytest.mark.django_db

LOAN = (
    "借据号",
    "合同号",
    "机构号",
    "品种",
    "金额",
    "年利率",
    "发放日",
    "到期日",
    "付息方式",
    "保证金账号",
    "保证金金额",
)
CONTRACT = (*BOOK["contracts"][0], "管理方案")
JJ1 = (*BOOK["loans"][1], "按季付息", "", "")
DATES = ("2026-03-02", "2027-03-01")

WHOLE: Mapping[str, Rows] = {
    **BOOK,
    "customers": [*BOOK["customers"], ("C2", "江南置业有限公司", "法人", "", "房地产业")],
    "groups": [
        ("集团编号", "集团名称", "上级集团编号", "主办客户经理工号"),
        ("G2", "江南纺织集团", "G1", "1001"),
        ("G1", "江南控股集团", "", ""),
    ],
    "group_members": [
        ("集团编号", "客户编号", "成员类型", "起", "止"),
        ("G1", "C1", "子公司", "2020-01-01", "2023-12-31"),
        ("G2", "C1", "集团母公司", "2024-01-01", ""),
    ],
    "related_parties": [
        ("客户编号", "关系", "关联方名称", "关联方证件号", "关联方客户编号", "持股比例", "说明"),
        ("C1", "股东", "江南置业有限公司", "", "C2", "0.35", ""),
        ("C1", "实际控制人", "王强", "", "", "", ""),
    ],
    "contracts": [CONTRACT, (*BOOK["contracts"][1], "S9")],
    "loans": [
        LOAN,
        JJ1,
        ("CD1", "HT1", "0101", "银行承兑汇票", "1000000", "0", *DATES, "不计息", "6222001", "300000"),
        ("BH1", "HT1", "0101", "保函", "500000", "0", *DATES, "", "", ""),
    ],
    "clauses": [
        ("合同号", "序号", "约定事项", "支付方式", "结算份额", "约定内容"),
        ("HT1", "1", "支付方式", "受托支付", "", ""),
        ("HT1", "2", "结算份额", "", "0.6", ""),
        ("HT1", "3", "提款暂停权", "", "", "风险上升时可暂停提款"),
    ],
    "conditions": [
        ("合同号", "序号", "批复要求", "落实期限", "落实日期"),
        ("HT1", "1", "追加实际控制人保证", "2026-04-01", ""),
    ],
    "bills": [
        ("票据号", "借据号", "票面金额", "出票日", "到期日", "出票人"),
        ("P1", "CD1", "600000", *DATES, "江南纺织有限公司"),
        ("P2", "CD1", "400000", *DATES, "江南纺织有限公司"),
    ],
    "letters": [("借据号", "保函种类", "受益人", "电子保函"), ("BH1", "履约保函", "江州水务局", "否")],
    "letter_claims": [
        ("索赔编号", "借据号", "索赔金额", "索赔日", "了结日", "处理结果"),
        ("SP1", "BH1", "20000", "2026-10-01", "2026-10-20", "受益人撤回"),
    ],
    "guarantees": [
        ("担保合同号", "客户编号", "担保方式", "担保人", "担保人客户编号", "担保金额", "最高额", "签订日", "债权起",
         "债权止", "保证方式", "保证期间"),
        ("DB1", "C1", "保证", "江南置业有限公司", "C2", "3000000", "是", "2026-03-01", *DATES, "连带责任保证", "36"),
        ("DB2", "C1", "抵押", "江南置业有限公司", "C2", "4000000", "否", "2026-03-01", "", "", "", ""),
    ],
    "secured": [
        ("担保合同号", "借据号", "担保债权金额", "起", "止"),
        ("DB1", "JJ1", "2000000", "2026-03-02", ""),
        ("DB1", "CD1", "1000000", "2026-03-02", ""),
        ("DB2", "JJ1", "3000000", "2026-03-02", ""),
    ],
    "collateral": [
        ("押品编号", "押品类型", "押品名称", "权属人", "所在地"),
        ("YP1", "房产", "工人路 8 号厂房", "江南置业有限公司", "江州市工人路 8 号"),
    ],
    "liens": [
        ("担保合同号", "押品编号", "顺位", "先顺位债权", "登记日", "登记证号"),
        ("DB2", "YP1", "1", "", "2026-03-02", "江(2026)001"),
    ],
    "valuations": [
        ("押品编号", "评估日", "评估价值", "评估机构"),
        ("YP1", "2026-02-20", "6000000", "江州评估公司"),
        ("YP1", "2026-11-20", "6000000", "江州评估公司"),
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(date(2026, 11, 24)):
        yield


@pytest.fixture(autouse=True)
def _scheme() -> None:
    Scheme.objects.create(code="S9", name="试行方案")


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the whole book, with the contracts and loans."""
    tables = {kind.table for kind in whole_book.KINDS} | {"credit_contract", "credit_loan"}
    models = [model for model in apps.get_models() if model._meta.db_table in tables]
    assert len(models) == len(tables)
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in models}


def test_the_whole_book_is_loaded_once(tmp_path: Path) -> None:
    first = load_book(tmp_path / "a", **WHOLE)
    assert [said(first, kind) for kind in WHOLE] == [[] for _ in WHOLE]
    assert first.status == ImportStatus.APPLIED
    before = everything()
    assert all(before.values())
    assert Group.objects.get(number="G2").parent.number == "G1"
    assert Contract.objects.get().scheme == "S9"
    assert list(Loan.objects.order_by("number").values_list("number", "interest_frequency", "margin")) == [
        ("BH1", "", 0), ("CD1", "NONE", 300000), ("JJ1", "QUARTERLY", 0)
    ]  # fmt: skip
    assert list(RelatedParty.objects.order_by("pk").values_list("share", flat=True)) == [
        Decimal("0.35"),
        None,
    ]
    assert list(Clause.objects.values_list("payment_mode", "share")) == [
        ("ENTRUSTED", None), ("", Decimal("0.6")), ("", None)
    ]  # fmt: skip
    assert list(Guarantee.objects.values_list("mode", "period_months")) == [("JOINT", 36), ("", None)]
    turned = {name: [rows[0], *reversed(rows[1:])] for name, rows in WHOLE.items()}
    again = load_book(tmp_path / "b", **turned)  # the same rows in other files
    assert again.status == ImportStatus.APPLIED
    assert everything() == before
    assert {(file.inserted, file.changed) for file in again.files.all()} == {(0, 0)}


def test_a_column_that_is_not_sent_stays_and_another_value_of_the_day_is_a_correction(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **WHOLE)
    batch = load_only(
        tmp_path / "b",
        clauses=[("合同号", "序号", "约定事项"), ("HT1", "2", "结算份额")],
        valuations=[*WHOLE["valuations"][:2], ("YP1", "2026-11-20", "5500000", "江州评估公司")],
        groups=[
            ("集团编号", "集团名称", "上级集团编号"),
            ("G1", "江南控股集团", "G2"),
            ("G2", "江南纺织集团", ""),
        ],
    )
    assert batch.status == ImportStatus.APPLIED
    assert Clause.objects.get(place=2).share == Decimal("0.6")
    assert list(Valuation.objects.order_by("pk").values_list("value", "correction")) == [
        (6000000, 0), (6000000, 0), (5500000, 1)
    ]  # fmt: skip
    assert Group.objects.get(number="G1").parent.number == "G2"


def test_two_liens_may_change_places(tmp_path: Path) -> None:
    guarantees = WHOLE["guarantees"]
    third = ("DB3", *guarantees[2][1:])
    head, first = WHOLE["liens"]
    second = ("DB3", "YP1", "2", "4000000", "2026-05-02", "")
    whole = {**WHOLE, "guarantees": [*guarantees, third], "liens": [head, first, second]}
    assert load_book(tmp_path / "a", **whole).status == ImportStatus.APPLIED
    swapped = [head, ("DB2", "YP1", "2", *first[3:]), ("DB3", "YP1", "1", *second[3:])]
    assert load_only(tmp_path / "b", liens=swapped).status == ImportStatus.APPLIED
    assert list(Lien.objects.order_by("guarantee__number").values_list("rank", flat=True)) == [2, 1]


@pytest.mark.parametrize(
    ("kind", "rows", "line", "column", "value", "reason"),
    [
        ("groups", [WHOLE["groups"][0], ("G1", "江南控股集团", "G2", ""), ("G2", "江南纺织集团", "G1", "")],
         2, "上级集团编号", "G2", "集团成环，集团不能包含自己"),
        ("group_members", [*WHOLE["group_members"], ("G1", "C1", "子公司", "2025-01-01", "")],
         4, "客户编号", "C1", "这个客户已在一个集团中，请先写明退出日期"),
        ("related_parties", [WHOLE["related_parties"][0], ("C1", "股东", "王强", "", "", "35", "")],
         2, "持股比例", "35", "持股比例须为 0 至 1 的小数（30% 写作 0.3）"),
        ("contracts", [CONTRACT, (*BOOK["contracts"][1], "S8")], 2, "管理方案", "S8", "系统中没有这个管理方案"),
        ("loans", [LOAN, (*JJ1[:-1], "3000000.01"), *WHOLE["loans"][2:]],
         2, "保证金金额", "3000000.01", "保证金金额大于借据金额"),
        ("clauses", [WHOLE["clauses"][0], ("HT1", "1", "支付方式", "", "", "")],
         2, "支付方式", "", "约定支付方式的须写明支付方式"),
        ("clauses", [WHOLE["clauses"][0], ("HT1", "1", "其他约定", "", "0.5", "")],
         2, "结算份额", "0.5", "只有约定结算份额的才写份额"),
        ("bills", WHOLE["bills"][:2], 2, "票面金额", "600000",
         "票面金额合计 600,000.00 元，与借据金额 1,000,000.00 元不符"),
        ("letter_claims", [WHOLE["letter_claims"][0], ("SP1", "BH1", "1", "2026-10-01", "2026-10-02", "")],
         2, "处理结果", "", "已了结的须写明处理结果"),
        ("guarantees", [*WHOLE["guarantees"][:2], (*WHOLE["guarantees"][2][:-1], "36")],
         3, "保证期间", "36", "只有保证才写保证期间"),
        ("secured", [*WHOLE["secured"], ("DB1", "BH1", "0.01", "2026-03-02", "")], 2, "担保债权金额", "2000000",
         "担保债权金额合计 3,000,000.01 元，超过担保金额 3,000,000.00 元"),
        ("liens", [*WHOLE["liens"], ("DB1", "YP1", "1", "", "", "")],
         3, "顺位", "1", "这件押品的该顺位已有登记，请核对顺位"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_refused_whole(
    tmp_path: Path, kind: str, rows: Rows, line: int, column: str, value: str, reason: str
) -> None:
    batch = load_book(tmp_path, **{**WHOLE, kind: rows})
    assert batch.status == ImportStatus.REJECTED
    assert (line, column, value, reason) in said(batch, kind)
    assert not any(everything().values())

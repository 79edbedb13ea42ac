"""Counterparties, debts elsewhere and declared sales: as extracts, by hand, and on the customer's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import clock
from core.models.imports import ImportStatus
from credit.models import ApprovalCondition, Clause, Contract, Counterparty, DeclaredSales, OtherDebt
from tests.imports.extracts import BOOK, load_book, load_only, said
from tests.imports.test_entry import post

pytestmark = pytest.mark.django_db

D23, D24 = date(2026, 11, 23), date(2026, 11, 24)
PARTIES = ("客户编号", "户名", "对手账号", "开户行", "关系", "合同号", "登记日", "停用日")
DEBTS = ("客户编号", "融资机构", "数据日期", "融资余额")
SALES = ("客户编号", "起用日期", "含税月销售收入", "含税月采购支出", "购销模式")
CLAUSES = ("合同号", "序号", "约定事项", "约定余额", "约定期限", "履行日期")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(D24):
        yield


def test_counterparties_are_registered_and_may_change(tmp_path: Path) -> None:
    first = ("C1", "江北棉纺厂", "9001", "滕阁银行", "上游供应商", "HT1", "2026-11-20", "")
    assert load_book(tmp_path / "a", counterparties=[PARTIES, first]).status == ImportStatus.APPLIED
    ended = (*first[:5], "", "2026-11-20", "2026-11-23")
    assert load_only(tmp_path / "b", counterparties=[PARTIES, ended]).status == ImportStatus.APPLIED
    row = Counterparty.objects.get()
    assert (row.name, row.relation, row.contract, row.ended_on) == ("江北棉纺厂", "UPSTREAM", None, D23)


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (("C1", "本公司", "6222001", "", "其他", "", "2026-11-20", ""), "对手账号", "6222001",
         "这是客户自己的账户，不是交易对手"),
        (("C2", "甲", "9001", "", "其他", "HT1", "2026-11-20", ""), "合同号", "HT1", "这份合同不是该客户的"),
        (("C1", "甲", "9001", "", "其他", "", "2026-11-24", ""), "登记日", "2026-11-24", "晚于数据日期 2026-11-23"),
        (("C1", "甲", "9001", "", "其他", "", "2026-11-20", "2026-11-19"), "停用日", "2026-11-19",
         "早于登记日 2026-11-20"),
    ],
)  # fmt: skip
def test_a_counterparty_that_cannot_be_one_is_named(
    tmp_path: Path, row: tuple[str, ...], column: str, value: str, reason: str
) -> None:
    load_book(
        tmp_path / "a", customers=[*BOOK["customers"], ("C2", "江南置业有限公司", "法人", "", "房地产业")]
    )
    batch = load_only(tmp_path / "b", counterparties=[PARTIES, row])
    assert said(batch, "counterparties") == [(2, column, value, reason)]


@pytest.mark.parametrize(
    ("kind", "head", "good", "other", "told"),
    [
        ("other_debts", DEBTS, ("C1", "滕阁银行", "2026-10-31", "100.00"), ("C1", "滕阁银行", "2026-10-31", "90.00"),
         "请核实后以其后的数据日期另报一行"),
        ("declared_sales", SALES, ("C1", "2026-10-01", "100.00", "80.00", "赊销"),
         ("C1", "2026-10-01", "100.00", "70.00", "赊销"), "请核实后以其后的起用日期另报一行"),
    ],
)  # fmt: skip
def test_what_was_told_of_a_day_is_told_once_and_never_otherwise(
    tmp_path: Path, kind: str, head: tuple[str, ...], good: tuple[str, ...], other: tuple[str, ...], told: str
) -> None:
    assert load_book(tmp_path / "a", **{kind: [head, good]}).status == ImportStatus.APPLIED
    again = load_only(tmp_path / "b", D24, **{kind: [head, good]})
    assert (again.status, again.files.get(kind=kind).inserted) == (ImportStatus.APPLIED, 0)
    batch = load_only(tmp_path / "c", D24, **{kind: [head, other]})
    assert said(batch, kind) == [(2, "客户编号", "C1", f"已入账而内容不同；入账的事实不能改写，{told}")]
    model = {"other_debts": OtherDebt, "declared_sales": DeclaredSales}[kind]
    assert model.objects.get().known_on == D23
    for change in (lambda: model.objects.update(known_on=D24), lambda: model.objects.all().delete()):
        with pytest.raises(IntegrityError, match="已入账的事实不能修改或删除"), transaction.atomic():
            change()


def test_a_clause_and_a_contract_tell_more(tmp_path: Path) -> None:
    contracts = [(*BOOK["contracts"][0], "我行银团份额"), (*BOOK["contracts"][1], "0.35")]
    clauses = [
        CLAUSES,
        ("HT1", "1", "约定存款余额", "500000", "", ""),
        ("HT1", "2", "其他约定", "", "2026-12-31", "2026-11-20"),
    ]
    assert load_book(tmp_path / "a", contracts=contracts, clauses=clauses).status == ImportStatus.APPLIED
    assert Contract.objects.get().syndicate_share == Decimal("0.35")
    assert list(Clause.objects.values_list("kind", "amount", "due_on", "met_on")) == [
        ("AGREED_BALANCE", 500000, None, None), ("OTHER", None, date(2026, 12, 31), date(2026, 11, 20))
    ]  # fmt: skip
    again = [CLAUSES, ("HT1", "2", "其他约定", "", "2026-12-31", "")]
    load_only(tmp_path / "b", D24, clauses=again)
    stays = Clause.objects.get(place=2)
    assert stays.met_on == date(2026, 11, 20)  # what was shown to be met stays met
    assert (stays.known_on, stays.met_known_on) == (D23, D23)
    whole = [(*BOOK["contracts"][0], "我行银团份额"), (*BOOK["contracts"][1], "1")]
    bad = [CLAUSES, ("HT1", "1", "约定存款余额", "", "", ""), ("HT1", "2", "其他约定", "5", "", "")]
    batch = load_only(tmp_path / "c", D24, contracts=whole, clauses=bad)
    assert said(batch, "contracts") == [
        (2, "我行银团份额", "1", "我行银团份额须大于 0、小于 1；不是银团贷款的留空")
    ]
    assert said(batch, "clauses") == [
        (2, "约定余额", "", "约定存款余额的须写明余额"), (3, "约定余额", "5", "只有约定存款余额的才写余额")
    ]  # fmt: skip


def test_a_demand_that_was_met_here_stays_met_where_a_later_file_says_nothing(tmp_path: Path) -> None:
    head = ("合同号", "序号", "批复要求", "落实期限", "落实日期", "落实说明")
    row = ("HT1", "1", "追加保证", "2026-12-01", "", "")
    load_book(tmp_path / "a", conditions=[head, row])
    ApprovalCondition.objects.update(met_on=D23, note="已签保证合同")
    load_only(tmp_path / "b", D24, conditions=[head, row])
    assert ApprovalCondition.objects.values_list("met_on", "note").get() == (D23, "已签保证合同")


def test_a_demand_is_known_to_be_met_since_the_file_that_says_so(tmp_path: Path) -> None:
    head = ("合同号", "序号", "批复要求", "落实期限", "落实日期", "落实说明")
    load_book(tmp_path / "a", conditions=[head, ("HT1", "1", "追加保证", "2026-12-01", "", "")])
    met = ("HT1", "1", "追加保证", "2026-12-01", "2026-11-20", "已签")
    load_only(tmp_path / "b", D24, conditions=[head, met])
    row = ApprovalCondition.objects.get()
    assert (row.known_on, row.met_on, row.met_known_on) == (D23, date(2026, 11, 20), D24)
    batch = load_only(tmp_path / "c", D24, conditions=[head, (*met[:4], "2026-11-25", "已签")])
    assert said(batch, "conditions") == [
        (2, "落实日期", "2026-11-25", "晚于数据日期；尚未落实的留空，落实后再报")
    ]


@pytest.fixture
def browse() -> Callable[[User], Client]:
    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("counterparties", {"cm", "head"}),
        ("declared_sales", {"cm", "head"}),
        ("other_debts", {"cm"}),
    ],
)
def test_trade_is_entered_by_the_customer_line(
    cast: SimpleNamespace, browse: Callable[[User], Client], kind: str, allowed: set[str]
) -> None:
    for who in ("cm", "head", "risk", "accountant", "admin"):
        answer = browse(cast.people[who]).get(reverse("entry_kind", args=[kind]))
        assert answer.status_code == (200 if who in allowed else 403), who


def test_what_is_entered_by_hand_stands_on_the_customers_page(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    client, number = browse(cast.cm), cast.borrower.number
    party = {
        "borrower": number,
        "name": "江北棉纺厂",
        "account": "9001",
        "relation": "UPSTREAM",
        "known_on": "2026-11-20",
    }
    debt = {"borrower": number, "lender": "滕阁银行", "effective_on": "2026-10-31", "balance": "2,000,000"}
    sales = {
        "borrower": number,
        "effective_on": "2026-10-01",
        "monthly_sales": "1200000",
        "monthly_purchases": "900000",
    }
    for kind, row in (("counterparties", party), ("other_debts", debt), ("declared_sales", sales)):
        assert post(client, kind, row).status_code == 302, kind
    page = client.get(reverse("borrower", args=[number])).content.decode()
    for words in ("江北棉纺厂", "9001", "滕阁银行", "2,000,000.00", "1,200,000.00", "900,000.00"):
        assert words in page, words
    again = post(client, "other_debts", {**debt, "balance": "1"}).content.decode()
    assert "已有登记" in again

"""The demonstration branch holds the whole book: each product, class, security and scheme, and each kind of trouble."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from credit.choices import (
    ClauseKind,
    CollateralKind,
    GuaranteeKind,
    PaymentMode,
    Product,
    RiskClass,
    SuretyMode,
)
from tests.demo.book import Book, Row

POLICY = Path("fixtures/policy")
Money = Decimal


def of(book: Book, kind: str, column: str) -> Counter[str]:
    return Counter(row[column] for row in book.known(kind) if row[column])


def test_every_product_class_and_security_occurs(book: Book) -> None:
    assert set(of(book, "contracts", "品种")) == set(Product.labels)
    assert {row["风险分类"] for row in book.last_states() if Money(row["余额"])} == set(RiskClass.labels)
    assert set(of(book, "guarantees", "担保方式")) == set(GuaranteeKind.labels)
    assert set(of(book, "guarantees", "保证方式")) == set(SuretyMode.labels)
    assert set(of(book, "collateral", "押品类型")) == set(CollateralKind.labels)
    assert set(of(book, "clauses", "约定事项")) == set(ClauseKind.labels)
    assert set(of(book, "clauses", "支付方式")) == set(PaymentMode.labels)


def test_every_scheme_has_a_contract(book: Book) -> None:
    schemes = {path.stem for path in POLICY.glob("*.yaml")} - {"BASE"}
    base = yaml.safe_load((POLICY / "BASE.yaml").read_text(encoding="utf-8"))
    labels = {product.value: product.label for product in Product}
    by_product = {labels[p]: s for p, s in base["parameters"]["product.scheme"]["value"].items()}
    assert {row["管理方案"] or by_product[row["品种"]] for row in book.known("contracts")} == schemes
    assert len(schemes) == 10  # eleven with BASE, which stands over all of them


def test_no_guarantee_secures_more_than_its_amount_and_every_bill_adds_up(book: Book) -> None:
    caps = {row["担保合同号"]: Money(row["担保金额"]) for row in book.known("guarantees")}
    for day in book.dates:
        held: dict[str, Money] = defaultdict(Money)
        for (number, _), row in book.keyed("secured", "担保合同号", "借据号", day=day).items():
            held[number] += 0 if row["止"] else Money(row["担保债权金额"])
        assert all(amount <= caps[number] for number, amount in held.items()), day
    amounts: dict[str, Money] = defaultdict(Money)
    for row in book.known("bills"):
        amounts[row["借据号"]] += Money(row["票面金额"])
    loans = book.keyed("loans", "借据号")
    assert all(Money(loans[number,]["金额"]) == amount for number, amount in amounts.items())
    drafts = {number for (number,), row in loans.items() if row["品种"] == "银行承兑汇票"}
    assert drafts <= set(amounts)
    assert max(of(book, "bills", "借据号").values()) >= 4


def test_ranks_count_up_and_nothing_was_valued_before_it_was_registered(book: Book) -> None:
    ranks: dict[str, list[int]] = defaultdict(list)
    registered: dict[str, list[str]] = defaultdict(list)
    for row in book.known("liens"):
        ranks[row["押品编号"]].append(int(row["顺位"]))
        registered[row["押品编号"]].append(row["登记日"])
        assert (Money(row["先顺位债权"]) > 0) == (row["顺位"] != "1"), row
    assert all(held == list(range(1, len(held) + 1)) for held in map(sorted, ranks.values()))
    assert max(map(len, ranks.values())) >= 2
    assert any("" in days for days in registered.values())  # one is still to be registered
    for row in book.known("valuations"):
        assert row["评估日"] >= min(registered[row["押品编号"]]), row


def test_groups_hold_together_and_their_members_guarantee_each_other(book: Book) -> None:
    group = {row["客户编号"]: row["集团编号"] for row in book.known("group_members")}
    assert len(set(group.values())) == len(book.known("groups")) == 4
    assert any(row["上级集团编号"] for row in book.known("groups"))
    given = {
        (row["担保人客户编号"], row["客户编号"])
        for row in book.known("guarantees")
        if row["担保方式"] == "保证"
        and group.get(row["担保人客户编号"], "") == group.get(row["客户编号"], "-")
    }
    # In a circle: everybody gives, everybody takes.
    assert {giver for giver, _ in given} == {taker for _, taker in given} == set(group)
    owed: dict[str, Money] = defaultdict(Money)
    for row in book.last_states():
        owed[book.customer_of(row["借据号"])["客户编号"]] += Money(row["余额"])
    total = sum(owed.values())
    assert max(owed.values()) > total * Decimal("0.03")  # concentration
    assert {row["关系"] for row in book.known("related_parties")} >= {
        "股东",
        "实际控制人",
        "配偶",
        "关联企业",
    }


def test_the_security_of_some_is_in_trouble(book: Book) -> None:
    worst: dict[str, str] = {}
    order = RiskClass.labels
    for row in book.last_states():
        number = book.customer_of(row["借据号"])["客户编号"]
        worst[number] = max(worst.get(number, "正常"), row["风险分类"], key=order.index)
    sureties = [row["担保人客户编号"] for row in book.known("guarantees") if row["担保方式"] == "保证"]
    assert any(worst.get(number, "正常") in {"可疑", "损失"} for number in sureties)
    values: dict[str, list[Money]] = defaultdict(list)
    for row in sorted(book.known("valuations"), key=lambda row: row["评估日"]):
        values[row["押品编号"]].append(Money(row["评估价值"]))
    fallen = [v for v in values.values() if any(b < a * Decimal("0.8") for a, b in pairwise(v))]
    assert 2 <= len(fallen) <= 40
    assert any(
        row["落实期限"] < str(book.dates[-1]) and not row["落实日期"] for row in book.known("conditions")
    )


def test_letters_of_guarantee_expire_are_claimed_and_come_back(book: Book) -> None:
    loans = book.keyed("loans", "借据号")
    today, letters = str(book.dates[-1]), book.keyed("letters", "借据号")
    back = {row["借据号"] for row in book.known("letter_returns")}
    out = [n for (n,), row in letters.items() if loans[n,]["到期日"] < today and n not in back]
    assert any(letters[number,]["电子保函"] == "否" for number in out)
    assert back and all(loans[number,]["到期日"] < today for number in back)
    assert of(book, "letters", "电子保函")["是"] >= 1
    settled = [bool(row["了结日"]) for row in book.known("letter_claims")]
    assert sorted(settled) == [False, True]
    assert letters.keys() == {(n,) for (n,), row in loans.items() if row["品种"] == "保函"}


@pytest.mark.parametrize(
    "summary, name",
    [("现金支取", "现金"), ("银证转账", "洪都证券"), ("购房款", "置业"), ("往来款", "供应链")],
)
def test_money_goes_where_it_should_not(book: Book, summary: str, name: str) -> None:
    hits = [row for row in book.known("transactions") if row["摘要"] == summary and name in row["对方户名"]]
    assert hits
    if summary == "现金支取":
        assert all(Money(row["金额"]) < 50_000 for row in hits)


def test_money_comes_back_and_money_passes_through(book: Book) -> None:
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in book.known("transactions"):
        by_account[row["账号"]].append(row)
    back = through = 0
    for rows in by_account.values():
        for first in (row for row in rows if row["方向"] == "借（付）" and Money(row["金额"]) > 100_000):
            until = str(date.fromisoformat(first["交易日"]) + timedelta(4))
            back += any(
                row["方向"] == "贷（收）" and row["对方账号"] == first["对方账号"] != ""
                and first["交易日"] < row["交易日"] <= until
                for row in rows
            )  # fmt: skip
            through += any(
                row["方向"] == "贷（收）" and row["交易日"] == first["交易日"]
                and 0 < Money(row["金额"]) - Money(first["金额"]) <= 500
                for row in rows
            )  # fmt: skip
    assert back >= 1 and through >= 3


def test_the_opening_tells_what_was_done_on_paper(book: Book) -> None:
    opening = str(book.dates[0])
    visited: dict[str, str] = defaultdict(str)
    for row in book.known("past_inspections"):
        assert row["检查日期"] <= opening
        visited[row["客户编号"]] = max(visited[row["客户编号"]], row["检查日期"])
    opened = {row["借据号"] for day, row in book.states() if str(day) == opening and Money(row["余额"])}
    firms = {
        book.customer_of(number)["客户编号"] for number in opened if book.customer_of(number)["类型"] == "法人"
        and book.keyed("loans", "借据号")[number,]["发放日"] < "2026-07-01"
    }  # fmt: skip
    assert all(visited[number] >= "2026-07-01" for number in firms)  # at least in the quarter before
    for row in book.known("past_letters"):
        assert row["发出日"] <= opening and (not row["签收日"]) == (not row["送达证明"]), row
    assert {row["收件人类型"] for row in book.known("past_letters")} >= {"借款人", "保证人", "抵押人"}
    assert of(book, "past_letters", "函件种类").keys() == {"到期贷款催收函", "逾期催收通知书"}
    starts = {n: row["发放日"] for (n,), row in book.keyed("loans", "借据号").items()}
    assert all(row["生效日"] >= starts[row["借据号"]] for row in book.known("class_history"))
    ended = [row for row in book.known("responsibilities") if row["止"]]
    assert len(ended) >= 10 and {row["岗位"] for row in ended} == {"客户经理"}
    assert len(book.known("deputies")) == 2


def test_loan_money_is_paid_to_registered_counterparties(book: Book) -> None:
    parties = {(row["客户编号"], row["对手账号"]) for row in book.known("counterparties")}
    accounts = {row["账号"]: row["客户编号"] for row in book.known("accounts")}
    paid = [row for row in book.known("transactions") if "受托支付" in row["摘要"]]
    assert paid and all((accounts[row["账号"]], row["对方账号"]) in parties for row in paid)
    assert {row["渠道"] for row in paid} == {"柜面"}


def test_other_lenders_and_declared_sales_are_told_and_some_do_not_fit(book: Book) -> None:
    assert len({row["客户编号"] for row in book.known("other_debts")}) > 20
    monthly: dict[str, Money] = defaultdict(Money)
    accounts = {row["账号"]: row["客户编号"] for row in book.known("accounts")}
    for row in book.known("transactions"):
        if row["摘要"] == "货款" and row["方向"] == "贷（收）":
            monthly[accounts[row["账号"]]] += Money(row["金额"]) / 6
    ratios = [
        Money(row["含税月销售收入"]) / monthly[row["客户编号"]]
        for row in book.known("declared_sales")
        if monthly[row["客户编号"]] > 10_000
    ]
    near = sum(Money("0.6") < ratio < Money("1.4") for ratio in ratios)
    assert near > len(ratios) * 0.7
    assert sum(ratio > Money("1.5") for ratio in ratios) >= 3


def test_reviewed_payments_are_agreed_but_for_two_customers(book: Book) -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    reviewed: set[str] = set()
    for row in book.known("clauses"):
        kinds[row["合同号"]].add(row["约定事项"])
        if row["支付方式"] in {"受托支付", "混合支付"}:
            reviewed.add(row["合同号"])
    reviewed |= {row["合同号"] for row in book.known("contracts") if row["品种"] == "固定资产贷款"}
    both = {"支付须经我行审核同意", "禁止票据交换被动扣款"}
    lacking = {number for number in reviewed if not both <= kinds[number]}
    owner = {row["合同号"]: row["客户编号"] for row in book.known("contracts")}
    assert len({owner[number] for number in lacking}) == 2 < len(reviewed) / 4
    assert "约定存款余额" in {kind for found in kinds.values() for kind in found}
    assert [row["我行银团份额"] for row in book.known("contracts") if row["我行银团份额"]] == ["0.40"]


def test_a_passive_debit_and_a_reversal_are_among_the_movements(book: Book) -> None:
    rows = book.known("transactions")
    assert [row["摘要"] for row in rows if row["渠道"] == "他行托收"] == ["委托收款 租金"]
    by_number = {row["流水号"]: row for row in rows}
    undone = [(row, by_number[row["冲正流水号"]]) for row in rows if row["冲正流水号"]]
    assert len(undone) == 1
    one, other = undone[0]
    assert (one["账号"], one["金额"], one["方向"]) == (other["账号"], other["金额"], "贷（收）")
    assert {row["币种"] for row in rows} == {"人民币"}
    loans = {row["借据号"] for row in book.known("loans")}
    assert {row["借据号"] for row in rows if row["摘要"] == "贷款发放"} <= loans - {""}

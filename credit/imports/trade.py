"""Whom borrowers trade with, what they owe other lenders, how they say that they trade: kinds, checks, merges."""

from __future__ import annotations

from collections.abc import Callable

from core.staging.dialect import literal
from core.staging.merge import insert_missing, merge_rows
from core.staging.profiles import Target
from core.staging.shapes import Kind
from core.staging.stage import Stage
from credit.choices import CounterpartyRelation
from credit.imports.columns import borrower, choice, date, money, refers, text
from credit.imports.complaints import Check, as_before, complain, demand, ends_after

OF_TRADE = (
    Kind(
        "counterparties", "交易对手", "credit_counterparty", ("borrower", "account"),
        (
            borrower(),
            text("name", "户名", 120),
            text("account", "对手账号", 40),
            text("bank", "开户行", 80, required=False),
            choice("relation", "关系", CounterpartyRelation),
            refers("contract", "合同号", "credit_contract", "contracts", "合同", required=False),
            date("known_on", "登记日"),
            date("ended_on", "停用日", required=False),
        ),
    ),
    Kind(
        "other_debts", "他行融资", "credit_otherdebt", ("borrower", "lender", "effective_on"),
        (
            borrower(),
            text("lender", "融资机构", 80),
            date("effective_on", "数据日期"),
            money("balance", "融资余额"),
        ),
        effective="effective_on",
    ),
    Kind(
        "declared_sales", "申报购销模式", "credit_declaredsales", ("borrower", "effective_on"),
        (
            borrower(),
            date("effective_on", "起用日期"),
            money("monthly_sales", "含税月销售收入"),
            money("monthly_purchases", "含税月采购支出"),
            text("note", "购销模式", 300, required=False),
        ),
        effective="effective_on",
    ),
)  # fmt: skip

FACTS = ("other_debts", "declared_sales")  # appended, never changed
_MEND_DEBT = "请核实后以其后的数据日期另报一行"
_MEND_SALES = "请核实后以其后的起用日期另报一行"
_OF_ANOTHER = (
    "n.contract_id IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM credit_contract c WHERE c.id = n.contract_id AND c.borrower_id <> n.borrower_id)"
)
_OWN = "EXISTS (SELECT 1 FROM credit_account a WHERE a.number = n.account AND a.borrower_id = n.borrower_id)"


def _registered_later(stage: Stage, target: Target) -> None:
    """Nobody is registered on a day that has not come."""
    on = str(stage.as_of)
    complain(stage, target, "known_on", f"n.known_on > {literal(on)}::date", literal(f"晚于数据日期 {on}"))


CHECKS: dict[str, tuple[Check, ...]] = {
    "counterparties": (
        _registered_later,
        ends_after("known_on", "ended_on"),
        demand("contract", "borrower", _OF_ANOTHER, "这份合同不是该客户的"),
        demand("account", "account", _OWN, "这是客户自己的账户，不是交易对手"),
    ),
    "other_debts": (as_before("balance", instead=_MEND_DEBT),),
    "declared_sales": (as_before("monthly_sales", "monthly_purchases", "note", instead=_MEND_SALES),),
}


def _counterparties(stage: Stage, target: Target) -> None:
    kind = target.kind
    merge_rows(kind, stored=[column.stored for column in kind.columns], key=kind.stored_key)


def _facts(stage: Stage, target: Target) -> None:
    """Facts by their key, once."""
    kind = target.kind
    insert_missing(
        kind,
        stored=[column.stored for column in kind.columns],
        key=kind.stored_key,
        absent={"known_on": "n.row_known_on"},
    )


MERGES: dict[str, Callable[[Stage, Target], None]] = {
    "counterparties": _counterparties,
    **dict.fromkeys(FACTS, _facts),
}

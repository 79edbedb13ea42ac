"""What the whole book demands of its rows: groups without circles, one group and one rank at a time."""

from __future__ import annotations

from core.staging.dialect import ident, literal
from core.staging.profiles import Target
from core.staging.stage import Stage
from credit.choices import Product
from credit.imports.complaints import Check, complain, demand, ends_after, one_at_a_time


def _between(name: str, least: int, most: int) -> Check:
    return demand(
        name, name, f"n.{ident(name)} NOT BETWEEN {least} AND {most}", f"须在 {least} 至 {most} 之间"
    )


def scheme(stage: Stage, target: Target) -> None:
    """A contract is managed by a scheme that there is."""
    where = "n.scheme <> '' AND NOT EXISTS (SELECT 1 FROM core_scheme s WHERE s.code = n.scheme)"
    if "scheme" in {column.name for column in stage.mapped["contracts"]}:
        complain(stage, target, "scheme", where, "'系统中没有这个管理方案'")


def syndicate(stage: Stage, target: Target) -> None:
    """The lender's part of a syndicated loan is a part of it."""
    where = "n.syndicate_share <= 0 OR n.syndicate_share >= 1"
    complain(stage, target, "syndicate_share", where, "'我行银团份额须大于 0、小于 1；不是银团贷款的留空'")


margin = demand("margin", "amount", "n.margin > n.amount", "保证金金额大于借据金额")


def _group_circles(stage: Stage, target: Target) -> None:
    """No group contains itself, over the file and the book together."""
    if "parent" not in {column.name for column in stage.mapped["groups"]}:
        return
    where = """n.number IN (
        WITH RECURSIVE edges AS (
            SELECT number, parent FROM typed_groups WHERE parent IS NOT NULL
            UNION SELECT g.number, p.number FROM credit_group g JOIN credit_group p ON p.id = g.parent_id
            WHERE NOT EXISTS (SELECT 1 FROM typed_groups r WHERE r.number = g.number)
        ), up AS (
            SELECT number, parent FROM edges
            UNION SELECT up.number, e.parent FROM up JOIN edges e ON e.number = up.parent
        ) SELECT number FROM up WHERE number = parent)"""
    complain(stage, target, "parent", where, "'集团成环，集团不能包含自己'")


def _of_product(product: Product, reason: str) -> Check:
    """A row of a loan of one product only."""
    where = (
        "EXISTS (SELECT 1 FROM credit_loan l "
        f"WHERE l.id = n.loan_id AND l.product <> {literal(product.value)})"
    )
    return demand("loan", "loan", where, reason)


_met_by_then = demand(
    "met_on", "place", "n.met_on > n.row_known_on", "晚于数据日期；尚未落实的留空，落实后再报"
)
of_letter = _of_product(Product.LETTER_OF_GUARANTEE, "这笔借据不是保函")

_OF_ANOTHER = (
    "EXISTS (SELECT 1 FROM credit_guarantee g JOIN credit_loan l ON l.id = n.loan_id "
    "WHERE g.id = n.guarantee_id AND g.borrower_id <> l.borrower_id)"
)
_IN_A_GROUP, _RANK_IS_HELD = (
    "这个客户已在一个集团中，请先写明退出日期",
    "这件押品的该顺位已有登记，请核对顺位",
)

_SHARE_SPEAKS = "n.kind = 'SETTLEMENT_SHARE' AND (n.share IS NULL OR n.share <= 0 OR n.share > 1)"

_MODE_IS_MISSING, _MODE_IS_ODD = "约定支付方式的须写明支付方式", "只有约定支付方式的才写支付方式"
_OWN_SURETY = "客户不能为自己作保证"

CHECKS: dict[str, tuple[Check, ...]] = {
    "groups": (_group_circles,),
    "group_members": (
        ends_after("from_on", "to_on"),
        one_at_a_time(
            ("borrower_id",), at="borrower", begin="from_on", in_file=_IN_A_GROUP, in_book=_IN_A_GROUP
        ),
    ),
    "related_parties": (
        demand("party", "borrower", "n.party_id = n.borrower_id", "客户不能是自己的关联方"),
        demand("share", "name", "n.share > 1", "持股比例须为 0 至 1 的小数（30% 写作 0.3）"),
    ),
    "clauses": (
        _between("place", 1, 9999),
        _met_by_then,
        demand(
            "payment_mode",
            "kind",
            "n.kind = 'PAYMENT_MODE' AND n.payment_mode = ''",
            _MODE_IS_MISSING,
        ),
        demand(
            "payment_mode",
            "kind",
            "n.kind <> 'PAYMENT_MODE' AND n.payment_mode <> ''",
            _MODE_IS_ODD,
        ),
        demand("share", "kind", _SHARE_SPEAKS, "约定结算份额的须写明份额，大于 0，不超过 1"),
        demand(
            "share",
            "kind",
            "n.kind <> 'SETTLEMENT_SHARE' AND n.share IS NOT NULL",
            "只有约定结算份额的才写份额",
        ),
        demand(
            "amount", "kind", "n.kind = 'AGREED_BALANCE' AND n.amount IS NULL", "约定存款余额的须写明余额"
        ),
        demand(
            "amount",
            "kind",
            "n.kind <> 'AGREED_BALANCE' AND n.amount IS NOT NULL",
            "只有约定存款余额的才写余额",
        ),
    ),
    "conditions": (_between("place", 1, 9999), _met_by_then),
    "bills": (ends_after("drawn_on", "matures_on"),),
    "letters": (of_letter,),
    "letter_claims": (
        of_letter,
        demand("settled_on", "claimed_on", "n.settled_on < n.claimed_on", "了结日早于索赔日"),
        demand(
            "outcome", "claimed_on", "n.settled_on IS NOT NULL AND n.outcome = ''", "已了结的须写明处理结果"
        ),
    ),
    "guarantees": (
        demand(
            "guarantor",
            "borrower",
            "n.kind = 'SURETY' AND n.guarantor_id = n.borrower_id",
            _OWN_SURETY,
        ),
        demand("mode", "kind", "n.kind <> 'SURETY' AND n.mode <> ''", "只有保证才写保证方式"),
        _between("period_months", 0, 1200),
        demand(
            "period_months",
            "kind",
            "n.kind <> 'SURETY' AND n.period_months IS NOT NULL",
            "只有保证才写保证期间",
        ),
        *(
            demand(
                name,
                "kind",
                f"NOT n.is_maximum AND n.{name} IS NOT NULL",
                "只有最高额担保才写债权的起止和确定日",
            )
            for name in ("from_on", "to_on", "fixed_on")
        ),
        demand("to_on", "number", "n.to_on < n.from_on", "债权止早于债权起"),
    ),
    "secured": (
        ends_after("from_on", "to_on"),
        demand("loan", "loan", _OF_ANOTHER, "这笔借据不是该担保合同的客户的"),
    ),
    "liens": (
        _between("rank", 1, 9999),
        demand(
            "cancelled_on",
            "rank",
            "n.cancelled_on IS NOT NULL AND n.registered_on IS NULL",
            "注销登记的须写明登记日",
        ),
        one_at_a_time(
            ("collateral_id", "rank"),
            at="rank",
            end="cancelled_on",
            in_file=_RANK_IS_HELD,
            in_book=_RANK_IS_HELD,
        ),
    ),
}

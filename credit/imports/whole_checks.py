"""What the whole book demands: groups without circles, bills that add up, guarantees within their cap."""

from __future__ import annotations

from core.staging.dialect import ident, literal
from core.staging.profiles import Target
from core.staging.stage import Stage
from credit.imports.complaints import Check, complain, ends_after

_MONEY = "to_char({}, 'FM999,999,999,999,999,990.00')".format


def _demand(name: str, instead: str, where: str, reason: str) -> Check:
    """A condition that no row may meet, told at a column, or at another where the file does not have it."""

    def check(stage: Stage, target: Target) -> None:
        at_hand = {column.name for column in stage.mapped[target.kind.name]}
        complain(stage, target, name if name in at_hand else instead, where, literal(reason))

    return check


def _between(name: str, least: int, most: int) -> Check:
    return _demand(
        name, name, f"n.{ident(name)} NOT BETWEEN {least} AND {most}", f"须在 {least} 至 {most} 之间"
    )


def scheme(stage: Stage, target: Target) -> None:
    """A contract is managed by a scheme that there is."""
    where = "n.scheme <> '' AND NOT EXISTS (SELECT 1 FROM core_scheme s WHERE s.code = n.scheme)"
    if "scheme" in {column.name for column in stage.mapped["contracts"]}:
        complain(stage, target, "scheme", where, "'系统中没有这个管理方案'")


margin = _demand("margin", "amount", "n.margin > n.amount", "保证金金额大于借据金额")


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


def _one_group(stage: Stage, target: Target) -> None:
    """A borrower is in one group at a time."""
    where = (
        "n.to_on IS NULL AND (EXISTS (SELECT 1 FROM typed_group_members o WHERE o.borrower_id = n.borrower_id "
        "AND o.to_on IS NULL AND o.row_line < n.row_line) OR EXISTS (SELECT 1 FROM credit_groupmember t "
        "WHERE t.borrower_id = n.borrower_id AND t.to_on IS NULL AND (t.group_id, t.from_on) <> (n.group_id, n.from_on)"
        " AND NOT EXISTS (SELECT 1 FROM typed_group_members r WHERE (r.group_id, r.borrower_id, r.from_on) "
        "= (t.group_id, t.borrower_id, t.from_on))))"
    )
    complain(stage, target, "borrower", where, "'这个客户已在一个集团中，请先写明退出日期'")


def _one_rank(stage: Stage, target: Target) -> None:
    """A rank of a collateral is held by one lien at a time."""
    where = (
        "n.cancelled_on IS NULL AND (EXISTS (SELECT 1 FROM typed_liens o WHERE o.collateral_id = n.collateral_id "
        "AND o.rank = n.rank AND o.cancelled_on IS NULL AND o.row_line < n.row_line) OR EXISTS (SELECT 1 FROM "
        "credit_lien t WHERE t.collateral_id = n.collateral_id AND t.rank = n.rank AND t.cancelled_on IS NULL "
        "AND t.guarantee_id <> n.guarantee_id AND NOT EXISTS (SELECT 1 FROM typed_liens r "
        "WHERE (r.guarantee_id, r.collateral_id) = (t.guarantee_id, t.collateral_id))))"
    )
    complain(stage, target, "rank", where, "'这件押品的该顺位已有登记，请核对顺位'")


def _whole_in_file(kind: str, column: str) -> str:
    """SQL: the first row of its loan or guarantee, none of whose rows has a problem of its own already."""
    return (
        f"n.row_line = (SELECT min(o.row_line) FROM typed_{kind} o WHERE o.{column}_id = n.{column}_id) "
        f"AND NOT EXISTS (SELECT 1 FROM mapped_{kind} m JOIN import_problems p ON p.kind = {literal(kind)} "
        f"AND p.line = m.row_line WHERE m.{ident(column)} = n.{ident(column)})"
    )


def _bills_add_up(stage: Stage, target: Target) -> None:
    """The bills of an acceptance agreement add up to it, over the file and the book together."""
    total = (
        "(SELECT sum(a.amount) FROM (SELECT amount FROM typed_bills o WHERE o.loan_id = n.loan_id UNION ALL "
        "SELECT t.amount FROM credit_bill t WHERE t.loan_id = n.loan_id "
        "AND NOT EXISTS (SELECT 1 FROM typed_bills r WHERE r.number = t.number)) a)"
    )
    amount = "(SELECT l.amount FROM credit_loan l WHERE l.id = n.loan_id AND l.product = 'ACCEPTANCE')"
    reason = f"'票面金额合计 ' || {_MONEY(total)} || ' 元，与借据金额 ' || {_MONEY(amount)} || ' 元不符'"
    complain(stage, target, "amount", f"{_whole_in_file('bills', 'loan')} AND {total} <> {amount}", reason)


def _within_the_cap(stage: Stage, target: Target) -> None:
    """What a guarantee secures at a time is within its amount, over the file and the book together."""
    total = (
        "(SELECT sum(a.amount) FROM (SELECT amount FROM typed_secured o WHERE o.guarantee_id = n.guarantee_id "
        "AND o.to_on IS NULL UNION ALL SELECT t.amount FROM credit_secured t WHERE t.guarantee_id = n.guarantee_id "
        "AND t.to_on IS NULL AND NOT EXISTS (SELECT 1 FROM typed_secured r "
        "WHERE (r.guarantee_id, r.loan_id) = (t.guarantee_id, t.loan_id))) a)"
    )
    cap = "(SELECT g.amount FROM credit_guarantee g WHERE g.id = n.guarantee_id)"
    reason = f"'担保债权金额合计 ' || {_MONEY(total)} || ' 元，超过担保金额 ' || {_MONEY(cap)} || ' 元'"
    complain(stage, target, "amount", f"{_whole_in_file('secured', 'guarantee')} AND {total} > {cap}", reason)


_SHARE_SPEAKS = "n.kind = 'SETTLEMENT_SHARE' AND (n.share IS NULL OR n.share <= 0 OR n.share > 1)"

_MODE_IS_MISSING, _MODE_IS_ODD = "约定支付方式的须写明支付方式", "只有约定支付方式的才写支付方式"
_OWN_SURETY = "客户不能为自己作保证"

CHECKS: dict[str, tuple[Check, ...]] = {
    "groups": (_group_circles,),
    "group_members": (ends_after("from_on", "to_on"), _one_group),
    "related_parties": (
        _demand("party", "borrower", "n.party_id = n.borrower_id", "客户不能是自己的关联方"),
        _demand("share", "name", "n.share > 1", "持股比例须为 0 至 1 的小数（30% 写作 0.3）"),
    ),
    "clauses": (
        _between("place", 1, 9999),
        _demand(
            "payment_mode",
            "kind",
            "n.kind = 'PAYMENT_MODE' AND n.payment_mode = ''",
            _MODE_IS_MISSING,
        ),
        _demand(
            "payment_mode",
            "kind",
            "n.kind <> 'PAYMENT_MODE' AND n.payment_mode <> ''",
            _MODE_IS_ODD,
        ),
        _demand("share", "kind", _SHARE_SPEAKS, "约定结算份额的须写明份额，大于 0，不超过 1"),
        _demand(
            "share",
            "kind",
            "n.kind <> 'SETTLEMENT_SHARE' AND n.share IS NOT NULL",
            "只有约定结算份额的才写份额",
        ),
    ),
    "conditions": (_between("place", 1, 9999),),
    "bills": (ends_after("drawn_on", "matures_on"), _bills_add_up),
    "letter_claims": (
        _demand("settled_on", "claimed_on", "n.settled_on < n.claimed_on", "了结日早于索赔日"),
        _demand(
            "outcome", "claimed_on", "n.settled_on IS NOT NULL AND n.outcome = ''", "已了结的须写明处理结果"
        ),
    ),
    "guarantees": (
        _demand(
            "guarantor",
            "borrower",
            "n.kind = 'SURETY' AND n.guarantor_id = n.borrower_id",
            _OWN_SURETY,
        ),
        _demand("mode", "kind", "n.kind <> 'SURETY' AND n.mode <> ''", "只有保证才写保证方式"),
        _between("period_months", 0, 1200),
        _demand(
            "period_months",
            "kind",
            "n.kind <> 'SURETY' AND n.period_months IS NOT NULL",
            "只有保证才写保证期间",
        ),
        *(
            _demand(
                name,
                "kind",
                f"NOT n.is_maximum AND n.{name} IS NOT NULL",
                "只有最高额担保才写债权的起止和确定日",
            )
            for name in ("from_on", "to_on", "fixed_on")
        ),
        _demand("to_on", "number", "n.to_on < n.from_on", "债权止早于债权起"),
    ),
    "secured": (ends_after("from_on", "to_on"), _within_the_cap),
    "liens": (
        _between("rank", 1, 9999),
        _demand(
            "cancelled_on",
            "rank",
            "n.cancelled_on IS NOT NULL AND n.registered_on IS NULL",
            "注销登记的须写明登记日",
        ),
        _one_rank,
    ),
}

"""What does not add up in the book as an import leaves it: refused, or listed with its row, as the policy says.

Judged when everything is merged, so that it does not matter which of the files brought the fault.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from core.parameters import BASE
from core.policy import policy_on
from core.staging.dialect import ident, literal
from core.staging.profiles import Target
from core.staging.stage import Stage
from credit.imports import reconciliation
from credit.imports.complaints import complain

Finding = Callable[[Stage, Target], None]
_MONEY = "to_char({}, 'FM999,999,999,999,999,990.00')".format


def listed(on: date) -> frozenset[str]:
    """The findings that the policy of the day lists; every other one is refused."""
    verdicts = policy_on(on).get(BASE, "import.findings").value
    return frozenset(name for name, verdict in verdicts.items() if verdict == "list")


def judge(stage: Stage) -> None:
    """Look for every finding in every file at hand."""
    for target in stage.profile.targets:
        if target.kind.name in stage.mapped:
            for find in _FINDINGS.get(target.kind.name, ()):
                find(stage, target)


def _find(stage: Stage, target: Target, name: str, column: str, where: str, reason: str) -> None:
    complain(stage, target, column, where, reason, notice=name in stage.listed)


def _first_of(kind: str, column: str) -> str:
    """SQL: the first row of its loan or guarantee in the file, none of whose rows has a problem of its own."""
    return (
        f"n.row_line IN (SELECT min(o.row_line) FROM typed_{kind} o GROUP BY o.{column}_id) "
        f"AND NOT EXISTS (SELECT 1 FROM mapped_{kind} m JOIN import_problems p ON p.kind = {literal(kind)} "
        f"AND p.line = m.row_line WHERE m.{ident(column)} = n.{ident(column)})"
    )


def _not_in(stage: Stage, kind: str, column: str, value: str) -> str:
    """SQL: no row of another file is about the same; where there is one, it is told there."""
    if kind not in stage.mapped:
        return "true"
    return f"NOT EXISTS (SELECT 1 FROM mapped_{kind} m WHERE m.{ident(column)} = n.{ident(value)})"


# --- a guarantee secures no more than its amount at a time

_SECURED = "(SELECT sum(t.amount) FROM credit_secured t WHERE t.guarantee_id = {} AND t.to_on IS NULL)"
_GUARANTEE = "(SELECT g.id FROM credit_guarantee g WHERE g.number = n.number)"


def _over_cap(total: str, cap: str) -> str:
    return f"'担保债权金额合计 ' || {_MONEY(total)} || ' 元，超过担保金额 ' || {_MONEY(cap)} || ' 元'"


def _secured_over_cap(stage: Stage, target: Target) -> None:
    total = _SECURED.format("n.guarantee_id")
    cap = "(SELECT g.amount FROM credit_guarantee g WHERE g.id = n.guarantee_id)"
    where = f"{_first_of('secured', 'guarantee')} AND {total} > {cap}"
    _find(stage, target, "over_cap", "amount", where, _over_cap(total, cap))


def _cap_lowered(stage: Stage, target: Target) -> None:
    total = _SECURED.format(_GUARANTEE)
    where = f"{total} > n.amount AND {_not_in(stage, 'secured', 'guarantee', 'number')}"
    _find(stage, target, "over_cap", "amount", where, _over_cap(total, "n.amount"))


# --- the bills of an acceptance agreement add up to it

_BILLS = "(SELECT sum(t.amount) FROM credit_bill t WHERE t.loan_id = {})"
_LOAN = "(SELECT l.id FROM credit_loan l WHERE l.number = n.number)"


def _not_adding_up(total: str, amount: str) -> str:
    return f"'票面金额合计 ' || {_MONEY(total)} || ' 元，与借据金额 ' || {_MONEY(amount)} || ' 元不符'"


def _bills_of_loan(stage: Stage, target: Target) -> None:
    total = _BILLS.format("n.loan_id")
    amount = "(SELECT l.amount FROM credit_loan l WHERE l.id = n.loan_id AND l.product = 'ACCEPTANCE')"
    where = f"{_first_of('bills', 'loan')} AND {total} <> {amount}"
    _find(stage, target, "bills_do_not_add_up", "amount", where, _not_adding_up(total, amount))


def _agreement_changed(stage: Stage, target: Target) -> None:
    total = _BILLS.format(_LOAN)
    where = (
        f"n.product = 'ACCEPTANCE' AND {total} <> n.amount AND {_not_in(stage, 'bills', 'loan', 'number')}"
    )
    _find(stage, target, "bills_do_not_add_up", "amount", where, _not_adding_up(total, "n.amount"))


# --- a collateral is valued when it is registered, or later

_REGISTERED = "(SELECT min(l.registered_on) FROM credit_lien l WHERE l.collateral_id = n.collateral_id)"


def _valued_before(stage: Stage, target: Target) -> None:
    where = f"n.on_date < {_REGISTERED}"
    reason = f"'早于押品的登记日 ' || {_REGISTERED} || '，请核实这次评估是否仍可采用'"
    _find(stage, target, "valued_before_registered", "effective_on", where, reason)


def _registered_after(stage: Stage, target: Target) -> None:
    earlier = (
        "(SELECT max(v.effective_on) FROM credit_valuation v WHERE v.collateral_id = n.collateral_id "
        "AND v.effective_on < n.registered_on)"
    )
    where = (
        f"n.registered_on = {_REGISTERED} AND {earlier} IS NOT NULL "
        f"AND {_not_in(stage, 'valuations', 'collateral', 'collateral')}"
    )
    reason = f"'晚于押品的评估日 ' || {earlier} || '，请核实这次评估是否仍可采用'"
    _find(stage, target, "valued_before_registered", "registered_on", where, reason)


# --- every live loan has a customer manager (逐户落实到人：第八条)

_BALANCE = (
    "(SELECT r.balance FROM credit_loanreading r WHERE r.loan_id = l.id "
    "ORDER BY r.effective_on DESC, r.known_on DESC, r.id DESC LIMIT 1)"
)
_NOBODY = "'客户 ' || {} || ' 没有客户经理，请在责任人文件中补齐'"


def _unanswered(stage: Stage, borrower: str) -> str:
    on = f"{literal(str(stage.as_of))}::date"
    return (
        f"NOT EXISTS (SELECT 1 FROM credit_responsibility r WHERE r.borrower_id = {borrower} "
        f"AND r.role = 'CUSTOMER_MANAGER' AND r.from_on <= {on} AND coalesce(r.to_on, {on}) >= {on})"
    )


def _state_unanswered(stage: Stage, target: Target) -> None:
    number = (
        "(SELECT b.number FROM credit_loan l JOIN credit_borrower b ON b.id = l.borrower_id "
        "WHERE l.id = n.loan_id)"
    )
    where = (
        "n.balance > 0 AND n.row_line IN (SELECT DISTINCT ON (o.loan_id) o.row_line FROM typed_loan_states o "
        "ORDER BY o.loan_id, o.on_date DESC) AND EXISTS (SELECT 1 FROM credit_loan l "
        f"WHERE l.id = n.loan_id AND {_unanswered(stage, 'l.borrower_id')})"
    )
    _find(stage, target, "loan_without_responsible", "loan", where, _NOBODY.format(number))


def _loan_unanswered(stage: Stage, target: Target) -> None:
    where = (
        f"{_not_in(stage, 'loan_states', 'loan', 'number')} AND EXISTS (SELECT 1 FROM credit_loan l WHERE "
        f"l.number = n.number AND coalesce({_BALANCE}, 1) > 0 AND {_unanswered(stage, 'l.borrower_id')})"
    )
    number = "(SELECT b.number FROM credit_borrower b WHERE b.id = n.borrower_id)"
    _find(stage, target, "loan_without_responsible", "number", where, _NOBODY.format(number))


def _manager_leaves(stage: Stage, target: Target) -> None:
    """An end without a successor; where the states are at hand, it is told at the loan."""
    if "loan_states" in stage.mapped:
        return
    where = (
        f"n.role = 'CUSTOMER_MANAGER' AND n.to_on IS NOT NULL AND {_unanswered(stage, 'n.borrower_id')} "
        f"AND EXISTS (SELECT 1 FROM credit_loan l WHERE l.borrower_id = n.borrower_id AND {_BALANCE} > 0)"
    )
    _find(stage, target, "loan_without_responsible", "to_on", where, _NOBODY.format("n.borrower"))


# --- the running balance follows from the entries, and the balance at the end of a day from both


def _chain_broken(stage: Stage, target: Target) -> None:
    if not reconciliation.find_breaks(stage):
        return
    where = "n.row_line IN (SELECT b.row_line FROM broken_chain b)"
    expected = "(SELECT b.expected FROM broken_chain b WHERE b.row_line = n.row_line)"
    reason = (
        f"'与前一笔不衔接：按前一笔余额和本笔金额应为 ' || {_MONEY(expected)} || ' 元，相差 ' "
        f"|| {_MONEY(f'n.balance_after - {expected}')} || ' 元，请向核心系统核对是否漏送或错序'"
    )
    _find(stage, target, "running_balance_broken", "balance_after", where, reason)


def _balance_differs(stage: Stage, target: Target) -> None:
    if not reconciliation.find_differences(stage):
        return

    def of(column: str) -> str:
        return f"(SELECT d.{column} FROM day_end_differences d WHERE d.row_line = n.row_line)"

    where = "n.row_line IN (SELECT d.row_line FROM day_end_differences d)"
    reason = (
        f"'与流水不符：' || {of('before_on')} || ' 余额 ' || {_MONEY(of('before'))} || ' 元，其后流水净额 ' "
        f"|| {_MONEY(of('net'))} || ' 元，相差 ' || {_MONEY(of('balance - d.before - d.net'))} || ' 元'"
    )
    _find(stage, target, "day_end_balance_differs", "balance", where, reason)


_FINDINGS: dict[str, tuple[Finding, ...]] = {
    "loans": (_agreement_changed, _loan_unanswered),
    "bills": (_bills_of_loan,),
    "guarantees": (_cap_lowered,),
    "secured": (_secured_over_cap,),
    "liens": (_registered_after,),
    "valuations": (_valued_before,),
    "responsibilities": (_manager_leaves,),
    "loan_states": (_state_unanswered,),
    "transactions": (_chain_broken,),
    "balances": (_balance_differs,),
}

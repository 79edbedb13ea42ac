"""What the book demands of a row beyond its values: periods, lines of people, balances, reversals, content of a key."""

from __future__ import annotations

from accounts.choices import ROLE_LINES
from core.staging.dialect import literal
from core.staging.profiles import Target
from core.staging.stage import Stage
from credit.imports import movements, opening, trade, whole_checks
from credit.imports.complaints import Check, as_before, complain, ends_after, one_at_a_time


def check_book(stage: Stage, target: Target) -> None:
    """Run the checks of a kind over its typed rows."""
    for check in _CHECKS.get(target.kind.name, ()):
        check(stage, target)


def _unit_cycles(stage: Stage, target: Target) -> None:
    """The tree of units has no circle: walking up from a unit never comes back to it."""
    if "parent" not in {column.name for column in stage.mapped["units"]}:
        return
    where = """n.code IN (
        WITH RECURSIVE up AS (
            SELECT code, parent FROM typed_units WHERE parent IS NOT NULL
            UNION SELECT up.code, t.parent FROM up JOIN typed_units t ON t.code = up.parent WHERE t.parent IS NOT NULL
        ) SELECT code FROM up WHERE code = parent)"""
    complain(stage, target, "parent", where, "'上级机构成环，机构不能是自己的上级'")


def _line_of_role(stage: Stage, target: Target) -> None:
    """A person stands on one line, and a post belongs to a line (双线相互制约：第三条)."""
    own, reason = _line_asked_for()
    complain(stage, target, "role", f"{own} <> n.line", reason)


def _line_of_responsible(stage: Stage, target: Target) -> None:
    """Who answers for a borrower in a role of one line does not stand on the other (第三条)."""
    own, reason = _line_asked_for()
    line = "(SELECT u.line FROM accounts_user u WHERE u.id = n.person_id)"
    complain(stage, target, "role", f"{own} <> {line}", reason)


def _line_asked_for() -> tuple[str, str]:
    """SQL: the line of a row's role, and the sentence about somebody of another line."""
    lines = " ".join(f"WHEN {literal(role)} THEN {literal(line)}" for role, line in ROLE_LINES.items())
    shown = " ".join(f"WHEN {literal(line)} THEN {literal(line.label)}" for line in set(ROLE_LINES.values()))
    own = f"(CASE n.role {lines} END)"
    return own, f"'该岗位属于' || (CASE {own} {shown} END) || '，与人员的条线不符'"


def _one_person(stage: Stage, target: Target) -> None:
    """Rows of one 工号 agree on the name and the line."""
    for column in ("name", "line"):
        where = (
            "EXISTS (SELECT 1 FROM typed_people o WHERE o.username = n.username "
            f"AND o.row_line < n.row_line AND o.{column} <> n.{column})"
        )
        complain(stage, target, column, where, "'同一工号前后不一致'")


def _overdrafts(column: str) -> Check:
    """Only an account that may be overdrawn, or a margin account, stands below zero."""

    def check(stage: Stage, target: Target) -> None:
        if stage.profile.permit_overdraft:
            return
        where = (
            f"n.{column} < 0 AND n.account_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM credit_account a "
            "WHERE a.id = n.account_id AND (a.overdraft OR a.kind = 'MARGIN'))"
        )
        complain(stage, target, column, where, "'不能为负数：该账户不允许透支'")

    return check


def _reversals(stage: Stage, target: Target) -> None:
    """A reversal undoes one entry of the same loan, kind and amount, once, and is not itself reversed."""
    if "reverses" not in {column.name for column in stage.mapped["repayments"]}:
        return
    entries = (
        "(SELECT number, loan_id, kind, amount, reverses_id IS NOT NULL AS undoes FROM credit_ledgerentry "
        "UNION SELECT number, loan_id, kind, amount, reverses IS NOT NULL FROM typed_repayments)"
    )
    unlike = (
        f"n.reverses IS NOT NULL AND EXISTS (SELECT 1 FROM {entries} o WHERE o.number = n.reverses "
        "AND (o.undoes OR (o.loan_id, o.kind, o.amount) IS DISTINCT FROM (n.loan_id, n.kind, n.amount)))"
    )
    complain(stage, target, "reverses", unlike, "'须与被冲正的流水同借据、同类型、同金额，且它本身不是冲正'")
    twice = (
        "n.reverses IS NOT NULL AND (EXISTS (SELECT 1 FROM credit_ledgerentry t JOIN credit_ledgerentry o "
        "ON o.id = t.reverses_id WHERE o.number = n.reverses AND t.number <> n.number) "
        "OR EXISTS (SELECT 1 FROM typed_repayments o WHERE o.reverses = n.reverses AND o.number < n.number))"
    )
    complain(stage, target, "reverses", twice, "'这笔流水已经冲正过'")


def _loan_of_borrower(stage: Stage, target: Target) -> None:
    where = (
        "n.loan_id IS NOT NULL AND EXISTS "
        "(SELECT 1 FROM credit_loan l WHERE l.id = n.loan_id AND l.borrower_id <> n.borrower_id)"
    )
    if "loan" in {column.name for column in stage.mapped["events"]}:
        complain(stage, target, "loan", where, "'这笔借据不是该客户的'")


_REVERSE = "请以冲正流水更正"
_IN_FILE = "与文件中该客户同一岗位的另一行任期重叠"
_IN_BOOK = "与{who}的任期重叠，请一并给出其止日"

_CHECKS: dict[str, tuple[Check, ...]] = {
    "units": (_unit_cycles,),
    "people": (ends_after("from_on", "to_on"), _line_of_role, _one_person),
    "contracts": (ends_after("signed_on", "ends_on"), whole_checks.scheme, whole_checks.syndicate),
    "loans": (ends_after("starts_on", "matures_on"), whole_checks.margin),
    # 逐户落实到人：第八条
    "responsibilities": (
        ends_after("from_on", "to_on"),
        _line_of_responsible,
        one_at_a_time(
            ("borrower_id", "role"),
            at="from_on",
            begin="from_on",
            who="person_id",
            in_file=_IN_FILE,
            in_book=_IN_BOOK,
        ),
    ),
    "balances": (_overdrafts("balance"),),
    "transactions": (
        _overdrafts("balance_after"),
        *movements.CHECKS,
    ),
    "repayments": (
        as_before("loan_id", "kind", "amount", "effective_on", instead=_REVERSE),
        _reversals,
    ),
    "events": (
        _loan_of_borrower,
        as_before("borrower_id", "kind", "effective_on", instead=_REVERSE),
    ),
    "loan_states": (opening.history_before_states,),
    **whole_checks.CHECKS,
    **trade.CHECKS,
    **opening.CHECKS,
}

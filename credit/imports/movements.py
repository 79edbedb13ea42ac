"""What movements on accounts demand: a reversal undoes one movement, once; the same number says the same again."""

from __future__ import annotations

from collections.abc import Callable

from core.staging.dialect import execute, scalar
from core.staging.merge import insert_missing
from core.staging.profiles import Target
from core.staging.shapes import columns_list
from core.staging.stage import Stage
from credit.imports.complaints import Check, as_before, complain

_REVERSE = "请以冲正流水更正"
_UNLIKE = "'须与被冲正的流水同账户、同金额、方向相反，不早于它，且它本身不是冲正'"
_FITS = (
    "o.account_id = n.account_id AND o.amount = n.amount AND o.direction <> n.direction AND o.{on} <= n.on_date "
    "AND o.{undoes} IS NULL"
)


def _reversals(stage: Stage, target: Target) -> None:
    """A reversal undoes one movement of the same account and amount the other way, once, and is not undone itself.

    What is reversed is joined once for all reversals, in the book and in the file: few movements are.
    """
    if "reverses" not in {column.name for column in stage.mapped["transactions"]}:
        return
    booked, filed = (
        _FITS.format(on="effective_on", undoes="reverses_id"),
        _FITS.format(on="on_date", undoes="reverses"),
    )
    execute(
        "CREATE TEMP TABLE undone_transactions ON COMMIT DROP AS "
        "WITH n AS MATERIALIZED (SELECT * FROM typed_transactions WHERE reverses IS NOT NULL) "
        f"SELECT n.row_line, n.number, o.number AS undone, o.id, ({booked}) AS fits "
        "FROM n JOIN credit_transaction o ON o.number = n.reverses UNION ALL "
        f"SELECT n.row_line, n.number, o.number, NULL::bigint, ({filed}) "
        "FROM n JOIN typed_transactions o ON o.number = n.reverses "
        "WHERE NOT EXISTS (SELECT 1 FROM credit_transaction t WHERE t.number = n.reverses)"
    )
    unlike = "n.row_line IN (SELECT u.row_line FROM undone_transactions u WHERE NOT u.fits)"
    complain(stage, target, "reverses", unlike, _UNLIKE)
    twice = (
        "n.row_line IN (SELECT u.row_line FROM undone_transactions u JOIN credit_transaction t "
        "ON t.reverses_id = u.id WHERE t.number <> u.number UNION SELECT d.row_line FROM (SELECT u.row_line, "
        "row_number() OVER (PARTITION BY u.undone ORDER BY u.row_line) AS place FROM undone_transactions u) d "
        "WHERE d.place > 1)"
    )
    complain(stage, target, "reverses", twice, "'这笔流水已经冲正过'")


CHECKS: tuple[Check, ...] = (
    as_before(
        "account_id", "effective_on", "direction", "amount", "counterparty_name", "counterparty_account", "summary",
        "reverses_id", instead=_REVERSE,
    ),
    _reversals,
)  # fmt: skip


def merge(stage: Stage, target: Target) -> None:
    """Appended once by their number; reversals after the movements that they undo, which may be of the same file."""
    kind = target.kind
    at_hand = stage.mapped[kind.name]
    stored = [column.stored for column in at_hand if column.is_kept and column.name != "reverses"]
    absent = {
        c.stored: c.blank for c in kind.columns if c.is_kept and c not in at_hand and c.name != "reverses"
    }
    absent["known_on"] = "n.row_known_on"
    if "reverses" not in {column.name for column in at_hand}:
        insert_missing(kind, stored=stored, key=("number",), absent=absent)
        return
    execute(
        "CREATE TEMP TABLE reversals ON COMMIT DROP AS SELECT * FROM typed_transactions WHERE reverses IS NOT NULL"
    )
    if not scalar("SELECT EXISTS (SELECT 1 FROM reversals)"):
        insert_missing(kind, stored=stored, key=("number",), absent=absent)
        return
    execute("DELETE FROM typed_transactions WHERE reverses IS NOT NULL")
    insert_missing(kind, stored=stored, key=("number",), absent=absent)
    execute("INSERT INTO typed_transactions SELECT * FROM reversals")
    execute(
        "DELETE FROM reversals n WHERE EXISTS (SELECT 1 FROM credit_transaction t WHERE t.number = n.number); "
        "INSERT INTO fresh_transactions SELECT * FROM reversals"
    )
    into = columns_list([*stored, *absent, "reverses_id"])
    values = ", ".join([columns_list(stored, "n"), *absent.values(), "o.id"])
    execute(
        f"INSERT INTO credit_transaction ({into}) SELECT {values} FROM reversals n "
        "JOIN credit_transaction o ON o.number = n.reverses ORDER BY n.row_line"
    )
    execute(
        "INSERT INTO import_counts SELECT 'transactions', row_known_on, count(*), 0 FROM reversals "
        "GROUP BY row_known_on"
    )


MERGES: dict[str, Callable[[Stage, Target], None]] = {"transactions": merge}

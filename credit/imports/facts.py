"""Appends dated facts: readings and classes and balances where they changed, movements once, and what follows."""

from __future__ import annotations

from collections.abc import Callable

from core.staging.dialect import execute, literal
from core.staging.merge import append_series
from core.staging.profiles import Target
from core.staging.shapes import columns_list
from core.staging.stage import Stage
from credit.imports import events

READING = ("balance", "overdue_principal", "overdue_interest", "days_past_due")


def _loan_states(stage: Stage, target: Target) -> None:
    """What the core says of a loan becomes a reading and a class, each only where it changed; then the events."""
    readings = append_series(
        "readings",
        table="credit_loanreading",
        rows="typed_loan_states",
        owner="loan_id",
        values=READING,
        restated_on=stage.restated_on.get(target.source),
    )
    classes = append_series(
        "classes",
        table="credit_classfact",
        rows="typed_loan_states",
        owner="loan_id",
        values=("risk_class",),
        only={"source": "CORE"},
        restated_on=stage.restated_on.get(target.source),
    )
    count_news("loan_states", readings, classes)
    events.derive(readings, classes)


def _balances(stage: Stage, target: Target) -> None:
    """An account's balance at the end of a day, kept where it changed."""
    if "frozen" not in {column.name for column in stage.mapped["balances"]}:
        execute("ALTER TABLE typed_balances ADD COLUMN frozen numeric DEFAULT 0")
    fresh = append_series(
        "balances",
        table="credit_accountbalance",
        rows="typed_balances",
        owner="account_id",
        values=("balance", "frozen"),
        restated_on=stage.restated_on.get(target.source),
    )
    count_news("balances", fresh)


def count_news(kind: str, *fresh: str) -> None:
    """Rows of the file that were news; a row that is news twice (state and class) counts once."""
    union = " UNION ".join(f"SELECT row_line, on_date, row_known_on FROM {name}" for name in fresh)
    execute(
        f"INSERT INTO import_counts SELECT {literal(kind)}, row_known_on, count(*), 0 FROM ({union}) f "
        "GROUP BY row_known_on"
    )


def _repayments(stage: Stage, target: Target) -> None:
    """Entries first, then the reversals, which may undo an entry of the same file."""
    stored = [column.stored for column in stage.mapped["repayments"] if column.name != "reverses"]
    into = columns_list([*stored, "known_on", "reverses_id"])
    fresh = "fresh_repayments"
    execute(
        f"CREATE TEMP TABLE {fresh} ON COMMIT DROP AS SELECT n.* FROM typed_repayments n "
        "WHERE NOT EXISTS (SELECT 1 FROM credit_ledgerentry t WHERE t.number = n.number)"
    )
    values = columns_list(stored, "n")
    reverses = "reverses" in {column.name for column in stage.mapped["repayments"]}
    execute(
        f"INSERT INTO credit_ledgerentry ({into}) SELECT {values}, n.row_known_on, NULL FROM {fresh} n "
        f"{'WHERE n.reverses IS NULL' if reverses else ''} ORDER BY n.row_line"
    )
    if reverses:
        execute(
            f"INSERT INTO credit_ledgerentry ({into}) SELECT {values}, n.row_known_on, o.id FROM {fresh} n "
            "JOIN credit_ledgerentry o ON o.number = n.reverses ORDER BY n.row_line"
        )
    count_news("repayments", fresh)


def _events(stage: Stage, target: Target) -> None:
    """Events that the lender's own systems report, by their reference."""
    loan = "n.loan_id" if "loan" in {column.name for column in stage.mapped["events"]} else "NULL::bigint"
    execute(
        "CREATE TEMP TABLE fresh_events ON COMMIT DROP AS SELECT n.* FROM typed_events n "
        "WHERE NOT EXISTS (SELECT 1 FROM credit_riskevent t WHERE t.reference = n.reference)"
    )
    events.append(
        f"SELECT n.borrower_id, {loan}, n.kind, n.on_date, n.row_known_on, n.detail, n.reference, NULL::bigint "
        "FROM fresh_events n"
    )
    count_news("events", "fresh_events")


MERGES: dict[str, Callable[[Stage, Target], None]] = {
    "loan_states": _loan_states,
    "balances": _balances,
    "repayments": _repayments,
    "events": _events,
}

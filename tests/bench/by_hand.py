"""The day as a database administrator would write it by hand: the same rules in set SQL, beside the product's.

Written from what the rules mean, not from the product's queries, so that equal rows are evidence for both. Policy and
calendar are inputs, as are the rows that the day's first two steps leave: who was drawn for 正常类抽查
(`inspections_sample`), and what the look at the funds found (`monitoring_fundscheck`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from string import Template
from typing import Any

from core.calendar import Calendar
from core.parameters import Policy
from core.policy import policy_on
from workflow.services import days

SQL = Path(__file__).parent / "sql"
DAY = tuple(
    Template((SQL / f"{name}.sql").read_text("utf-8")) for name in ("facts", "visits", "money", "day")
)
# The rules that are written here; only their rows can be compared.
COVERED = (
    "GR-6.4.4", "GD-3.2",
    "GR-27", "GD-3.3", "GD-2", "GS-8", "GR-28.1", "GR-28.2", "GR-28.3", "GR-28.4",
    "FW-2.3.1", "GR-6.4.1b", "GR-6.4.2", "GR-6.4.3",
    "GR-6.4.1",
    "GR-35",
)  # fmt: skip
# The figures that are written here; the product's day writes more of them.
FIGURES = (
    "raised", "done", "done_in_time", "late_entry", "late_entry_in_time", "void", "waived", "fell_due", "open", "late",
)  # fmt: skip
_DUTY = "obligation, subject_kind, subject_id, period_key"
_REST = (
    "kind, borrower_number, borrower_name, unit_id, line, post, person_id, raised_on, counts_from, due_on, reason, "
    "status, closed_on, close_reason, policy_id"
)
_FIGURE = '"on", unit_id, person_id, post, obligation, measure, value'
# What both leave behind: (by the product, by hand), each a query over the rules in COVERED.
LEFT_BEHIND = {
    "duties": (
        f"SELECT {_DUTY}, {_REST} FROM workflow_workitem WHERE obligation = ANY(%s)",
        f"SELECT {_DUTY}, {_REST} FROM by_hand.workitem WHERE obligation = ANY(%s)",
    ),
    "escalations": tuple(
        f'SELECT {_DUTY}, rung, role, e.person_id, e."on" FROM {schema}escalation e '
        f"JOIN {schema}workitem w ON w.id = e.work_item_id WHERE obligation = ANY(%s)"
        for schema in ("workflow_", "by_hand.")
    ),
    "measures": (
        f"SELECT {_FIGURE} FROM workflow_dailymeasure WHERE measure IN {FIGURES} AND obligation = ANY(%s)",
        f"SELECT {_FIGURE} FROM by_hand.measure WHERE obligation = ANY(%s)",
    ),
}
_FAR = timedelta(days=800)  # a day that the rules reckon never lies further than this from a date of the book


def prepare(connection: Any) -> None:
    """Create the schema `by_hand`, empty."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / "schema.sql").read_text("utf-8"))


def run(connection: Any, on: date) -> None:
    """Close one day by hand. Run again for the same day, it changes nothing."""
    go_live = days.go_live_on()
    names = {"on": _literal(on), "go_live": _literal(go_live) if go_live else "NULL::date"}
    with connection.cursor() as cursor:
        _load_policy(cursor, policy_on(on))
        for part in DAY:
            cursor.execute(part.substitute(names))


def differences(connection: Any, *, most: int = 10) -> list[str]:
    """The first rows that only one of the two left behind; empty where both left the same."""
    return [line for name in LEFT_BEHIND for line in _differences(connection, name, most)]


def _differences(connection: Any, name: str, most: int) -> Iterator[str]:
    product, by_hand = LEFT_BEHIND[name]
    covered = list(COVERED)
    with connection.cursor() as cursor:
        for who, one, other in (("the product", product, by_hand), ("by hand", by_hand, product)):
            cursor.execute(
                f"({one}) EXCEPT ALL ({other}) ORDER BY 1, 2, 3, 4 LIMIT %s", [covered, covered, most]
            )
            for row in cursor.fetchall():
                yield f"{name}, only {who}: {tuple(map(str, row))}"


def _literal(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def _load_policy(cursor: Any, policy: Policy) -> None:
    """Every parameter as each scheme answers it, who descends from whom, and the workdays."""
    parameters = [
        (scheme, name, json.dumps(found.value, default=dict), found.version_id)
        for scheme in policy.parameters
        for name in policy.names(scheme)
        for found in [policy.get(scheme, name)]
    ]
    under = [(scheme, ancestor) for scheme in policy.parameters for ancestor in policy.lineage(scheme)]
    _fill(cursor, "parameter", ("text", "text", "jsonb", "bigint"), parameters)
    _fill(cursor, "under", ("text", "text"), under)
    _fill(cursor, "product", ("text", "text"), list(policy.products().items()))
    cursor.execute(
        "SELECT least(min(starts_on), %s), "
        "greatest(max(matures_on), (SELECT max(matures_on) FROM credit_loanterms), %s) FROM credit_loan",
        [policy.on, policy.on],
    )
    first, last = cursor.fetchone()
    _fill(
        cursor,
        "calendar",
        ("date", "int", "bool"),
        list(_workdays(policy.calendar, first - _FAR, last + _FAR)),
    )


def _workdays(calendar: Calendar, first: date, last: date) -> Iterator[tuple[date, int, bool]]:
    """Each day with how many workdays lie up to it, and whether it is one."""
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    works = [calendar.is_workday(day) for day in span]
    return zip(span, accumulate(map(int, works)), works, strict=True)


def _fill(cursor: Any, table: str, types: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Replace the rows of a small table of inputs."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    cursor.execute(f"DELETE FROM by_hand.{table}")
    cursor.execute(f"INSERT INTO by_hand.{table} SELECT * FROM unnest({arrays})", columns)
    cursor.execute(f"ANALYZE by_hand.{table}")

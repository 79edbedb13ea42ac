"""The book's figures of a day: live loans by class, days past due, maturity and product, and migration.

Written by one statement: the book of the day is read once, set by set, and grouped five ways.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from credit.choices import Arrears, Maturing, RiskClass
from credit.selectors.standing import NEW, SETTLED, in_arrears, live, maturing, migrated, quarter_end_before
from workflow import snapshots

ARROW = ">"  # of a migration's key: NORMAL>SUBSTANDARD


def _reading(day: str, columns: str) -> str:
    return f"""LATERAL (SELECT {columns} FROM credit_loanreading r
        WHERE r.loan_id = l.id AND r.effective_on <= %({day})s AND r.known_on <= %(on)s
        ORDER BY r.effective_on DESC, r.known_on DESC, r.id DESC LIMIT 1)"""


def _class(day: str) -> str:
    return f"""LATERAL (SELECT c.risk_class FROM credit_classfact c
        WHERE c.loan_id = l.id AND c.effective_on <= %({day})s AND c.known_on <= %(on)s
        ORDER BY c.effective_on DESC, c.known_on DESC, c.id DESC LIMIT 1)"""


def _steps(column: str, steps: type[Arrears] | type[Maturing]) -> str:
    """A CASE that names the step in which a number of days lies."""
    whens = []
    for step in steps:
        _first, last = step.days
        whens.append(
            f"ELSE '{step.value}'" if last is None else f"WHEN {column} <= {last} THEN '{step.value}'"
        )
    return f"CASE {' '.join(whens)} END"


BOOK = f"""
WITH book AS MATERIALIZED (
    SELECT COALESCE(m.unit_id, l.unit_id) AS unit_id, m.person_id, l.product,
           now.balance, now.days_past_due, was.balance AS balance_then,
           COALESCE(now_class.risk_class, 'NORMAL') AS class_now,
           COALESCE(was_class.risk_class, 'NORMAL') AS class_then,
           COALESCE(t.matures_on, l.matures_on) - %(on)s::date AS days_left
    FROM credit_loan l
    LEFT JOIN {_reading("on", "r.balance, r.days_past_due")} now ON true
    LEFT JOIN {_reading("since", "r.balance")} was ON true
    LEFT JOIN {_class("on")} now_class ON true
    LEFT JOIN {_class("since")} was_class ON true
    LEFT JOIN LATERAL (SELECT t.matures_on FROM credit_loanterms t
        WHERE t.loan_id = l.id AND t.effective_on <= %(on)s AND t.known_on <= %(on)s
        ORDER BY t.effective_on DESC, t.known_on DESC, t.id DESC LIMIT 1) t ON true
    LEFT JOIN LATERAL (SELECT p.person_id, p.unit_id FROM credit_responsibility p
        WHERE p.borrower_id = l.borrower_id AND p.role = 'CUSTOMER_MANAGER' AND p.known_on <= %(on)s
          AND p.from_on <= %(on)s AND (p.to_on IS NULL OR p.to_on >= %(on)s)
        ORDER BY p.from_on DESC, p.id DESC LIMIT 1) m ON true
    WHERE now.balance > 0 OR was.balance > 0
), figures AS (
    SELECT unit_id, person_id, 'class' AS measure, class_now AS key, balance FROM book WHERE balance > 0
    UNION ALL
    SELECT unit_id, person_id, 'arrears', {_steps("days_past_due", Arrears)}, balance FROM book WHERE balance > 0
    UNION ALL
    SELECT unit_id, person_id, 'maturing', {_steps("days_left", Maturing)}, balance FROM book WHERE balance > 0
    UNION ALL
    SELECT unit_id, person_id, 'product', product, balance FROM book WHERE balance > 0
    UNION ALL
    SELECT unit_id, person_id, 'migration',
           CASE WHEN balance_then > 0 THEN class_then ELSE '{NEW}' END || '{ARROW}'
           || CASE WHEN balance > 0 THEN class_now ELSE '{SETTLED}' END,
           CASE WHEN balance > 0 THEN balance ELSE balance_then END FROM book
)
INSERT INTO workflow_dailymeasure ("on", unit_id, person_id, post, obligation, measure, key, value, amount)
SELECT %(on)s, unit_id, person_id, '', '', measure, key, count(*), sum(balance)
FROM figures GROUP BY unit_id, person_id, measure, key
"""


def write_app(on: date) -> int:
    """The day's figures of the book; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A group per department, manager and step: kept in memory, a million loans are grouped without touching a disk.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(BOOK, {"on": on, "since": quarter_end_before(on)})
        return cursor.rowcount


def _by_class(since: date, on: date, key: str) -> QuerySet[Any]:
    return live(on).filter(severity=RiskClass(key).severity)


def _by_arrears(since: date, on: date, key: str) -> QuerySet[Any]:
    return live(on).filter(in_arrears(Arrears(key)))


def _by_maturity(since: date, on: date, key: str) -> QuerySet[Any]:
    return live(on).filter(maturing(Maturing(key), on))


def _by_product(since: date, on: date, key: str) -> QuerySet[Any]:
    return live(on).filter(product=key)


def _by_migration(since: date, on: date, key: str) -> QuerySet[Any]:
    before, _sep, now = key.partition(ARROW)
    return migrated(on, before, now)


def register() -> None:
    """Make these measures known."""
    rows = {"class": _by_class, "arrears": _by_arrears, "maturing": _by_maturity, "product": _by_product}
    stocks = [
        snapshots.Measure(name, which, unit="home", person="manager", amount="balance")
        for name, which in rows.items()
    ]
    moves = snapshots.Measure("migration", _by_migration, unit="home", person="manager", amount="moved")
    snapshots.register("credit", write_app, (*stocks, moves))

"""Past the application: raw statements as somebody with the database in hand would write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

TABLES = (
    "workflow_document",
    "workflow_attachment",
    "workflow_chain",
    "workflow_step",
    "workflow_workitem",
    "core_auditentry",
    "axes_accessattempt",
)


def execute(statement: str, *parameters: Any) -> int:
    """One statement in a savepoint of its own; how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


@contextmanager
def past_the_guards() -> Iterator[None]:
    """As a superuser who has switched the triggers off (constraints still hold)."""
    execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        execute("SET session_replication_role = origin")


def dump() -> dict[str, str]:
    """Every row of the tables that a signature touches, as text: equal dumps are zero changed rows."""
    rows = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT string_agg(t::text, chr(10) ORDER BY t.id) FROM {table} t")
            rows[table] = cursor.fetchone()[0] or ""
    return rows

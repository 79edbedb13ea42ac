"""Small pieces of SQL text: names, literals and casts that answer NULL where the text is no number or no date."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from core.days import EARLIEST, LATEST

# `pg_temp` functions live as long as the connection: nothing is left in the schema, no extension is needed.
# A pattern with counted repetitions costs five times as much as a plain one, so the plain one is tried first.
_FUNCTIONS = rf"""
CREATE OR REPLACE FUNCTION pg_temp.as_number(t text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN length(t) <= 30 AND t ~ '^[+-]?[0-9]+(?:[.][0-9]+)?$' THEN t::numeric
    WHEN t ~ '^[+-]?[0-9]{{1,30}}(?:[.][0-9]{{1,30}})?$' THEN t::numeric END $$;
CREATE OR REPLACE FUNCTION pg_temp.day_of(y int, m int, d int) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN y NOT BETWEEN {EARLIEST.year} AND {LATEST.year} OR m NOT BETWEEN 1 AND 12 OR d < 1 THEN NULL
    WHEN d <= 28 THEN make_date(y, m, d)
    WHEN d <= extract(day FROM make_date(y, m, 1) + interval '1 month' - interval '1 day') THEN make_date(y, m, d)
    END $$;
CREATE OR REPLACE FUNCTION pg_temp.as_date(t text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN t ~ '^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$'
      THEN pg_temp.day_of(substr(t, 1, 4)::int, substr(t, 6, 2)::int, substr(t, 9, 2)::int)
    WHEN length(t) = 8 AND t ~ '^[0-9]+$'
      THEN pg_temp.day_of(substr(t, 1, 4)::int, substr(t, 5, 2)::int, substr(t, 7, 2)::int)
    END $$;
"""


def prepare() -> None:
    """Create the casting functions on this connection; joins of whole files are hashed in memory, not on disk."""
    execute(_FUNCTIONS)
    execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '256MB'")


def execute(sql: str, params: dict[str, Any] | None = None) -> int:
    """Run a statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def rows(sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def scalar(sql: str, params: dict[str, Any] | None = None) -> Any:
    """The one value of a query."""
    return rows(sql, params)[0][0]


def ident(name: str) -> str:
    """A quoted identifier: the name of a table or column, whatever a foreign header calls it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted text literal, from a profile or a shape; values of the lender's rows never become SQL text."""
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


def as_json(value: Any) -> str:
    """A value as JSON text."""
    return json.dumps(value, ensure_ascii=False, default=str)

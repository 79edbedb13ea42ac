"""Small pieces of SQL text: names, literals and casts that answer NULL where the text is no number or no date."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

# `pg_temp` functions live as long as the connection: nothing is left in the schema, no extension is needed.
_FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION pg_temp.as_number(t text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN t ~ '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$' THEN t::numeric END $$;
CREATE OR REPLACE FUNCTION pg_temp.as_date(t text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN d ~ '^[0-9]{8}$' AND substr(d, 1, 4) >= '1900' AND substr(d, 5, 2) BETWEEN '01' AND '12' THEN
    CASE WHEN substr(d, 7, 2)::int BETWEEN 1 AND extract(day FROM
           make_date(substr(d, 1, 4)::int, substr(d, 5, 2)::int, 1) + interval '1 month' - interval '1 day')::int
    THEN make_date(substr(d, 1, 4)::int, substr(d, 5, 2)::int, substr(d, 7, 2)::int) END END
  FROM (SELECT CASE WHEN t ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN replace(t, '-', '') ELSE t END AS d) x $$;
CREATE OR REPLACE FUNCTION pg_temp.trim_text(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT nullif(btrim(t, E' \t\r\n\u3000'), '') $$;
"""


def prepare() -> None:
    """Create the casting functions on this connection."""
    execute(_FUNCTIONS)


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

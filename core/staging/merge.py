"""Merges typed rows into tables, set-wise: only what changed is written, and a second run writes nothing.

What a merge did is counted per known day in `import_counts`; the rows it added stay at hand as `fresh_<kind>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.staging.dialect import execute, ident, literal
from core.staging.shapes import Kind, columns_list


def merge_rows(
    kind: Kind, *, stored: Sequence[str], key: Sequence[str], absent: Mapping[str, str] | None = None
) -> None:
    """Update the rows that differ, insert those that are missing; `absent` gives columns not at hand, as SQL."""
    values = [name for name in stored if name not in key]
    if values:
        sets = ", ".join(f"{ident(name)} = n.{ident(name)}" for name in values)
        execute(
            f"""
            WITH changed AS (
                UPDATE {kind.table} t SET {sets} FROM {kind.typed} n WHERE {_match(key)}
                AND ({columns_list(values, "t")}) IS DISTINCT FROM ({columns_list(values, "n")})
                RETURNING n.row_known_on
            )
            INSERT INTO import_counts
            SELECT {literal(kind.name)}, row_known_on, 0, count(*) FROM changed GROUP BY row_known_on
            """
        )
    insert_missing(kind, stored=stored, key=key, absent=absent)


def insert_missing(
    kind: Kind, *, stored: Sequence[str], key: Sequence[str], absent: Mapping[str, str] | None = None
) -> None:
    """Insert the typed rows whose key the table does not hold."""
    extra = {name: sql for name, sql in {**kind.fixed, **(absent or {})}.items() if name not in stored}
    fresh = f"fresh_{kind.name}"
    execute(
        f"CREATE TEMP TABLE {fresh} ON COMMIT DROP AS SELECT n.* FROM {kind.typed} n "
        f"WHERE NOT EXISTS (SELECT 1 FROM {kind.table} t WHERE {_match(key)})"
    )
    execute(
        f"INSERT INTO {kind.table} ({columns_list([*stored, *extra])}) "
        f"SELECT {', '.join([columns_list(stored, 'n'), *extra.values()])} FROM {fresh} n ORDER BY n.row_line"
    )
    execute(
        f"INSERT INTO import_counts SELECT {literal(kind.name)}, row_known_on, count(*), 0 "
        f"FROM {fresh} GROUP BY row_known_on"
    )


def _match(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{ident(name)} = n.{ident(name)}" for name in key)


def append_series(
    name: str,
    *,
    table: str,
    rows: str,
    owner: str,
    values: Sequence[str],
    only: Mapping[str, str] | None = None,
    restated_on: str | None = None,
) -> str:
    """Append dated readings of an owner where they differ from the reading in force before them.

    `rows` is a typed table with the owner, `on_date`, `row_known_on` and the values; `only` narrows the series (and
    is stored). The table of what was appended is returned, with the values in force at the day (`was_…`, `was_on`)
    and before the day (`before_…`, `before_on`).

    A late reading would otherwise stand in for the following days, whose extracts said that nothing had changed:
    where a later extract has been applied (`restated_on`), the value it confirmed is appended again from its day on.
    """
    fresh, narrowed = f"fresh_{name}", only or {}
    where = " AND ".join(
        [f"t.{ident(owner)} = n.{ident(owner)}"]
        + [f"t.{ident(column)} = {literal(value)}" for column, value in narrowed.items()]
    )
    lags = ", ".join(f"lag({ident(v)}) OVER series AS {ident('lag_' + v)}" for v in values)
    chosen = ", ".join(
        f"CASE WHEN {which}.effective_on >= coalesce(n.lag_on, '-infinity') THEN {which}.{ident(v)} "
        f"ELSE n.{ident('lag_' + v)} END AS {ident(f'{which}_{v}')}"
        for which in ("was", "before")
        for v in values
    )
    newest = "ORDER BY t.effective_on DESC, t.known_on DESC, t.id DESC LIMIT 1"
    execute(
        f"""
        CREATE TEMP TABLE {fresh} ON COMMIT DROP AS
        WITH n AS (
            SELECT r.*, lag(on_date) OVER series AS lag_on, {lags} FROM {rows} r
            WINDOW series AS (PARTITION BY {ident(owner)} ORDER BY on_date)
        ), compared AS (
            SELECT n.row_line, n.{ident(owner)}, n.on_date, n.row_known_on, {columns_list(values, "n")}, {chosen},
                   greatest(was.effective_on, n.lag_on) AS was_on,
                   greatest(before.effective_on, n.lag_on) AS before_on
            FROM n
            LEFT JOIN LATERAL (SELECT t.* FROM {table} t WHERE {where} AND t.effective_on <= n.on_date {newest})
                was ON true
            LEFT JOIN LATERAL (SELECT t.* FROM {table} t WHERE {where} AND t.effective_on < n.on_date {newest})
                before ON true
        )
        SELECT * FROM compared WHERE was_on IS NULL OR ({columns_list(values)}) IS DISTINCT FROM
            ({columns_list([f"was_{v}" for v in values])})
        """
    )
    same = f"{where} AND t.effective_on = n.on_date AND t.known_on = n.row_known_on"
    fixed = "".join(f", {literal(value)}" for value in narrowed.values())
    into = columns_list([owner, "effective_on", "known_on", *values, *narrowed, "correction"])
    if restated_on:
        later = f"{literal(restated_on)}::date"
        restored = ", ".join(f"n.{ident(f'was_{v}')}" for v in values)
        execute(
            f"INSERT INTO {table} ({into}) SELECT n.{ident(owner)}, {later}, greatest(n.row_known_on, {later}), "
            f"{restored}{fixed}, 0 FROM {fresh} n WHERE n.was_on IS NOT NULL AND n.on_date < {later} AND NOT EXISTS "
            f"(SELECT 1 FROM {table} t WHERE {where} AND t.effective_on > n.on_date AND t.effective_on <= {later})"
        )
    execute(
        f"INSERT INTO {table} ({into}) SELECT n.{ident(owner)}, n.on_date, n.row_known_on, "
        f"{columns_list(values, 'n')}{fixed}, "
        f"(SELECT coalesce(max(t.correction) + 1, 0) FROM {table} t WHERE {same}) "
        f"FROM {fresh} n ORDER BY n.on_date, n.row_line"
    )
    return fresh

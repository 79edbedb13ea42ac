"""Merges the whole book: rows as they are sent, parents of groups after the groups, valuations appended."""

from __future__ import annotations

from collections.abc import Callable

from core.staging.dialect import execute
from core.staging.merge import merge_rows
from core.staging.profiles import Target
from core.staging.stage import Stage
from credit.imports import whole_book
from credit.imports.facts import count_news

_DATED = {"group_members", "bills", "secured"}  # rows that say since when they are known


def _whole(stage: Stage, target: Target) -> None:
    """A kind whose typed rows are complete: every column is written."""
    kind = target.kind
    merge_rows(
        kind,
        stored=[column.stored for column in kind.columns],
        key=kind.stored_key,
        absent={"known_on": "n.row_known_on"} if kind.name in _DATED else None,
    )


def _groups(stage: Stage, target: Target) -> None:
    """Groups first, then their parents: all that change are let go before any is set, so no circle on the way."""
    merge_rows(
        target.kind,
        stored=["number", "name", "lead_manager_id"],
        key=("number",),
        absent={"parent_id": "NULL::bigint"},
    )
    if "parent" not in {column.name for column in stage.mapped["groups"]}:
        return
    execute(
        "CREATE TEMP TABLE moved_groups ON COMMIT DROP AS SELECT g.id, p.id AS parent_id, n.number, n.row_known_on "
        "FROM typed_groups n JOIN credit_group g ON g.number = n.number "
        "LEFT JOIN credit_group p ON p.number = n.parent WHERE g.parent_id IS DISTINCT FROM p.id"
    )
    execute("UPDATE credit_group g SET parent_id = NULL FROM moved_groups m WHERE m.id = g.id")
    execute("UPDATE credit_group g SET parent_id = m.parent_id FROM moved_groups m WHERE m.id = g.id")
    execute(
        "INSERT INTO import_counts SELECT 'groups', row_known_on, 0, count(*) FROM moved_groups m "
        "WHERE NOT EXISTS (SELECT 1 FROM fresh_groups f WHERE f.number = m.number) GROUP BY row_known_on"
    )


def _liens(stage: Stage, target: Target) -> None:
    """Ranks that change step aside first, so that two liens may change places."""
    execute(
        "UPDATE credit_lien t SET rank = t.rank + 10000 FROM typed_liens n "
        "WHERE t.guarantee_id = n.guarantee_id AND t.collateral_id = n.collateral_id AND t.rank <> n.rank"
    )
    _whole(stage, target)


def _promises(stage: Stage, target: Target) -> None:
    """A day on which a clause or a demand was met stays where a later row says nothing of it: it was shown here.

    Since when either is known is kept beside it, so that a missed day is judged by what its evening knew.
    """
    kind = target.kind
    told = "met_on = t.met_on, met_known_on = t.met_known_on"
    told += ", note = t.note" if kind.name == "conditions" else ""
    execute(f"ALTER TABLE {kind.typed} ADD COLUMN met_known_on date")
    execute(f"UPDATE {kind.typed} SET met_known_on = row_known_on WHERE met_on IS NOT NULL")
    execute(
        f"UPDATE {kind.typed} n SET {told} FROM {kind.table} t WHERE t.contract_id = n.contract_id "
        "AND t.place = n.place AND t.met_on IS NOT NULL AND coalesce(n.met_on, t.met_on) = t.met_on"
    )
    merge_rows(
        kind,
        stored=[*(column.stored for column in kind.columns), "met_known_on"],
        key=kind.stored_key,
        absent={"known_on": "n.row_known_on"},
    )


def _valuations(stage: Stage, target: Target) -> None:
    """A valuation is an act of its day: kept even where the value is as before; another value is a correction."""
    same = "t.collateral_id = n.collateral_id AND t.effective_on = n.on_date"
    execute(
        "CREATE TEMP TABLE fresh_valuations ON COMMIT DROP AS SELECT n.* FROM typed_valuations n LEFT JOIN LATERAL "
        f"(SELECT t.* FROM credit_valuation t WHERE {same} ORDER BY t.known_on DESC, t.correction DESC LIMIT 1) "
        "was ON true WHERE was.id IS NULL OR (was.value, was.appraiser) IS DISTINCT FROM (n.value, n.appraiser)"
    )
    execute(
        "INSERT INTO credit_valuation (collateral_id, effective_on, known_on, value, appraiser, correction) "
        "SELECT n.collateral_id, n.on_date, n.row_known_on, n.value, n.appraiser, (SELECT "
        f"coalesce(max(t.correction) + 1, 0) FROM credit_valuation t WHERE {same} AND t.known_on = n.row_known_on) "
        "FROM fresh_valuations n ORDER BY n.row_line"
    )
    count_news("valuations", "fresh_valuations")


MERGES: dict[str, Callable[[Stage, Target], None]] = {
    **{kind.name: _whole for kind in whole_book.KINDS},
    "groups": _groups,
    "clauses": _promises,
    "conditions": _promises,
    "liens": _liens,
    "valuations": _valuations,
}

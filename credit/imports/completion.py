"""Completes typed rows before they are judged: a column that was not sent is the book's."""

from __future__ import annotations

from core.staging.dialect import execute, ident
from core.staging.profiles import Target
from core.staging.shapes import Type
from core.staging.stage import Stage
from credit.imports import opening, trade, whole_book

_KINDS = {kind.name for kind in (*whole_book.KINDS, *trade.OF_TRADE, *opening.KINDS)} | {
    "loans",
    "responsibilities",
}
_SQL_TYPES = {
    Type.MONEY: "numeric", Type.RATE: "numeric", Type.COUNT: "integer", Type.DATE: "date", Type.FLAG: "boolean",
    Type.REFERENCE: "bigint",
}  # fmt: skip


def complete(stage: Stage, target: Target) -> None:
    """Give every typed row of the whole book a value in every column that may be left out."""
    kind = target.kind
    if kind.name not in _KINDS:
        return
    at_hand = {column.name for column in stage.mapped[kind.name]}
    match = " AND ".join(f"t.{ident(s)} = n.{ident(s)}" for s in kind.stored_key)
    for column in kind.columns:
        if column.required or column.name in at_hand:
            continue
        stored = ident(column.stored)
        execute(f"ALTER TABLE {kind.typed} ADD COLUMN {stored} {_SQL_TYPES.get(column.type, 'text')}")
        if not kind.effective:
            execute(f"UPDATE {kind.typed} n SET {stored} = t.{stored} FROM {kind.table} t WHERE {match}")
        if column.blank != "NULL":
            execute(f"UPDATE {kind.typed} SET {stored} = {column.blank} WHERE {stored} IS NULL")

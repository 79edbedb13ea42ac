"""Completes typed rows before they are judged: what is left out is empty, and a column not sent is the book's."""

from __future__ import annotations

from core.staging.dialect import execute, ident
from core.staging.profiles import Target
from core.staging.shapes import Column, Type
from core.staging.stage import Stage
from credit.imports import whole_book

_NULLABLE = {("related_parties", "share"), ("clauses", "share"), ("guarantees", "period_months")}
_KINDS = {kind.name for kind in whole_book.KINDS} | {"loans"}
_SQL_TYPES = {
    Type.MONEY: "numeric", Type.RATE: "numeric", Type.COUNT: "integer", Type.DATE: "date", Type.FLAG: "boolean",
    Type.REFERENCE: "bigint",
}  # fmt: skip


def blank(column: Column) -> str:
    """What a column that is left out holds, as SQL; a choice left out is an empty text."""
    return "''" if column.type is Type.CHOICE else column.blank


def complete(stage: Stage, target: Target) -> None:
    """Give every typed row of the whole book a value in every column that may be left out."""
    kind = target.kind
    if kind.name not in _KINDS:
        return
    at_hand = {column.name for column in stage.mapped[kind.name]}
    match = " AND ".join(f"t.{ident(s)} = n.{ident(s)}" for s in (kind.column(k).stored for k in kind.key))
    for column in kind.columns:
        if column.required:
            continue
        stored = ident(column.stored)
        nullable = (kind.name, column.name) in _NULLABLE
        if column.name not in at_hand:
            execute(f"ALTER TABLE {kind.typed} ADD COLUMN {stored} {_SQL_TYPES.get(column.type, 'text')}")
            if not kind.effective:
                execute(f"UPDATE {kind.typed} n SET {stored} = t.{stored} FROM {kind.table} t WHERE {match}")
            if not nullable and blank(column) != "NULL":
                execute(f"UPDATE {kind.typed} SET {stored} = {blank(column)} WHERE {stored} IS NULL")
        elif nullable:
            execute(
                f"UPDATE {kind.typed} n SET {stored} = NULL FROM {kind.mapped} m "
                f"WHERE m.row_line = n.row_line AND m.{ident(column.name)} IS NULL"
            )
        elif column.type is Type.CHOICE:
            execute(f"UPDATE {kind.typed} SET {stored} = '' WHERE {stored} IS NULL")

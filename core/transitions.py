"""Status changes as data: one table beside each enumeration, one function that moves along it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from core.errors import Conflict

Table = Mapping[Any, frozenset[Any]]


def check_transition(table: Table, old: Any, new: Any) -> None:
    """Raise Conflict unless the table allows old → new; an unknown status is a programming error (KeyError)."""
    if new not in table[old]:
        raise Conflict(f"当前状态为“{old.label}”，不能变为“{new.label}”。请刷新页面后再试。")


def advance(row: models.Model, *, to: Any, table: Table, field: str = "status", **changes: Any) -> None:
    """Move a row from the status it holds to another, by compare-and-set, with other columns in the same write.

    Two people moving the same row: the second gets Conflict and nothing changes.
    """
    old = type(to)(getattr(row, field))
    check_transition(table, old, to)
    moved = type(row)._base_manager.filter(pk=row.pk, **{field: old}).update(**{field: to}, **changes)
    if moved != 1:
        raise Conflict("他人已先行处理，您的操作没有生效。请刷新页面后再试。")
    setattr(row, field, to)
    for name, value in changes.items():
        setattr(row, name, value)

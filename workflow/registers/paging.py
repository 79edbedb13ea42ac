"""Pages by key: the next page begins after the last row of this one, however many rows were added meanwhile.

Nothing is skipped or shown twice, and the thousandth page costs what the first does. An order ends with a unique column
and has none that may be empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Q, QuerySet

from workflow.registers.columns import at


def page_of(
    rows: QuerySet[Any], order: Sequence[str], after: Sequence[str], size: int
) -> tuple[list[Any], list[str]]:
    """One page in this order, and the key of its last row; no key on the last page, a mistyped one is the first."""
    found = list(following(rows, order, after).order_by(*order)[: size + 1])
    return found[:size], key_of(found[size - 1], order) if len(found) > size else []


def key_of(row: Any, order: Sequence[str]) -> list[str]:
    """Where a row stands, as an address has it."""
    return [_text(at(row, name.lstrip("-").replace("__", "."))) for name in order]


def following(rows: QuerySet[Any], order: Sequence[str], after: Sequence[str]) -> QuerySet[Any]:
    """The rows that stand behind a key."""
    names = [name.lstrip("-") for name in order]
    if len(after) != len(order):
        return rows
    try:
        key = [_read(rows, name, text) for name, text in zip(names, after, strict=True)]
    except (ValidationError, ValueError, TypeError):
        return rows
    side = ["lt" if name.startswith("-") else "gt" for name in order]
    behind, same = Q(), Q()
    for name, value, beyond in zip(names, key, side, strict=True):
        behind |= same & Q(**{f"{name}__{beyond}": value})
        same &= Q(**{name: value})
    # The first column alone, said once more, is what an index can start from.
    return rows.filter(Q(**{f"{names[0]}__{side[0]}e": key[0]}), behind)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(rows: QuerySet[Any], name: str, text: str) -> Any:
    if "\x00" in text:
        raise ValueError(text)
    return field_of(rows, name).to_python(text)


def field_of(rows: QuerySet[Any], name: str) -> Field[Any, Any]:
    """The field of a column or an annotation that the rows are ordered by."""
    if name in rows.query.annotations:
        return rows.query.annotations[name].output_field
    model, field = rows.model, None
    for part in name.split("__"):
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        model = getattr(field, "related_model", None) or model
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field

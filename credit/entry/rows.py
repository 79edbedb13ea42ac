"""Rows as a person reads and types them: what stands in the book as texts, and texts as the import reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db.models import Model, OuterRef, QuerySet, Subquery

from accounts.models import Post
from core.days import NoDay, read_day
from core.money import percent
from core.staging.shapes import YES, Column, Kind, Type
from credit.choices import ClassSource
from credit.entry.kinds import WHOLE
from credit.models import ClassFact, LoanReading

Texts = dict[str, str]  # column → what stands in its field
LONGEST = 2000  # characters of a field; more than any column takes

_PERSON = {"username": "person__username", "name": "person__name", "line": "person__line"}


@cache
def model_of(table: str) -> type[Model]:
    """The model of a table."""
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def standing(kind: Kind) -> QuerySet[Any]:
    """The rows of a kind that stand in the book; of the corrections of a day, the last comes first."""
    if kind.name == "people":
        return Post.objects.order_by("pk")
    if kind.name == "loan_states":
        given = ClassFact.objects.filter(
            loan=OuterRef("loan"), effective_on__lte=OuterRef("effective_on")
        ).newest_first()
        return LoanReading.objects.annotate(
            risk_class=Subquery(given.values("risk_class")[:1])
        ).newest_first()
    if kind.name == "class_history":
        return ClassFact.objects.filter(source=ClassSource.CORE).newest_first()
    rows: Any = model_of(kind.table)._default_manager.all()
    fields = {field.name for field in rows.model._meta.get_fields()}
    if "replaced_on" in fields:
        return rows.filter(replaced_on__isnull=True)
    return rows.newest_first() if hasattr(rows, "newest_first") else rows


def path(kind: Kind, column: Column) -> str:
    """Where a column's text is found, from a standing row."""
    if kind.name == "people" and column.name in _PERSON:
        return _PERSON[column.name]
    return f"{column.name}__{column.key}" if column.type is Type.REFERENCE else column.name


def value_of(kind: Kind, column: Column, text: str, on: date) -> Any:
    """A part of a key as the database compares it; None where the text is no such value."""
    if column.type is Type.DATE:
        if not text and column.name == kind.effective:
            return on
        try:
            return read_day(text)
        except NoDay:
            return None
    if column.type is Type.COUNT:
        return int(text) if text.isdecimal() and len(text) < 10 else None
    if column.type is Type.CHOICE:
        return dict(column.choices).get(text)
    return text or None


def found(kind: Kind, row: Mapping[str, str], on: date) -> QuerySet[Any]:
    """The standing rows with the row's key."""
    wanted = {}
    for name in kind.key:
        column = kind.column(name)
        value = value_of(kind, column, row.get(name, ""), on)
        if value is None:
            return standing(kind).none()
        wanted[path(kind, column)] = value
    return standing(kind).filter(**wanted)


def texts(kind: Kind, rows: QuerySet[Any]) -> list[Texts]:
    """Standing rows as the fields show them."""
    paths = {column.name: path(kind, column) for column in kind.columns if column.is_kept}
    return [
        {c.name: shown(c, values[paths[c.name]]) if c.is_kept else "" for c in kind.columns}
        for values in rows.values(*paths.values())
    ]


def stands(kind: Kind, row: Mapping[str, str], on: date) -> Texts | None:
    """What the book holds under the row's key."""
    return next(iter(texts(kind, found(kind, row, on)[:1])), None)


def plan_of(kind: Kind, owner: str) -> list[Texts]:
    """All standing rows of one owner, for a kind whose file is the whole of them."""
    column = kind.column(WHOLE[kind.name])
    order = [path(kind, kind.column(part)) for part in kind.key]
    return texts(kind, standing(kind).filter(**{path(kind, column): owner}).order_by(*order))


def shown(column: Column, value: Any) -> str:
    """A value as its field shows it: amounts in 元, shares and rates in per cent."""
    if value is None:
        return ""
    if column.type is Type.RATE:
        return percent(value)
    if column.type is Type.MONEY:
        return f"{value:.2f}"
    if column.type is Type.FLAG:
        return YES[0] if value else ""
    return str(value)


def typed(text: str) -> str:
    """What came in a field, on one line and without what no file holds."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def written(column: Column, text: str) -> str:
    """A field's text as a file says it: no thousands separators, a rate as a fraction."""
    if column.type is Type.MONEY:
        return text.replace(",", "").replace("，", "")
    if column.type is Type.RATE and text:
        try:
            return format(Decimal(text.removesuffix("%").removesuffix("％")) / 100, "f")
        except (InvalidOperation, ValueError):
            return text
    return text


def fingerprint(rows: list[Texts]) -> str:
    """What stood in the book when a page was opened, so that nobody overwrites what they have not seen."""
    lines = sorted("\x1f".join(f"{name}={text}" for name, text in sorted(row.items())) for row in rows)
    return sha256("\x1e".join(lines).encode()).hexdigest()[:32]

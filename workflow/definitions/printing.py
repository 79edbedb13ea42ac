"""A form flattened for paper: numbered sections of blocks; what is empty and optional is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from workflow.definitions.changes import Change, changes, changes_in_rows
from workflow.definitions.reading import shown, visible_fields, visible_sections
from workflow.definitions.shape import NUMERIC, Answers, Background, Field, FormDefinition, Kind, Section
from workflow.definitions.values import display, is_empty

NUMERALS = "一二三四五六七八九十"
SHORT = 20  # characters that fit half a line
MOST_COLUMNS = 10  # of a table whose days and amounts still fit a column on A4


@dataclass(frozen=True)
class Line:
    """One field on paper."""

    name: str
    label: str
    text: str
    last: str = ""
    change: str = ""
    note: str = ""
    number: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell of a printed table."""

    text: str
    number: bool = False


@dataclass(frozen=True)
class Block:
    """Fields of one look.

    `pairs` (label and value side by side; with a title, one row of a table too wide for A4), `tight` (pairs of a
    long question and a short answer), `items` (this time, last time, explanation), `long` or `table`.
    """

    look: str
    lines: tuple[Line, ...] = ()
    title: str = ""
    heads: tuple[Cell, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()

    @property
    def pair_rows(self) -> list[list[Line]]:
        """Two short lines side by side; a wide one alone."""
        rows: list[list[Line]] = []
        for line in self.lines:
            if rows and len(rows[-1]) == 1 and not rows[-1][0].wide and not line.wide:
                rows[-1].append(line)
            else:
                rows.append([line])
        return rows

    @property
    def has_last(self) -> bool:
        """Whether any line has a value from last time."""
        return any(line.last for line in self.lines)


@dataclass(frozen=True)
class PrintedSection:
    """A section on paper; the first of a form is its head and has no number."""

    code: str
    title: str
    number: str
    blocks: tuple[Block, ...] = field(default_factory=tuple)


def numeral(place: int) -> str:
    """一 … 十, 十一 … 十九."""
    return NUMERALS[place - 1] if place <= 10 else f"十{NUMERALS[place - 11]}"


def flatten(definition: FormDefinition, answers: Answers, background: Background) -> list[PrintedSection]:
    """Every visible section with what is on it."""
    changed = changes(definition, answers, background)
    printed = []
    for place, section in enumerate(visible_sections(definition, answers)):
        blocks = tuple(_blocks(section, answers, background, changed))
        printed.append(PrintedSection(section.code, section.title, numeral(place) if place else "", blocks))
    return [section for section in printed if section.blocks]


def _blocks(
    section: Section, answers: Answers, background: Background, changed: dict[str, Change]
) -> Iterator[Block]:
    asked = [
        one
        for one in visible_fields(section, answers)
        if not one.hidden and (one.is_required(answers) or not is_empty(answers.get(one.name)))
    ]
    looks = {one.name: _look(one, answers, background) for one in asked}
    if "items" in looks.values():  # one list, rather than heads that come again after every short line
        looks = {name: "items" if look in {"pairs", "tight"} else look for name, look in looks.items()}
    for look, group in groupby(asked, key=lambda one: looks[one.name]):
        fields = list(group)
        if look == "table":
            for one in fields:
                yield from _tables(one, answers.get(one.name) or [], background)
        else:
            yield Block(look, tuple(_line(one, answers, background, changed.get(one.name)) for one in fields))


def _look(one: Field, answers: Answers, background: Background) -> str:
    if one.kind == Kind.TABLE:
        return "table"
    if one.kind in {Kind.LONGTEXT, Kind.PHOTOS}:
        return "long"
    has_note = bool(one.note and answers.get(one.note))
    has_last = one.compare is not None and not is_empty(background.last.get(one.name))
    if has_note or has_last:
        return "items"
    return (
        "tight" if one.kind in {Kind.CHOICE, Kind.YES_NO} and one.name not in background.options else "pairs"
    )


def _line(one: Field, answers: Answers, background: Background, change: Change | None) -> Line:
    text = shown(one, answers.get(one.name), background)
    if one.kind == Kind.PHOTOS:
        count = sum(background.photos.values())
        text = f"共 {count} 张，见附页" if count else "无"
    return Line(
        name=one.name,
        label=one.label,
        text=text,
        last=change.last if change else "",
        change=change.word if change else "",
        note=str(answers.get(one.note, "")) if one.note else "",
        number=one.kind in NUMERIC,
        wide=len(text) > SHORT or len(one.label) > SHORT,
    )


def _tables(table: Field, rows: list[Any], background: Background) -> Iterator[Block]:
    columns = [column for column in table.columns if any(not is_empty(row.get(column.name)) for row in rows)]
    if table.cards and len(columns) > MOST_COLUMNS:
        for place, row in enumerate(rows, start=1):
            yield _card(f"{table.label}　第 {place} {table.row_word}", columns, row)
    else:
        yield _table(table, columns or list(table.columns), rows, background)


def _card(title: str, columns: list[Field], row: Any) -> Block:
    told = [(column, display(column, row.get(column.name))) for column in columns]
    return Block(
        "pairs",
        tuple(
            Line(column.name, column.label, text, number=column.kind in NUMERIC, wide=len(text) > SHORT)
            for column, text in told
            if text and not is_empty(row.get(column.name))
        ),
        title=title,
    )


def _table(table: Field, columns: list[Field], rows: list[Any], background: Background) -> Block:
    words = {(change.row, change.column): change.word for change in changes_in_rows(table, rows, background)}
    compared = [column.name for column in columns if column.compare and column.compare.against]
    heads: list[Cell] = []
    for column in columns:
        heads.append(Cell(column.label, column.kind in NUMERIC))
        if column.name in compared:
            heads.append(Cell("变动"))
    body = []
    for place, row in enumerate(rows):
        cells = []
        for column in columns:
            cells.append(Cell(display(column, row.get(column.name)), column.kind in NUMERIC))
            if column.name in compared:
                cells.append(Cell(words.get((place, column.name), "")))
        body.append(tuple(cells))
    return Block("table", title=table.label, heads=tuple(heads), rows=tuple(body))

"""A form as the page shows it: every field bound to its answer, its last value, its change and its gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from workflow.definitions import (
    Answers,
    Background,
    Change,
    Fact,
    Field,
    FormDefinition,
    Gap,
    Kind,
    Section,
    changes,
    changes_in_rows,
    gaps,
    shown,
    visible_sections,
)
from workflow.definitions.values import decimal_of, display, grouped

SPARE_ROWS = 1  # an empty row at the end of a table, so that it can be filled in without JavaScript

_INPUT = {Kind.LONGTEXT: "longtext", Kind.CHOICE: "choice", Kind.YES_NO: "choice", Kind.MULTI: "multi"}
_MODES = {Kind.NUMBER: "decimal", Kind.PERCENT: "decimal", Kind.MONEY: "decimal"}
_MANY_CHOICES = 6  # more options than this are a list, not buttons


@dataclass(frozen=True)
class Choice:
    """One option of a choice."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Bound:
    """One input: everything that its template prints."""

    id: str
    label: str
    template: str
    text: str
    required: bool = False
    unit: str = ""
    help: str = ""
    input_type: str = "text"
    input_mode: str = "text"
    choices: tuple[Choice, ...] = ()
    as_list: bool = False
    last: str = ""
    change: str = ""
    gap: str = ""
    inserted: bool = False
    hint: str = ""
    quiet: bool = False  # an explanation that is not owed and not given
    number: bool = False
    note: Bound | None = None
    heads: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    add: str = ""
    row_word: str = ""
    asked: bool = (
        True  # a field that is not asked stays in the page, out of sight, for the script to bring in
    )
    explain_on: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    number: int
    name: str
    cells: tuple[Bound, ...]
    spare: bool = False


@dataclass(frozen=True)
class NavItem:
    """A section in the index beside the form."""

    code: str
    title: str
    gaps: int
    photos: int | None
    here: bool


@dataclass(frozen=True)
class BoundSection:
    """A section with its bound fields."""

    code: str
    title: str
    help: str
    known: tuple[Bound, ...]  # what the system filled in and nobody types
    fields: tuple[Bound, ...]
    has_photos: bool
    can_reuse: bool


@dataclass
class BoundForm:
    """A whole form over its answers; what it shows is computed once."""

    definition: FormDefinition
    answers: Answers
    background: Background
    facts: Sequence[Fact] = ()
    here: str = ""  # a section's code, or empty for all on one page
    more_gaps: Sequence[Gap] = ()  # what is missing beside the answers
    gaps: list[Gap] = field(init=False)
    _changes: Mapping[str, Change] = field(init=False)
    _gap_at: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.gaps = [*gaps(self.definition, self.answers, self.background), *self.more_gaps]
        self._changes = changes(self.definition, self.answers, self.background)
        self._gap_at = {}
        for gap in self.gaps:
            self._gap_at.setdefault(gap.anchor, gap.sentence)

    @property
    def index(self) -> list[NavItem]:
        """Every visible section, with the number of its gaps."""
        counts: dict[str, int] = {}
        for gap in self.gaps:
            counts[gap.section] = counts.get(gap.section, 0) + 1
        return [
            NavItem(
                section.code,
                section.title,
                counts.get(section.code, 0),
                self.background.photos.get(section.code, 0) if _has_photos(section) else None,
                section.code == self.here,
            )
            for section in visible_sections(self.definition, self.answers)
        ]

    @property
    def sections(self) -> list[BoundSection]:
        """The sections on this page."""
        return [
            BoundSection(
                section.code,
                section.title,
                section.help,
                tuple(self.bind(one) for one in section.fields if _is_known(one)),
                tuple(
                    self.bind(one)
                    for one in section.fields
                    if not (one.hidden or _is_known(one) or one.kind == Kind.PHOTOS)
                ),
                _has_photos(section),
                any(self.background.last.get(one.name) for one in section.fields if not one.locked),
            )
            for section in visible_sections(self.definition, self.answers)
            if not self.here or section.code == self.here
        ]

    @property
    def next_section(self) -> NavItem | None:
        """The section after this one."""
        index = self.index
        for place, item in enumerate(index[:-1]):
            if item.here:
                return index[place + 1]
        return None

    @property
    def facts_here(self) -> list[tuple[int, Fact]]:
        """The facts that matter on this page, with their number; those of other sections come after."""
        numbered = list(enumerate(self.facts))
        return sorted(
            numbered, key=lambda pair: pair[1].section not in {"", self.here} if self.here else False
        )

    def bind(self, one: Field) -> Bound:
        """One field with everything that stands beside it."""
        if one.kind == Kind.TABLE:
            return self._table(one)
        answer = self.answers.get(one.name)
        change = self._changes.get(one.name)
        bound = self._cell(one, one.name, answer, required=one.is_required(self.answers))
        return Bound(
            **{
                **vars(bound),
                "last": change.last if change else "",
                "change": change.word if change else "",
                "inserted": any(
                    fact.target == one.name and fact.value and fact.value in str(answer or "")
                    for fact in self.facts
                ),
                "note": self._note(one, change) if one.note else None,
                "asked": one.is_asked(self.answers),
                "explain_on": " ".join(one.explain_on),
            }
        )

    def _note(self, one: Field, change: Change | None) -> Bound:
        text = str(self.answers.get(one.note) or "")
        answer = self.answers.get(one.name)
        owed = ""
        if change and change.must_explain:
            owed = _("必填：%(why)s") % {"why": change.must_explain}
        elif isinstance(answer, str) and answer in one.explain_on:
            owed = _("必填：选了“%(choice)s”") % {"choice": shown(one, answer, self.background)}
        return Bound(
            id=one.note,
            label=one.note_label,
            template="workflow/fields/line.html",
            text=text,
            required=bool(owed),
            hint=owed,
            gap=self._gap_at.get(one.note, ""),
            quiet=not (owed or text),
        )

    def _cell(self, one: Field, name: str, answer: Any, *, required: bool) -> Bound:
        ticked = answer if isinstance(answer, list) else [answer or ""]
        listed = tuple(self.background.options.get(one.name, ())) or one.choices
        readable = decimal_of(one, answer)
        text = grouped(readable) if readable is not None else str(answer or "")
        look = "locked" if one.locked else _INPUT.get(one.kind, "line")
        if one.locked:
            text = display(one, answer, listed)
        return Bound(
            id=name,
            label=one.label,
            template=f"workflow/fields/{look}.html",
            text="" if look == "multi" else text,
            required=required and not one.locked,
            unit=one.unit,
            help=one.help,
            input_type=self._input_type(one, name),
            input_mode=_MODES.get(one.kind, "text"),
            choices=tuple(Choice(value, label, value in ticked) for value, label in listed),
            as_list=len(listed) > _MANY_CHOICES or one.name in self.background.options,
            gap=self._gap_at.get(name, ""),
            number=one.kind in _MODES,
        )

    def _input_type(self, one: Field, name: str) -> str:
        """A browser's own date field, unless it would hide what was typed and is no date."""
        if name in self._gap_at and self.answers.get(one.name):
            return "text"
        return {Kind.DATE: "date", Kind.DATETIME: "datetime-local"}.get(one.kind, "text")

    def _table(self, table: Field) -> Bound:
        rows = list(self.answers.get(table.name) or [])
        fixed = bool(table.rows or table.system_rows)
        if table.rows:
            by_item = {row.get("item"): row for row in rows}
            rows = [by_item.get(item, {"item": item}) for item in table.rows]
        words = {(c.row, c.column): c for c in changes_in_rows(table, rows, self.background)}
        spare = 0 if fixed else SPARE_ROWS
        bound_rows = []
        for place, row in enumerate([*rows, *([{}] * spare)]):
            cells = []
            for column in table.columns:
                name = f"{table.name}-{place}-{column.name}"
                cell = self._cell(column, name, row.get(column.name), required=False)
                change = words.get((place, column.name))
                look = {"change": change.word if change else ""}
                owed = next(
                    (c for (r, _c), c in words.items() if r == place and c.reason == column.name), None
                )
                if owed and owed.must_explain:
                    look["hint"] = _("必填：%(why)s") % {"why": owed.must_explain}
                cells.append(Bound(**{**vars(cell), **look}))
            bound_rows.append(
                Row(place, row.get("item", "") if table.rows else "", tuple(cells), place >= len(rows))
            )
        return Bound(
            id=table.name,
            label=table.label,
            template="workflow/fields/cards.html" if table.cards else "workflow/fields/table.html",
            text="",
            heads=tuple(column.label for column in table.columns),
            rows=tuple(bound_rows),
            add="" if fixed else _("添加一%(word)s") % {"word": table.row_word},
            gap=self._gap_at.get(table.name, ""),
            help=table.help,
            row_word=table.row_word,
            asked=table.is_asked(self.answers),
        )


def _is_known(one: Field) -> bool:
    return one.locked and not one.hidden and one.derive is None


def _has_photos(section: Section) -> bool:
    return any(one.kind == Kind.PHOTOS for one in section.fields)

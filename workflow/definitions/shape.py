"""What a form is made of: sections, fields, and when each of them is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

# {field name: answer}. An answer is a string (numbers and money as digits), a list of strings (multi-choice),
# or a list of {column: answer} (table). What could not be understood stays as it was typed.
Answers = Mapping[str, Any]
When = Callable[[Answers], bool]

YES, NO = "yes", "no"
YES_NO = ((YES, "是"), (NO, "否"))


class Kind(StrEnum):
    """What a field takes."""

    TEXT = "text"
    LONGTEXT = "longtext"
    CHOICE = "choice"
    MULTI = "multi"
    YES_NO = "yes_no"
    NUMBER = "number"
    PERCENT = "percent"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    TABLE = "table"
    PHOTOS = "photos"


NUMERIC = frozenset({Kind.NUMBER, Kind.PERCENT, Kind.MONEY})


def options(*labels: str) -> tuple[tuple[str, str], ...]:
    """Options whose stored value is the word itself, as the bank's dictionary has it."""
    return tuple((label, label) for label in labels)


def answered(name: str, *values: str) -> When:
    """A predicate: the field holds one of the values (a multi-choice: has one of them ticked)."""

    def holds(answers: Answers) -> bool:
        answer = answers.get(name)
        return bool(set(values).intersection(answer if isinstance(answer, list) else [answer]))

    return holds


@dataclass(frozen=True)
class Compare:
    """How a figure is compared, and which change must be explained.

    Against last time's answer of the same field, or, in a table, against the column `against` of the row.
    """

    against: str = ""
    reason: str = "reason"  # in a table, the column that holds the explanation
    decrease: bool = False  # any decrease must be explained
    share: str = ""  # the policy figure: a change of at least this share must be explained
    change: bool = False  # any other answer than last time must be explained


@dataclass(frozen=True)
class Field:
    """One field; its explanation, where it takes one, is the answer `<name>_note`."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool | When = True
    when: When | None = None
    options: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    help: str = ""
    explain_on: tuple[str, ...] = ()  # answers that must be explained
    note_label: str = "说明"
    compare: Compare | None = None
    locked: bool = False  # filled in by the system, never by hand
    hidden: bool = False  # steers the form, is neither shown nor printed
    whole: bool = False
    minimum: Decimal | None = Decimal(0)
    maximum: Decimal | None = None
    columns: tuple[Field, ...] = ()
    rows: tuple[str, ...] = ()  # a table with these rows, no more and no fewer; the first column names them
    least: int = 0  # rows of a table, or photographs, at least
    row_word: str = "行"
    system_rows: bool = False  # the rows are the system's; only columns that are not locked are filled in
    cards: bool = False  # a table whose rows are too wide for one line: each row a card
    derive: Callable[[Answers], str] | None = None  # computed from other answers, never typed

    @property
    def note(self) -> str:
        """The name of the explanation, or nothing where the field takes none."""
        if self.explain_on:
            return f"{self.name}_note"
        explains = self.compare and (self.compare.decrease or self.compare.share or self.compare.change)
        return f"{self.name}_note" if explains else ""

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The options of a choice; 是 and 否 of a yes-or-no."""
        return YES_NO if self.kind == Kind.YES_NO else self.options

    def is_required(self, answers: Answers) -> bool:
        """Whether an answer is owed, given the others."""
        return self.required(answers) if callable(self.required) else self.required

    def is_asked(self, answers: Answers) -> bool:
        """Whether the field is asked at all, given the others."""
        return self.when is None or self.when(answers)


@dataclass(frozen=True)
class Section:
    """A block of a form; a switched block is there only when its predicate holds."""

    code: str
    title: str
    fields: tuple[Field, ...]
    when: When | None = None
    help: str = ""

    def is_shown(self, answers: Answers) -> bool:
        """Whether the block belongs to this form, given the answers."""
        return self.when is None or self.when(answers)


@dataclass(frozen=True)
class Background:
    """What answers are judged against: last time's, photographs, policy figures, listed people, the day."""

    last: Answers = field(default_factory=dict)
    photos: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Decimal] = field(default_factory=dict)
    options: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    on: date | None = None


@dataclass(frozen=True)
class Check:
    """A rule over several answers, shown at one of them."""

    section: str
    field: str
    fails: Callable[[Answers, Background], bool]
    sentence: str


def known(name: str, label: str, kind: Kind = Kind.TEXT, **more: Any) -> Field:
    """A field that the system fills in where it knows the answer, and nobody types."""
    return Field(name, label, kind, locked=True, required=False, **more)


def not_in_the_future(section: str, name: str, sentence: str) -> Check:
    """A check: the day that the field holds is not after the day on which the form is judged."""

    def fails(answers: Answers, background: Background) -> bool:
        day = str(answers.get(name) or "")
        return background.on is not None and day[:1].isdigit() and day > background.on.isoformat()

    return Check(section, name, fails, sentence)


def at_most(section: str, name: str, longest: int, label: str) -> Check:
    """A check: the field holds no more characters than its place in the book does."""

    def fails(answers: Answers, background: Background) -> bool:
        return len(str(answers.get(name) or "")) > longest

    return Check(section, name, fails, f"“{label}”最多 {longest} 字，请精简。")


def rows_at_most(section: str, tables: Sequence[str], column: str, longest: int, sentence: str) -> Check:
    """A check: no row of the tables holds more characters in a column than its place does; told at the last one."""

    def fails(answers: Answers, background: Background) -> bool:
        rows = (row for table in tables for row in answers.get(table) or ())
        return any(len(str(row.get(column) or "")) > longest for row in rows)

    return Check(section, tables[-1], fails, sentence)


@dataclass(frozen=True)
class FormDefinition:
    """A form in one version; a document keeps the version it was filled in."""

    code: str
    version: int
    title: str
    annex: str
    number_prefix: str
    sections: tuple[Section, ...]
    checks: tuple[Check, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its sections, in order."""
        return tuple(section.code for section in self.sections)

    def section(self, code: str) -> Section:
        """The section by its code; an unknown one is a KeyError."""
        for section in self.sections:
            if section.code == code:
                return section
        raise KeyError(code)

    def field(self, name: str) -> Field:
        """The field by its name; an unknown one is a KeyError."""
        for section in self.sections:
            for candidate in section.fields:
                if candidate.name == name:
                    return candidate
        raise KeyError(name)

    def section_of(self, name: str) -> Section:
        """The section that holds the field."""
        for section in self.sections:
            if any(candidate.name == name for candidate in section.fields):
                return section
        raise KeyError(name)

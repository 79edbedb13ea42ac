"""The shape of what is imported: the columns of a kind, and how a text becomes a value of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from core.days import EARLIEST, LATEST, RANGE
from core.staging.dialect import ident, literal


class Type(Enum):
    """What a column holds."""

    TEXT = "文字"
    MONEY = "金额"
    RATE = "利率"
    COUNT = "整数"
    DATE = "日期"
    CHOICE = "选项"
    FLAG = "是否"
    REFERENCE = "编号"


YES = ("是", "1", "Y", "TRUE", "true", "True")
NO = ("否", "0", "N", "FALSE", "false", "False")

_A_DAY = literal(r"^[0-9]{4}(-?)(0[1-9]|1[0-2])\1(0[1-9]|[12][0-9]|3[01])$")


@dataclass(frozen=True)
class Column:
    """One column of a kind. `name` is the database column; `label` is the header in the native layout."""

    name: str
    label: str
    type: Type = Type.TEXT
    required: bool = True  # the column must be there and filled
    length: int = 0
    choices: tuple[tuple[str, str], ...] = ()  # (text accepted, value stored)
    negative: bool = False
    positive: bool = False
    table: str = ""  # a reference: the table and column that hold the number, and the kind that brings it
    key: str = "number"
    parent: str = ""
    noun: str = ""  # a reference in words: “客户”
    nullable: bool = False  # left out, it is unknown: NULL rather than nothing
    is_kept: bool = True  # else the value is judged and not stored
    refusal: str = ""  # what is said of a value outside the choices, where listing them is not enough

    @property
    def stored(self) -> str:
        """The column that is written: a reference is stored by id."""
        return f"{self.name}_id" if self.type is Type.REFERENCE else self.name

    @property
    def blank(self) -> str:
        """What stands where the value is left out, as SQL."""
        if self.nullable:
            return "NULL"
        blanks = {Type.TEXT: "''", Type.CHOICE: "''", Type.FLAG: "false"}
        return {**blanks, Type.MONEY: "0", Type.RATE: "0", Type.COUNT: "0"}.get(self.type, "NULL")

    def value(self, text: str) -> str:
        """The typed value of a text expression, as SQL; NULL where the text is not one."""
        if self.type in (Type.MONEY, Type.RATE):
            return f"pg_temp.as_number({text})"
        if self.type is Type.COUNT:
            return f"(CASE WHEN {text} ~ '^[0-9]{{1,9}}$' THEN {text}::integer END)"
        if self.type is Type.DATE:
            return f"pg_temp.as_date({text})"
        if self.type is Type.CHOICE:
            whens = " ".join(
                f"WHEN {literal(shown)} THEN {literal(stored)}" for shown, stored in self.choices
            )
            return f"(CASE {text} {whens} END)"
        if self.type is Type.FLAG:
            yes, no = (", ".join(map(literal, words)) for words in (YES, NO))
            return f"(CASE WHEN {text} IN ({yes}) THEN true WHEN {text} IN ({no}) THEN false END)"
        return text

    @property
    def cast(self) -> str:
        """The staging column that holds the value once it is cast; a text is its own value."""
        return self.name if self.type in (Type.TEXT, Type.REFERENCE) else f"value_{self.name}"

    def faults(self, text: str, value: str) -> Iterable[tuple[str, str]]:
        """(SQL condition, reason) for each way in which a filled value can be wrong; the first counts."""
        if self.type in (Type.TEXT, Type.REFERENCE) and self.length:
            yield f"length({text}) > {self.length}", f"超过 {self.length} 个字"
        if self.type in (Type.MONEY, Type.RATE):
            digits, places = (16, 2) if self.type is Type.MONEY else (3, 6)
            yield f"{value} IS NULL", "不是数字（不写千分位和单位）"
            yield f"abs({value}) >= 1e{digits}", "数值过大"
            yield f"{value} <> round({value}, {places})", f"小数超过 {places} 位"
            if self.positive:
                yield f"{value} <= 0", "须大于 0"
            elif not self.negative:
                yield f"{value} < 0", "不能为负数"
        elif self.type is Type.COUNT:
            yield f"{value} IS NULL", "不是 0 或正整数"
        elif self.type is Type.DATE:
            outside = f"left({text}, 4) NOT BETWEEN '{EARLIEST.year}' AND '{LATEST.year}'"
            yield f"{value} IS NULL AND {text} ~ {_A_DAY} AND {outside}", RANGE
            yield f"{value} IS NULL", "没有这一天，或不是日期（写作 2026-11-24 或 20261124）"
        elif self.type is Type.FLAG:
            yield f"{value} IS NULL", "应为“是”或“否”"
        elif self.type is Type.CHOICE:
            shown = "、".join(dict.fromkeys(self.labels()))
            yield f"{value} IS NULL", self.refusal or f"不在可选值内：{shown}"

    @property
    def words(self) -> dict[str, str]:
        """Each value of a choice with its first word."""
        words: dict[str, str] = {}
        for shown, stored in self.choices:
            words.setdefault(stored, shown)
        return words

    def labels(self) -> list[str]:
        """The words a choice may be written with (its codes are accepted too)."""
        return list(self.words.values())


@dataclass(frozen=True)
class Kind:
    """One kind of file: its name, its Chinese name, the table it feeds, what identifies a row, its columns."""

    name: str
    label: str
    table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    effective: str = ""  # the column that says from when a fact holds; without it, the date of the extracts
    fixed: dict[str, str] = field(default_factory=dict)  # stored on insert only: column → SQL

    def column(self, name: str) -> Column:
        """A column by name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def stored_key(self) -> list[str]:
        """The key as it is written."""
        return [self.column(name).stored for name in self.key]

    @property
    def mapped(self) -> str:
        """The staging table of its values as text."""
        return f"mapped_{self.name}"

    @property
    def typed(self) -> str:
        """The staging table of its good rows as values."""
        return f"typed_{self.name}"


def choices_of(enumeration: Iterable[object]) -> tuple[tuple[str, str], ...]:
    """The texts that stand for each member: its label first, then its code."""
    return tuple(
        (str(text), str(member.value))  # type: ignore[attr-defined]
        for member in enumeration
        for text in (member.label, member.value)  # type: ignore[attr-defined]
    )


def columns_list(names: Iterable[str], alias: str = "") -> str:
    """Quoted, comma-separated column names."""
    return ", ".join(f"{alias}.{ident(name)}" if alias else ident(name) for name in names)

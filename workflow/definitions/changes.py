"""What changed since last time, and which change must be explained."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workflow.definitions.reading import shown, visible_fields, visible_sections
from workflow.definitions.shape import NUMERIC, Answers, Background, Compare, Field, FormDefinition, Kind
from workflow.definitions.values import decimal_of, grouped, is_empty


@dataclass(frozen=True)
class Change:
    """A field beside its last value: "上次 188", "减 62", and why it must be explained, if it must."""

    field: str
    last: str
    word: str
    must_explain: str
    column: str = ""
    row: int | None = None
    reason: str = ""


def changes(definition: FormDefinition, answers: Answers, background: Background) -> dict[str, Change]:
    """Every compared field that has a value from last time, by name."""
    found = {}
    for section in visible_sections(definition, answers):
        for field in visible_fields(section, answers):
            if field.kind in {Kind.TABLE, Kind.PHOTOS, Kind.LONGTEXT}:
                continue
            last = background.last.get(field.name)
            if (field.locked and not field.derive) or field.compare is None or is_empty(last):
                continue
            found[field.name] = _change(field, answers.get(field.name), last, background)
    return found


def changes_in_rows(table: Field, rows: Any, background: Background) -> list[Change]:
    """Every compared figure of a table's rows that has its counterpart."""
    found = []
    for place, row in enumerate(rows or ()):
        for column in table.columns:
            if column.compare is None or not column.compare.against:
                continue
            against = next(c for c in table.columns if c.name == column.compare.against)
            new, old = decimal_of(column, row.get(column.name)), decimal_of(against, row.get(against.name))
            if new is None or old is None:
                continue
            why = _must_explain(column.compare, column.label, new, old, background, against.label)
            found.append(
                Change(
                    field=table.name,
                    last=grouped(old),
                    word=_word(column, new, old),
                    must_explain=why,
                    column=column.name,
                    row=place,
                    reason=column.compare.reason,
                )
            )
    return found


def _change(field: Field, answer: Any, last: Any, background: Background) -> Change:
    compare = field.compare or Compare()
    before = shown(field, last, background)
    if is_empty(answer):
        return Change(field.name, before, "", "")
    new, old = decimal_of(field, answer), decimal_of(field, last)
    if field.kind in NUMERIC:
        if new is None or old is None:
            return Change(field.name, before, "", "")
        return Change(
            field.name,
            before,
            _word(field, new, old),
            _must_explain(compare, field.label, new, old, background, "上次"),
        )
    differs = answer != last
    why = f"“{field.label}”与上次不同" if differs and compare.change else ""
    return Change(field.name, before, "有变化" if differs else "", why)


def _word(field: Field, new: Decimal, old: Decimal) -> str:
    if new == old:
        return ""
    counted = field.whole
    word = ("增" if counted else "升") if new > old else ("减" if counted else "降")
    return f"{word} {grouped(abs(new - old))}"


def _must_explain(
    compare: Compare, label: str, new: Decimal, old: Decimal, background: Background, against: str
) -> str:
    if new == old:
        return ""
    if compare.decrease and new < old:
        return f"“{label}”较{against}减少"
    if compare.share:
        share = background.figures[compare.share]
        # From nothing to something is more than any share. Exact: no division, no rounding at the boundary.
        if abs(new - old) >= share * abs(old):
            percent = grouped((share * 100).normalize())
            return f"“{label}”较{against}变动达到 {percent}%"
    return ""

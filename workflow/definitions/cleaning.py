"""From what was posted to answers: what is understood is normalised, the rest is kept as typed and named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.definitions.reading import visible_fields, visible_sections
from workflow.definitions.shape import Answers, Background, Field, FormDefinition, Kind, Section
from workflow.definitions.values import REPLACED, Unreadable, is_empty, parse, tidy

MOST_ROWS = 200


@dataclass(frozen=True)
class Problem:
    """Something typed that is not an answer: where, and one sentence with what to do."""

    section: str
    field: str
    row: int | None
    sentence: str
    column: str = ""


def clean(
    definition: FormDefinition,
    posted: Mapping[str, Sequence[str]],
    *,
    sections: Iterable[str] | None = None,
    base: Answers | None = None,
) -> tuple[dict[str, Any], list[Problem]]:
    """All answers, those of the posted sections (all by default) from what was posted; and what is wrong.

    Nothing typed is dropped. Answers of other sections, and the system's own, stay as they are in `base`.
    """
    wanted = set(sections) if sections is not None else {section.code for section in definition.sections}
    answers: dict[str, Any] = dict(base or {})
    asked = [section for section in definition.sections if section.code in wanted]
    for section in asked:
        for field in section.fields:
            if not field.locked and not field.hidden and field.kind != Kind.PHOTOS:
                answers.update(_posted(field, posted, answers))
    for section in definition.sections:
        for field in section.fields:
            if field.derive:
                answers[field.name] = field.derive(answers)
    return answers, [
        problem
        for section in asked
        for field in section.fields
        if not field.locked
        for problem in _of_field(section, field, answers, Background())
    ]


def problems(
    definition: FormDefinition, answers: Answers, background: Background | None = None
) -> list[Problem]:
    """Everything in stored answers that is not an answer, in the order of the form."""
    background = background or Background()
    return [
        problem
        for section in visible_sections(definition, answers)
        for field in visible_fields(section, answers)
        for problem in _of_field(section, field, answers, background)
    ]


def _posted(field: Field, posted: Mapping[str, Sequence[str]], answers: Answers) -> dict[str, Any]:
    if field.kind == Kind.TABLE:
        return {field.name: _rows(field, posted, answers.get(field.name) or [])}
    if field.kind == Kind.MULTI:
        return {field.name: [tidy(value) for value in posted.get(field.name, ()) if tidy(value)]}
    found = {field.name: _understood(field, _one(posted, field.name))}
    if field.note:
        found[field.note] = _one(posted, field.note)
    return found


def _one(posted: Mapping[str, Sequence[str]], name: str) -> str:
    values = posted.get(name) or [""]
    return tidy(values[-1])


def _understood(field: Field, typed: str) -> str:
    try:
        return parse(field, typed)
    except Unreadable:
        return typed


def _rows(table: Field, posted: Mapping[str, Sequence[str]], known: list[Any]) -> list[dict[str, str]]:
    pattern = re.compile(rf"{re.escape(table.name)}-(\d{{1,4}})-\w+")
    found = sorted({int(match[1]) for name in posted if (match := pattern.fullmatch(name))})[:MOST_ROWS]
    if table.rows or table.system_rows:
        found = list(range(len(table.rows) or len(known)))
    rows = []
    for place in found:
        row = {
            column.name: _understood(column, _one(posted, f"{table.name}-{place}-{column.name}"))
            for column in table.columns
            if not column.locked
        }
        if table.system_rows:
            row = {**known[place], **row}
        if table.rows:
            row[table.columns[0].name] = table.rows[place]
        if any(row.values()):
            rows.append(row)
    return rows


def _of_field(section: Section, field: Field, answers: Answers, background: Background) -> list[Problem]:
    answer = answers.get(field.name)
    if field.kind == Kind.TABLE:
        return _of_table(section, field, answer)
    found = []
    listed = tuple(background.options.get(field.name, ())) or field.choices
    sentence = _wrong(field, answer, listed)
    if sentence:
        found.append(Problem(section.code, field.name, None, f"“{field.label}”{sentence}。"))
    note = answers.get(field.note) if field.note else None
    if isinstance(note, str) and REPLACED in note:
        found.append(
            Problem(
                section.code,
                field.note,
                None,
                f"“{field.label}”的{field.note_label}含有无法保存的字符，请删去。",
            )
        )
    return found


def _of_table(section: Section, table: Field, rows: Any) -> list[Problem]:
    found = []
    for place, row in enumerate(rows or ()):
        for column in table.columns:
            sentence = _wrong(column, row.get(column.name), column.choices)
            if sentence:
                name = row.get("item") if table.rows else f"第 {place + 1} {table.row_word}"
                where = f"“{table.label}”{name}的“{column.label}”"
                found.append(Problem(section.code, table.name, place, f"{where}{sentence}。", column.name))
    return found


def _wrong(field: Field, answer: Any, listed: Sequence[tuple[str, str]]) -> str:
    """Why an answer is none, after the field's name; empty when all is well."""
    if is_empty(answer) or field.kind == Kind.PHOTOS:
        return ""
    if field.kind in {Kind.CHOICE, Kind.YES_NO, Kind.MULTI}:
        known = {value for value, _ in listed}
        ticked = answer if isinstance(answer, list) else [answer]
        strange = [value for value in ticked if value not in known]
        if known and strange:
            return f"选了“{strange[0]}”，不在可选范围内，请重新选择"
        return ""
    try:
        parse(field, str(answer))
    except Unreadable as error:
        return str(error)
    return ""

"""Everything that is still missing, all at once, each with its place and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.definitions.changes import changes, changes_in_rows
from workflow.definitions.cleaning import problems
from workflow.definitions.reading import visible_fields, visible_sections
from workflow.definitions.shape import Answers, Background, Field, FormDefinition, Kind, Section
from workflow.definitions.values import is_empty


@dataclass(frozen=True)
class Gap:
    """A place where something is missing or wrong, and what to do."""

    section: str
    field: str
    row: int | None
    sentence: str
    column: str = ""

    @property
    def anchor(self) -> str:
        """The id of the input that the gap is about."""
        return self.field if self.row is None else f"{self.field}-{self.row}-{self.column}"


def gaps(definition: FormDefinition, answers: Answers, background: Background) -> list[Gap]:
    """What keeps the form from being signed: missing, unexplained, contradictory or unreadable."""
    wrong = [
        Gap(p.section, p.field, p.row, p.sentence, p.column)
        for p in problems(definition, answers, background)
    ]
    taken = {(gap.field, gap.row, gap.column) for gap in wrong}
    changed = changes(definition, answers, background)
    found = list(wrong)
    for section in visible_sections(definition, answers):
        for field in visible_fields(section, answers):
            if field.locked or field.hidden:
                continue
            for gap in _of_field(section, field, answers, background):
                if (gap.field, gap.row, gap.column) not in taken:
                    found.append(gap)
            change = changed.get(field.name)
            if change and change.must_explain and is_empty(answers.get(field.note)):
                found.append(Gap(section.code, field.note, None, f"{change.must_explain}，请写明原因。"))
    shown = {section.code for section in visible_sections(definition, answers)}
    found += [
        Gap(check.section, check.field, None, check.sentence)
        for check in definition.checks
        if check.section in shown and check.fails(answers, background)
    ]
    return _in_order(definition, found)


def _of_field(section: Section, field: Field, answers: Answers, background: Background) -> list[Gap]:
    answer = answers.get(field.name)
    if field.kind == Kind.TABLE:
        return _of_table(section, field, answer, background)
    if field.kind == Kind.PHOTOS:
        have = background.photos.get(section.code, 0)
        if have < field.least:
            return [
                Gap(
                    section.code,
                    field.name,
                    None,
                    f"“{field.label}”至少 {field.least} 张，现有 {have} 张，请拍照或上传。",
                )
            ]
        return []
    if is_empty(answer):
        if not field.is_required(answers):
            return []
        verb = "选择" if field.kind in {Kind.CHOICE, Kind.MULTI, Kind.YES_NO} else "填写"
        return [Gap(section.code, field.name, None, f"请{verb}“{field.label}”。")]
    if answer in field.explain_on and is_empty(answers.get(field.note)):
        label = dict(field.choices).get(answer, answer)
        return [
            Gap(section.code, field.note, None, f"“{field.label}”选“{label}”，请填写{field.note_label}。")
        ]
    return []


def _of_table(section: Section, table: Field, rows: Any, background: Background) -> list[Gap]:
    rows = rows or []
    found = []
    least = len(table.rows) or table.least
    if len(rows) < least:
        sentence = (
            f"“{table.label}”至少 {least} {table.row_word}，现有 {len(rows)} {table.row_word}，请补填。"
        )
        found.append(Gap(section.code, table.name, None, sentence))
    for place, row in enumerate(rows):
        name = row.get("item") if table.rows else f"第 {place + 1} {table.row_word}"
        where = f"“{table.label}”{name}"
        for column in table.columns:
            if column.is_asked(row) and column.is_required(row) and is_empty(row.get(column.name)):
                sentence = f"{where}：请填写“{column.label}”。"
                found.append(Gap(section.code, table.name, place, sentence, column.name))
    noted = {(gap.row, gap.column) for gap in found}
    for change in changes_in_rows(table, rows, background):
        assert change.row is not None
        row = rows[change.row]
        if (
            change.must_explain
            and is_empty(row.get(change.reason))
            and (change.row, change.reason) not in noted
        ):
            name = row.get("item") or f"第 {change.row + 1} {table.row_word}"
            sentence = f"“{table.label}”{name}：{change.must_explain}，请写明变动原因。"
            found.append(Gap(section.code, table.name, change.row, sentence, change.reason))
            noted.add((change.row, change.reason))
    return found


def _in_order(definition: FormDefinition, found: list[Gap]) -> list[Gap]:
    order: dict[str, int] = {}
    for section in definition.sections:
        for field in section.fields:
            order[field.name] = len(order)
            if field.note:
                order[field.note] = len(order)
    return sorted(found, key=lambda gap: order[gap.field])

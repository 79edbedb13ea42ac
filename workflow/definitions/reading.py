"""What of a form is there, given the answers; and the answers that belong to it."""

from __future__ import annotations

from typing import Any

from workflow.definitions.shape import Answers, Background, Field, FormDefinition, Kind, Section
from workflow.definitions.values import display, is_empty


def visible_sections(definition: FormDefinition, answers: Answers) -> list[Section]:
    """The blocks that this form has, given its answers."""
    return [section for section in definition.sections if section.is_shown(answers)]


def visible_fields(section: Section, answers: Answers) -> list[Field]:
    """The fields that a block asks, given the answers."""
    return [field for field in section.fields if field.is_asked(answers)]


def names(field: Field) -> tuple[str, ...]:
    """The answers that belong to a field: its own, and its explanation."""
    return (field.name, field.note) if field.note else (field.name,)


def settled(definition: FormDefinition, answers: Answers) -> dict[str, Any]:
    """The answers that are signed: only what the visible form asks, in its order; empty ones left out."""
    kept: dict[str, Any] = {}
    for section in visible_sections(definition, answers):
        for field in visible_fields(section, answers):
            if field.kind == Kind.PHOTOS:
                continue
            for name in names(field):
                if not is_empty(answers.get(name)):
                    kept[name] = answers[name]
    return kept


def reuse_last(section: Section, answers: Answers, last: Answers) -> dict[str, Any]:
    """The answers with what is still empty in a section taken from last time; nothing typed is replaced."""
    taken = dict(answers)
    for field in section.fields:
        if field.locked or field.hidden or field.kind in {Kind.DATE, Kind.DATETIME, Kind.PHOTOS}:
            continue
        empty = is_empty(taken.get(field.name)) or (
            field.kind == Kind.TABLE and not _filled(taken[field.name])
        )
        if empty and not is_empty(last.get(field.name)):
            taken[field.name] = last[field.name]
    return taken


def _filled(rows: Any) -> bool:
    return any(not is_empty(value) for row in rows for name, value in row.items() if name != "item")


def shown(field: Field, answer: Any, background: Background) -> str:
    """An answer as people read it, with the names of people that the background lists."""
    return display(field, answer, tuple(background.options.get(field.name, ())))

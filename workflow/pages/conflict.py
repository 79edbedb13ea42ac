"""The page on which two savings of one draft are settled, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from core.errors import Conflict
from workflow import registry
from workflow.definitions.values import display, is_empty
from workflow.models import Document


@dataclass(frozen=True)
class Difference:
    """A field that two savings of one draft answer differently."""

    name: str
    label: str
    mine: str
    theirs: str


def conflict_page(document: Document) -> dict[str, Any]:
    """Both versions of what two browsers typed, field by field."""
    if document.conflict is None:
        raise Conflict(_("没有待处理的冲突。请刷新页面。"))
    definition = registry.definition_of(document)
    options = document.kept.options
    labels: dict[str, Any] = {}
    for section in definition.sections:
        for one in section.fields:
            labels[one.name] = one
            if one.note:
                labels[one.note] = one
    found = []
    for name, mine in document.conflict["answers"].items():
        about: Any = labels.get(name)
        theirs = document.content.get(name)
        if about is None or mine == theirs or about.hidden:
            continue
        listed = tuple(options.get(name, ()))
        label = f"{about.label}（{about.note_label}）" if name == about.note else about.label
        found.append(
            Difference(name, label, _words(about, name, mine, listed), _words(about, name, theirs, listed))
        )
    return {"document": document, "definition": definition, "differences": found}


def _words(one: Any, name: str, answer: Any, listed: tuple[tuple[str, str], ...]) -> str:
    if name == one.note:
        return str(answer or "")
    if isinstance(answer, list) and answer and isinstance(answer[0], Mapping):
        return "\n".join(
            "　".join(
                f"{column.label} {display(column, row.get(column.name))}"
                for column in one.columns
                if not is_empty(row.get(column.name))
            )
            for row in answer
        )
    return display(one, answer, listed)


def chosen(document: Document, posted: QueryDict) -> dict[str, Any]:
    """The answers that the author picked from the two versions."""
    aside = (document.conflict or {}).get("answers", {})
    return {name: answer for name, answer in aside.items() if posted.get(name) == "mine"}

"""The glossary names every model and every enumeration value of the product."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Choices

OURS = {
    "core", "accounts", "workflow", "credit", "archives", "monitoring", "inspections", "classification",
    "collections_app", "reviews", "postloan",
}  # fmt: skip


def named() -> set[str]:
    """Everything in backquotes, `Role.PRINCIPAL` also as its parts."""
    text = (Path(settings.BASE_DIR) / "docs" / "glossary.md").read_text(encoding="utf-8")
    return {part for term in re.findall(r"`([^`]+)`", text) for part in (term, *term.split("."))}


def test_every_model_is_in_the_glossary() -> None:
    models = {
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label in OURS and not model.__name__.startswith("Historical")
    }
    assert len(models) > 30
    assert models - named() == set()


def test_every_value_of_an_enumeration_is_in_the_glossary_with_its_chinese_label() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "glossary.md").read_text(encoding="utf-8")
    enumerations = [
        choices
        for choices in all_subclasses(Choices)
        if choices.__module__.split(".")[0] in OURS and len(choices)
    ]
    assert len(enumerations) > 12
    missing = [
        f"{choices.__name__}.{value.name}"
        for choices in enumerations
        for value in choices
        if value.name not in named()
    ]
    assert missing == []
    unlabelled = [
        f"{choices.__name__}.{value.name} {value.label}"
        for choices in enumerations
        for value in choices
        if str(value.label) not in text
    ]
    assert unlabelled == []


def all_subclasses(kind: type[Choices]) -> set[type[Choices]]:
    found: set[type[Choices]] = set(kind.__subclasses__())
    return found.union(*(all_subclasses(sub) for sub in found))

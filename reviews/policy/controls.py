"""The fields that a parameter is edited with, by the shape of its value; the shape itself is not changed on screen.

A rule asks for the unit and the keys that it knows: a number of workdays stays a number of workdays. What has no field
of its own is edited as text, and must come back in the same shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core.days import NoDay, read_day
from core.errors import Invalid
from reviews.policy import steps, values

_DECIMAL = re.compile(r"\d{1,12}\.\d{1,6}")
_INTEGER = re.compile(r"-?\d{1,9}")


@dataclass(frozen=True)
class Control:
    """One field: its name in the form, what stands in it, and how it is shown."""

    name: str
    label: str
    kind: str  # number, select, text, lines or json
    text: str
    after: str = ""  # the unit behind it
    choices: list[tuple[str, str]] = field(default_factory=list)
    key: str | None = None  # of a mapping


def _has_fields(value: Any) -> bool:
    """Whether each key of a mapping has a field of its own."""
    return isinstance(value, Mapping) and all(
        steps.are(one) or not isinstance(one, Mapping | list | tuple) for one in value.values()
    )


def controls(name: str, value: Any, data: Mapping[str, str], schemes: list[tuple[str, str]]) -> list[Control]:
    """The fields of a parameter; what was typed before stands in them again."""
    base = f"p:{name}"
    if _has_fields(value):
        return [
            _leaf(
                f"{base}:{key}", item, data, schemes if name == "product.scheme" else [],
                label="" if values.is_span(value) else values.key_word(key),
                after=str(values.UNITS[key]) if values.is_span(value) else "",
                key=key,
            )
            for key, item in values.ordered(value)
        ]  # fmt: skip
    return [_leaf(base, value, data, [])]


def _leaf(
    name: str,
    value: Any,
    data: Mapping[str, str],
    schemes: list[tuple[str, str]],
    label: str = "",
    after: str = "",
    key: str | None = None,
) -> Control:
    kind, text, choices = _shape(value, schemes)
    return Control(name, label, kind, data.get(name, text), after, choices, key)


def _shape(value: Any, schemes: list[tuple[str, str]]) -> tuple[str, str, list[tuple[str, str]]]:
    match value:
        case bool():
            return "select", str(value).lower(), [("true", _("是")), ("false", _("否"))]
        case int():
            return "number", str(value), []
        case str() if schemes:
            return "select", value, schemes
        case str() if value in values.FREQUENCIES:
            return "select", value, [(one, str(word)) for one, word in values.FREQUENCIES.items()]
        case str() if value in values.FINDINGS:
            return "select", value, [(one, str(word)) for one, word in values.FINDINGS.items()]
        case None:
            return "text", "", []
        case str():
            return "text", value, []
        case list() | tuple() if not any(isinstance(one, Mapping | list | tuple) for one in value):
            return "lines", "\n".join(str(one) for one in value), []
    if steps.are(value):
        return "lines", steps.as_text(value), []
    return "json", json.dumps(values.plain(value), ensure_ascii=False, indent=1), []


def read(name: str, value: Any, data: Mapping[str, str], schemes: list[tuple[str, str]]) -> Any:
    """The value that was typed, in the shape of the old one; Invalid where it is not."""
    found = controls(name, value, data, schemes)
    if _has_fields(value):
        return {one.key: _typed(value[one.key], one) for one in found}
    return _typed(value, found[0])


def _typed(old: Any, control: Control) -> Any:
    text = control.text.replace("\r\n", "\n").strip()
    if control.kind == "select" and text not in dict(control.choices):
        raise Invalid(_("请从列表中选择。"))
    match old:
        case bool():
            return text == "true"
        case int():
            return _integer(text)
        case None if text and control.name.endswith("_on"):
            return _day(text)
        case None:
            return text or None
        case str() if _DECIMAL.fullmatch(old) and not _DECIMAL.fullmatch(text):
            raise Invalid(_("“%(text)s”须写成小数，例如 %(old)s。") % {"text": text, "old": old})
        case str():
            return _text(text, old)
        case list() | tuple() if steps.are(old):
            return steps.from_text(text, old)
        case list() | tuple() if control.kind == "lines":
            return _lines(text, list(old))
    typed = values.from_text(text)
    if not _same_shape(typed, values.plain(old)):
        raise Invalid(_("须与原值的写法一致：原来是%(old)s。") % {"old": values.as_entered(old)})
    return typed


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Invalid(_("“%(text)s”须为整数。") % {"text": text})
    return int(text)


def _text(text: str, old: str) -> str:
    if not text:
        raise Invalid(_("不能为空。"))
    try:
        date.fromisoformat(old)
    except ValueError:
        return text
    return _day(text)


def _day(text: str) -> str:
    try:
        return read_day(text).isoformat()
    except NoDay as error:
        raise Invalid(_("“%(text)s”：%(why)s。") % {"text": text, "why": error}) from None


def _lines(text: str, old: list[Any]) -> list[Any]:
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise Invalid(_("至少写一行。"))
    if len(set(found)) < len(found):
        raise Invalid(_("有重复的行。"))
    return [_integer(line) for line in found] if old and all(isinstance(one, int) for one in old) else found


def _same_shape(new: Any, old: Any) -> bool:
    """Whether a value is built like another: lists may be longer or shorter, mappings keep their keys."""
    match old:
        case Mapping():
            return (
                isinstance(new, Mapping)
                and new.keys() == old.keys()
                and all(_same_shape(new[key], item) for key, item in old.items())
            )
        case list():
            return (
                isinstance(new, list)
                and bool(new)
                and (not old or all(any(_same_shape(one, like) for like in old) for one in new))
            )
    return type(new) is type(old)

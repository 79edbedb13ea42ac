"""What a signed paper says does not change under it: another label, option or field is another version of its form."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from workflow import registry

KEPT = Path(__file__).with_name("versions.yaml")


def plain(part: Any) -> Any:
    """A part of a definition as data; what is a function in it is only said to be there."""
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = {field.name: plain(getattr(part, field.name)) for field in dataclasses.fields(part)}
        return {name: value for name, value in fields.items() if value not in (None, "", [], False)}
    if isinstance(part, tuple | list):
        return [plain(one) for one in part]
    return "a function" if callable(part) else str(part)


def digests() -> dict[str, str]:
    """Of each form in each version that documents have; not of its checks, which judge and say nothing."""
    found = {}
    for code, kind in registry.forms().items():
        for definition in (kind.definition, *kind.earlier):
            said = json.dumps(plain(dataclasses.replace(definition, checks=())), ensure_ascii=False)
            found[f"{code} {definition.version}"] = hashlib.sha256(said.encode()).hexdigest()[:16]
    return found


def test_no_version_of_a_form_says_anything_else_than_when_it_was_first_filled_in() -> None:
    """Otherwise: a new version; the one before goes to `DutyForm.earlier`, the new digest to versions.yaml."""
    assert digests() == yaml.safe_load(KEPT.read_text(encoding="utf-8"))

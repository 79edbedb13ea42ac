"""Which code keeps which obligation: a rule, a gate or a form claims the id of the catalogue that it honours.

The catalogue is `fixtures/obligations.yaml`; a claim counts only beside a test marked with the same id.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml

T = TypeVar("T")

_claims: dict[str, set[str]] = {}


class Obligation(NamedTuple):
    """A row of the catalogue: one duty of one regulation, with the article as people cite it."""

    id: str
    document: str
    cite: str
    duty: str
    same_as: tuple[str, ...]
    app: str  # the room that owns it
    system: str  # what the software must do for it


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Obligation]:
    """Every obligation by id."""
    path = Path(__file__).resolve().parent.parent / "fixtures" / "obligations.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    documents: dict[str, str] = data["documents"]
    return {
        row["id"]: Obligation(
            row["id"],
            documents[row["id"].split("-")[0]],
            str(row["cite"]),  # 2.1 is a number to YAML
            row["duty"],
            tuple(row.get("same_as", ())),
            row["app"],
            row["system"],
        )
        for row in data["obligations"]
    }


def claim(obligation: str, by: str) -> None:
    """Say that some code keeps an obligation; an id that the catalogue does not know is a mistake."""
    if obligation not in catalogue():
        raise LookupError(f"obligation {obligation!r} is not in the catalogue (claimed by {by})")
    _claims.setdefault(obligation, set()).add(by)


def claims(*obligations: str) -> Callable[[T], T]:
    """Decorate the function or class that keeps these obligations."""

    def mark(code: T) -> T:
        for obligation in obligations:
            claim(obligation, _name(code))
        return code

    return mark


def claimed() -> dict[str, frozenset[str]]:
    """Every claimed obligation with the code that claims it."""
    return {obligation: frozenset(by) for obligation, by in _claims.items()}


def _name(code: Any) -> str:
    return f"{code.__module__}.{code.__qualname__}"

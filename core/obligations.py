"""Which code keeps which obligation: a rule, a gate or a form claims the id of the catalogue that it honours.

The catalogue is `fixtures/obligations.yaml`, and `fixtures/clauses.yaml` says what each row consists of; a claim counts
only beside tests that are marked with the row's clauses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import yaml

T = TypeVar("T")

_claims: dict[str, dict[str, set[str]]] = {}  # by row and code, the clauses that the code is said to keep
_does: dict[str, object] = {}  # by code, what it does in words


class Obligation(NamedTuple):
    """A row of the catalogue: one duty of one regulation, with the article as people cite it."""

    id: str
    document: str
    cite: str
    duty: str
    same_as: tuple[str, ...]
    app: str  # the room that owns it
    system: str  # what the software must do for it
    clauses: Mapping[str, str] = MappingProxyType({})  # what it consists of; none where others carry it


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Obligation]:
    """Every obligation by id."""
    data, clauses = _fixture("obligations.yaml"), clauses_by_row()
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
            MappingProxyType(clauses.get(row["id"], {})),
        )
        for row in data["obligations"]
    }


@lru_cache(maxsize=1)
def clauses_by_row() -> dict[str, dict[str, str]]:
    """What each row consists of, as the file says it: its clauses in their order, by letter."""
    return {row: dict(clauses) for row, clauses in _fixture("clauses.yaml").items()}


def claim(obligation: str, by: str, clause: str = "", does: object = None) -> None:
    """Say that some code keeps an obligation, or only the clauses whose letters are named; `does` says how, in words.

    An id or a letter that the catalogue does not know is a mistake.
    """
    if obligation not in catalogue():
        raise LookupError(f"obligation {obligation!r} is not in the catalogue (claimed by {by})")
    if unknown := set(clause) - set(catalogue()[obligation].clauses):
        raise LookupError(f"{obligation} has no clause {''.join(sorted(unknown))!r} (claimed by {by})")
    _claims.setdefault(obligation, {}).setdefault(by, set()).update(clause)
    if does is not None:
        _does[by] = does


def claims(*obligations: str, clause: str = "", does: object = None) -> Callable[[T], T]:
    """Decorate the function or class that keeps these obligations; `clause="bc"` narrows the claim to those clauses.

    `does` is what a gate, a form, a verb or a reading does, in the words of the rulebook: once where it claims twice.
    """

    def mark(code: T) -> T:
        for obligation in obligations:
            claim(obligation, _name(code), clause, does)
        return code

    return mark


def what_does(code: str) -> object:
    """What code that claims something does, as its claim says it; none where it says nothing."""
    return _does.get(code)


def claimed() -> dict[str, dict[str, frozenset[str]]]:
    """Every claimed obligation with the code that claims it and the clauses that it names; none: the row as such."""
    return {
        obligation: {code: frozenset(letters) for code, letters in by.items()}
        for obligation, by in _claims.items()
    }


def _fixture(name: str) -> Any:
    path = Path(__file__).resolve().parent.parent / "fixtures" / name
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _name(code: Any) -> str:
    return f"{code.__module__}.{code.__qualname__}"

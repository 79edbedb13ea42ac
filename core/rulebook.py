"""How far each obligation is honoured: code that claims it and a marked test for each clause, and nothing less.

The marks of the tests are read from their source once and shipped as `fixtures/marked_tests.json`, so that an
installation that carries no tests says the same as one that does, and no page ever parses the tests.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import TextChoices

from core.obligations import Obligation

MARK = "obligation"
NEVER_RUN = frozenset({"skip", "skipif", "xfail"})  # a test that may not fail shows nothing


class Honoured(TextChoices):
    """How far a row of the catalogue is honoured."""

    WHOLE = "WHOLE", "已落实"
    PART = "PART", "部分落实"
    NOT_YET = "NOT_YET", "未落实"

    @property
    def colour(self) -> str:
        """How the chip looks; its word always stands in it."""
        return {"WHOLE": "ok", "PART": "watch"}.get(self.value, "")


# By obligation and by the letter of its clause: the tests (`file::function`) that show it kept.
Marks = Mapping[str, Mapping[str, tuple[str, ...]]]


def as_json(marks: Marks) -> str:
    """As they are shipped: sorted, so that the same tests write the same file."""
    return json.dumps(marks, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def states(
    catalogue: Mapping[str, Obligation], claimed: Collection[str], marks: Marks
) -> dict[str, Honoured]:
    """The state of every row. One with `same_as` is as far as all of those are; it needs no test of its own."""

    def state(row: Obligation) -> Honoured:
        if row.same_as:
            below = {state(catalogue[other]) for other in row.same_as}
            return below.pop() if len(below) == 1 else Honoured.PART
        shown = marks.get(row.id, {})
        if row.id in claimed and row.clauses and row.clauses.keys() <= shown.keys():
            return Honoured.WHOLE
        return Honoured.PART if row.id in claimed or shown else Honoured.NOT_YET

    return {row.id: state(row) for row in catalogue.values()}


def marks_in(folder: Path, catalogue: Mapping[str, Obligation]) -> Marks:
    """Every mark of the tests below a folder, read from their source; addresses begin with the folder's name.

    Marks that do not say which clause of which obligation are refused, all at once and each with its line.
    """
    marks: dict[str, dict[str, set[str]]] = {}
    wrong: dict[str, None] = {}  # in their order; a mark of a whole class is met once a test
    for path in sorted(folder.rglob("test_*.py")):
        file = path.relative_to(folder.parent).as_posix()
        for test, mark in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            try:
                obligation, letters = _read(mark, catalogue)
            except ValueError as error:
                wrong[f"{file}:{mark.lineno}: {error}"] = None
                continue
            for letter in letters:
                marks.setdefault(obligation, {}).setdefault(letter, set()).add(f"{file}::{test}")
    if wrong:
        raise ValueError("\n".join(wrong))
    return {
        obligation: {letter: tuple(sorted(tests)) for letter, tests in sorted(by.items())}
        for obligation, by in sorted(marks.items())
    }


@lru_cache(maxsize=1)
def shipped_marks() -> Marks:
    """The marks that came with the software."""
    content = json.loads(marks_file().read_text(encoding="utf-8"))
    return {
        obligation: {letter: tuple(tests) for letter, tests in by.items()}
        for obligation, by in content.items()
    }


def marks_file() -> Path:
    """Where they are kept; `manage.py rulebook --write` writes it."""
    path: Path = settings.BASE_DIR / "fixtures" / "marked_tests.json"
    return path


def _marked(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every test function of a module with every obligation mark that stands on it, its class or its module."""
    named = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for prefix, function, above in _tests(module.body, _pytestmark(module.body)):
        around = [*above, *function.decorator_list]
        # What a decorator names may hold marks as well: EVENTS = [pytest.param(…, marks=…)].
        around += [named[one.id] for one in _walk(around, ast.Name) if one.id in named]
        if any(one.attr in NEVER_RUN for one in _walk(around, ast.Attribute)):
            continue
        for call in _walk(around, ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr == MARK:
                yield prefix + function.name, call


def _tests(
    body: Iterable[ast.stmt], above: list[ast.expr], prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef, list[ast.expr]]]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield prefix, node, above
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            of_class = [*above, *node.decorator_list, *_pytestmark(node.body)]
            yield from _tests(node.body, of_class, f"{prefix}{node.name}::")


def _pytestmark(body: Iterable[ast.stmt]) -> list[ast.expr]:
    return [
        node.value
        for node in body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
    ]


def _walk(roots: Iterable[ast.expr], kind: type[Any]) -> Iterator[Any]:
    return (node for root in roots for node in ast.walk(root) if isinstance(node, kind))


def _read(mark: ast.Call, catalogue: Mapping[str, Obligation]) -> tuple[str, str]:
    """The obligation and the letters of the clauses that a mark names."""
    told = {keyword.arg: _text(keyword.value) for keyword in mark.keywords}
    obligation = _text(mark.args[0]) if len(mark.args) == 1 else None
    if obligation is None:
        raise ValueError("an obligation mark names one obligation as a plain string")
    if obligation not in catalogue:
        raise ValueError(f"the catalogue has no obligation {obligation}")
    letters = told.pop("clause", None)
    if told:
        raise ValueError(
            f"an obligation mark says its clauses and nothing else ({', '.join(map(str, told))})"
        )
    if not letters:
        raise ValueError(f'an obligation mark names its clauses: obligation("{obligation}", clause="a")')
    if unknown := sorted(set(letters) - set(catalogue[obligation].clauses)):
        raise ValueError(f"{obligation} has no clause {', '.join(unknown)}")
    return obligation, letters


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

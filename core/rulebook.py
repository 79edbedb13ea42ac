"""How far each obligation is honoured: code that claims it and tests that are marked with it, and nothing less.

The marks of the tests are read from their source once and shipped as `fixtures/marked_tests.json`, so that an
installation that carries no tests says the same as one that does, and no page ever parses the tests.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Marks:
    """Tests (`file::function`) by the obligation that they show wholly kept, and kept in part."""

    whole: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    part: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_json(self) -> str:
        """As it is shipped: sorted, so that the same tests write the same file."""
        content = {"whole": dict(sorted(self.whole.items())), "part": dict(sorted(self.part.items()))}
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def states(
    catalogue: Mapping[str, Obligation], claimed: Collection[str], marks: Marks
) -> dict[str, Honoured]:
    """The state of every row. One with `same_as` is as far as all of those are; it needs no test of its own."""

    def state(row: Obligation) -> Honoured:
        if row.same_as:
            below = {state(catalogue[other]) for other in row.same_as}
            return below.pop() if len(below) == 1 else Honoured.PART
        if row.id in claimed and row.id in marks.whole:
            return Honoured.WHOLE
        touched = row.id in claimed or row.id in marks.whole or row.id in marks.part
        return Honoured.PART if touched else Honoured.NOT_YET

    return {row.id: state(row) for row in catalogue.values()}


def marks_in(folder: Path) -> Marks:
    """Every mark of the tests below a folder, read from their source; addresses begin with the folder's name."""
    whole: dict[str, set[str]] = {}
    part: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        file = path.relative_to(folder.parent).as_posix()
        for test, mark in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            for obligation in _ids(mark, file):
                (part if mark.keywords else whole).setdefault(obligation, set()).add(f"{file}::{test}")
    return Marks(_sorted(whole), _sorted(part))


@lru_cache(maxsize=1)
def shipped_marks() -> Marks:
    """The marks that came with the software."""
    content = json.loads(marks_file().read_text(encoding="utf-8"))
    return Marks(*({key: tuple(tests) for key, tests in content[name].items()} for name in ("whole", "part")))


def marks_file() -> Path:
    """Where they are kept; `manage.py rulebook --write` writes it."""
    path: Path = settings.BASE_DIR / "fixtures" / "marked_tests.json"
    return path


def _sorted(tests: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {obligation: tuple(sorted(names)) for obligation, names in sorted(tests.items())}


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


def _ids(mark: ast.Call, file: str) -> list[str]:
    ids = [arg.value for arg in mark.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if not ids or len(ids) != len(mark.args):
        raise ValueError(f"{file}:{mark.lineno}: an obligation mark names its obligations as plain strings")
    return ids

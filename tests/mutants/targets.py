"""Which code keeps an obligation, and which tests are marked with it.

The code of a row is what claims it: a function, or everything that a class has in its body and from its bases of the
same app; and the functions of the same app that this code calls by name, one level deep. Methods of other objects are
not followed.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from core.obligations import claimed
from core.rulebook import Marks
from tests.mutants.changes import Change, changes_of

ROOT = Path(__file__).resolve().parents[2]


class Unit(NamedTuple):
    """One function, or one statement in the body of a class."""

    module: str
    name: str
    node: ast.AST


def changes_to(row: str) -> list[Change]:
    """Every change that may be tried on the code of a row, in the order of the source."""
    found = []
    for module, name, node in units_of(row):
        source, names = source_of(module)[0], vars(sys.modules[module])
        found += changes_of(node, source, names, file=file_of(module), function=name)
    return sorted(found, key=lambda one: (one.file, one.edit))


def units_of(row: str) -> list[Unit]:
    """The code that claims a row, and what it calls."""
    own = [unit for code in sorted(claimed()[row]) for unit in _units(pkgutil.resolve_name(code))]
    called = [other for unit in own for other in _called(unit)]
    return list(dict.fromkeys([*own, *called]))


def marked_with(row: str, marks: Marks) -> dict[str, str]:
    """Every test (`file::function`) that is marked with a row, with the letters of the clauses that it shows."""
    tests: dict[str, str] = {}
    for clause, names in marks.get(row, {}).items():
        for name in names:
            tests[name] = tests.get(name, "") + clause
    return tests


@lru_cache
def source_of(module: str) -> tuple[bytes, ast.Module]:
    """The source of a module as it is in this checkout, and its tree."""
    source = (ROOT / file_of(module)).read_bytes()
    return source, ast.parse(source)


def file_of(module: str) -> str:
    return Path(str(sys.modules[module].__file__)).relative_to(ROOT).as_posix()


def _units(code: Any) -> Iterator[Unit]:
    if not isinstance(code, type):
        code = inspect.unwrap(code)
        if not inspect.isfunction(code):
            return  # the definition of a form: data
        yield Unit(code.__module__, code.__qualname__, _node(code))
        return
    seen: set[str] = set()
    for cls in code.__mro__:
        for node in _node(cls).body if _app(cls) == _app(code) else ():
            for name in _bound(node) - seen:
                yield Unit(cls.__module__, f"{cls.__qualname__}.{name}", node)
                seen.add(name)


def _called(unit: Unit) -> Iterator[Unit]:
    """Functions of the same app that a unit calls, by the names that its module gives them."""
    names = vars(sys.modules[unit.module])
    for node in ast.walk(unit.node):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                code = names.get(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                code = (
                    getattr(names.get(owner), name, None)
                    if isinstance(names.get(owner), ModuleType)
                    else None
                )
            case _:
                continue
        code = inspect.unwrap(code) if callable(code) else None
        if inspect.isfunction(code) and _app(code) == unit.module.split(".")[0]:
            yield from _units(code)


def _app(code: Any) -> str:
    return str(code.__module__).split(".")[0]


def _node(code: Any) -> Any:
    """The definition of a function or class in the source of its module."""
    node: Any = source_of(code.__module__)[1]
    for name in code.__qualname__.split("."):
        node = next(one for one in reversed(node.body) if getattr(one, "name", None) == name)
    return node


def _bound(node: ast.stmt) -> set[str]:
    """The name that a statement in the body of a class gives, if it gives one."""
    match node:
        case ast.FunctionDef(name=name):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()

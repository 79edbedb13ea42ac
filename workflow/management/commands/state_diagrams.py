"""Draws every table of transitions as a Mermaid diagram into docs/reference/states.md."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SUFFIX = "_TRANSITIONS"
HEAD = """# States

Drawn from the transition tables beside the enumerations by `manage.py state_diagrams`; do not edit.
A row begins in the first state of its enumeration and moves only along these arrows.
"""


class Command(BaseCommand):
    """Write the diagrams, or with --check say whether the committed ones are current."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--check` writes nothing."""
        parser.add_argument("--check", action="store_true", help="只核对，不改写文件")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Draw all tables into one page."""
        path = Path(settings.BASE_DIR) / "docs" / "reference" / "states.md"
        text = page()
        if check:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                raise CommandError("docs/reference/states.md 不是最新的，请运行 manage.py state_diagrams。")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}")


def page() -> str:
    """The whole page."""
    drawn = [diagram(module, name, table) for module, name, table in tables()]
    return "\n".join([HEAD, *drawn])


def tables() -> Iterator[tuple[str, str, Mapping[Any, Any]]]:
    """Every transition table of this project's apps: (module, name, table), in the order of the apps."""
    for app in apps.get_app_configs():
        if not Path(app.path).is_relative_to(settings.BASE_DIR) or ".venv" in Path(app.path).parts:
            continue
        for module in _modules(app):
            for name, table in vars(module).items():
                # A module that merely imports the table of another does not own it.
                if name.endswith(SUFFIX) and type(next(iter(table))).__module__ == module.__name__:
                    yield module.__name__, name, table


def diagram(module: str, name: str, table: Mapping[Any, Any]) -> str:
    """One table as a heading and a Mermaid diagram."""
    states = type(next(iter(table)))
    lines = [
        f"## {states.__name__}",
        "",
        f"{states.__doc__} (`{module}.{name}`)",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    direction LR",
        *(f"    {state.value}: {state.label}" for state in states),
        f"    [*] --> {states.values[0]}",
    ]
    for old in states:
        # In the order of the enumeration: sets have none.
        lines += [f"    {old.value} --> {new.value}" for new in states if new in table[old]]
        if not table[old]:
            lines.append(f"    {old.value} --> [*]")
    return "\n".join([*lines, "```", ""])


def _modules(app: AppConfig) -> Iterator[ModuleType]:
    if importlib.util.find_spec(f"{app.name}.choices"):
        yield importlib.import_module(f"{app.name}.choices")
    if app.models_module is None:
        return
    yield app.models_module
    for found in pkgutil.iter_modules(getattr(app.models_module, "__path__", [])):
        yield importlib.import_module(f"{app.models_module.__name__}.{found.name}")

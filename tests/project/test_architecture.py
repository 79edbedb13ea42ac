"""The house as it is meant: what lies where, what may know what, and states that move only along their tables."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from roads.places import VENV
from workflow.management.commands import state_diagrams

FLOW = (
    "core", "accounts", "workflow", "credit", "archives", "monitoring", "inspections", "classification",
    "collections_app", "reviews", "postloan",
)  # fmt: skip
OURS = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in FLOW]
ROOT = Path(settings.BASE_DIR)

# What is planted where, and the contract that has to name it.
PLANTED = {
    "monitoring/cash/rules/ladder.py": ("from django.db import models", "Rules are pure"),
    "monitoring/flows/rules/movements.py": ("from credit.models import Loan", "Rules are pure"),
    "monitoring/signals/scanning.py": ("import monitoring.payments.services", "Inside monitoring"),
    "monitoring/months/services.py": ("import monitoring.months.duties", "Inside a noun"),
    "monitoring/months/duties.py": ("RULES = ()", ""),
    "monitoring/of_no_room.py": ('"""It says not where it belongs."""', "Inside monitoring"),
    "credit/selectors/schemes.py": ("import credit.loans.views", "Nothing below an edge imports an edge"),
    "workflow/engine.py": ("import credit.models", "Data flows one way"),
}


def test_what_is_planted_against_the_contracts_is_found_however_deep_it_lies(tmp_path: Path) -> None:
    for package in FLOW:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, (line, _contract) in PLANTED.items():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    # A module that stands in no contract ends the check of its own; it is found first, and taken away again.
    first = lint(tmp_path)
    assert "monitoring.of_no_room" in first and "Inside monitoring" in first
    (tmp_path / "monitoring/of_no_room.py").unlink()
    said = lint(tmp_path)
    for contract in {contract for _line, contract in PLANTED.values() if contract}:
        assert f"{contract} BROKEN" in said
    for name, (line, contract) in PLANTED.items():
        importer, imported = name.removesuffix(".py").replace("/", "."), line.split()[1]
        imported = imported.replace("django.db", "django")  # one module to the graph
        if contract and (tmp_path / name).exists():
            assert f"{importer} -> {imported}" in " ".join(said.split()), name


def lint(folder: Path) -> str:
    """What import-linter says of a tree."""
    command = [VENV / "bin" / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def relations() -> list[Any]:
    return [
        pytest.param(model, field, id=f"{model._meta.label}.{field.name}")
        for model in OURS
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model in OURS
    ]


@pytest.mark.parametrize(("model", "field"), relations())
def test_a_relation_points_upstream_and_says_nothing_to_what_it_points_at(
    model: type[Model], field: Any
) -> None:
    here, there = model._meta.app_label, field.related_model._meta.app_label
    assert FLOW.index(there) <= FLOW.index(here)
    if there != here:
        assert field.remote_field.hidden, "related_name='+'"


TABLES = [pytest.param(table, id=name) for _module, name, table in state_diagrams.tables()]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_transitions_speaks_of_every_state_and_leads_to_each(table: Any) -> None:
    states = list(type(next(iter(table))))
    assert set(table) == set(states)
    reached, waiting = {states[0]}, [states[0]]
    while waiting:
        for state in table[waiting.pop()] - reached:
            reached.add(state)
            waiting.append(state)
    assert reached == set(states)
    assert any(not table[state] for state in states), "no state is an end"


def test_no_table_of_transitions_stands_where_it_is_not_looked_for() -> None:
    written = {
        line.split("=")[0].split(":")[0].strip()
        for package in FLOW
        for path in (ROOT / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "_TRANSITIONS" in line and line[:1].isupper() and line.rstrip().endswith("{")
    }
    assert written == {name for _module, name, _table in state_diagrams.tables()}

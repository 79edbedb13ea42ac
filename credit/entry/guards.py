"""What apps above refuse of rows that are typed on screen: each makes it known when it is ready, `credit` only asks.

An extract is not asked about: what the core system did is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from core.staging.shapes import Kind
from credit.entry.scope import Complaint

# (rows=, before=, on=): the rows as typed, and under each what stands, None for a new one. It runs inside the
# transaction that saves them, so that it can hold a lock until they are saved.
Guard = Callable[..., Iterable[Complaint]]
_guards: dict[str, list[Guard]] = {}


def provide(kind: str, guard: Guard) -> None:
    """Add a guard to a kind by its name; called from AppConfig.ready."""
    guards = _guards.setdefault(kind, [])
    if guard not in guards:
        guards.append(guard)


def refused(kind: Kind, rows: Sequence[Any], before: Sequence[Any], on: date) -> list[Complaint]:
    """Everything that the guards of a kind refuse of these rows."""
    return [
        complaint
        for guard in _guards.get(kind.name, ())
        for complaint in guard(rows=rows, before=before, on=on)
    ]

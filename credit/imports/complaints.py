"""How a check says which rows are wrong, in which column, and why."""

from __future__ import annotations

from collections.abc import Callable

from core.staging.dialect import ident, literal
from core.staging.profiles import Target
from core.staging.stage import Stage

Check = Callable[[Stage, Target], None]


def complain(stage: Stage, target: Target, name: str, where: str, reason: str) -> None:
    """List the typed rows (aliased n) for which the condition holds, as the file wrote them; `reason` is SQL."""
    kind = target.kind
    if name not in {column.name for column in stage.mapped[kind.name]}:
        return
    written, value = "", f"n.{ident(name)}::text"
    if target.source not in stage.profile.derived:
        written, value = f"JOIN {kind.mapped} m USING (row_line)", f"m.{ident(name)}"
    stage.complain(
        target,
        kind.column(name),
        f"SELECT n.row_line, {value} AS value, {reason} AS reason FROM {kind.typed} n {written} WHERE {where}",
    )


def ends_after(begin: str, end: str) -> Check:
    """A period that ends before it begins is told at its end."""

    def check(stage: Stage, target: Target) -> None:
        label = target.kind.column(begin).label
        where = f"n.{ident(end)} < n.{ident(begin)}"
        complain(stage, target, end, where, f"{literal(f'早于{label} ')} || n.{ident(begin)}")

    return check

"""What is remarkable about a file without stopping it: findings that are listed, names that look like formulas."""

from __future__ import annotations

from core.staging.dialect import ident, rows
from core.staging.problems import Problem
from core.staging.shapes import Type
from core.staging.stage import Stage

_REASON = "以公式符号开头，按文字保存；导出时自动加引号，不会被当作公式。"
_AT_MOST = 100
_FORMULA = "('=', '+', '@', '＝', '＋', '＠')"


def notices(stage: Stage, file: str) -> tuple[list[Problem], int]:
    """What the lender wants listed, and texts that begin like a formula: kept, made harmless on every export."""
    found, total = stage.notices_of(file)
    formulas = _formulas(stage, file)
    return sorted([*found, *formulas], key=lambda problem: problem.line or 0), total + len(formulas)


def _formulas(stage: Stage, file: str) -> list[Problem]:
    found: list[Problem] = []
    for target in stage.profile.targets:
        if stage.profile.source_of(target.source) != file or target.kind.name not in stage.mapped:
            continue
        for column in stage.mapped[target.kind.name]:
            if column.type is not Type.TEXT:
                continue
            text = ident(column.name)
            found += [
                Problem(line, stage.shown(target, column), value, _REASON, notice=True)
                for line, value in rows(
                    f"SELECT row_line, {text} FROM {target.kind.mapped} "
                    f"WHERE left({text}, 1) IN {_FORMULA} OR (left({text}, 1) IN ('-', '－') AND length({text}) > 1) "
                    f"ORDER BY row_line LIMIT {_AT_MOST}"
                )
            ]
    return found

"""The charts, one specification each for screen and paper. A word or a number stands on every mark: no colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.charts import specification

SHADES = {
    "ok": "#23702c", "watch": "#8a5300", "sub": "#b23c0a", "doubt": "#a81f17", "loss": "#651919", "": "#14507f",
}  # fmt: skip
BAND = 30  # pixels of one bar with its gap


@dataclass(frozen=True)
class Bar:
    """One bar: what it is, how long, what is written on it, and how long it was on the day compared with."""

    label: str
    value: float
    text: str
    before: float | None = None
    shade: str = ""


def bars(rows: Sequence[Bar], *, ticks: bool = False) -> Any:
    """Lying bars, each with its figure written beside it; a tick where it stood on the day compared with."""
    data = [
        {
            "label": row.label, "value": row.value, "text": row.text, "before": row.before or None,
            "end": max(row.value, row.before or 0), "colour": SHADES[row.shade],
        }
        for row in rows
    ]  # fmt: skip
    longest = max([row.value for row in rows] + [row.before or 0 for row in rows] + [0.0]) or 1.0
    x = {
        "field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, longest * 1.9]},
    }  # fmt: skip
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.62}},
            "encoding": {"x": x, "color": {"field": "colour", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6},
            "encoding": {"x": {**x, "field": "end"}, "text": {"field": "text"}},
        },
    ]
    if ticks:
        layers.insert(
            1,
            {
                "mark": {"type": "tick", "thickness": 2, "color": "#1b2533", "height": {"band": 0.86}},
                "encoding": {"x": {**x, "field": "before"}},
            },
        )
    return specification(
        data=data,
        height=max(1, len(data)) * BAND,
        encoding={"y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": QUIET}},
        layer=layers,
    )


QUIET = {"domain": False, "ticks": False, "labelPadding": 8, "labelColor": "#1b2533", "title": None}


@dataclass(frozen=True)
class Square:
    """One cell of a matrix: from, to, what is written in it, and whether it is a step down, up or neither."""

    row: str
    column: str
    text: str
    way: str  # worse, better, same, empty


WAYS = {"worse": "#f3c9bd", "better": "#c9e3cd", "same": "#e9edf2", "empty": "#f8f9fb"}


def matrix(squares: Sequence[Square]) -> Any:
    """A heat table: steps down and up are told by their place beside the diagonal, and tinted."""
    data = [
        {"row": one.row, "column": one.column, "text": one.text, "colour": WAYS[one.way]} for one in squares
    ]
    return specification(
        data=data,
        height=len({one.row for one in squares}) * 34 + 40,
        encoding={
            "y": {"field": "row", "type": "nominal", "sort": None, "axis": QUIET},
            "x": {
                "field": "column", "type": "nominal", "sort": None,
                "axis": {**QUIET, "orient": "top", "labelAngle": 0},
            },
        },
        layer=[
            {
                "mark": {"type": "rect", "stroke": "#ffffff", "strokeWidth": 2},
                "encoding": {"color": {"field": "colour", "type": "nominal", "scale": None}},
            },
            {"mark": {"type": "text"}, "encoding": {"text": {"field": "text"}}},
        ],
    )  # fmt: skip

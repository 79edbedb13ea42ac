"""Charts for paper: a Vega-Lite specification, the one that the screen draws, as an SVG. Nothing is fetched."""

from __future__ import annotations

import base64
from typing import Any

import vl_convert

VEGA_LITE = "6.4"  # as vendored under static/vendor
FONT = "Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif"


def specification(
    *, data: list[dict[str, Any]], height: int, width: int | str = "container", **layers: Any
) -> Any:
    """A specification in the look of the house: data inline, no border, quiet axes, our fonts."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": data},
        "width": width,
        "height": height,
        "background": None,
        "autosize": {"type": "fit", "contains": "padding"},
        **layers,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": "#5b6676", "titleColor": "#5b6676", "labelFontSize": 12, "titleFontSize": 12,
                "titleFontWeight": "normal", "gridColor": "#e2e6ec", "domainColor": "#c9d0da", "tickColor": "#c9d0da",
                "labelLimit": 220,
            },
            "text": {"fontSize": 12, "color": "#1b2533"},
        },
    }  # fmt: skip


def svg(spec: dict[str, Any], *, width: int) -> str:
    """The chart as SVG text, so many pixels wide."""
    return vl_convert.vegalite_to_svg({**spec, "width": width}, vl_version=VEGA_LITE, allowed_base_urls=[])


def inline_svg(spec: dict[str, Any], *, width: int) -> str:
    """The chart as an inline address, for a document that may fetch nothing."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg(spec, width=width).encode()).decode()}"

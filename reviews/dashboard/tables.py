"""The tables of the dashboards: one shape for the page, the workbook and the chart in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core import money


@dataclass(frozen=True)
class Cell:
    """A figure with the address of its rows. `kind`: count, money (元), share, points (differences of shares), text."""

    value: Any
    kind: str = "count"
    url: str = ""
    alarming: bool = False

    @property
    def text(self) -> str:
        """As the page shows it; amounts in 万元."""
        value = self.value
        if value is None:
            return "–"
        if self.kind == "money":
            return money.wan(value)
        if self.kind == "share":
            return f"{value * 100:.1f}%"
        if self.kind == "points":
            return f"{value * 100:+.1f}" if round(value * 100, 1) else "0.0"
        if self.kind == "change":
            return f"{value:+,d}" if value else "0"
        if self.kind == "money_change":
            return ("+" if value > 0 else "") + money.wan(value) if value else "0.00"
        return f"{value:,d}" if self.kind == "count" else str(value)

    @property
    def html(self) -> SafeString:
        """As a table of the page holds it; written here, since a board has hundreds and a template takes its time."""
        if self.url:
            shade = mark_safe(' class="late strong"' if self.alarming else "")
            return format_html('<td class="num"><a{} href="{}">{}</a></td>', shade, self.url, self.text)
        shade = mark_safe("" if self.value else ' class="muted"')
        return format_html('<td class="num"><span{}>{}</span></td>', shade, self.text)

    @property
    def plain(self) -> Any:
        """As the workbook takes it: money in 元, shares in per cent."""
        if self.kind in ("share", "points") and self.value is not None:
            return Decimal(round(self.value * 100, 2))
        return self.value


@dataclass(frozen=True)
class Line:
    """One line: what it is about, and its figures."""

    label: str
    cells: list[Cell]
    shade: str = ""  # of the chip before the label, where the line is about a class


@dataclass(frozen=True)
class Table:
    """A table with its finding as the title. `heads` name the columns of figures; the unit stands in `note`."""

    name: str
    subject: str
    finding: str
    first: str
    heads: list[str]
    lines: list[Line]
    total: Line | None = None
    note: str = ""
    chart: dict[str, Any] | None = None
    empty: str = ""
    more: str = ""  # a remark below
    legend: str = ""  # how the chart is read

    def sheet(self) -> tuple[list[str], list[list[Any]]]:
        """Header and rows for a workbook; amounts in 元."""
        rows = [*self.lines, *([self.total] if self.total else [])]
        heads = [head.replace("万元", "元") for head in self.heads]
        return [self.first, *heads], [[row.label, *(cell.plain for cell in row.cells)] for row in rows]


@dataclass(frozen=True)
class Headline:
    """One figure at the head of the page, with its change."""

    label: str
    cell: Cell
    change: str


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """The part of the whole, or None of nothing."""
    return Decimal(part) / Decimal(whole) if whole else None

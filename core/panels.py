"""A panel: what one app has to say about a borrower, as a title, a template and its context."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Panel:
    """One box of the borrower page; `anchor` is its address on the page, `count` the number beside the title."""

    anchor: str
    title: Any
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    count: int | None = None
    wide: bool = True

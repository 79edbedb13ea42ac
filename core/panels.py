"""A panel: what one app has to say about a borrower, as a title, a template and its context."""

from __future__ import annotations

from collections.abc import Callable
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


Provider = Callable[..., Panel | None]  # (**what the page is about); None: nothing to say
_providers: dict[str, list[Provider]] = {}


def provide(page: str, provider: Provider) -> None:
    """Add a panel to a page of an app below; called from AppConfig.ready."""
    providers = _providers.setdefault(page, [])
    if provider not in providers:
        providers.append(provider)


def provided(page: str, **about: Any) -> list[Panel]:
    """The panels that apps above add to a page, in the order in which they were made known."""
    return [panel for provider in _providers.get(page, ()) if (panel := provider(**about)) is not None]

"""What a page that writes a fact carries: its one-time key (core.once)."""

from __future__ import annotations

from core.once import FIELD, new_key


def one_time() -> dict[str, str]:
    """The hidden field of a page that was opened just now."""
    return {FIELD: new_key()}

"""What stands in an address: an id. What was mistyped means nothing."""

from __future__ import annotations


def is_id(text: str) -> bool:
    """Whether a text is the id of a row, and no longer than one can be."""
    return text.isascii() and text.isdigit() and len(text) < 18

"""How much a request may carry: little from a stranger, a form from a person, files only where files are expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE

STRANGER = 64 * KILOBYTE  # bytes; all that anybody sends who is not signed in is the form of the sign-in page
FORM = 4 * MEGABYTE  # bytes; the longest form with the longest texts stays far below

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(most: int) -> Callable[[View], View]:
    """Mark a view as one that expects files: a request to it may carry `most` bytes in all."""

    def marked(view: View) -> View:
        view.largest_body = most  # type: ignore[attr-defined]
        return view

    return marked


def largest_for(view: Callable[..., Any], *, signed_in: bool) -> int:
    """The most bytes that a request to a view may carry."""
    return int(getattr(view, "largest_body", FORM)) if signed_in else STRANGER

"""What the frame around every page shows: the person, the business date and the state of the day."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame."""
    return {}

"""What stands in an address: an id, or the key after which a long list goes on. What was mistyped means nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet


def is_id(text: str) -> bool:
    """Whether a text is the id of a row, and no longer than one can be."""
    return text.isascii() and text.isdigit() and len(text) < 18


def page_by_due_day(rows: QuerySet[Any], after: str, size: int) -> tuple[list[Any], str]:
    """One page by key (due day and id), and the key after which the next one starts; empty on the last."""
    day, _sep, pk = after.partition("_")
    try:
        if is_id(pk):
            start = date.fromisoformat(day)
            rows = rows.filter(Q(due_on__gt=start) | Q(due_on=start, pk__gt=int(pk)))
    except ValueError:
        pass  # a mistyped key starts at the beginning
    found = list(rows.order_by("due_on", "pk")[: size + 1])
    following = f"{found[size - 1].due_on}_{found[size - 1].pk}" if len(found) > size else ""
    return found[:size], following

"""What stands in an address: an id, or the key after which a long list goes on. What was mistyped means nothing."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from core.days import NoDay, read_day


def is_id(text: str) -> bool:
    """Whether a text is the id of a row, and no longer than one can be."""
    return text.isascii() and text.isdigit() and len(text) < 18


def page_by_day(rows: QuerySet[Any], after: str, size: int, *, day: str = "due_on") -> tuple[list[Any], str]:
    """One page by a day of the rows and their id, and the key after which the next one starts; empty on the last."""
    start, _sep, pk = after.partition("_")
    try:
        if is_id(pk):
            first = read_day(start)
            rows = rows.filter(Q((f"{day}__gt", first)) | Q((day, first), pk__gt=int(pk)))
    except NoDay:
        pass  # a mistyped key starts at the beginning
    found = list(rows.order_by(day, "pk")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return found[:size], f"{getattr(last, day)}_{last.pk}" if last else ""


def page_by_id(rows: QuerySet[Any], after: str, size: int) -> tuple[list[Any], str]:
    """One page, the latest first, and the key after which the next one starts; empty on the last."""
    if is_id(after):
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.order_by("-pk")[: size + 1])
    return found[:size], str(found[size - 1].pk) if len(found) > size else ""

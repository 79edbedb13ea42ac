"""The outbox: what must happen soon is a row written with its cause, delivered later, retried until done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core import clock
from core.audit import plain
from core.models import OutboxEntry

logger = logging.getLogger(__name__)

_BEAT = "beat:"  # never handed to a handler: such a row is born delivered

Handler = Callable[[Mapping[str, Any]], None]


def put(*, topic: str, payload: Mapping[str, Any]) -> OutboxEntry:
    """Promise that something happens; only ever inside the transaction of its cause."""
    if not connection.in_atomic_block:
        raise RuntimeError("发件箱的条目须与其起因同在一个事务中")
    return OutboxEntry.objects.create(topic=topic, payload=plain(payload), created_at=clock.now())


def deliver(handlers: Mapping[str, Handler], *, limit: int = 100) -> int:
    """Hand the oldest undelivered entries to the handlers of their topics; how many were delivered.

    Each entry is locked, handled and marked in one transaction, so a handler's writes and the mark stand or
    fall together; entries that another worker holds are skipped; one that fails keeps its place, its count of
    attempts and its last error, and does not stop the rest.
    """
    delivered = 0
    after = 0
    for _ in range(limit):
        with transaction.atomic():
            entry = (
                OutboxEntry.objects.select_for_update(skip_locked=True)
                .filter(delivered_at__isnull=True, topic__in=handlers, id__gt=after)
                .order_by("id")
                .first()
            )
            if entry is None:
                break
            after = entry.id
            delivered += _deliver_one(entry, handlers[entry.topic])
    return delivered


def _deliver_one(entry: OutboxEntry, handle: Handler) -> bool:
    entry.attempts += 1  # under the row's lock
    try:
        with transaction.atomic():
            handle(entry.payload)
    except Exception as error:
        logger.exception("outbox entry %s (%s) failed", entry.id, entry.topic)
        entry.last_error = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "\ufffd")
        entry.save(update_fields=["attempts", "last_error"])
        return False
    entry.delivered_at = clock.now()
    entry.last_error = ""
    entry.save(update_fields=["attempts", "delivered_at", "last_error"])
    return True


def undelivered() -> int:
    """How many entries still wait; for the health page."""
    return OutboxEntry.objects.filter(delivered_at__isnull=True).count()


def beat(name: str) -> None:
    """Note that a scheduled job was alive just now: one row per name; a dead scheduler is noticed."""
    now, topic = clock.now(), f"{_BEAT}{name}"
    if not OutboxEntry.objects.filter(topic=topic).update(delivered_at=now):
        OutboxEntry.objects.create(topic=topic, payload={}, created_at=now, delivered_at=now)


def last_beat(name: str) -> datetime | None:
    """When a scheduled job was last alive; the health page compares it with now."""
    latest = OutboxEntry.objects.filter(topic=f"{_BEAT}{name}").order_by("-delivered_at").first()
    return latest.delivered_at if latest else None

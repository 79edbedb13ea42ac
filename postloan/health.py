"""Whether the system is well, for a monitor that has no account: no figure of the book, no name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import clock, outbox

QUIET = timedelta(minutes=15)  # the tick comes every five minutes; three missed ones are shouted about


def health_of() -> dict[str, Any]:
    """The database, the last tick, and whether the roles of the database are separated."""
    report: dict[str, Any] = {"database": "ok", "last_tick": None, "tick": "ok", "roles": "separated"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        last = outbox.last_beat("tick")
    except DatabaseError:
        return report | {"database": "failed", "tick": "unknown", "ok": False}
    if last is None or clock.now() - last > QUIET:
        report["tick"] = "late"
    report["last_tick"] = last.isoformat(timespec="seconds") if last else None
    if not settings.DATABASE_OWNER_URL:
        report["roles"] = "unseparated"  # allowed, and said: the app owns its tables here
    return report | {"ok": report["tick"] == "ok"}


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all is well; 503 when the database is away or the scheduler has fallen silent."""
    report = health_of()
    return JsonResponse(report, status=200 if report["ok"] else 503)

"""Whether the system is well, for a monitor that has no account: no figure of the book, no name.

The scheduler cannot tell that it is dead. The web process does: in the frame of every page, and by one e-mail to the
administrators for each silence (`tell_of_silence`).
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.mail import send_mail
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.choices import Role
from accounts.models import Post
from core import clock, outbox
from core.models import OutboxEntry
from workflow.services.days import DayState, day_state

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=15)  # the tick comes every five minutes; three missed ones are shouted about


def silent_since() -> datetime | None:
    """When the scheduler was last heard of, if that is too long ago; one that never began is not silent yet."""
    last = outbox.last_beat("tick")
    return last if last and clock.now() - last > QUIET else None


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


def state_of_day(today: date) -> DayState:
    """What the frame says of the close of day; that nothing will come of it comes first."""
    since = silent_since()
    if since is None:
        return day_state(today)
    tell_of_silence(since)
    return DayState("failed", f"定时服务已停（{clock.local(since):%m-%d %H:%M} 起）")


def tell_of_silence(since: datetime) -> bool:
    """Write to the administrators that the scheduler has stopped: once for each silence; True when it was sent.

    The sign of life holds what was said of it, so that two processes that notice at one moment write once. A mail
    server that refuses is tried again after a quarter of an hour, not at every page.
    """
    now = clock.now()
    with transaction.atomic():
        sign = OutboxEntry.objects.select_for_update(skip_locked=True).filter(topic="beat:tick").first()
        if sign is None or not _is_news(sign.payload, since, now):
            return False
        sign.payload = {"silent_since": since.isoformat(), "tried_at": now.isoformat(), "told": False}
        sign.save(update_fields=["payload"])
    if not _mail(since):
        return False
    OutboxEntry.objects.filter(pk=sign.pk).update(payload=sign.payload | {"told": True})
    return True


def _is_news(said: dict[str, Any], since: datetime, now: datetime) -> bool:
    if said.get("silent_since") != since.isoformat():
        return True
    return not said["told"] and now - datetime.fromisoformat(said["tried_at"]) > QUIET


def _mail(since: datetime) -> bool:
    """Send it; without an administrator who has an address there is nobody to tell."""
    posts = Post.objects.current(clock.today()).filter(role=Role.ADMIN, person__is_active=True)
    addresses = sorted(set(posts.exclude(person__email="").values_list("person__email", flat=True)))
    if not addresses:
        logger.error(
            "the scheduler has been silent since %s, and no administrator has an e-mail address", since
        )
        return False
    when = f"{clock.local(since):%Y-%m-%d %H:%M}"
    text = _(
        "贷后管理系统的定时服务自 %(when)s 起没有动静，日终不会自动进行，职责、提醒都停在那一刻。\n"
        "请检查后台作业与定时两个进程（celery worker、celery beat）及 Redis，恢复后系统会自动按日补做。"
    ) % {"when": when}
    try:
        send_mail(_("定时服务已停：%(when)s") % {"when": when}, text, None, addresses)
    except OSError:  # smtplib's errors are
        logger.exception("the e-mail about the silent scheduler was not sent")
        return False
    return True


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all is well; 503 when the database is away or the scheduler has fallen silent."""
    report = health_of()
    if report["tick"] == "late" and (since := silent_since()):
        tell_of_silence(since)
    return JsonResponse(report, status=200 if report["ok"] else 503)

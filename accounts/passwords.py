"""Every check of a password goes this way: counted, locked after too many wrong ones, and told so (promise 34).

Wrong ones at the sign-in page and those of somebody who is signed in are counted apart, so that a stranger who tries a
colleague's 工号 keeps them from no signature. At the sign-in page one address may not try every name, and many
addresses not one name for ever; but whoever has signed in from an address before is not locked out there by others'
tries elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import actor, audit, clock
from core.errors import Invalid
from core.models import AuditEntry

LET_IN = audit.act("accounts.signed_in", gettext_lazy("登录"))
LOCKED_OUT = audit.act("accounts.locked_out", gettext_lazy("登录锁定"))
REFUSED = audit.act("accounts.password.refused", gettext_lazy("密码错误"))
# As it was called until 2026-11: the entries of those days keep that name.
audit.act("workflow.password.refused", gettext_lazy("密码错误"))

# What axes keeps as the browser's name. We write it ourselves, so a browser cannot call itself so.
SIGN_IN, SIGNED_IN = "sign-in", "signed-in"


TOLD = 3  # locks at most, of those since the last sign-in


class Locked(Invalid):
    """Too many wrong passwords; the sentence tells until when."""

    status = 429


@dataclass(frozen=True)
class Limit:
    """How many wrong passwords are too many within the half hour, counted by what they have in common."""

    counted_by: tuple[str, ...]
    most: int
    why: Any


_HERE = Limit(
    ("username", "ip_address"),
    settings.AXES_FAILURE_LIMIT,
    gettext_lazy("这个工号在这台电脑上连续输错密码 10 次"),
)
_EVERYWHERE = Limit(("username",), 30, gettext_lazy("这个工号在多台电脑上输错密码，合计已达 30 次"))
_BY_ADDRESS = Limit(
    ("ip_address",), 50, gettext_lazy("从这台电脑（或同一网络出口）输错密码，各工号合计已达 50 次")
)
_LIMITS = {SIGN_IN: (_HERE, _BY_ADDRESS, _EVERYWHERE), SIGNED_IN: (_HERE, _EVERYWHERE)}


def check(*, username: str, password: str, address: str, scope: str) -> User | None:
    """The person, if this is their password; None where it is wrong. Raises Locked, or Busy where there is no room.

    Never inside the transaction of a verb: a wrong one must stay counted although nothing was done.
    """
    request = as_axes_sees(HttpRequest(), address, scope)
    person = authenticate(request, username=username, password=password)
    if isinstance(person, User):
        return person
    left, limit, until = _standing(username, address, scope)
    if left:
        return None
    if request.axes_failures_since_start is not None:  # counted, so this is the one that locks
        who = User.objects.filter(username=username).first()
        audit.record(
            act=LOCKED_OUT,
            subject=who or "accounts.user",
            after={"until": until, "why": limit.why},
            note=username[:60],
        )
    raise Locked(
        _("%(why)s，已暂时锁定，请在 %(until)s 之后再试。")
        % {"why": limit.why, "until": f"{clock.local(until):%Y-%m-%d %H:%M}"}
    )


def confirm(*, by: User, password: str, undone: str) -> User:
    """Ask a signed-in person for the password again; `undone` says what did not happen where it is wrong.

    Raises Invalid, Locked or Busy, each with the sentence to show.
    """
    address = actor.current().address
    try:
        person = check(username=by.username, password=password, address=address, scope=SIGNED_IN)
    except Locked as locked:
        audit.record(act=REFUSED, subject=by, note=_("密码连续错误，已锁定"))
        raise Locked(f"{locked}{undone}") from None
    if person is None:
        audit.record(act=REFUSED, subject=by, note=_("密码错误"))
        left = tries_left(by.username, address, SIGNED_IN)
        raise Invalid(_("密码不正确，%(undone)s%(left)s") % {"undone": undone, "left": left})
    _attempts(SIGNED_IN, username=by.username, ip_address=address or None).delete()
    return person


def tries_left(username: str, address: str, scope: str) -> str:
    """How often it may still be wrong, in a sentence."""
    left, _limit, _until = _standing(username, address, scope)
    return _("还可以再试 %(left)d 次，之后锁定 30 分钟。") % {"left": left}


def locks_since_last_sign_in(person: User) -> list[str]:
    """What a person has to be told when they come in: when, from where and why their 工号 was locked."""
    entries = AuditEntry.objects.filter(subject=audit.name_of(person)).order_by("-id")
    last = entries.filter(act=LET_IN.name).values_list("id", flat=True).first() or 0
    return [
        _("%(at)s，来自 %(address)s：%(why)s，曾被锁定。如果不是您本人，请告诉系统管理员。")
        % {
            "at": f"{clock.local(entry.at):%m-%d %H:%M}",
            "address": entry.address or _("未知地址"),
            "why": (entry.after or {}).get("why", ""),
        }
        for entry in entries.filter(act=LOCKED_OUT.name, id__gt=last)[:TOLD]
    ]


def as_axes_sees(request: Any, address: str, scope: str) -> Any:
    """The request with what axes counts by, so that it looks for none of it in what a browser says."""
    request.axes_updated = True
    request.axes_locked_out = False
    request.axes_attempt_time = clock.now()
    request.axes_ip_address = address or None
    request.axes_user_agent = scope
    request.axes_path_info = request.axes_http_accept = ""
    request.axes_failures_since_start = request.axes_credentials = None
    return request


class Guesses(AxesDatabaseHandler):
    """Axes counts and keeps; how many are too many, it asks here."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """As many of its ten as are used up by the limit of which least is left."""
        username = get_client_username(request, credentials)
        left, _limit, _until = _standing(username, request.axes_ip_address, request.axes_user_agent)
        return int(settings.AXES_FAILURE_LIMIT) - left


def _standing(username: str, address: str | None, scope: str) -> tuple[int, Limit, datetime]:
    """How many more may be wrong, by which limit, and from when on that many again."""
    now, held_for = clock.now(), get_cool_off() or timedelta(0)
    found = []
    for limit in _LIMITS[scope]:
        common = {"username": username, "ip_address": address or None}
        attempts = _attempts(scope, **{name: common[name] for name in limit.counted_by})
        left, until = limit.most, now
        for wrong, at in attempts.filter(attempt_time__gt=now - held_for).values_list(
            "failures_since_start", "attempt_time"
        ):
            left = max(left - wrong, 0)
            until = at + held_for
            if not left:
                break
        if limit is _EVERYWHERE and not left and _has_signed_in_from(username, address):
            continue
        found.append((min(left, settings.AXES_FAILURE_LIMIT), limit, until))
    return min(found, key=lambda one: one[0])


def _attempts(scope: str, **common: Any) -> QuerySet[AccessAttempt]:
    """Wrong passwords of the kind, the latest first."""
    return AccessAttempt.objects.filter(user_agent=scope, **common).order_by("-attempt_time")


def _has_signed_in_from(username: str, address: str | None) -> bool:
    return AccessLog.objects.filter(username=username, ip_address=address).exists()

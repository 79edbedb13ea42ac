"""The page of leaves: who is away now, soon, and was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Deputy, User
from accounts.selectors import leaves_seen_by, people_for

PAST_SHOWN = 50  # of leaves that are over; the audit keeps all


@dataclass(frozen=True)
class Line:
    """One leave, and whether the reader may end it."""

    leave: Deputy
    may_end: bool


@dataclass(frozen=True)
class Group:
    """Leaves under one heading."""

    key: str
    title: str
    lines: list[Line]


def leaves_page(user: User, on: date) -> dict[str, Any]:
    """Leaves that go on, that come and that are over, the latest of these only."""
    seen = leaves_seen_by(user)
    going_on = list(seen.filter(from_on__lte=on, to_on__gte=on).order_by("to_on", "pk"))
    coming = list(seen.filter(from_on__gt=on).order_by("from_on", "pk"))
    past = list(seen.filter(to_on__lt=on).order_by("-to_on", "-pk")[: PAST_SHOWN + 1])
    open_people = {leave.person_id for leave in (*going_on, *coming)}
    theirs = set(people_for(user).filter(pk__in=open_people).values_list("pk", flat=True))
    groups = (
        Group("now", _("休假中"), [Line(leave, leave.person_id in theirs) for leave in going_on]),
        Group("coming", _("将休假"), [Line(leave, leave.person_id in theirs) for leave in coming]),
        Group("past", _("已结束"), [Line(leave, False) for leave in past[:PAST_SHOWN]]),
    )
    return {
        "groups": [group for group in groups if group.lines],
        "is_cut": len(past) > PAST_SHOWN,
        "past_shown": PAST_SHOWN,
    }

"""Days in templates: {{ duty.due_on|due:business_date }} says 逾期 3 天, 今天 or 剩 2 天."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def due(day: date | None, on: date) -> str:
    """How far off a due date is, seen from the business date."""
    if day is None:
        return "—"
    days = (day - on).days
    if days < 0:
        return _("逾期 %(days)d 天") % {"days": -days}
    if days == 0:
        return _("今天")
    return _("剩 %(days)d 天") % {"days": days}


@register.filter
def due_state(day: date | None, on: date) -> str:
    """late, today, soon (within seven days) or later: the CSS class that stands beside the words."""
    if day is None:
        return "later"
    days = (day - on).days
    if days < 0:
        return "late"
    if days == 0:
        return "today"
    return "soon" if days <= 7 else "later"

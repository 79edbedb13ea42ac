"""How values look on a page: chips, money in the chosen unit, days in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

WAN = Decimal(10000)


@register.simple_tag
def chip(choice: Any, colour: str = "") -> SafeString | str:
    """A choice as a chip: its word in its own colour; nothing for no choice."""
    if not choice:
        return ""
    shade = colour or getattr(choice, "colour", "")
    return format_html(
        '<span class="chip{}">{}</span>', f" chip-{shade}" if shade else "", getattr(choice, "label", choice)
    )


@register.filter
def money(value: Decimal | None, unit: str = "yuan") -> str:
    """An amount with thousands separators: in 元 to the cent, or in 万元 to two places; a dash for none."""
    if value is None:
        return "–"
    amount = Decimal(value) / WAN if unit == "wan" else Decimal(value)
    return f"{amount:,.2f}"


@register.filter
def due_words(due_on: date, today: date) -> str:
    """How far a day is: 逾期 3 天, 今天, 明天, 剩 5 天."""
    days = (due_on - today).days
    if days < 0:
        return _("逾期 %(days)d 天") % {"days": -days}
    if days == 0:
        return _("今天")
    return _("明天") if days == 1 else _("剩 %(days)d 天") % {"days": days}


@register.filter
def short_day(day: date, today: date) -> str:
    """A day without its year when it is this year's."""
    return day.strftime("%m-%d") if day.year == today.year else day.isoformat()

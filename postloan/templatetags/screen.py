"""How values look on a page: chips, money in the chosen unit, names of forms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import money
from postloan.demo.accounts import demo_accounts
from postloan.demo.cast import PASSWORD
from workflow import registry, titles
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem

register = template.Library()


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
def in_unit(value: Decimal | None, unit: str) -> str:
    """An amount in the unit chosen on the page: 万元 for `wan`, otherwise 元; a dash for none."""
    if value is None:
        return "–"
    return money.wan(value) if unit == "wan" else money.yuan(value)


@register.simple_tag
def demonstration() -> dict[str, Any]:
    """Who may sign in to the demonstration, and with which password; asked only where DEMO is set."""
    return {"accounts": demo_accounts(), "password": PASSWORD}


# How a state looks; its word always stands beside the colour.
SHADES: dict[str, str] = {
    DocumentStatus.SIGNING: "accent",
    DocumentStatus.LOCKED: "ok",
    DutyStatus.OPEN: "accent",
    DutyStatus.DONE: "ok",
}


@register.simple_tag
def status_chip(row: Document | WorkItem) -> SafeString | str:
    """The state of a document or a duty as a chip."""
    return chip(row.get_status_display(), SHADES.get(row.status, ""))


@register.simple_tag
def duty_name(item: WorkItem) -> str:
    """What a duty asks for."""
    return titles.of_obligation(item.obligation)


@register.simple_tag
def form_name(document: Document) -> str:
    """What the form of a document is called, and which of several about one customer it is."""
    try:
        return f"{registry.definition_of(document).title} {registry.words_of(document)}".strip()
    except KeyError:  # a form of an app that is not installed here
        return document.number


@register.filter
def short_day(day: date, today: date) -> str:
    """A day without its year when it is this year's."""
    return day.strftime("%m-%d") if day.year == today.year else day.isoformat()

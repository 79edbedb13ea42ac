"""How values look on a page: chips, money in the chosen unit, names of forms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString

from postloan.demo.accounts import demo_accounts
from postloan.demo.cast import PASSWORD
from workflow import titles
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem
from workflow.registers import columns

register = template.Library()


@register.simple_tag
def chip(choice: Any, colour: str = "") -> SafeString | str:
    """A choice as a chip: its word in its own colour; nothing for no choice."""
    if not choice:
        return ""
    shade = colour or getattr(choice, "colour", "")
    return columns.chip_of(getattr(choice, "label", choice), shade)


@register.filter
def in_unit(value: Decimal | None, unit: str) -> str:
    """An amount in the unit chosen on the page: 万元 for `wan`, otherwise 元; a dash for none."""
    return "–" if value is None else columns.in_unit(value, unit)


@register.simple_tag
def demonstration() -> dict[str, Any]:
    """Who may sign in to the demonstration, and with which password; asked only where DEMO is set."""
    return {"accounts": demo_accounts(), "password": PASSWORD}


@register.simple_tag
def status_chip(row: Document | WorkItem) -> SafeString | str:
    """The state of a document or a duty as a chip."""
    return chip(DocumentStatus(row.status) if isinstance(row, Document) else DutyStatus(row.status))


@register.simple_tag
def duty_name(item: WorkItem) -> str:
    """What a duty asks for."""
    return titles.of_obligation(item.obligation)


@register.simple_tag
def form_name(document: Document) -> str:
    """What the form of a document is called, and which of several about one customer it is."""
    return titles.of_document(document)


@register.filter
def short_day(day: date, today: date) -> str:
    """A day without its year when it is this year's."""
    return day.strftime("%m-%d") if day.year == today.year else day.isoformat()

"""The whole story of a borrower on one page: each app contributes its panels."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import get_visible
from accounts.choices import Role
from accounts.http import SignedInRequest
from core import clock
from credit import panels as credit_panels
from credit.entry.kinds import enters
from credit.entry.pages import on_borrower
from credit.events.views import may_record
from credit.models import Borrower
from credit.selectors.positions import NOTHING, managers, positions
from monitoring import panels as monitoring_panels
from postloan.home import lines_of
from workflow import panels as workflow_panels
from workflow.registers.lists import money_unit

# The order of the page: what is owed and done first, then the book.
ORDER = (
    "duties",
    "loans",
    "ladder",
    "misuse",
    "signals",
    "guarantees",
    "agreements",
    "events",
    "documents",
    "classes",
    "closed",
    "facts",
    "people",
    "connections",
    "trade",
    "accounts",
    "opening",
)


@require_safe
def borrower_page(request: SignedInRequest, number: str) -> HttpResponse:
    """One borrower: exposures, classes, events, duties, documents, accounts, people."""
    on, user = clock.today(), request.user
    borrower = get_visible(Borrower, user, number=number)
    panels = [
        *workflow_panels.panels(number, user, on),
        *credit_panels.panels(borrower, on, user=user),
        *monitoring_panels.panels(borrower, on, user),
    ]
    panels.sort(key=lambda panel: ORDER.index(panel.anchor))
    duties = next(panel for panel in panels if panel.anchor == "duties")
    mine = enters(user, on)
    context: dict[str, Any] = {
        "today": on,
        "borrower": borrower,
        "position": positions([borrower.pk], on).get(borrower.pk, NOTHING),
        "manager": managers([borrower.pk], on).get(borrower.pk),
        "panels": panels,
        "duty_lines": lines_of(duties.context["tasks"], user, on),
        "money_unit": money_unit(request),
        "may_record": may_record(user),
        "enters": mine,
        "entry_links": on_borrower(number, mine),
        "may_audit": user.scope.has(Role.AUDITOR),
    }
    return render(request, "credit/borrower.html", context)

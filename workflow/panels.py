"""What duties and documents say on the borrower page."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from workflow.choices import DutyStatus
from workflow.models import Document, WorkItem
from workflow.tasks import open_items, tasks

HISTORY = 20


def open_duties_panel(number: str, user: User) -> Panel:
    """What is owed for the borrower now, by whom."""
    found = tasks(open_items(WorkItem.objects.visible_to(user).filter(borrower_number=number)))
    return Panel("duties", _("待办职责"), "home/panel_duties.html", {"tasks": found}, len(found))


def closed_duties_panel(number: str, user: User) -> Panel:
    """What was done, dropped or waived, the latest first."""
    closed = (
        WorkItem.objects.visible_to(user)
        .filter(borrower_number=number)
        .exclude(status=DutyStatus.OPEN)
        .select_related("person", "document")
        .order_by("-closed_on", "-pk")[:HISTORY]
    )
    return Panel("closed", _("已办结职责"), "home/panel_closed.html", {"closed": list(closed)})


def documents_panel(number: str, user: User) -> Panel:
    """Forms and letters about the borrower, the latest first."""
    documents = (
        Document.objects.visible_to(user)
        .filter(borrower_number=number)
        .select_related("author", "on_behalf_of", "late_entry")
        .order_by("-pk")[:HISTORY]
    )
    return Panel("documents", _("文书"), "home/panel_documents.html", {"documents": list(documents)})


def panels(number: str, user: User, on: date) -> list[Panel]:
    """The panels of duties and documents, in the order of the page."""
    return [
        open_duties_panel(number, user),
        documents_panel(number, user),
        closed_duties_panel(number, user),
    ]

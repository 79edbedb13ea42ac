"""The auditor's pages: what was done to a customer or a document, and the proof that the record is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import page, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from core import audit
from core.forms import DayField
from core.models import AuditEntry
from workflow.models import Document

PAGE = 50


class AuditFilter(forms.Form):
    """Whose history is asked for."""

    borrower = forms.CharField(label=_("客户编号"), required=False, max_length=40)
    document = forms.CharField(label=_("文书编号"), required=False, max_length=40)
    actor = forms.CharField(label=_("工号"), required=False, max_length=60)
    since = DayField(label=_("自"), required=False)
    until = DayField(label=_("至"), required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def narrow(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The entries that are meant; what was entered wrongly narrows nothing."""
        self.is_valid()
        asked: dict[str, Any] = self.cleaned_data
        if asked.get("borrower"):
            entries = entries.filter(borrower_number=asked["borrower"])
        if asked.get("document"):
            revisions = Document.objects.filter(number=asked["document"]).values_list("pk", flat=True)
            entries = entries.filter(subject__in=[f"workflow.document:{pk}" for pk in revisions])
        if asked.get("actor"):
            entries = entries.filter(actor=asked["actor"])
        if asked.get("since"):
            entries = entries.filter(on__gte=asked["since"])
        if asked.get("until"):
            entries = entries.filter(on__lte=asked["until"])
        return entries.filter(pk__lt=asked["before"]) if asked.get("before") else entries


@dataclass(frozen=True)
class EntryLine:
    """An entry as the page shows it."""

    entry: AuditEntry
    label: str
    subject: str
    changes: list[tuple[str, Any, Any]]


def line_of(entry: AuditEntry) -> EntryLine:
    """An entry with what it changed, field by field."""
    before = entry.before if isinstance(entry.before, dict) else {"": entry.before}
    after = entry.after if isinstance(entry.after, dict) else {"": entry.after}
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    return EntryLine(
        entry,
        audit.label_of(entry.act),
        audit.subject_label(entry.subject),
        [(name, before.get(name), after.get(name)) for name in names],
    )


@require_safe
@page("audit", _("操作记录"), Role.AUDITOR, also=("audit_verify",))
def audit_history(request: SignedInRequest) -> HttpResponse:
    """The record of what was done, the latest first."""
    form = AuditFilter(request.GET)
    rows = list(form.narrow(AuditEntry.objects.order_by("-pk"))[: PAGE + 1])
    context = {
        "form": form,
        "lines": [line_of(entry) for entry in rows[:PAGE]],
        "following": rows[PAGE - 1].pk if len(rows) > PAGE else None,
    }
    return render(request, "home/audit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.AUDITOR)
def audit_verify(request: SignedInRequest) -> HttpResponse:
    """Read the whole chain of seals again, when asked to, and say what was found."""
    report = audit.verify(audit.known_anchors()) if request.method == "POST" else None
    return render(request, "home/audit_verify.html", {"report": report})

"""Entered afterwards (补录): the author declares it, the head consents or refuses."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import get_visible, page, require_role, told
from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.models import User
from core import clock
from core.errors import Refused
from workflow.choices import ConsentStatus
from workflow.models import Document, LateEntry
from workflow.pages import editing
from workflow.pages.late import day_of, late_page
from workflow.selectors import consents_waiting_for
from workflow.services import late_entries
from workflow.views.filling import not_saved

DECIDERS = (Role.CUSTOMER_HEAD, Role.RISK_HEAD, Role.VICE_PRESIDENT, Role.PRESIDENT)


@require_POST
def request_late(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Declare the draft a late entry; what else was typed on the page is kept first."""
    document, here = get_visible(Document, request.user, pk=pk), request.POST.get("_here", editing.ALL)
    try:
        if "_version" in request.POST:
            document = editing.save_posted(document, request.POST, by=request.user)
    except Refused as refusal:
        return not_saved(request, pk, refusal)
    day, reason = request.POST.get("_actual_on", ""), request.POST.get("_late_reason", "")
    try:
        late_entries.request(
            document=document,
            actual_on=day_of(day),
            reason=reason,
            by=request.user,
            on=clock.today(),
            at=clock.now(),
        )
    except Refused as refusal:
        page = editing.edit_page(document, here=here, on=clock.today())
        typed = {"late_refused": str(refusal), "late_day": day, "late_reason": reason}
        return render(request, "workflow/edit.html", page | typed, status=refusal.status)
    return _back(document, request)


@require_POST
def withdraw_late(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Take the declaration back while it is pending."""
    document = get_visible(Document, request.user, pk=pk)
    try:
        if "_version" in request.POST:
            document = editing.save_posted(document, request.POST, by=request.user)
    except Refused as refusal:
        return not_saved(request, pk, refusal)
    late_entries.withdraw(document=document, by=request.user)
    return _back(document, request)


def _back(document: Document, request: SignedInRequest) -> HttpResponse:
    where = reverse("document_edit_section", args=[document.pk, editing.onward(document, request.POST)])
    return redirect(f"{where}#{late_entries.ANCHOR}")


def _consents(user: User) -> str:
    return told(len(consents_waiting_for(user, clock.today())))


@require_safe
@page("late_entries", gettext_lazy("补录"), *DECIDERS, Role.AUDITOR, count=_consents)
def late_list(request: SignedInRequest) -> HttpResponse:
    """What waits for this person's consent, and what was decided."""
    return render(request, "workflow/late_list.html", late_page(request.user, clock.today()))


@require_POST
@require_role(*DECIDERS)
def decide_late(request: SignedInRequest, pk: int) -> HttpResponse:
    """Consent or refuse, with a remark."""
    late = get_visible(LateEntry, request.user, pk=pk)
    verb = late_entries.consent if request.POST.get("decision") == "grant" else late_entries.refuse
    remark = request.POST.get("remark", "")
    try:
        late = verb(late_entry=late, by=request.user, remark=remark, on=clock.today(), at=clock.now())
    except Refused as refusal:
        page = late_page(request.user, clock.today()) | {"refused": str(refusal), "at": pk, "remark": remark}
        return render(request, "workflow/late_list.html", page, status=refusal.status)
    word = _("已同意") if late.status == ConsentStatus.GRANTED else _("已退回，不同意")
    messages.success(request, f"{word}{late.document.author.name}的补录 {late.document.number}。")
    return redirect("late_entries")

"""Filling in: open from a duty, edit, save, settle a conflict, submit, discard."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible
from accounts.http import SignedInRequest
from core import clock
from core.errors import Conflict, Refused
from workflow.choices import DocumentStatus
from workflow.models import Document, WorkItem
from workflow.pages import conflict, editing
from workflow.services import documents


@require_http_methods(["GET", "POST"])
def start(request: SignedInRequest, work_item: int) -> HttpResponse:
    """Open the form that discharges a duty: the draft already begun, or a new one.

    Only a POST begins it. Who comes by an address (signing in again, a bookmark) is shown the button; whoever finds a
    colleague's draft is told so, and may begin one beside it.
    """
    item = get_visible(WorkItem, request.user, pk=work_item)
    asks = request.method == "GET"
    if asks or ("beside" not in request.POST and editing.drafts_of(item, request.user)[1]):
        page = editing.start_page(item, user=request.user, on=clock.today())
        return render(request, "workflow/start.html", page, status=200 if asks else 409)
    document = editing.start_from(item, user=request.user, on=clock.today())
    return redirect("document_edit", document.pk)


@require_GET
def edit(request: SignedInRequest, pk: int, here: str = "") -> HttpResponse:
    """The form; for anybody but its author, and once it is handed in, the document to read."""
    document = get_visible(Document, request.user, pk=pk)
    if document.author_id != request.user.pk or document.status != DocumentStatus.DRAFT:
        return redirect("document", pk)
    if document.conflict is not None:
        return redirect("document_conflict", pk)
    return render(request, "workflow/edit.html", editing.edit_page(document, here=here, on=clock.today()))


@require_POST
def save(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Keep what was typed; for the page's script the marks come back, otherwise the page itself."""
    document = get_visible(Document, request.user, pk=pk)
    here = request.POST.get("_here", editing.ALL)
    try:
        saved = editing.save_posted(document, request.POST, by=request.user)
    except Refused as refusal:
        return not_saved(request, pk, refusal)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(editing.marks(saved, here=here, on=clock.today()))
    return redirect("document_edit_section", pk, editing.onward(document, request.POST))


def not_saved(request: SignedInRequest, pk: int, refusal: Refused) -> HttpResponseBase:
    """A conflict leads to both versions; any other refusal says its sentence."""
    both = Document.objects.filter(pk=pk, conflict__isnull=False, status=DocumentStatus.DRAFT).exists()
    where = reverse("document_conflict" if both else "document", args=[pk])
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"refused": str(refusal), "where": where}, status=refusal.status)
    if both and isinstance(refusal, Conflict):
        return redirect(where)
    raise refusal


@require_http_methods(["GET", "POST"])
def settle_conflict(request: SignedInRequest, pk: int) -> HttpResponse:
    """Both versions of a draft that two browsers wrote, and the choice between them."""
    document = get_visible(Document, request.user, pk=pk, author=request.user)
    if request.method == "GET":
        return render(request, "workflow/conflict.html", conflict.conflict_page(document))
    documents.resolve_conflict(
        document=document,
        answers=conflict.chosen(document, request.POST),
        version=editing.whole(request.POST.get("_version", "")),
        by=request.user,
        at=clock.now(),
    )
    return redirect("document_edit", pk)


@require_http_methods(["GET", "POST"])
def submit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand a complete draft to signature; the password is asked again."""
    document = get_visible(Document, request.user, pk=pk, author=request.user)
    if request.method == "GET":
        return render(request, "workflow/submit.html", editing.submit_page(document, on=clock.today()))
    try:
        editing.submit(document, by=request.user, password=request.POST.get("password", ""), on=clock.today())
    except Refused as refusal:
        page = editing.submit_page(document, on=clock.today()) | {"refused": str(refusal)}
        return render(request, "workflow/submit.html", page, status=refusal.status)
    return redirect("document", pk)


@require_POST
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    """Throw a draft away, with the reason."""
    document = get_visible(Document, request.user, pk=pk)
    reason = request.POST.get("reason", "")
    documents.discard(document=document, by=request.user, on=clock.today(), reason=reason)
    return redirect("home")

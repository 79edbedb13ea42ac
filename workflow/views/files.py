"""Files: photographs in and out, thumbnails, the PDF. Every byte goes through a view that asks who is asking."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible
from accounts.http import SignedInRequest
from core import clock
from core.bodies import MEGABYTE, takes_files
from core.documents import render_pdf
from workflow import registry
from workflow.documents.paper import file_name, paper_of
from workflow.models import Document
from workflow.services import attachments

# What a browser shows by itself; anything else is only kept. A picture is shown with nothing else around it.
SHOWN = ("image/jpeg", "image/png", "application/pdf")
ALONE = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


@require_POST
@takes_files(100 * MEGABYTE)
def attach(request: SignedInRequest, pk: int) -> HttpResponse:
    """Add photographs or files to a section of a draft."""
    document = get_visible(Document, request.user, pk=pk)
    section = request.POST.get("section", "")
    if section not in registry.definition_of(document).codes:
        raise Http404
    for upload in request.FILES.getlist("files"):
        attachments.attach(document=document, section=section, upload=upload, by=request.user, at=clock.now())
    return redirect("document_edit_section", pk, section)


@require_POST
def detach(request: SignedInRequest, pk: int, attachment: int) -> HttpResponse:
    """Take one off again."""
    document = get_visible(Document, request.user, pk=pk)
    one = get_object_or_404(document.attachments, pk=attachment)
    attachments.detach(attachment=one, by=request.user)
    return redirect("document_edit_section", pk, one.section)


@require_GET
def attachment(request: SignedInRequest, pk: int, attachment: int) -> HttpResponseBase:
    """The file itself; a browser shows pictures and PDF, and never guesses at anything else."""
    document = get_visible(Document, request.user, pk=pk)
    one = get_object_or_404(document.attachments, pk=attachment)
    shown = one.content_type in SHOWN
    answer = FileResponse(
        one.file.open("rb"), as_attachment=not shown, filename=one.name, content_type=one.content_type
    )
    if one.is_picture or not shown:  # the browsers' own PDF reader does not open in a sandbox
        answer.headers["Content-Security-Policy"] = ALONE
    return answer


@require_GET
def thumbnail(request: SignedInRequest, pk: int, attachment: int) -> HttpResponse:
    """A photograph small enough for a list."""
    document = get_visible(Document, request.user, pk=pk)
    one = get_object_or_404(document.attachments, pk=attachment, content_type__startswith="image/")
    small = attachments.small_copy(one, attachments.THUMBNAIL)
    return HttpResponse(small, content_type="image/jpeg", headers={"Content-Security-Policy": ALONE})


@require_GET
def pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """The printed form."""
    document = get_visible(Document, request.user, pk=pk)
    paper = render_pdf(registry.form(document.form).print_template, paper_of(document))
    disposition = content_disposition_header(False, file_name(document)) or "inline"
    return HttpResponse(paper, content_type="application/pdf", headers={"Content-Disposition": disposition})

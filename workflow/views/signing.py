"""Reading and signing: the document, its buttons, and the inbox of what waits for a signature."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import bounded_count, get_visible, offered
from accounts.choices import BRANCH_ROLES, Role
from accounts.http import SignedInRequest
from accounts.models import User
from core import clock
from core.errors import Refused
from workflow.models import Document
from workflow.pages import inbox
from workflow.pages.reading import check_is_what_was_read, current_step, read_page
from workflow.selectors import waiting_for
from workflow.services import documents, signatures

SIGNERS = (
    Role.CUSTOMER_HEAD,
    *BRANCH_ROLES,
    Role.ACCOUNTANT,
)  # whose posts are asked for signatures day by day


@require_GET
def read(request: SignedInRequest, pk: int) -> HttpResponse:
    """A document: its way, content, files and rounds."""
    document = get_visible(Document, request.user, pk=pk)
    page = read_page(document, user=request.user, on=clock.today())
    return render(request, "workflow/read.html", page)


@require_POST
def sign(request: SignedInRequest, pk: int) -> HttpResponse:
    """Sign the step whose turn it is."""
    document = get_visible(Document, request.user, pk=pk)
    data, step = request.POST, current_step(document)
    try:
        check_is_what_was_read(document, data.get("seen"))
        signatures.sign(
            step=step,
            by=request.user,
            password=data.get("password", ""),
            remark=data.get("remark", ""),
            on=clock.today(),
            at=clock.now(),
        )
    except Refused as refusal:
        page = read_page(document, user=request.user, on=clock.today())
        typed = {"refused": str(refusal), "remark": data.get("remark", "")}
        return render(request, "workflow/read.html", page | typed, status=refusal.status)
    return _onward(request, pk)


@require_POST
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send the document back to its author, with the reason."""
    document = get_visible(Document, request.user, pk=pk)
    signatures.send_back(
        step=current_step(document),
        by=request.user,
        reason=request.POST.get("reason", ""),
        on=clock.today(),
        at=clock.now(),
    )
    messages.success(request, _("已退回%(who)s。") % {"who": document.author.name})
    return _onward(request, pk)


def _onward(request: SignedInRequest, pk: int) -> HttpResponse:
    """From the inbox the next one opens by itself; otherwise the document is shown as it now stands."""
    if request.POST.get("from") != "inbox":
        return redirect("document", pk)
    following = inbox.next_unread(request.user, request.session)
    return redirect("document_inbox_read", following.pk) if following else redirect("document_inbox")


@require_POST
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """The author takes the document back before it is locked."""
    document = get_visible(Document, request.user, pk=pk)
    reason = request.POST.get("reason", "")
    signatures.withdraw(document=document, by=request.user, reason=reason, on=clock.today(), at=clock.now())
    return redirect("document_edit", pk)


@require_POST
def revise(request: SignedInRequest, pk: int) -> HttpResponse:
    """Begin the correction of a locked document."""
    document = get_visible(Document, request.user, pk=pk)
    revision = documents.revise(document=document, by=request.user, on=clock.today())
    return redirect("document_edit", revision.pk)


@require_GET
def verify(request: SignedInRequest, pk: int) -> HttpResponse:
    """Recompute every fingerprint and say what no longer matches."""
    document = get_visible(Document, request.user, pk=pk)
    context = {"document": document, "wrong": signatures.verify(document), "at": clock.local(clock.now())}
    return render(request, "workflow/verify.html", context)


def _waiting(user: User) -> str:
    return bounded_count(waiting_for(user))


@require_GET
@offered("document_inbox", gettext_lazy("待签"), *SIGNERS, count=_waiting, also=("document_inbox_read",))
def waiting(request: SignedInRequest) -> HttpResponse:
    """What waits for this person's signature."""
    found = inbox.inbox(request.user, request.session)
    context = {"waiting": found, "read_count": sum(one.read for one in found)}
    return render(request, "workflow/inbox.html", context)


@require_GET
def read_to_sign(request: SignedInRequest, step: int) -> HttpResponse:
    """One paper of a batch to read; it can be signed with the batch afterwards."""
    found = get_object_or_404(inbox.waiting_steps(request.user), pk=step)
    inbox.mark_read(request.session, found)
    page = read_page(found.chain.document, user=request.user, on=clock.today())
    following = inbox.next_unread(request.user, request.session)
    return render(request, "workflow/read.html", page | {"from_inbox": True, "following": following})


@require_POST
def sign_read(request: SignedInRequest) -> HttpResponse:
    """Sign everything that was read, with one password, each document by itself."""
    read = [one.step for one in inbox.inbox(request.user, request.session) if one.read]
    results = signatures.sign_batch(
        steps=read,
        by=request.user,
        password=request.POST.get("password", ""),
        on=clock.today(),
        at=clock.now(),
    )
    signed = [step for step, refusal in results if not refusal]
    inbox.forget(request.session, signed)
    messages.success(request, _("已签 %(count)d 份。") % {"count": len(signed)})
    for step, refusal in results:
        if refusal:
            messages.error(request, f"{step.chain.document.number}：{refusal}")
    return redirect("document_inbox")

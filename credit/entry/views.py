"""The book entered by hand, for a lender without a core system; and customers handed over to somebody else."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import page, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.models import User
from core import clock
from core.errors import Refused
from core.once import once
from credit.choices import ResponsibleRole
from credit.entry.forms import HandoverForm
from credit.entry.kinds import ENTERERS, check_enters, enters, sections
from credit.entry.pages import EntryPage, opened, save, sent, what_next
from credit.entry.saving import Outcome, borrower_number, hand_over, visible
from credit.models import Responsibility


@require_safe
@page("entry", gettext_lazy("手工录入"), *ENTERERS, also=("entry_kind", "entry_handover"))
def entry(request: SignedInRequest) -> HttpResponse:
    """What the person may enter by hand, with a sentence each."""
    user, on = request.user, clock.today()
    context = {"sections": sections(user, on), "may_hand_over": user.scope.has(Role.CUSTOMER_HEAD)}
    return render(request, "credit/entry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@once()
def entry_kind(request: SignedInRequest, kind: str) -> HttpResponse:
    """Enter or correct rows of a kind; what is refused comes back as typed, each reason beside its field."""
    on = clock.today()
    page = opened(request, check_enters(request.user, kind, on), request.user, on)
    status = 404 if page.errors else 200
    if request.method == "POST" and not page.errors:
        sent(page, request.POST)
        if "_add" not in request.POST:
            if outcome := _saved(page, request):
                return _applied(page, outcome, request)
            status = 422
    return render(request, "credit/entry_kind.html", {"page": page}, status=status)


def _saved(page: EntryPage, request: SignedInRequest) -> Outcome | None:
    try:
        return save(page, request.POST.get("seen", ""))
    except Refused as refusal:  # what was typed stays on the page
        page.errors.append(str(refusal))
        return None


def _applied(page: EntryPage, outcome: Outcome, request: SignedInRequest) -> HttpResponse:
    """Say what was saved and what usually follows, on the customer's page where the person has it."""
    row = page.rows[0]
    told = _("已保存：%(kind)s。") % {"kind": page.kind.label}
    if outcome.batch and outcome.batch.known_on > page.on:
        told += _("今天已经日终，自 %(on)s 起生效。") % {"on": outcome.batch.known_on.isoformat()}
    links = what_next(page.kind, row, request.user, page.on)
    following = format_html_join(
        " · ", '<a href="{}">{}</a>', ((url, _("录入%(kind)s") % {"kind": label}) for label, url in links)
    )
    messages.success(request, format_html("{} {} {}", told, _("下一步：") if links else "", following))
    for notice in outcome.notices:
        messages.warning(request, notice)
    number = borrower_number(page.kind, row)
    if visible(number, request.user):
        return redirect("borrower", number=number)
    return redirect("entry_kind", kind=page.kind.name)


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.CUSTOMER_HEAD)
@once()
def entry_handover(request: SignedInRequest) -> HttpResponse:
    """Hand customers over from one customer manager of the department to another, with their open duties."""
    user, on = request.user, clock.today()
    managed = Responsibility.objects.current(on).filter(
        role=ResponsibleRole.CUSTOMER_MANAGER, unit__in=user.scope.unit_ids
    )
    people = User.objects.filter(pk__in=managed.values("person")).order_by("username")
    chosen = request.POST.get("from") or request.GET.get("from")
    person = get_object_or_404(people, username=chosen) if chosen else None
    form = HandoverForm(request.POST or None, head=user, person=person, on=on) if person else None
    if form and form.is_valid():
        try:
            words = form.cleaned_data
            moved = hand_over(by=user, on=on, **words)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("已移交 %(n)d 户给%(name)s，同时移交未办职责 %(moved)d 项。")
                % {"n": len(words["customers"]), "name": words["to"].name, "moved": moved},
            )
            return redirect("entry_handover")
    context = {"people": people, "person": person, "form": form, "enters": enters(user, on)}
    return render(
        request,
        "credit/entry_handover.html",
        context,
        status=422 if form and form.is_bound else 200,
    )

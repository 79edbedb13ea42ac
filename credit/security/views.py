"""Letters of guarantee that are not yet done with: where the original is, whether the margin may go back."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import check_role, page
from accounts.choices import BUSINESS_ROLES, Role
from accounts.http import SignedInRequest
from core import clock
from core.errors import Refused
from credit.forms import MarginForm
from credit.security.services import (
    Standing,
    reason_not_to_release,
    release_margin,
    standing,
    standings,
    visible_letters,
)

PAGE = 200


@dataclass(frozen=True)
class LetterLine:
    """A letter as the list shows it; `why_not` says why the reader may not release its margin."""

    standing: Standing
    why_not: str


@require_safe
@page("letters", gettext_lazy("保函"), *BUSINESS_ROLES, also=("margin_release",))
def letters(request: SignedInRequest) -> HttpResponse:
    """Letters whose original is out or whose margin is held, the earliest expiry first."""
    on, user = clock.today(), request.user
    held = Q(margin__gt=0, margin_release__isnull=True)
    out = Q(letter_returns__isnull=True) & ~Q(letter__is_electronic=True)
    rows = visible_letters(user, on).filter(held | out).order_by("matures_on", "number")
    lines = [LetterLine(row, reason_not_to_release(row, user)) for row in standings(rows[: PAGE + 1], on)]
    context = {
        "lines": lines[:PAGE],
        "more": len(lines) > PAGE,
        "may_release": user.scope.has(Role.ACCOUNTANT),
    }
    return render(request, "credit/letters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def margin_release(request: SignedInRequest, number: str) -> HttpResponse:
    """Record that the margin of an expired letter goes back to the customer."""
    on, user = clock.today(), request.user
    check_role(user, Role.ACCOUNTANT)
    loan = get_object_or_404(visible_letters(user, on), number=number)
    letter = standing(loan, on)
    form = MarginForm(request.POST or None, initial={"amount": loan.margin})
    if form.is_valid():
        try:
            release_margin(loan=loan, amount=form.cleaned_data["amount"], by=user, on=on, at=clock.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记释放保证金。"))
            return redirect("letters")
    context = {"form": form, "letter": letter, "why_not": reason_not_to_release(letter, user)}
    return render(request, "credit/margin_release.html", context)

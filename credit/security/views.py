"""Letters of guarantee that are not yet done with: where the original is, whether the margin may go back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import check_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from core import clock
from core.errors import Refused
from credit.forms import MarginForm
from credit.security.services import (
    reason_not_to_release,
    release_margin,
    standing,
    visible_letters,
)


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

"""Risk events by hand: record a confirmed fact, take a mistaken one back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import check_role, get_visible
from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.models import User
from core import clock
from core.errors import Refused
from core.once import once
from credit.events import services
from credit.forms import EventForm, ReverseForm
from credit.models import Borrower, RiskEvent

# Both lines confirm facts, each about the customers it sees; neither touches the other's documents by doing so.
RECORDERS = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.RISK_MANAGER, Role.RISK_HEAD)


def may_record(user: User) -> bool:
    """Whether the person may record events of the customers they see."""
    return user.scope.has(*RECORDERS)


@require_http_methods(["GET", "HEAD", "POST"])
@once()
def event_new(request: SignedInRequest, number: str) -> HttpResponse:
    """Record a risk event of a customer."""
    borrower = get_visible(Borrower, request.user, number=number)
    check_role(request.user, *RECORDERS)
    on = clock.today()
    form = EventForm(request.POST or None, borrower=borrower, on=on, initial={"effective_on": on})
    if form.is_valid():
        try:
            services.record_event(
                borrower=borrower, by=request.user, on=on, at=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:  # what was typed stays on the page
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。需要立即到场的检查任务会在几秒内派给客户经理。"))
            return redirect("borrower", number=number)
    return render(request, "credit/event_form.html", {"form": form, "borrower": borrower})


@require_http_methods(["GET", "HEAD", "POST"])
def event_reverse(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back a risk event that was recorded by mistake, with a reason."""
    event = get_visible(RiskEvent.objects.standing(clock.today()), request.user, pk=pk)
    services.check_can_reverse(event, request.user)
    form = ReverseForm(request.POST or None)
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            services.reverse_event(
                event=event, detail=reason, by=request.user, on=clock.today(), at=clock.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已冲正。由它引起、尚未办理的检查任务会随即撤销。"))
            return redirect("borrower", number=event.borrower.number)
    return render(request, "credit/event_reverse.html", {"form": form, "event": event})

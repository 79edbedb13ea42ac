"""A group on one page: what the book says, and below it what is watched of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from core import clock
from credit.borrowers.group_views import context_of
from monitoring import panels as monitoring_panels


@require_safe
def group_page(request: SignedInRequest, number: str) -> HttpResponse:
    """One group: members, exposures together, mutual guarantees, and what members paid each other."""
    context = context_of(request, number)
    members = [line.member.borrower for line in context["view"].lines]
    hidden = context["view"].hidden
    context["panels"] = monitoring_panels.group_panels(members, clock.today(), hidden=hidden)
    return render(request, "credit/group.html", context)

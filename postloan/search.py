"""One box for customers, loan notes, contracts and documents: by name, pinyin initials or number."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import BUSINESS_ROLES, require_role
from accounts.http import SignedInRequest
from core import clock
from credit.models import Borrower, Contract, Loan
from credit.positions import classes_by_number
from workflow.models import Document

LIMIT = 20


@require_safe
@require_role(*BUSINESS_ROLES)
def search(request: SignedInRequest) -> HttpResponse:
    """What the person may see that matches; a single customer is opened at once."""
    text, user = request.GET.get("q", "").replace("\x00", "").strip()[:120], request.user
    if not text:
        return render(request, "home/search.html", {"search_text": ""})
    borrowers = list(Borrower.objects.visible_to(user).search(text).order_by("number")[:LIMIT])
    by_number = Q(number__istartswith=text)
    loans = list(Loan.objects.visible_to(user).filter(by_number).select_related("borrower")[:LIMIT])
    contracts = list(Contract.objects.visible_to(user).filter(by_number).select_related("borrower")[:LIMIT])
    documents = list(
        Document.objects.visible_to(user)
        .filter(by_number | Q(borrower_name__contains=text))
        .select_related("author", "on_behalf_of")
        .order_by("-pk")[:LIMIT]
    )
    if len(borrowers) == 1 and not loans and not contracts:
        return redirect("borrower", number=borrowers[0].number)
    classes = classes_by_number((borrower.number for borrower in borrowers), clock.today())
    context = {
        "search_text": text,
        "borrowers": [(borrower, classes.get(borrower.number)) for borrower in borrowers],
        "loans": loans,
        "contracts": contracts,
        "documents": documents,
        "nothing": not (borrowers or loans or contracts or documents),
    }
    return render(request, "home/search.html", context)

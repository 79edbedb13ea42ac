"""One box for customers, loan notes, contracts, documents and duties; as a page, and as lines under the box."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import require_role
from accounts.choices import BUSINESS_ROLES
from accounts.http import SignedInRequest
from accounts.models import User
from core import clock
from credit.models import Borrower, Contract, Loan
from credit.selectors.positions import classes_by_number
from postloan.templatetags.screen import form_name
from workflow import titles
from workflow.models import Document, WorkItem

LIMIT = 20  # of each kind on the page
LINES = 8  # under the box, of all kinds together
CANDIDATES = 1000  # rows of a number's beginning that are held against what the person may see


@dataclass(frozen=True)
class Matches:
    """What the person may see that matches, each kind in its own order."""

    borrowers: list[Borrower] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    duties: list[WorkItem] = field(default_factory=list)
    unlooked: bool = False  # numbers that begin so are too many to have been looked at, all of them

    @property
    def nothing(self) -> bool:
        """Nothing of any kind was found."""
        return not (self.borrowers or self.loans or self.contracts or self.documents or self.duties)


def typed(request: SignedInRequest) -> str:
    """What was typed into the box."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:120]


def beginning(rows: QuerySet[Any], text: str) -> list[tuple[int, int]]:
    """Ids, each with its borrower's, of what has such a number, in the whole book and from its index."""
    begins = Q()
    for written in {text, text.upper(), text.lower()}:
        begins |= Q(number__startswith=written)
    return list(rows.filter(begins).order_by("number").values_list("pk", "borrower")[: CANDIDATES + 1])


def find(user: User, text: str, limit: int) -> Matches:
    """Whatever the text may mean; documents and open duties by number, and those of the customers found."""
    borrowers: list[Borrower] = Borrower.objects.found_by(user, text, limit)
    theirs = Q(borrower_number__in=[borrower.number for borrower in borrowers])
    notes, agreements = beginning(Loan.objects.all(), text), beginning(Contract.objects.all(), text)
    seen = Borrower.objects.among(user, {borrower for _pk, borrower in (*notes, *agreements)})
    loans = [pk for pk, borrower in notes if borrower in seen][:limit]
    contracts = [pk for pk, borrower in agreements if borrower in seen][:limit]
    documents = Document.objects.visible_to(user)
    numbered = list(documents.filter(number__startswith=text.upper()).values_list("pk", flat=True)[:limit])
    shown = documents.filter(Q(pk__in=numbered) | theirs).select_related("author", "on_behalf_of")
    owed = WorkItem.objects.visible_to(user).open().filter(Q(document__in=numbered) | theirs)
    return Matches(
        borrowers=borrowers,
        loans=list(Loan.objects.filter(pk__in=loans).select_related("borrower")),
        contracts=list(Contract.objects.filter(pk__in=contracts).select_related("borrower")),
        documents=list(shown.order_by("-pk")[:limit]),
        duties=list(owed.select_related("person", "document").order_by("due_on", "pk")[:limit]),
        unlooked=any(
            len(told) > CANDIDATES and len(mine) < limit
            for told, mine in ((notes, loans), (agreements, contracts))
        ),
    )


def context_of(found: Matches, text: str) -> dict[str, Any]:
    """What is found, as the templates ask for it: a customer with the class of its worst loan."""
    classes = classes_by_number((borrower.number for borrower in found.borrowers), clock.today())
    return {
        "search_text": text,
        "borrowers": [(borrower, classes.get(borrower.number)) for borrower in found.borrowers],
        "loans": found.loans,
        "contracts": found.contracts,
        "documents": found.documents,
        "duties": [(duty, titles.of_kind(duty.kind)) for duty in found.duties],
        "nothing": found.nothing,
        "unlooked": found.unlooked,
        "candidates": CANDIDATES,
    }


@dataclass(frozen=True)
class Suggestion:
    """One line under the box."""

    url: str
    kind: str
    text: str
    number: str


def suggestions(found: Matches) -> list[Suggestion]:
    """The first lines of what was found: customers first, for that is what people look for."""
    lines = [
        Suggestion(reverse("borrower", args=[one.number]), one.get_kind_display(), one.name, one.number)
        for one in found.borrowers
    ]
    lines += [
        Suggestion(reverse("loan", args=[one.number]), _("借据"), one.borrower.name, one.number)
        for one in found.loans
    ]
    lines += [
        Suggestion(
            reverse("borrower", args=[one.borrower.number]) + "#loans",
            _("合同"),
            one.borrower.name,
            one.number,
        )
        for one in found.contracts
    ]
    lines += [
        Suggestion(reverse("document", args=[one.pk]), form_name(one), one.borrower_name, one.number)
        for one in found.documents
    ]
    return lines[:LINES]


@require_safe
@require_role(*BUSINESS_ROLES)
def search(request: SignedInRequest) -> HttpResponse:
    """What the person may see that matches; a single customer is opened at once. Asked by the box: its lines."""
    text, user = typed(request), request.user
    if request.htmx:
        lines = suggestions(find(user, text, LINES)) if text else []
        return render(request, "home/search_lines.html", {"lines": lines, "search_text": text})
    if not text:
        return render(request, "home/search.html", {"search_text": ""})
    found = find(user, text, LIMIT)
    if len(found.borrowers) == 1 and not found.loans and not found.contracts:
        return redirect("borrower", number=found.borrowers[0].number)
    return render(request, "home/search.html", context_of(found, text))

"""The list of customers: filters, search, pages by key, and the same list as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import require_role
from accounts.choices import BUSINESS_ROLES
from accounts.http import SignedInRequest
from accounts.models import Unit
from core import audit, clock
from core.sheets import download, taken, workbook
from credit.choices import ResponsibleRole, RiskClass
from credit.forms import BorrowerFilter
from credit.models import Borrower, Responsibility
from credit.querysets import BorrowerQuerySet
from credit.selectors.positions import NOTHING, Position, in_class, managers, positions
from workflow.models import WorkItem

PAGE = 50
CHUNK = 1000
COUNT_LIMIT = 10_000
UNITS = {"yuan", "wan"}


@dataclass(frozen=True)
class BorrowerLine:
    """A customer as the list shows it."""

    borrower: Borrower
    position: Position
    manager: Responsibility | None
    late: int


def money_unit(request: SignedInRequest) -> str:
    """元 or 万元, as last chosen in this session."""
    chosen = request.GET.get("in")
    if chosen in UNITS and chosen != request.session.get("money_unit"):
        request.session["money_unit"] = chosen
    return request.session.get("money_unit", "yuan")


def narrowed(request: SignedInRequest, form: BorrowerFilter, on: date) -> BorrowerQuerySet:
    """The customers that are asked for, whoever may see them: `page_for`, `count_for` and `visible_to` ask that."""
    form.is_valid()  # what is not valid is left out
    rows: Any = Borrower.objects.all()
    if text := form.value("q"):
        rows = rows.search(text)
    if kind := form.value("kind"):
        rows = rows.filter(kind=kind)
    if risk_class := form.value("risk_class"):
        rows = in_class(rows, RiskClass(risk_class), on)
    if person := form.value("manager"):
        theirs = Responsibility.objects.current(on).filter(
            role=ResponsibleRole.CUSTOMER_MANAGER, person=person
        )
        rows = rows.filter(Exists(theirs.filter(borrower=OuterRef("pk")))).start_from(
            theirs.values_list("borrower", flat=True)
        )
    if unit := form.value("unit"):
        rows = rows.lent_by(Unit.objects.under([unit.pk]).order_by().values_list("pk", flat=True))
    if form.value("late"):
        late = WorkItem.objects.visible_to(request.user).overdue(on)
        about = Borrower.objects.filter(number__in=late.order_by().values("borrower_number"))
        rows = rows.filter(Exists(late.filter(borrower_number=OuterRef("number")))).start_from(
            about.values_list("pk", flat=True)
        )
    return rows


def lines_of(request: SignedInRequest, borrowers: list[Borrower], on: date) -> list[BorrowerLine]:
    """These customers with what the list says of them; the number of queries does not grow with theirs."""
    ids = [borrower.pk for borrower in borrowers]
    standing, who = positions(ids, on), managers(ids, on)
    late = dict(
        WorkItem.objects.visible_to(request.user)
        .overdue(on)
        .filter(borrower_number__in=[borrower.number for borrower in borrowers])
        .order_by()
        .values_list("borrower_number")
        .annotate(n=Count("pk"))
    )
    return [
        BorrowerLine(b, standing.get(b.pk, NOTHING), who.get(b.pk), late.get(b.number, 0)) for b in borrowers
    ]


@require_safe
@require_role(*BUSINESS_ROLES)
def borrowers(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time."""
    on, form = clock.today(), BorrowerFilter(request.GET, user=request.user)
    rows = narrowed(request, form, on)
    page = rows.page_for(request.user, PAGE + 1, after=form.value("after") or "")
    found = rows.count_for(request.user, COUNT_LIMIT)
    context = {
        "form": form,
        "today": on,
        "money_unit": money_unit(request),
        "lines": lines_of(request, page[:PAGE], on),
        "following": page[PAGE - 1].number if len(page) > PAGE else "",
        "found": found if found < COUNT_LIMIT else f"{COUNT_LIMIT - 1}+",
    }
    return render(request, "credit/borrower_rows.html" if request.htmx else "credit/borrowers.html", context)


def _sheet_rows(request: SignedInRequest, rows: QuerySet[Borrower], on: date) -> Iterator[tuple[Any, ...]]:
    stream = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        for line in lines_of(request, chunk, on):
            worst, manager = line.position.worst, line.manager
            yield (
                line.borrower.number,
                line.borrower.name,
                line.borrower.get_kind_display(),
                line.borrower.industry,
                str(worst.label) if worst else "",
                line.position.balance,
                line.position.loans,
                line.position.days_past_due,
                manager.person.name if manager else "",
                manager.unit.name if manager else "",
                line.late,
            )


@require_safe
@require_role(*BUSINESS_ROLES)
def borrowers_export(request: SignedInRequest) -> HttpResponse:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    on, form = clock.today(), BorrowerFilter(request.GET, user=request.user)
    rows = narrowed(request, form, on).visible_to(request.user).order_by("number")
    headers = [
        _("客户编号"),
        _("名称"),
        _("类型"),
        _("行业"),
        _("最差分类"),
        _("余额（元）"),
        _("借据笔数"),
        _("最长逾期天数"),
        _("客户经理"),
        _("机构"),
        _("逾期职责"),
    ]
    content = workbook(_("客户"), headers, _sheet_rows(request, rows, on))
    audit.record(
        act="credit.export", subject="borrowers", note=request.GET.urlencode(), after=taken(rows.count())
    )
    return download(_("客户") + on.isoformat(), content)

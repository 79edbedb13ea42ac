"""The dashboards on screen, as workbooks and on paper: a selection of tables by role, for two days compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import CUSTOMER_READERS, OVERSEERS, PRESIDENTS, RISK_ROLES, Role
from accounts.http import SignedInRequest
from core import audit, clock
from core.charts import inline_svg
from core.documents import render_pdf
from core.errors import Invalid
from core.obligations import claims
from core.sheets import download, workbook
from reviews.dashboard import book as books
from reviews.dashboard import duties as owed
from reviews.dashboard.asked import Asked
from reviews.dashboard.tables import Headline, Table
from reviews.dashboard.watched import payments, signals

EXPORTED = audit.act(
    "postloan.dashboard.exported",
    gettext_lazy("导出看板"),
    about={"dashboard": gettext_lazy("看板"), "dashboard_rows": gettext_lazy("看板明细")},
)

OF_THE_BOOK: dict[str, Callable[[books.Book], Table]] = {
    "class": books.by_class,
    "arrears": books.by_arrears,
    "migration": books.migration,
    "maturing": books.by_maturity,
    "funds": books.funds,
    "signals": signals,
    "payments": payments,
    "product": books.by_product,
}
OF_DUTIES: dict[str, Callable[[owed.Duties], Table]] = {
    "articles": owed.by_article,
    "units": owed.by_unit,
    "people": owed.by_person,
    "signatures": owed.signatures,
}
# What each role's dashboard shows, in this order; who holds several posts sees the widest. GR-7.1: the risk line's.
SELECTIONS: tuple[tuple[tuple[Role, ...], tuple[str, ...]], ...] = (
    ((Role.AUDITOR,), (*OF_THE_BOOK, *OF_DUTIES)),
    (RISK_ROLES, (
        "signals", "payments", "class", "arrears", "migration", "maturing", "funds", "articles", "units", "people",
        "product",
    )),
    (PRESIDENTS, (
        "class", "arrears", "migration", "maturing", "funds", "signals", "payments", "units", "people", "articles",
        "signatures",
    )),
    ((Role.CUSTOMER_HEAD,), (
        "people", "articles", "signatures", "class", "arrears", "migration", "maturing", "funds", "signals", "payments",
    )),
    ((Role.CUSTOMER_MANAGER,), ("class", "arrears", "maturing", "funds", "migration", "articles")),
)  # fmt: skip
ON_PAPER = ("class", "arrears", "migration", "maturing")  # as charts; the rest of the sheet is tables
LINES_ON_PAPER = 5


@claims("GR-7.1", does=gettext_lazy("看板：分类、逾期、到期与职责完成，按岗位选取，下钻到客户"))
def selection(request: SignedInRequest) -> tuple[str, ...]:
    """The names of the tables that the person's dashboard shows."""
    return next(names for roles, names in SELECTIONS if request.user.scope.has(*roles))


class Board:
    """What two days compared say, read once for everything that shows it."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.book, self.duties = asked, books.Book(asked), owed.Duties(asked)

    def headlines(self) -> list[Headline]:
        """What stands at the head: four figures of the book, and how many of the inspections that fell due are done."""
        return [*books.headlines(self.book), owed.inspections(self.duties)]

    def tables(self, names: Iterable[str]) -> list[Table]:
        """These tables."""
        return [
            OF_THE_BOOK[name](self.book) if name in OF_THE_BOOK else OF_DUTIES[name](self.duties)
            for name in names
        ]


@require_safe
@page("dashboard", gettext_lazy("看板"), *CUSTOMER_READERS, also=("dashboard_rows",))
def dashboard(request: SignedInRequest) -> HttpResponse:
    """看板: the findings of the person's units or customers, each with its chart and its table."""
    asked = Asked.of(request)
    context: dict[str, Any] = {"asked": asked, "may_print": request.user.scope.has(*OVERSEERS)}
    if asked:
        board = Board(asked)
        context |= {"headlines": board.headlines(), "tables": board.tables(selection(request))}
    return render(request, "dashboard/dashboard.html", context)


def asked_for(request: SignedInRequest) -> Asked:
    """The days asked for; refused before the first close of day."""
    asked = Asked.of(request)
    if asked is None:
        raise Invalid(_("还没有日终快照，请等首次日终完成后再看。"))
    return asked


@require_safe
@require_role(*CUSTOMER_READERS)
def dashboard_export(request: SignedInRequest) -> HttpResponseBase:
    """One table exactly as shown, as XLSX, amounts in 元; who took it out is written down."""
    asked, name = asked_for(request), request.GET.get("table", "")
    if name not in selection(request):
        raise Invalid(_("看板上没有这张表，请从看板上的“导出 Excel”进入。"))
    (table,) = Board(asked).tables([name])
    headers, rows = table.sheet()
    audit.record(
        act=EXPORTED,
        subject="dashboard",
        note=request.GET.urlencode(),
        after={"rows": len(rows)},
    )
    return download(f"{table.subject}{asked.on.isoformat()}", workbook(table.subject, headers, rows))


@require_safe
@require_role(*OVERSEERS)
def dashboard_pdf(request: SignedInRequest) -> HttpResponse:
    """The branch on one A4 page: the findings with their charts, then who and what is behind."""
    asked = asked_for(request)
    board = Board(asked)
    charts = [
        (table, inline_svg(table.chart, width=360) if table.chart else "") for table in board.tables(ON_PAPER)
    ]
    context = {
        "asked": asked,
        "headlines": board.headlines(),
        "charts": charts,
        "tables": [shortened(table) for table in board.tables(("funds", "units", "people", "articles"))],
        "printed_on": clock.today(),
        "printed_by": request.user.name,
    }
    pdf = render_pdf("dashboard/print.html", context)
    audit.record(act=EXPORTED, subject="dashboard", note=f"PDF {request.GET.urlencode()}".strip())
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": "inline", "Cache-Control": "no-store"},
    )


def shortened(table: Table) -> dict[str, Any]:
    """A table for paper: its worst lines; the rest is counted."""
    return {
        "table": table,
        "lines": table.lines[:LINES_ON_PAPER],
        "left": max(0, len(table.lines) - LINES_ON_PAPER),
    }

"""制度对照: which article asks for what, and whether it is kept. Read-only, and open to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import BUSINESS_ROLES, OVERSEERS, Role
from accounts.http import SignedInRequest
from core import audit, clock
from core.obligations import catalogue
from core.policy import policy_on
from core.rulebook import Honoured
from core.sheets import download, workbook
from reviews.rulebook.selectors import Row, by_state, duties_of, plain, rooms, rulebook
from workflow.models import DailyMeasure
from workflow.views.usage import Chosen as Period

EXPORTED = audit.act(
    "postloan.rulebook.exported", gettext_lazy("导出制度对照"), about={"rulebook": gettext_lazy("制度对照")}
)

READERS = (*BUSINESS_ROLES, Role.ADMIN)


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the book to; unknown values narrow nothing."""

    state: str
    document: str
    room: str
    q: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        state, document, room, q = (
            request.GET.get(name, "").replace("\x00", "").strip()
            for name in ("state", "document", "room", "q")
        )
        known = {row.partition("-")[0] for row in catalogue()}
        return cls(
            state if state in Honoured else "",
            document if document in known else "",
            room if room in rooms() else "",
            q[:100],
        )

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.state or self.document or self.room or self.q)

    def takes(self, row: Row) -> bool:
        """Whether a row is meant."""
        return (
            self.state in ("", row.state)
            and self.document in ("", row.document)
            and self.room in ("", row.obligation.app)
            and all(word in row.texts for word in plain_words(self.q))
        )


def plain_words(text: str) -> list[str]:
    """What is looked for, word by word."""
    return [plain(word) for word in text.split()]


@dataclass(frozen=True)
class Regulation:
    """One regulation: how far it is honoured as a whole, and the rows of it that are shown."""

    key: str
    title: str
    counts: dict[Honoured, int]
    rows: list[Row]

    @property
    def cells(self) -> list[tuple[Honoured, int]]:
        """State and count, in the order of the columns."""
        return list(self.counts.items())

    @property
    def total(self) -> int:
        """All its rows, shown or not."""
        return sum(self.counts.values())


def regulations(rows: list[Row], choice: Choice) -> list[Regulation]:
    """The rows by regulation, in the order of the catalogue."""
    by_document: dict[str, list[Row]] = {}
    for row in rows:
        by_document.setdefault(row.document, []).append(row)
    return [
        Regulation(key, of[0].obligation.document, by_state(of), [row for row in of if choice.takes(row)])
        for key, of in by_document.items()
    ]


def rows_for(request: SignedInRequest, period: Period) -> list[Row]:
    """The whole book, its duties counted where the person may read figures."""
    measures = DailyMeasure.objects.visible_to(request.user)
    return rulebook(policy_on(clock.today()), duties_of(measures, period.first, period.until))


@require_safe
@page("rulebook", gettext_lazy("制度对照"), *READERS)
def rulebook_page(request: SignedInRequest) -> HttpResponse:
    """The book: counts at the top, then every row that is meant, by regulation."""
    choice, period = Choice.of(request), Period.of(request)
    rows = rows_for(request, period)
    books = regulations(rows, choice)
    context: dict[str, Any] = {
        "choice": choice,
        "period": period,
        "year_start": period.as_of.replace(month=1, day=1),
        "counts": by_state(rows),
        "total": len(rows),
        "found": sum(len(book.rows) for book in books),
        "regulations": books,
        "states": Honoured,
        "rooms": rooms(),
        "open": request.GET.get("open") == "1",
        "opened": request.GET.get("row", ""),
        "may_follow": request.user.scope.has(*OVERSEERS),
        "has_figures": any(row.duties.any for row in rows),
    }
    return render(request, "home/rulebook.html", context)


def _sheet_rows(rows: list[Row]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        one = row.obligation
        yield (
            one.document, one.cite, one.duty, row.system, row.room, str(row.state.label),
            "；".join(claim.label for claim in row.claims)
            or "；".join(f"{other.cite} {other.duty}" for other in row.same_as),
            len(row.clauses), len(row.kept),
            "；".join(clause.words for clause in row.kept), "；".join(clause.words for clause in row.missing),
            len(row.tests),
            "；".join(f"{figure.name}：{figure.value}（{figure.scheme}）" for figure in row.figures),
            row.duties.raised, row.duties.done, row.duties.on_time, row.duties.open, row.duties.late,
        )  # fmt: skip


@require_safe
@require_role(*READERS)
def rulebook_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the rows that are shown, as XLSX; who took them out is written down."""
    choice, period = Choice.of(request), Period.of(request)
    rows = [row for row in rows_for(request, period) if choice.takes(row)]
    headers = [
        _("制度"), _("条款"), _("职责"), _("系统做法"), _("板块"), _("状态"), _("由谁落实"),
        _("要求数"), _("已落实要求数"), _("已落实的要求"), _("未落实的要求"), _("测试"), _("本条参数"),
        _("生成"), _("办结"), _("按期"), _("未办"), _("其中逾期"),
    ]  # fmt: skip
    audit.record(
        act=EXPORTED,
        subject="rulebook",
        note=request.GET.urlencode(),
        after={"rows": len(rows)},
    )
    name = f"{_('制度对照')}{period.first}—{period.until}"
    return download(name, workbook(_("制度对照"), headers, _sheet_rows(rows)))

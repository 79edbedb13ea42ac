"""The declaration of a list, the registry of all of them, and their two pages: the list and its workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

from django.db.models import Count as CountOf
from django.db.models import QuerySet, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import page
from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.models import User
from core import audit, clock
from core.sheets import download, workbook
from workflow.models import ListSettings
from workflow.registers.columns import Column, Money, View, in_unit
from workflow.registers.filters import Filters
from workflow.registers.paging import page_of

COUNT_LIMIT = 10_000  # a list without totals is counted up to here: 9999+
CHUNK = 1000  # rows of a workbook that are dressed together
UNITS = {"yuan", "wan"}


@dataclass(frozen=True)
class Asked:
    """Who asks for a list, on which business date, narrowed to what: `values` by the name of the filter."""

    user: User
    on: date
    values: Mapping[str, Any]
    kept: dict[Any, Any] = field(default_factory=dict)

    def once(self, ask: Callable[[], Any]) -> Any:
        """What a question is answered with, asked once: rows, words and marks of one page may all want it."""
        if ask not in self.kept:
            self.kept[ask] = ask()
        return self.kept[ask]


class Register:
    """A list. What a subclass says is what is particular to it; everything else is written here, once.

    `rows` gives what the person may see, annotated with what columns and filters speak of; `dress` lays beside the rows
    of one page (or of a part of the workbook) what one query tells of all of them. `order` ends with a unique column.
    `templates` that extend registers/page.html may put something above or below (`more` is their context).
    """

    route: ClassVar[str]
    title: ClassVar[Any]
    model: ClassVar[Any]
    roles: ClassVar[tuple[Role, ...]]
    columns: ClassVar[tuple[Column, ...]]
    sub: ClassVar[Any] = ""
    noun: ClassVar[Any] = _("记录")  # 没有符合条件的……
    counter: ClassVar[Any] = _("条")  # 共 12 条
    empty: ClassVar[tuple[Any, Any]] = (
        _("还没有记录"),
        "",
    )  # where nothing is narrowed: that, and what to do
    filters: ClassVar[type[Filters]] = Filters
    order: ClassVar[tuple[str, ...]] = ("-pk",)
    related: ClassVar[tuple[str, ...]] = ()
    size: ClassVar[int] = 50
    links: ClassVar[tuple[tuple[Any, str], ...]] = ()  # buttons of the page: words and route
    also: ClassVar[tuple[str, ...]] = ()  # routes that belong to the list in the frame
    count: ClassVar[Callable[[User], str] | None] = None  # the figure beside it in the frame
    template: ClassVar[str] = "registers/page.html"
    act: ClassVar[audit.Act]

    def rows(self, asked: Asked) -> QuerySet[Any]:
        """What the person may see."""
        rows: QuerySet[Any] = self.model.objects.visible_to(asked.user)
        return rows

    def dress(self, rows: list[Any], asked: Asked) -> None:
        """Lay beside these rows what the columns say of them."""

    def shown_columns(self, asked: Asked) -> Sequence[Column]:
        """The columns that this person has; a subclass may leave some to others."""
        return self.columns

    def about(self, asked: Asked) -> Any:
        """The sentence under the title."""
        return self.sub

    def when_empty(self, asked: Asked) -> tuple[Any, Any]:
        """What an empty list says where nothing is narrowed."""
        return self.empty

    def more(self, asked: Asked, scope: QuerySet[Any], filters: Any) -> dict[str, Any]:
        """Context of the list's own template; `scope` are the rows of the whole list, `filters` what was offered."""
        return {}

    # --- the same for every list ---------------------------------------------------------------------------

    def ask(self, request: SignedInRequest) -> tuple[Asked, Filters]:
        """What the address asks for."""
        filters = self.filters(request.GET, model=self.model, user=request.user)
        return Asked(request.user, clock.today(), filters.values), filters

    def page(self, request: SignedInRequest) -> HttpResponse:
        """The list, a page at a time; to htmx the list without what stands around it."""
        template = "registers/list.html" if request.htmx else self.template
        return render(request, template, self.context(request))

    def context(self, request: SignedInRequest) -> dict[str, Any]:
        """Everything that the page shows."""
        asked, filters = self.ask(request)
        scope = self.rows(asked)
        filters.offer(scope)
        settings = ListSettings.of(request.user, self.route)
        view = View(asked.on, money_unit(request))
        columns = self.screen_columns(asked)
        shown = [one for one in columns if one.name not in settings.hidden]
        summed = [one for one in shown if isinstance(one, Money) and one.total]
        found, following, counted = self.look(scope, asked, filters, request.GET.getlist("after"), summed)
        self.dress(found, asked)
        return {
            "register": self,
            "filters": filters,
            "about": self.about(asked),
            "heads": [(one.title(view), one.css) for one in shown],
            "lines": [[(one.css, one.cell(row, view)) for one in shown] for row in found],
            "columns": [(one.name, one.head, one.name not in settings.hidden) for one in columns[1:]],
            "saved": settings.saved,
            "rows": found,
            "found": counted["found"],
            "summary": self.summary(counted, summed, view),
            "following": following,
            "empty": () if found else self.when_empty(asked),
            "money_unit": view.unit if any(isinstance(one, Money) for one in columns) else "",
            "today": asked.on,
            **self.more(asked, scope, filters),
        }

    def screen_columns(self, asked: Asked) -> list[Column]:
        """The columns that the person may have on the screen; the first of them always stands."""
        return [one for one in self.shown_columns(asked) if one.where != "sheet"]

    def look(
        self,
        scope: QuerySet[Any],
        asked: Asked,
        filters: Filters,
        after: Sequence[str],
        summed: Sequence[Money],
    ) -> tuple[list[Any], list[str], dict[str, Any]]:
        """The rows of a page, the key of the next one, and what is counted of all."""
        rows = filters.filter_queryset(scope)
        found, following = page_of(rows.select_related(*self.related), self.order, after, self.size)
        return found, following, self.counted(rows, summed)

    def counted(self, rows: QuerySet[Any], summed: Sequence[Money]) -> dict[str, Any]:
        """How many rows there are (`found`), and the sums of these columns (`sum_…`): of all rows, not of the page.

        Without sums it is counted no further than people count.
        """
        if summed:
            sums = {f"sum_{one.name}": Sum(str(one.of).replace(".", "__")) for one in summed}
            counted: dict[str, Any] = rows.order_by().aggregate(found=CountOf("pk"), **sums)
            return counted
        found = rows.order_by().values("pk")[:COUNT_LIMIT].count()
        return {"found": at_most(found)}

    def summary(self, counted: Mapping[str, Any], summed: Sequence[Money], view: View) -> str:
        """The foot of the list: 共 2 笔，金额合计 1,500,000.50 元."""
        told = [_t("共 %(found)s %(counter)s") % {"found": counted["found"], "counter": self.counter}]
        for one in summed:
            total = in_unit(counted[f"sum_{one.name}"] or Decimal(0), view.unit)
            told.append(f"{one.head}{_t('合计')} {total} {view.unit_word}")
        return "，".join(told)

    def export(self, request: SignedInRequest) -> HttpResponseBase:
        """Exactly the filtered list as XLSX with every column, amounts in 元; who took it out is written down."""
        asked, filters = self.ask(request)
        rows = filters.filter_queryset(self.rows(asked))
        columns = [one for each in self.shown_columns(asked) for one in each.in_sheet()]
        lines = ([one.sheet(row) for one in columns] for row in self.streamed(rows, asked))
        sheet = workbook(str(self.title), [one.sheet_head() for one in columns], lines)
        audit.record(act=self.act, subject=self.route, note=filters.address, after={"rows": sheet.rows})
        return download(f"{self.title}{asked.on.isoformat()}", sheet)

    def streamed(self, rows: QuerySet[Any], asked: Asked) -> Iterator[Any]:
        """Every row in order, dressed, a part at a time."""
        stream = rows.select_related(*self.related).order_by(*self.order).iterator(chunk_size=CHUNK)
        while part := list(islice(stream, CHUNK)):
            self.dress(part, asked)
            yield from part

    @classmethod
    def urls(cls, address: str) -> list[URLPattern]:
        """The two pages of the list; with them it is in the registry."""
        if cls.route in _registers:
            raise ValueError(f"two lists are called {cls.route}")
        _registers[cls.route] = one = cls()
        cls.act = _export_of(cls)
        guarded = page(cls.route, cls.title, *cls.roles, count=cls.count, also=cls.also)
        return [
            path(address, require_safe(guarded(one.page)), name=cls.route),
            path(f"{address}export/", require_safe(guarded(one.export)), name=f"{cls.route}_export"),
        ]


def _export_of(register: type[Register]) -> audit.Act:
    """How the audit tells that the list was taken out."""
    name = f"{register.__module__.partition('.')[0]}.{register.route}.exported"
    return audit.act(
        name, format_lazy("{}{}", _("导出"), register.title), about={register.route: register.title}
    )


def at_most(count: int) -> int | str:
    """A count as the list says it: 9999+ where it was no longer counted."""
    return count if count < COUNT_LIMIT else f"{COUNT_LIMIT - 1}+"


_registers: dict[str, Register] = {}


def registers() -> Mapping[str, Register]:
    """Every declared list by its route."""
    return _registers


def money_unit(request: SignedInRequest) -> str:
    """元 or 万元, as last chosen in this session."""
    chosen = request.GET.get("in")
    if chosen in UNITS and chosen != request.session.get("money_unit"):
        request.session["money_unit"] = chosen
    unit: str = request.session.get("money_unit", "yuan")
    return unit

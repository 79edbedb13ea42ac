"""The rows behind a figure of duties, signatures or funds: as many as it says, each one click from its customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import require_role
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from accounts.models import Unit, User
from core import audit
from core.addresses import is_id
from core.citations import citation
from core.days import NoDay, read_day
from core.errors import Invalid
from core.sheets import download, workbook
from reviews.dashboard.asked import Asked
from reviews.dashboard.duties import NOBODY
from reviews.dashboard.pages import asked_for
from reviews.dashboard.tables import Cell
from workflow import snapshots, titles
from workflow.measures import FIGURES
from workflow.querysets import in_charge

PAGE = 50

_UNKNOWN = gettext_lazy("没有这个指标，请从看板上的数字进入。")
TITLES: dict[str, Any] = {
    "raised": gettext_lazy("新增的职责"),
    "done": gettext_lazy("已办的职责"),
    "done_in_time": gettext_lazy("按期办结的职责"),
    "late_entry": gettext_lazy("补录办结的职责"),
    "late_entry_in_time": gettext_lazy("按期而补录的职责"),
    "void": gettext_lazy("不再需要的职责"),
    "waived": gettext_lazy("免办的职责"),
    "fell_due": gettext_lazy("到期的职责"),
    "open": gettext_lazy("未办结的职责"),
    "late": gettext_lazy("逾期的职责"),
    "quarter_due": gettext_lazy("本季度到期的职责"),
    "quarter_done": gettext_lazy("本季度到期并已办的职责"),
    "signing": gettext_lazy("等待签字的文书"),
    "funds_short": gettext_lazy("资金不足的债务"),
    "signals": gettext_lazy("待核实的资金信号"),
    "payments_waiting": gettext_lazy("待审核和待放行的支付"),
}


def _text(value: Any) -> Cell:
    return Cell(None if value == "" else value, "text")


def _customer(number: str, name: str) -> Cell:
    return Cell(name, "text", reverse("borrower", kwargs={"number": number})) if number else _text(name)


def _duty(item: Any) -> list[Cell]:
    return [
        _text(item.due_on),
        _customer(item.borrower_number, item.borrower_name),
        _text(f"{titles.of_obligation(item.obligation)}（{citation(item.obligation)}）"),
        _text(item.reason),
        _text(item.person.name if item.person else _("缺岗")),
        _text(item.unit.name),
        _text(item.done_on),
        _text(item.get_status_display()),
    ]


def _step(step: Any) -> list[Cell]:
    document = step.chain.document
    return [
        _text(step.chain.started_on),
        _customer(document.borrower_number, document.borrower_name),
        Cell(document.number, "text", reverse("document", kwargs={"pk": document.pk})),
        _text(step.label),
        _text(step.person.name if step.person else _("缺岗")),
        _text(document.unit.name),
    ]


def _debt(check: Any) -> list[Cell]:
    loan = check.loan
    return [
        _text(check.due_on),
        _customer(loan.borrower.number, loan.borrower.name),
        Cell(loan.number, "text", reverse("loan", kwargs={"number": loan.number})),
        _text(check.get_kind_display()),
        Cell(check.required, "money"),
        Cell(check.short, "money"),
        _text(check.check_day),
        _text(loan.unit.name),
    ]


def _payment(payment: Any) -> list[Cell]:
    loan = payment.loan
    return [
        _text(payment.submitted_on),
        _customer(loan.borrower.number, loan.borrower.name),
        Cell(payment.document.number, "text", reverse("document", kwargs={"pk": payment.document_id})),
        _text(payment.payee_name),
        Cell(payment.amount, "money"),
        _text(loan.unit.name),
        _text(payment.get_status_display()),
    ]


def _signal(signal: Any) -> list[Cell]:
    return [
        _text(signal.known_on),
        _customer(signal.borrower.number, signal.borrower.name),
        Cell(signal.get_kind_display(), "text", reverse("signal", kwargs={"pk": signal.pk})),
        _text(signal.get_level_display()),
        Cell(signal.amount, "money"),
        _text(signal.text),
        _text(signal.get_status_display()),
    ]


@dataclass(frozen=True)
class Shape:
    """How rows of one kind are shown: heads, cells, the order, and what is read beside them."""

    heads: Callable[[], list[str]]
    cells: Callable[[Any], list[Cell]]
    order: tuple[str, ...]
    related: tuple[str, ...]


DUTIES = Shape(
    lambda: [_("到期日"), _("客户"), _("职责"), _("缘由"), _("责任人"), _("机构"), _("办理日"), _("现在")],
    _duty, ("due_on", "pk"), ("person", "unit"),
)  # fmt: skip
SHAPES = {
    **dict.fromkeys(FIGURES, DUTIES),
    "signing": Shape(
        lambda: [_("发起日"), _("客户"), _("文书"), _("签字栏"), _("签字人"), _("机构")],
        _step, ("chain__started_on", "pk"), ("chain__document__unit", "person"),
    ),
    "funds_short": Shape(
        lambda: [
            _("应还日"), _("客户"), _("借据"), _("债务"), _("应备（万元）"), _("缺口（万元）"), _("检查日"), _("机构"),
        ],
        _debt, ("due_on", "pk"), ("loan__borrower", "loan__unit"),
    ),
    "payments_waiting": Shape(
        lambda: [_("提交日"), _("客户"), _("单号"), _("收款人"), _("金额（万元）"), _("机构"), _("现在")],
        _payment, ("submitted_on", "pk"), ("loan__borrower", "loan__unit", "document"),
    ),
    "signals": Shape(
        lambda: [_("识别日"), _("客户"), _("信号"), _("级别"), _("涉及金额（万元）"), _("内容"), _("现在")],
        _signal, ("-known_on", "-pk"), ("borrower",),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Behind:
    """Which figure is meant, and its rows."""

    asked: Asked
    measure: snapshots.Measure
    key: str
    person: str
    article: str
    only: bool  # the unit itself, not what is below it

    @classmethod
    def of(cls, request: SignedInRequest) -> Behind:
        """As the address says; a figure that there is not is not found."""
        get = request.GET
        asked, name = asked_for(request), get.get("measure", "")
        if name not in SHAPES:
            raise Invalid(str(_UNKNOWN))
        person, key, article = (
            get.get(part, "").replace("\x00", "") for part in ("person", "key", "article")
        )
        if person and person != NOBODY and not is_id(person):
            raise Invalid(str(_UNKNOWN))
        try:
            since = read_day(get.get("since", ""))
        except NoDay:
            since = asked.since
        measure = snapshots.measures()[name]
        return cls(replace(asked, against=since), measure, key, person, article, bool(get.get("only")))

    @property
    def shape(self) -> Shape:
        """How its rows are shown."""
        return SHAPES[self.measure.name]

    def rows(self, user: User) -> QuerySet[Any]:
        """The rows, of the person's units or the person's own."""
        measure, asked = self.measure, self.asked
        rows = measure.rows(asked.since, asked.on, self.key).filter(
            in_charge(user, unit=measure.unit, person=measure.person)
        )
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(user)
        if asked.unit:
            below = Unit.objects.filter(path__startswith=asked.unit.path).order_by().values("pk")
            units = [asked.unit.pk] if self.only else below
            rows = rows.filter(**{f"{measure.unit}__in": units})
        if self.person:
            rows = rows.filter(**{measure.person: None if self.person == NOBODY else int(self.person)})
        if self.article:
            rows = rows.filter(**{measure.obligation: self.article}) if measure.obligation else rows.none()
        return rows.select_related(*self.shape.related).order_by(*self.shape.order)

    def figure(self) -> int:
        """What the snapshots say."""
        asked, measure = self.asked, self.measure
        rows = asked.figures().filter(measure=measure.name, on__lte=asked.on)
        rows = rows.filter(on__gt=asked.since) if measure.is_flow else rows.filter(on=asked.on)
        if asked.unit and self.only:
            rows = rows.filter(unit=asked.unit)
        for column, value in (("key", self.key), ("obligation", self.article)):
            rows = rows.filter(**{column: value}) if value else rows
        if self.person:
            rows = rows.filter(person=None if self.person == NOBODY else int(self.person))
        return int(rows.aggregate(n=Sum("value"))["n"] or 0)


def _page(text: str) -> int:
    return min(int(text), 2000) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) else 1


@require_safe
@require_role(*CUSTOMER_READERS)
def dashboard_rows(request: SignedInRequest) -> HttpResponse:
    """The rows behind a figure, a page at a time; where something changed since the day, both numbers are said."""
    behind, number = Behind.of(request), _page(request.GET.get("page", ""))
    rows = behind.rows(request.user)
    found = rows.count()
    shown = rows[(number - 1) * PAGE : number * PAGE]
    context = {
        "behind": behind,
        "title": TITLES[behind.measure.name],
        "heads": behind.shape.heads(),
        "lines": [behind.shape.cells(row) for row in shown],
        "found": found,
        "figure": behind.figure(),
        "following": number + 1 if found > number * PAGE else "",
        "back": behind.asked.link("dashboard", **{"with": behind.asked.since.isoformat()}),
    }
    return render(request, "dashboard/rows.html", context)


def _sheet_rows(behind: Behind, rows: QuerySet[Any]) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=2000):
        yield [cell.plain for cell in behind.shape.cells(row)]


@require_safe
@require_role(*CUSTOMER_READERS)
def dashboard_rows_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly these rows as XLSX, amounts in 元; who took them out is written down."""
    behind = Behind.of(request)
    rows = behind.rows(request.user)
    title = str(TITLES[behind.measure.name])
    heads = [head.replace("万元", "元") for head in behind.shape.heads()]
    content = workbook(title, heads, _sheet_rows(behind, rows))
    audit.record(
        act="postloan.export",
        subject="dashboard_rows",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(title + behind.asked.on.isoformat(), content)

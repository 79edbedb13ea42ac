"""The list of first checks, and the samples of normal borrowers: how they were drawn, and who was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from accounts.access import get_visible, page, require_role
from accounts.choices import CUSTOMER_READERS, OVERSEERS
from accounts.http import SignedInRequest
from accounts.models import User
from core import audit, clock
from core.addresses import page_by_id
from core.sheets import download, workbook
from credit.models import Borrower, Loan
from inspections.duties import CHECK, REPORTS
from inspections.models import FirstCheckRecord, Sample
from inspections.rules import ticket
from workflow.choices import DutyStatus
from workflow.models import WorkItem
from workflow.querysets import was_late

PAGE = 100


@dataclass(frozen=True)
class TicketLine:
    """A borrower of the population with its lot; the lowest are drawn."""

    borrower: Borrower
    ticket: str
    is_drawn: bool


def lines_of(sample: Sample, user: User) -> list[TicketLine]:
    """The population as far as the person may see it, the drawn first, in the order of the lots."""
    drawn = set(sample.drawn.values_list("borrower", flat=True))
    seen = Borrower.objects.visible_to(user).filter(number__in=sample.population)
    lines = [TicketLine(one, ticket(sample.seed, one.number), one.pk in drawn) for one in seen]
    return sorted(lines, key=lambda line: (line.ticket, line.borrower.number))


@require_safe
@page("samples", _lazy("正常类抽查"), *OVERSEERS, also=("sample",))
def samples(request: SignedInRequest) -> HttpResponse:
    """The latest samples of the branches that the person reads."""
    rows = Sample.objects.visible_to(request.user).defer("population").select_related("unit")
    context = {"samples": rows.annotate(size=Count("drawn"))[:PAGE]}
    return render(request, "inspections/samples.html", context)


@require_safe
@require_role(*OVERSEERS)
def sample(request: SignedInRequest, pk: int) -> HttpResponse:
    """One sample: seed, population, who was drawn; members whom the reader may not see are counted, not named."""
    found: Sample = get_visible(Sample, request.user, pk=pk)
    lines = lines_of(found, request.user)
    context = {
        "sample": found,
        "size": found.drawn.count(),
        "drawn": [line for line in lines if line.is_drawn],
        "rest": [line for line in lines if not line.is_drawn][:PAGE],
        "shown": len(lines),
        "hidden": len(found.population) - len(lines),
    }
    return render(request, "inspections/sample.html", context)


def _sheet_rows(found: Sample, lines: list[TicketLine]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        yield line.borrower.number, line.borrower.name, line.ticket, _("是") if line.is_drawn else _("否")


@require_safe
@require_role(*OVERSEERS)
def sample_export(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The population with its lots as XLSX; who took it out is written down."""
    found: Sample = get_visible(Sample.objects.select_related("unit"), request.user, pk=pk)
    lines = lines_of(found, request.user)
    headers = [_("客户编号"), _("名称"), _("排序值 SHA-256（种子＋客户编号）"), _("抽中")]
    content = workbook(_("抽查样本"), headers, _sheet_rows(found, lines))
    audit.record(act="inspections.sample.exported", subject=found, after={"rows": len(lines)})
    return download(f"{_('抽查样本')} {found.unit.name} {found.period_key}", content)


# Which first checks a person may narrow the list to: by the duty, or by what its table told.
STATES = {
    "open": (_lazy("待检查"), Q(status=DutyStatus.OPEN, submitted_on__isnull=True)),
    "signing": (_lazy("签字中"), Q(status=DutyStatus.OPEN, submitted_on__isnull=False)),
    "changed": (_lazy("改变用途"), Q(use_changed=True)),
    "unmet": (_lazy("限制性条件未落实"), Q(conditions_met=False)),
    "late": (_lazy("检查或填表逾期"), Q(told_on__gt=F("fill_by")) | Q(checked_on__gt=F("due_on"))),
}


@dataclass(frozen=True)
class FirstCheckLine:
    """One loan's first check: the duty, what its table told, and who was told of a changed use and when."""

    item: WorkItem
    loan: Loan
    record: FirstCheckRecord | None
    reports: list[str]
    is_late: bool


def first_checks_of(user: User, state: str, on: date) -> QuerySet[Any]:
    """Duties of first checks that the person may read, with what stands of their tables; the latest grants first."""
    told = FirstCheckRecord.objects.in_force(on).filter(loan=OuterRef("subject_id"))
    read = ("checked_on", "use_changed", "conditions_met", "fill_by")
    values = {name: Subquery(told.values(name)[:1]) for name in read}
    rows = WorkItem.objects.visible_to(user).filter(kind=CHECK).exclude(status=DutyStatus.VOID)
    rows = rows.annotate(told_on=Subquery(told.values("known_on")[:1]), **values)
    where = STATES[state][1] if state in STATES else Q()
    if state == "late":
        where |= was_late(on) & Q(status=DutyStatus.OPEN)
    return rows.filter(where)


def first_check_lines(items: Sequence[WorkItem], on: date) -> list[FirstCheckLine]:
    """These duties with their loans, tables and reports: three queries, whatever their number."""
    ids = {item.subject_id for item in items}
    loans = Loan.objects.select_related("borrower").in_bulk(ids)
    told = (
        FirstCheckRecord.objects.in_force(on).filter(loan__in=ids).select_related("document").order_by("pk")
    )
    records = {one.loan_id: one for one in told}
    reports: dict[int, list[str]] = {}
    for one in (
        WorkItem.objects.filter(kind__in=REPORTS, subject_id__in=ids)
        .exclude(status=DutyStatus.VOID)
        .select_related("person")
        .order_by("pk")
    ):
        reports.setdefault(one.subject_id, []).append(received(one))
    return [
        FirstCheckLine(
            item,
            loans[item.subject_id],
            record := records.get(item.subject_id),
            reports.get(item.subject_id, []),
            item.due_on < (record.checked_on if record else item.done_on or on),
        )
        for item in items
    ]


@require_safe
@page("first_checks", _lazy("首次检查"), *CUSTOMER_READERS)
def first_checks(request: SignedInRequest) -> HttpResponse:
    """首次检查: what was paid out and has to be looked at, what was found, whom a changed use was reported to."""
    on, state = clock.today(), request.GET.get("state", "")
    rows = first_checks_of(request.user, state, on)
    items, following = page_by_id(rows.select_related("person"), request.GET.get("after", ""), PAGE)
    context = {
        "lines": first_check_lines(items, on),
        "found": rows.count(),
        "following": following,
        "state": state,
        "states": [(key, label) for key, (label, _where) in STATES.items()],
        "today": on,
    }
    return render(request, "inspections/first_checks.html", context)


@require_safe
@require_role(*CUSTOMER_READERS)
def first_checks_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX; who took it out is written down."""
    on = clock.today()
    lines = first_check_lines(list(first_checks_of(request.user, request.GET.get("state", ""), on)), on)
    headers = [
        _("客户编号"), _("客户名称"), _("借据号"), _("金额（元）"), _("放款日"), _("应检查日"), _("检查日"),
        _("应填表日"), _("提交日"), _("改变用途"), _("说明"), _("限制性条件已落实"), _("上报与阅知"),
        _("检查表"), _("状态"),
    ]  # fmt: skip
    sheet = (
        (
            line.loan.borrower.number, line.loan.borrower.name, line.loan.number, line.loan.amount, line.loan.starts_on,
            line.item.due_on, *_told(line.record), "；".join(line.reports),
            line.record.document.number if line.record else "", line.item.get_status_display(),
        )
        for line in lines
    )  # fmt: skip
    content = workbook(_("首次检查"), headers, sheet)
    note = request.GET.urlencode()
    audit.record(
        act="inspections.first_checks.exported",
        subject="first_checks",
        note=note,
        after={"rows": content.rows},
    )
    return download(_("首次检查") + on.isoformat(), content)


def _told(record: FirstCheckRecord | None) -> tuple[Any, ...]:
    if record is None:
        return (None, None, None, "", "", "")
    yes_or_no = [_("是") if said else _("否") for said in (record.use_changed, record.conditions_met)]
    return (record.checked_on, record.fill_by, record.known_on, yes_or_no[0], record.explained, yes_or_no[1])


def received(report: WorkItem) -> str:
    """Who was told of a changed use, and when they took note of it: 部门负责人 王五 2026-11-24 10:02 阅知."""
    name = report.person.name if report.person else _("缺岗")
    words = {DutyStatus.OPEN: _("未阅知"), DutyStatus.DONE: _("阅知")}.get(DutyStatus(report.status))
    at = f"{clock.local(report.closed_at):%Y-%m-%d %H:%M} " if report.closed_at else ""
    return f"{report.get_post_display()} {name} {at}{words or report.get_status_display()}"

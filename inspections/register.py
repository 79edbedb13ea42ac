"""The lists of inspections: first checks (首次检查), and the samples of normal borrowers (正常类抽查)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS, OVERSEERS
from core import clock
from credit.models import Loan
from inspections.duties import CHECK, REPORTS
from inspections.models import FirstCheckRecord, Sample
from workflow.choices import DutyStatus
from workflow.models import WorkItem
from workflow.querysets import was_late
from workflow.registers.columns import (
    Chip,
    Count,
    Customer,
    Day,
    Html,
    Link,
    Money,
    Text,
    chip_of,
    joined,
)
from workflow.registers.filters import Filters, Pick
from workflow.registers.lists import Asked, Register


def made_late(on: date) -> Q:
    """First checks that were made, or told of, after their day, or that nobody has made by it."""
    told = Q(told_on__gt=F("fill_by")) | Q(checked_on__gt=F("due_on"))
    return told | was_late(on) & Q(status=DutyStatus.OPEN)


class FirstCheckFilters(Filters):
    """By the duty, or by what its table told."""

    state = Pick(
        _("状态"),
        {
            "open": (_("待检查"), Q(status=DutyStatus.OPEN, submitted_on__isnull=True)),
            "signing": (_("签字中"), Q(status=DutyStatus.OPEN, submitted_on__isnull=False)),
            "changed": (_("改变用途"), Q(use_changed=True)),
            "unmet": (_("限制性条件未落实"), Q(conditions_met=False)),
            "late": (_("检查或填表逾期"), made_late),
        },
        every=_("全部状态"),
    )


def received(report: WorkItem) -> str:
    """Who was told of a changed use, and when they took note of it: 部门负责人 王五 2026-11-24 10:02 阅知."""
    name = report.person.name if report.person else _t("缺岗")
    words = {DutyStatus.OPEN: _t("未阅知"), DutyStatus.DONE: _t("阅知")}.get(DutyStatus(report.status))
    at = f"{clock.local(report.closed_at):%Y-%m-%d %H:%M} " if report.closed_at else ""
    return f"{report.get_post_display()} {name} {at}{words or report.get_status_display()}"


def reports_of(loans: Iterable[int]) -> dict[int, list[str]]:
    """Of these loans, who was told of a changed use."""
    rows = WorkItem.objects.filter(kind__in=REPORTS, subject_id__in=loans).exclude(status=DutyStatus.VOID)
    found: dict[int, list[str]] = {}
    for one in rows.select_related("person").order_by("pk"):
        found.setdefault(one.subject_id, []).append(received(one))
    return found


def checked_late(item: Any) -> bool:
    """Whether the check was made late, or is late."""
    return bool(item.is_late)


def told_late(item: Any) -> bool:
    """Whether its table was handed in late."""
    return bool(item.told and item.told.is_late)


def by(is_late: Callable[[Any], bool]) -> dict[str, Any]:
    """How a day by which something had to be stands below the day on which it was."""
    return {"tail": lambda item: _("前，逾期") if is_late(item) else _("前"), "warn": is_late}


def findings(item: Any) -> SafeString | str:
    """What the table told of the use and of the conditions, and who was told of a changed use."""
    if item.told is None:
        return ""
    parts: list[Any] = [_t("与申请一致")]
    if item.told.use_changed:
        parts = [chip_of(_t("改变用途"), "watch"), item.told.explained]
    if not item.told.conditions_met:
        parts.append(chip_of(_t("条件未落实"), "watch"))
    return joined([*parts, *(format_html('<div class="muted small">{}</div>', one) for one in item.reports)])


def said(of: str) -> Any:
    """是 or 否, as the table told."""
    return lambda item: item.told and (_t("是") if getattr(item.told, of) else _t("否"))


def state(item: Any) -> Any:
    """Where the check stands."""
    return (
        (_("签字中"), "") if item.submitted_on and item.status == DutyStatus.OPEN else DutyStatus(item.status)
    )


class FirstChecks(Register):
    """What was paid out and has to be looked at, what was found, whom a changed use was reported to; latest first."""

    route, model, roles = "first_checks", WorkItem, CUSTOMER_READERS
    title = _("首次检查")
    sub = _("放款后的首次跟踪检查：逐笔借据，检查与填表各有期限；改变用途的，提交即报部门负责人和分管领导。")
    noun, counter = _("借据"), _("笔")
    empty = (_("还没有要做首次检查的借据"), _("适用公司贷后管理方案的贷款放款后，由日终列在这里。"))
    filters = FirstCheckFilters
    related = ("person",)
    size = 100
    columns = (
        Customer("loan.borrower.", under=(Text(_("检查人"), "person.name", missing=_("缺岗")),)),
        Link(
            _("借据号"), "loan.number", "loan", "loan.number",
            under=(Day(_("放款日"), "loan.starts_on", tail=_("放款")), Money(_("金额"), "loan.amount", where="sheet")),
        ),
        Day(
            _("检查日"), "told.checked_on",
            under=(Day(_("应检查日"), "due_on", **by(checked_late)),),
        ),
        Day(
            _("填表日"), "told.known_on",
            under=(
                Day(_("应填表日"), "told.fill_by", **by(told_late)),
                Link(_("检查表"), "told.document.number", "document", "told.document_id"),
            ),
        ),
        Html(
            _("用途与条件"), findings, css="",
            under=(
                Text(_("改变用途"), said("use_changed"), name="changed", where="sheet"),
                Text(_("说明"), "told.explained", where="sheet"),
                Text(_("限制性条件已落实"), said("conditions_met"), name="met", where="sheet"),
                Text(_("上报与阅知"), lambda item: "；".join(item.reports), name="reports", where="sheet"),
            ),
        ),
        Chip(_("状态"), state),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        told = FirstCheckRecord.objects.in_force(asked.on).filter(loan=OuterRef("subject_id"))
        read = {name: name for name in ("checked_on", "use_changed", "conditions_met", "fill_by")}
        read["told_on"] = "known_on"
        values = {name: Subquery(told.values(of)[:1]) for name, of in read.items()}
        return super().rows(asked).filter(kind=CHECK).exclude(status=DutyStatus.VOID).annotate(**values)

    def dress(self, rows: list[Any], asked: Asked) -> None:
        ids = {item.subject_id for item in rows}
        loans, reports = Loan.objects.select_related("borrower").in_bulk(ids), reports_of(ids)
        told = FirstCheckRecord.objects.in_force(asked.on).filter(loan__in=ids).select_related("document")
        records = {one.loan_id: one for one in told.order_by("pk")}
        for item in rows:
            item.loan, item.told = loans[item.subject_id], records.get(item.subject_id)
            item.reports = reports.get(item.subject_id, [])
            item.is_late = item.due_on < (item.told.checked_on if item.told else item.done_on or asked.on)


class Samples(Register):
    """The samples of the branches that the person reads, the latest first."""

    route, model, roles = "samples", Sample, OVERSEERS
    title = _("正常类抽查")
    sub = _(
        "《贷款贷后管理规定》第二条：正常类贷款抽查。每期由系统按支行抽取一次，种子与名单留存，任何人都可以重抽核对。"
    )
    noun, counter = _("样本"), _("期")
    empty = (_("还没有抽过样本"), _("每期第一个日终自动抽取；管辖范围内没有正常类个人贷款的，不抽。"))
    also = ("sample",)
    order = ("-first_on", "unit__path", "pk")
    related = ("unit",)
    size = 100
    columns = (
        Link(_("期间"), "period_key", "sample", "pk"),
        Text(_("机构"), "unit.name"),
        Day(_("抽取日"), "drawn_on"),
        Count(_("抽中"), "size"),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return super().rows(asked).defer("population").annotate(size=CountOf("drawn"))

"""到期与逾期: what is late and what falls due across the branch: by person, by article, line by line. Read-only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, QuerySet, Value, When
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import OVERSEERS
from core import audit
from core.citations import citation
from workflow import titles
from workflow.models import WorkItem
from workflow.querysets import was_late
from workflow.registers.columns import Chip, Customer, Due, Text, View
from workflow.registers.filters import NOBODY, Filters, InUnit, OfPerson, OfText, Pick
from workflow.registers.lists import Asked, Register

audit.act("postloan.export", _("导出到期与逾期清单"))  # as it was called until 2026-11

# Where an open duty stands; every duty that falls due within 30 days is in exactly one, so that columns add up.
BUCKETS = {"late": _("已逾期"), "week": _("7 天内"), "month": _("8–30 天"), "signing": _("签字中")}
SHADES = {"late": "doubt", "signing": "accent"}


def due_within_a_month(items: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Open duties that are late or fall due within 30 days, each with its bucket."""
    bucket = Case(
        When(was_late(on), then=Value("late")),
        When(submitted_on__isnull=False, then=Value("signing")),
        When(due_on__lte=on + timedelta(days=7), then=Value("week")),
        default=Value("month"),
        output_field=CharField(),
    )
    return items.filter(due_on__lte=on + timedelta(days=30)).annotate(bucket=bucket)


@dataclass
class Tally:
    """One line of a summary: a person or an article, with a count per bucket."""

    key: str
    label: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))

    @property
    def total(self) -> int:
        """All buckets together."""
        return sum(self.counts.values())

    @property
    def cells(self) -> list[tuple[str, int]]:
        """Bucket and count, in the order of the columns."""
        return list(self.counts.items())


def tallies(items: QuerySet[Any], key: str, label: Any, *columns: str) -> tuple[list[Tally], Tally]:
    """Counts by a column and their total; the worst first."""
    found: dict[str, Tally] = {}
    total = Tally("", _t("合计"))
    for row in items.order_by().values(key, *columns, "bucket").annotate(n=Count("pk")):
        name = NOBODY if row[key] is None else str(row[key])
        line = found.setdefault(name, Tally(name, label(row)))
        line.counts[row["bucket"]] += row["n"]
        total.counts[row["bucket"]] += row["n"]
    return sorted(found.values(), key=lambda t: (-t.counts["late"], -t.total, t.label)), total


def _person(row: dict[str, Any]) -> str:
    return row["person__name"] or _t("缺岗（无人负责）")


def _article(row: dict[str, Any]) -> str:
    return f"{citation(row['obligation'])} {titles.of_obligation(row['obligation'])}"


class DutyFilters(Filters):
    """By where a duty stands, whose it is, by which article, and by unit; what is offered is what is counted above."""

    when = Pick(_("状态"), list(BUCKETS.items()), "bucket", every=_("全部状态"))
    person = OfPerson(_("责任人"), "person", every=_("全部责任人"), nobody=_("缺岗（无人负责）"))
    article = OfText(_("条文"), "obligation", every=_("全部条文"))
    unit = InUnit("unit")

    def offer(self, rows: QuerySet[Any]) -> None:
        self.by_person, self.total = tallies(rows, "person", _person, "person__name")
        self.by_article, _same = tallies(rows, "obligation", _article)
        self.show("person", [(one.key, one.label) for one in self.by_person if one.key != NOBODY])
        self.show("article", [(one.key, one.label) for one in self.by_article])
        self.show("unit", self.filters["unit"].offered(rows, self.user))


class Duty(Text):
    """What a duty asks for, with its article and why."""

    def __init__(self) -> None:
        article = Text(_("依据"), lambda row: citation(row.obligation).full, name="article", where="sheet")
        super().__init__(
            _("职责"), lambda row: titles.of_obligation(row.obligation), name="duty", css="name",
            under=(article, Text(_("缘由"), "reason")),
        )  # fmt: skip

    def shown(self, value: Any, row: Any, view: View) -> Any:
        cite = citation(row.obligation)
        if not cite.url:
            return format_html('{} <span class="muted small">{}</span>', value, cite)
        link = '{} <a class="cite muted small nowrap" href="{}" title="{}">{}</a>'
        return format_html(link, value, cite.url, cite.full, cite)


def bucket(row: Any) -> tuple[Any, str]:
    """Where a duty stands."""
    return BUCKETS[row.bucket], SHADES.get(row.bucket, "")


class BranchDuties(Register):
    """Duties that are late or fall due within 30 days, with two summaries that both add up to the list."""

    route, model, roles = "branch_duties", WorkItem, OVERSEERS
    title, noun, counter = _("到期与逾期"), _("职责"), _("项")
    empty = (
        _("没有逾期，30 天内也没有到期的职责"),
        _("职责由每日日终生成；如果刚刚装载数据，请等日终完成后再看。"),
    )
    template = "workflow/duties.html"
    filters = DutyFilters
    order = ("due_on", "pk")
    related = ("person", "unit")
    columns = (
        Due(_("到期"), "due_on"),
        Customer("borrower_"),
        Duty(),
        Text(_("责任人"), "person.name", css="nowrap", missing=_("缺岗")),
        Text(_("机构"), "unit.name", css="nowrap", desk=True),
        Chip(_("状态"), bucket),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return due_within_a_month(WorkItem.objects.visible_to(asked.user).open(), asked.on)

    def more(self, asked: Asked, scope: QuerySet[Any], filters: Any) -> dict[str, Any]:
        told = {"buckets": BUCKETS, "by_person": filters.by_person, "by_article": filters.by_article}
        said = _t("截至今日，已逾期 %(late)d 项；连同 30 天内到期的共 %(n)d 项。")
        counts = {"late": filters.total.counts["late"], "n": filters.total.total}
        return told | {"total": filters.total, "values": filters.values, "about": said % counts}

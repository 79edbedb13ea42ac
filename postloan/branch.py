"""What is late and what falls due across the branch: by person, by article, line by line. Read-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import OVERSEERS
from accounts.http import SignedInRequest
from core import audit, clock
from core.addresses import is_id, page_by_day
from core.citations import Citation, citation
from core.sheets import download, workbook
from workflow import titles
from workflow.models import WorkItem
from workflow.querysets import WorkItemQuerySet

PAGE = 50

# Where an open duty stands; every duty that falls due within 30 days is in exactly one, so that columns add up.
BUCKETS = {
    "late": gettext_lazy("已逾期"),
    "week": gettext_lazy("7 天内"),
    "month": gettext_lazy("8–30 天"),
    "signing": gettext_lazy("签字中"),
}


def due_within_a_month(items: WorkItemQuerySet, on: date) -> QuerySet[Any]:
    """Open duties that are late or fall due within 30 days, each with its bucket."""
    late = Q(due_on__lt=on) & (Q(submitted_on__isnull=True) | Q(submitted_on__gt=F("due_on")))
    return (
        items.open()
        .filter(due_on__lte=on + timedelta(days=30))
        .annotate(
            bucket=Case(
                When(late, then=Value("late")),
                When(submitted_on__isnull=False, then=Value("signing")),
                When(due_on__lte=on + timedelta(days=7), then=Value("week")),
                default=Value("month"),
                output_field=CharField(),
            )
        )
    )


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


def tallies(items: QuerySet[Any], key: str, label: Any) -> tuple[list[Tally], Tally]:
    """Counts by a column and their total; the worst first."""
    found: dict[str, Tally] = {}
    total = Tally("", _("合计"))
    for row in (
        items.order_by().values(*dict.fromkeys((key, *label.columns)), "bucket").annotate(n=Count("pk"))
    ):
        name = str(row[key]) if row[key] is not None else "none"
        line = found.setdefault(name, Tally(name, label(row)))
        line.counts[row["bucket"]] += row["n"]
        total.counts[row["bucket"]] += row["n"]
    return sorted(found.values(), key=lambda t: (-t.counts["late"], -t.total, t.label)), total


class PersonLabel:
    """A person's name with their department."""

    columns = ("person__name",)

    def __call__(self, row: dict[str, Any]) -> str:
        return row["person__name"] or _("缺岗（无人负责）")


class ArticleLabel:
    """What an obligation asks for, with its article."""

    columns = ()

    def __call__(self, row: dict[str, Any]) -> str:
        return f"{citation(row['obligation'])} {titles.of_obligation(row['obligation'])}"


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing."""

    when: str
    person: str
    article: str
    unit: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        when, person, article, unit = (
            request.GET.get(name, "").replace("\x00", "") for name in ("when", "person", "article", "unit")
        )
        return cls(
            when if when in BUCKETS else "",
            person if person == "none" or is_id(person) else "",
            article,
            unit if is_id(unit) else "",
        )

    def narrow(self, items: QuerySet[Any]) -> QuerySet[Any]:
        """The duties that are meant."""
        if self.when:
            items = items.filter(bucket=self.when)
        if self.person:
            items = items.filter(person=None if self.person == "none" else int(self.person))
        if self.article:
            items = items.filter(obligation=self.article)
        return items.filter(unit=int(self.unit)) if self.unit else items

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.when or self.person or self.article or self.unit)


@dataclass(frozen=True)
class DutyLine:
    """A duty as the list shows it."""

    item: WorkItem
    bucket: str
    cite: Citation
    title: str


def page_of(items: QuerySet[Any], after: str) -> tuple[list[DutyLine], str]:
    """One page, and the key after which the next one starts."""
    rows, following = page_by_day(items.select_related("person", "unit"), after, PAGE)
    return [
        DutyLine(row, row.bucket, citation(row.obligation), titles.of_obligation(row.obligation))
        for row in rows
    ], following


@require_safe
@page("branch_duties", gettext_lazy("到期与逾期"), *OVERSEERS)
def branch_duties(request: SignedInRequest) -> HttpResponse:
    """The list with its two summaries, which both add up to it."""
    on, choice = clock.today(), Choice.of(request)
    scope = due_within_a_month(WorkItem.objects.visible_to(request.user), on)
    by_person, total = tallies(scope, "person", PersonLabel())
    by_article, _same = tallies(scope, "obligation", ArticleLabel())
    lines, following = page_of(choice.narrow(scope), request.GET.get("after", ""))
    context = {
        "today": on,
        "choice": choice,
        "buckets": BUCKETS,
        "by_person": by_person,
        "by_article": by_article,
        "total": total,
        "units": dict(scope.order_by("unit__path").values_list("unit", "unit__name").distinct()),
        "lines": lines,
        "found": choice.narrow(scope).count() if choice.any else total.total,
        "following": following,
    }
    return render(request, "home/branch_rows.html" if request.htmx else "home/branch.html", context)


def _sheet_rows(items: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    ordered = items.select_related("person", "unit").order_by("due_on", "pk")
    for item in ordered.iterator(chunk_size=2000):
        yield (
            item.due_on,
            str(BUCKETS[item.bucket]),
            item.borrower_number,
            item.borrower_name,
            titles.of_obligation(item.obligation),
            citation(item.obligation).full,
            item.reason,
            item.person.name if item.person else _("缺岗"),
            item.unit.name,
        )


@require_safe
@require_role(*OVERSEERS)
def branch_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX; who took it out is written down."""
    on, choice = clock.today(), Choice.of(request)
    scope = choice.narrow(due_within_a_month(WorkItem.objects.visible_to(request.user), on))
    headers = [
        _("到期日"),
        _("状态"),
        _("客户编号"),
        _("客户名称"),
        _("职责"),
        _("依据"),
        _("缘由"),
        _("责任人"),
        _("机构"),
    ]
    content = workbook(_("到期与逾期"), headers, _sheet_rows(scope))
    audit.record(
        act="postloan.export",
        subject="branch_duties",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("到期与逾期") + on.isoformat(), content)

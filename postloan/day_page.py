"""日终: which days are closed, what each step did, what was set aside and why, and another try for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import page, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from core import clock
from core.errors import Conflict
from postloan import close_of_day
from postloan.health import silent_since
from workflow.choices import RunStatus, SubjectKind
from workflow.models import DayRun, Quarantined
from workflow.services import days

READERS = (Role.ADMIN, Role.AUDITOR, Role.RISK_HEAD, Role.VICE_PRESIDENT, Role.PRESIDENT)
SHOWN_DAYS = 14
LABELS = {step.name: step.label for step in close_of_day.STEPS}
WORDS = {
    "raised": "新增",
    "changed": "变更",
    "void": "作废",
    "quarantined": "隔离",
    "escalated": "升级",
    "figures": "指标",
    "checked": "核对资金",
    "short": "资金不足",
}


@dataclass(frozen=True)
class RunLine:
    """One step of one day as the page shows it."""

    run: DayRun
    label: str
    counts: str
    took: str


@dataclass(frozen=True)
class ProgressLine:
    """How far the missed days are made up for, in words."""

    state: days.CatchUp
    step: str
    steps: int
    left: str

    @property
    def percent(self) -> int:
        """Of the days, with the part of the one in hand."""
        return int(100 * (self.state.done + self.state.steps_done / self.steps) / self.state.total)


@dataclass(frozen=True)
class AsideLine:
    """One row that a step set aside; the administrator sees which row and why, not whose business it is."""

    row: Quarantined
    label: str
    kind: str


def line_of(run: DayRun) -> RunLine:
    """A step with what it did, in words."""
    counts = [f"{WORDS[name]} {n}" for name, n in run.counts.items() if name in WORDS and n]
    took = run.finished_at - run.started_at if run.finished_at and run.started_at else None
    return RunLine(run, _label(run.step), "，".join(counts), span(took) if took else "")


def span(time: timedelta) -> str:
    """A length of time as one says it: 0.3 秒, 12 秒, 4 分钟, 2 小时 5 分钟."""
    seconds = time.total_seconds()
    if seconds < 60:
        return _("%(n)s 秒") % {"n": f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"}
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return _("%(n)s 分钟") % {"n": minutes}
    return _("%(hours)s 小时 %(minutes)s 分钟") % {"hours": minutes // 60, "minutes": minutes % 60}


def progress(today: date) -> ProgressLine | None:
    """How the missed days are coming along, or None when none is missing."""
    state = days.catching_up(today)
    if state is None:
        return None
    left = span(state.left) if state.left is not None else ""
    return ProgressLine(state, _label(state.step), len(close_of_day.STEPS), left)


def _label(step: str) -> str:
    return str(LABELS.get(step, step))


@require_safe
@page("day", gettext_lazy("日终"), *READERS)
def day(request: SignedInRequest) -> HttpResponse:
    """The last days with their steps, and everything that still waits to be mended."""
    today = clock.today()
    if request.htmx:  # the page asks again while days are being made up for
        return render(request, "home/day_progress.html", {"progress": progress(today)})
    recent = list(DayRun.objects.order_by("-on").values_list("on", flat=True).distinct()[:SHOWN_DAYS])
    runs = [line_of(run) for run in DayRun.objects.filter(on__in=recent).order_by("-on", "pk")]
    aside = [
        AsideLine(row, _label(row.step), str(SubjectKind(row.subject_kind).label))
        for row in Quarantined.objects.filter(resolved_at__isnull=True)[:200]
    ]
    context = {
        "state": days.day_state(today),
        "progress": progress(today),
        "silent_since": silent_since(),
        "runs": runs,
        "aside": aside,
        "may_retry": request.user.scope.has(Role.ADMIN),
        "done": RunStatus.DONE,
    }
    return render(request, "home/day.html", context)


@require_POST
@require_role(Role.ADMIN)
def day_retry(request: SignedInRequest) -> HttpResponse:
    """Judge everything that closed days set aside again, each row for its own day."""
    with days.only_one() as mine:
        if not mine:
            raise Conflict(_("正在做日终，请稍候再试。"))
        waiting = Quarantined.objects.filter(resolved_at__isnull=True).order_by("on")
        for on in [on for on in waiting.values_list("on", flat=True).distinct() if days.is_closed(on)]:
            close_of_day.retry(on)
    left = Quarantined.objects.filter(resolved_at__isnull=True).count()
    sentence = _("已重做，仍有 %(left)d 行未能处理。") % {"left": left} if left else _("已全部处理。")
    messages.success(request, sentence)
    return redirect("day")

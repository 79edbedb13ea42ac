"""Who uses the system, by person: the page and the same as XLSX."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import BUSINESS_ROLES
from accounts.http import SignedInRequest
from core import audit, clock
from core.days import NoDay, read_day
from core.periods import quarter_of
from core.sheets import download, workbook
from workflow.services.days import last_closed_day
from workflow.usage import Usage, UsagePage, usage_of

EXPORTED = audit.act(
    "workflow.usage.exported", gettext_lazy("导出使用情况"), about={"usage": gettext_lazy("使用情况表")}
)


@dataclass(frozen=True)
class Chosen:
    """The period as the address says; the quarter of the last closed day unless it says otherwise."""

    first: date
    until: date
    as_of: date
    problem: str = ""

    @classmethod
    def of(cls, request: SignedInRequest) -> Chosen:
        """A period that cannot be read, or runs backwards, is named and not used."""
        as_of = last_closed_day() or clock.today()
        usual = cls(quarter_of(as_of).first, as_of, as_of)
        typed = [request.GET.get(name, "").strip() for name in ("from", "to")]
        try:
            first, until = (read_day(text) if text else None for text in typed)
        except NoDay as error:
            return cls(usual.first, usual.until, as_of, _("%(why)s；已按本季显示。") % {"why": error})
        until = min(until or as_of, as_of)
        first = first or quarter_of(until).first
        if first > until:
            sentence = _("起始日晚于截止日（截止日最晚为已日终的 %(day)s），已按本季显示。")
            return cls(usual.first, usual.until, as_of, sentence % {"day": as_of})
        return cls(first, until, as_of)

    def page(self, request: SignedInRequest) -> UsagePage:
        """The figures of the period for the person who asks."""
        return usage_of(request.user, first=self.first, until=self.until, as_of=self.as_of)


@require_safe
@page("usage", gettext_lazy("使用情况"), *BUSINESS_ROLES)
def usage(request: SignedInRequest) -> HttpResponse:
    """使用情况: everybody's figures for heads, one's own for anybody else."""
    chosen = Chosen.of(request)
    return render(request, "workflow/usage.html", {"chosen": chosen, "page": chosen.page(request)})


def _row(line: Usage) -> tuple[object, ...]:
    return (
        line.name,
        line.unit,
        line.due,
        line.done,
        line.usage_rate,
        line.on_time,
        line.on_time_rate,
        line.late_entries,
        line.late_entries_on_time,
        line.late_entry_rate,
        line.open,
        line.late,
        line.days,
        clock.local(line.last_at).date() if line.last_at else None,
    )


@require_safe
@require_role(*BUSINESS_ROLES)
def usage_export(request: SignedInRequest) -> HttpResponseBase:
    """The figures of use by person as XLSX; who took them out is written down."""
    chosen = Chosen.of(request)
    page = chosen.page(request)
    headers = [
        _("姓名"), _("机构"), _("到期"), _("系统办结"), _("使用率（%）"), _("按期"), _("按期率（%）"), _("补录"),
        _("补录按期"), _("补录按期率（%）"), _("未办"), _("其中逾期"), _("登录天数"), _("最近操作"),
    ]  # fmt: skip
    rows = [_row(line) for line in (*page.lines, page.total)]
    period = f"{chosen.first}—{chosen.until}"
    audit.record(act=EXPORTED, subject="usage", note=period, after={"rows": len(page.lines)})
    return download(_("使用情况") + period, workbook(_("使用情况"), headers, rows))

"""The list of loans as they stood on a day: what a figure of the dashboards leads to; and the same as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import BUSINESS_ROLES
from accounts.http import SignedInRequest
from core import audit, clock
from core.sheets import download, workbook
from credit.choices import RiskClass
from credit.loans.filter import LoanFilter
from credit.selectors.positions import class_of
from credit.selectors.standing import quarter_end_before
from workflow.registers.lists import money_unit
from workflow.services.days import last_closed_day

PAGE = 50
COUNT_LIMIT = 10_000


def day_asked(form: LoanFilter) -> date:
    """The day whose book is shown: as asked, never one to come; else the latest closed day."""
    form.is_valid()  # what is not valid is left out
    asked, today = form.value("on"), clock.today()
    return min(asked, today) if asked else last_closed_day() or today


def with_class(rows: list[Any]) -> list[Any]:
    """The rows with the class that their severity stands for."""
    for row in rows:
        row.risk_class = class_of(row.severity)
    return rows


@require_safe
@page("loans", gettext_lazy("借据"), *BUSINESS_ROLES, also=("loan", "account"))
def loan_list(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time."""
    form = LoanFilter(request.GET, user=request.user)
    on = day_asked(form)
    rows = form.rows(on)
    after = form.value("after")
    page = list((rows.filter(number__gt=after) if after else rows).select_related("borrower")[: PAGE + 1])
    found = rows.order_by().values("pk")[:COUNT_LIMIT].count()
    context = {
        "form": form,
        "on": on,
        "since": quarter_end_before(on),
        "moves": bool(form.value("moved_from") or form.value("moved_to")),
        "money_unit": money_unit(request),
        "loans": with_class(page[:PAGE]),
        "following": page[PAGE - 1].number if len(page) > PAGE else "",
        "found": found if found < COUNT_LIMIT else f"{COUNT_LIMIT - 1}+",
    }
    return render(request, "credit/loan_rows.html" if request.htmx else "credit/loans.html", context)


def _sheet_rows(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for loan in rows.select_related("borrower").iterator(chunk_size=2000):
        risk_class = class_of(loan.severity)
        assert isinstance(risk_class, RiskClass)
        yield (
            loan.number,
            loan.borrower.number,
            loan.borrower.name,
            loan.get_product_display(),
            str(risk_class.label),
            loan.balance,
            loan.days_past_due,
            loan.starts_on,
            loan.ends_on,
            loan.manager_name or "",
            loan.home_name,
        )


@require_safe
@require_role(*BUSINESS_ROLES)
def loans_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    form = LoanFilter(request.GET, user=request.user)
    on = day_asked(form)
    rows = form.rows(on)
    headers = [
        _("借据号"), _("客户编号"), _("客户名称"), _("品种"), _("分类"), _("余额（元）"), _("逾期天数"), _("发放日"),
        _("到期日"), _("客户经理"), _("机构"),
    ]  # fmt: skip
    content = workbook(_("借据"), headers, _sheet_rows(rows))
    audit.record(
        act="credit.loans.exported",
        subject="loans",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("借据") + on.isoformat(), content)

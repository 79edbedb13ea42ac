"""The account months (账户月度台账): the unusual one by one, the others confirmed many at once; and a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import page, require_role
from accounts.choices import CUSTOMER_READERS, Role
from accounts.http import SignedInRequest
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id
from core.errors import Refused
from core.sheets import download, workbook
from credit.entry.kinds import ENTERERS
from credit.models import Loan
from monitoring.ledgers import batch
from monitoring.ledgers.page import Choice, lines_of, months_of, page_of, rows_of
from monitoring.models import BorrowerMonth

EXPORTED = audit.act(
    "monitoring.ledgers.exported",
    gettext_lazy("导出账户月度台账"),
    about={"ledgers": gettext_lazy("账户月度台账")},
)

STATES = (
    ("odd", gettext_lazy("有异动")),
    ("quiet", gettext_lazy("没有异动")),
    ("open", gettext_lazy("尚未监测")),
)


@require_safe
@page("ledgers", gettext_lazy("账户台账"), *CUSTOMER_READERS)
def ledgers(request: SignedInRequest) -> HttpResponse:
    """The month's borrowers, a page at a time; what has nothing unusual stands ticked for its manager."""
    on, months = clock.today(), months_of(request.user)
    choice = Choice.of(request.GET, months)
    rows = rows_of(request.user, choice)
    lines, following = page_of(rows, request.GET.get("after", ""), request.user, on)
    context = {
        "today": on,
        "choice": choice,
        "months": [(f"{one:%Y-%m}", one) for one in months],
        "states": STATES,
        "units": names_of(Loan.objects.visible_to(request.user).values("unit")),
        "odd": [line for line in lines if line.month.is_unusual],
        "quiet": [line for line in lines if not line.month.is_unusual],
        "can_confirm": sum(not line.refused for line in lines),
        "found": rows.count(),
        "following": following,
        "can_enter": request.user.scope.has(*ENTERERS),
    }
    return render(
        request, "monitoring/ledgers_rows.html" if request.htmx else "monitoring/ledgers.html", context
    )


@require_POST
@require_role(Role.CUSTOMER_MANAGER)
def ledgers_confirm(request: SignedInRequest) -> HttpResponse:
    """Write and sign 附件2 for every ticked month, with one password; refusals are said one by one."""
    ids = [int(pk) for pk in request.POST.getlist("borrower_month") if is_id(pk)]
    months = list(
        BorrowerMonth.objects.visible_to(request.user).filter(pk__in=ids).select_related("borrower")
    )
    try:
        results = batch.confirm(
            months=months,
            by=request.user,
            password=request.POST.get("password", ""),
            on=clock.today(),
            at=clock.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        _say(request, results)
    return redirect(f"{reverse('ledgers')}?{request.GET.urlencode()}")


def _say(request: SignedInRequest, results: list[batch.Confirmed]) -> None:
    done = sum(one.document is not None for one in results)
    messages.success(request, _("已确认并签署 %(count)d 份附件2。") % {"count": done})
    for one in results:
        if one.refusal:
            messages.error(request, f"{one.month.borrower.name}：{one.refusal}")


def _sheet_rows(rows: Any, request: SignedInRequest) -> Iterator[tuple[Any, ...]]:
    on = clock.today()
    for line in lines_of(rows.select_related("borrower"), request.user, on):
        month, manager = line.month, line.standing.manager
        yield (
            f"{month.month:%Y-%m}",
            month.borrower.number,
            month.borrower.name,
            manager.person.name if manager else _("缺岗"),
            month.our_credit,
            month.syndicated_credit,
            month.other_credit,
            month.credit_share,
            month.sales_receipts,
            month.declared_sales,
            month.settlement_share,
            month.average_deposit,
            month.deposit_share,
            month.group_in,
            month.group_out,
            "；".join(mark["text"] for mark in month.marks),
            line.standing.review.reviewed_on if line.standing.review else None,
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def ledgers_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元 and shares as fractions; who took it out is written down."""
    choice = Choice.of(request.GET, months_of(request.user))
    rows = rows_of(request.user, choice)
    headers = [
        _("月份"), _("客户编号"), _("客户名称"), _("客户经理"), _("我行信用余额（元）"), _("其中银团（元）"),
        _("他行融资余额（元）"), _("我行信用占比"), _("销售回款（元）"), _("申报月销售收入（元）"), _("结算份额"),
        _("存款日均（元）"), _("存款份额"), _("集团成员转入（元）"), _("转给集团成员（元）"), _("异动"), _("监测日期"),
    ]  # fmt: skip
    content = workbook(_("账户月度台账"), headers, _sheet_rows(rows, request))
    audit.record(
        act=EXPORTED,
        subject="ledgers",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(f"{_('账户月度台账')}{choice.key}", content)

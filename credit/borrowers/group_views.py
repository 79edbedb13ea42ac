"""Groups seen as one: the list, a group with its members and their exposures together, and the same as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import get_visible, page
from accounts.choices import BUSINESS_ROLES
from accounts.http import SignedInRequest
from core import audit, clock
from core.sheets import download, workbook
from credit.borrowers.groups import GroupView, lines_of, view_of
from credit.models import Group
from credit.selectors.positions import Position
from workflow.registers.lists import money_unit

PAGE = 50


@require_safe
@page("groups", gettext_lazy("集团"), *BUSINESS_ROLES, also=("group",))
def groups(request: SignedInRequest) -> HttpResponse:
    """The groups with a member that the person may see, a page at a time."""
    on, after = clock.today(), request.GET.get("after", "").replace("\x00", "")
    rows = Group.objects.visible_to(request.user).select_related("lead_manager", "parent").order_by("number")
    page = list(rows.filter(number__gt=after)[: PAGE + 1])
    context = {
        "today": on,
        "money_unit": money_unit(request),
        "lines": lines_of(page[:PAGE], on, request.user),
        "following": page[PAGE - 1].number if len(page) > PAGE else "",
    }
    return render(request, "credit/groups.html", context)


def context_of(request: SignedInRequest, number: str) -> dict[str, Any]:
    """One group: members, exposures together on the day, mutual guarantees, lead manager."""
    on, user = clock.today(), request.user
    found = get_visible(Group.objects.select_related("lead_manager", "parent"), user, number=number)
    return {
        "today": on,
        "group": found,
        "view": view_of(found, on, user),
        "money_unit": money_unit(request),
    }


def _figures(position: Position) -> tuple[Any, ...]:
    return (
        str(position.worst.label) if position.worst else "",
        position.balance,
        position.loans,
        position.days_past_due,
    )


def _sheet_rows(view: GroupView) -> Iterator[tuple[Any, ...]]:
    for part in view.parts:
        for line in part.lines:
            member, manager = line.member, line.manager
            yield (
                part.group.name,
                member.borrower.number,
                member.borrower.name,
                member.get_role_display(),
                *_figures(line.position),
                manager.person.name if manager else "",
            )
    yield _("合计"), "", "", "", *_figures(view.position), ""
    if view.hidden:
        yield (_("另有 %(n)d 个成员不在您可以查看的范围内，未计入合计") % {"n": view.hidden},)


@require_safe
def group_export(request: SignedInRequest, number: str) -> HttpResponseBase:
    """The members with their exposures as XLSX, amounts in 元; who took it out is written down."""
    on, user = clock.today(), request.user
    found = get_visible(Group, user, number=number)
    view = view_of(found, on, user)
    headers = [
        _("集团"),
        _("客户编号"),
        _("名称"),
        _("成员类型"),
        _("最差分类"),
        _("余额（元）"),
        _("借据笔数"),
        _("最长逾期天数"),
        _("客户经理"),
    ]
    content = workbook(_("集团成员"), headers, _sheet_rows(view))
    audit.record(act="credit.group.exported", subject=found, after={"rows": len(view.lines)})
    return download(f"{found.name} {on.isoformat()}", content)

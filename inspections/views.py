"""A sample of normal borrowers: how it was drawn, and who was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import get_visible, require_role
from accounts.choices import OVERSEERS
from accounts.http import SignedInRequest
from accounts.models import User
from core import audit
from core.sheets import download, workbook
from credit.models import Borrower
from inspections.models import Sample
from inspections.rules import ticket

SAMPLE_EXPORTED = audit.act("inspections.sample.exported", gettext_lazy("导出检查样本"))

PAGE = 100  # of the members that were not drawn


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
    audit.record(act=SAMPLE_EXPORTED, subject=found, after={"rows": len(lines)})
    return download(f"{_('抽查样本')} {found.unit.name} {found.period_key}", content)

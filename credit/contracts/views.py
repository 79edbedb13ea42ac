"""合同约定登记: what contracts agree and approvals demand, with its days, and the same list as a workbook."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from core.sheets import download, workbook
from credit.choices import Product
from credit.contracts import register
from credit.contracts.register import KINDS, LATE, MET, OPEN, STATES, Asked

EXPORTED = audit.act(
    "credit.agreements.exported",
    gettext_lazy("导出合同约定登记"),
    about={"agreements": gettext_lazy("合同约定登记")},
)

PAGE = 50
CHIPS = {LATE: "chip-loss", OPEN: "chip-doubt", MET: "chip-ok"}


@dataclass(frozen=True)
class Shown:
    """A line with the words and the colour of its state on the day."""

    line: register.Line
    state: str
    chip: str


def shown(line: register.Line, on: date) -> Shown:
    """A line as the page shows it."""
    state = line.state(on)
    return Shown(line, str(STATES[state]), CHIPS.get(state, ""))


@require_safe
@page("agreements", gettext_lazy("合同约定"), *BUSINESS_ROLES)
def agreements(request: SignedInRequest) -> HttpResponse:
    """The register of the customers that the reader sees, a page at a time."""
    on, asked = clock.today(), Asked.of(request.GET)
    lines, following = register.page(request.user, asked, on, PAGE)
    context = {
        "asked": asked,
        "kinds": KINDS,
        "states": STATES,
        "lines": [shown(line, on) for line in lines],
        "found": register.count(request.user, replace(asked, after=""), on),
        "following": following,
    }
    name = "credit/agreement_rows.html" if request.htmx else "credit/agreements.html"
    return render(request, name, context)


@require_safe
@require_role(*BUSINESS_ROLES)
def agreements_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered register as XLSX; who took it out is written down."""
    on, asked = clock.today(), replace(Asked.of(request.GET), after="")
    headers = [
        _("期限"), _("状态"), _("落实日期"), _("客户编号"), _("客户名称"), _("合同号"), _("品种"), _("事项"), _("数值"),
        _("内容"), _("落实说明"),
    ]  # fmt: skip
    rows = (
        (line.due_on, str(STATES[line.state(on)]), line.met_on, line.borrower, line.name, line.contract,
         str(Product(line.product).label), line.label, line.figure, line.text, line.note)
        for line in register.lines(request.user, asked, on)
    )  # fmt: skip
    content = workbook(_("合同约定登记"), headers, rows)
    audit.record(
        act=EXPORTED,
        subject="agreements",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("合同约定登记") + on.isoformat(), content)

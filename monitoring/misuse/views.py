"""挪用处置: the cases of misused loan money, the story of each, and registering one that no signal showed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import check_role, get_visible, page, require_role
from accounts.choices import CUSTOMER_READERS, Role
from accounts.http import SignedInRequest
from accounts.selectors import names_of
from core import audit, clock, money
from core.addresses import is_id, page_by_id
from core.errors import Invalid, Refused
from core.once import once
from core.sheets import download, workbook
from credit.models import Borrower, Contract
from credit.selectors.responsible import home_of
from monitoring.choices import MisuseStatus
from monitoring.freezes import with_right
from monitoring.misuse.documents import FORM
from monitoring.misuse.duties import key_of
from monitoring.misuse.panel import CaseLine, story_of
from monitoring.misuse.services import reason_not_to_register, register
from monitoring.models import MisuseCase
from workflow.models import Document

PAGE = 50
OVERDUE = "overdue"
AUTHORS = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.RISK_MANAGER, Role.RISK_HEAD)


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing."""

    state: str
    unit: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        state, unit = (request.GET.get(name, "").replace("\x00", "") for name in ("state", "unit"))
        return cls(state if state in (*MisuseStatus.values, OVERDUE) else "", unit if is_id(unit) else "")

    def narrow(self, rows: QuerySet[Any], on: date) -> QuerySet[Any]:
        """The cases that are meant; `overdue`: not accepted by their day."""
        if self.state == OVERDUE:
            rows = rows.filter(status=MisuseStatus.RECTIFYING, correct_by__lt=on)
        elif self.state:
            rows = rows.filter(status=self.state)
        return rows.filter(home=int(self.unit)) if self.unit else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.state or self.unit)


def seen(request: SignedInRequest, on: date) -> QuerySet[Any]:
    """Cases of the customers that the person sees, with the unit in charge."""
    rows = MisuseCase.objects.visible_to(request.user).annotate(home=home_of("contract__borrower", on))
    return with_right(rows, on)


@require_safe
@page("misuse", gettext_lazy("挪用处置"), *CUSTOMER_READERS, also=("misuse_case", "misuse_new"))
def misuse(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time, the latest first."""
    on, choice = clock.today(), Choice.of(request)
    scope = seen(request, on)
    rows = choice.narrow(scope, on)
    found, following = page_by_id(
        rows.select_related("contract__borrower", "loan"), request.GET.get("after", ""), PAGE
    )
    context = {
        "choice": choice,
        "states": [*MisuseStatus.choices, (OVERDUE, _("超过纠正期限"))],
        "units": names_of(scope.values("home")),
        "lines": [CaseLine(row, on) for row in found],
        "found": rows.count(),
        "total": rows.aggregate(s=Sum("amount"))["s"] or Decimal(0),
        "following": following,
    }
    template = "monitoring/misuse_rows.html" if request.htmx else "monitoring/misuse.html"
    return render(request, template, context)


def _sheet_rows(rows: QuerySet[Any], on: date) -> Iterator[tuple[Any, ...]]:
    ordered = rows.select_related("contract__borrower", "loan", "confirmed_by", "accepted_by", "document")
    for row in ordered.order_by("-pk").iterator(chunk_size=2000):
        yield (
            row.contract.borrower.number,
            row.contract.borrower.name,
            row.contract.number,
            row.loan.number if row.loan else "",
            row.amount,
            row.facts,
            row.confirmed_on,
            row.confirmed_by.name,
            _("有") if row.has_right else _("无"),
            row.correct_by,
            str(MisuseStatus(row.status).label),
            _("是") if CaseLine(row, on).is_late else "",
            row.accepted_on,
            row.accepted_by.name if row.accepted_by else "",
            row.document.number if row.document else "",
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def misuse_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    on = clock.today()
    rows = Choice.of(request).narrow(seen(request, on), on)
    headers = [
        _("客户编号"), _("客户名称"), _("合同号"), _("借据号"), _("挪用金额（元）"), _("事实"), _("认定日"),
        _("认定人"), _("提款暂停权"), _("纠正期限"), _("状态"), _("逾期"), _("验收日"), _("验收人"), _("限期纠正单"),
    ]  # fmt: skip
    content = workbook(_("挪用处置"), headers, _sheet_rows(rows, on))
    audit.record(
        act="monitoring.misuse.exported",
        subject="misuse",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("挪用处置") + on.isoformat(), content)


@require_safe
@require_role(*CUSTOMER_READERS)
def misuse_case(request: SignedInRequest, pk: int) -> HttpResponse:
    """The story of one case: what shows it, the freeze and its right, who owes what, the papers, the thaw."""
    on = clock.today()
    rows = MisuseCase.objects.select_related(
        "contract__borrower", "loan", "signal", "confirmed_by", "accepted_by", "document"
    )
    case: Any = get_visible(rows, request.user, pk=pk)
    context = {
        "line": CaseLine(case, on),
        "case": case,
        "borrower": case.contract.borrower,
        "papers": list(
            Document.objects.filter(form=FORM.code, matter=key_of(case.pk)).visible_to(request.user)
        ),
        **story_of(case, on),
    }
    return render(request, "monitoring/misuse_case.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@once()
def misuse_new(request: SignedInRequest, number: str) -> HttpResponse:
    """Register a misuse that no signal showed: the contract freezes at once."""
    check_role(request.user, *AUTHORS)
    on = clock.today()
    borrower: Borrower = get_visible(Borrower.objects.all(), request.user, number=number)
    if reason := reason_not_to_register(borrower, request.user, on):
        raise Refused(reason)
    contracts = Contract.objects.filter(borrower=borrower).order_by("number")
    refusal = ""
    if request.method == "POST":
        try:
            case = register(
                contract=_contract(contracts, request.POST.get("contract", "")),
                facts=request.POST.get("facts", "").replace("\x00", ""),
                amount=_amount(request.POST.get("amount", "")),
                by=request.user,
                on=on,
            )
        except Invalid as invalid:
            refusal = str(invalid)
        else:
            messages.success(request, _("已登记挪用，合同暂停用款，并通知经营主责任人。"))
            return redirect("misuse_case", case.pk)
    context = {"borrower": borrower, "contracts": contracts, "refusal": refusal, "typed": request.POST}
    status = 422 if refusal else 200
    return render(request, "monitoring/misuse_new.html", context, status=status)


def _contract(contracts: QuerySet[Contract], typed: str) -> Contract:
    found = contracts.select_related("borrower").filter(pk=int(typed)).first() if is_id(typed) else None
    if found is None:
        raise Invalid(_("请选择挪用所属的合同。"))
    return found


def _amount(typed: str) -> Decimal:
    """Yuan as typed, to the cent."""
    try:
        return money.parse(typed)
    except Invalid as invalid:
        raise Invalid(_("挪用金额请填写数字，单位元，最多两位小数。")) from invalid

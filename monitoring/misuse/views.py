"""挪用处置: the story of each case of misused loan money, and registering one that no signal showed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import check_role, get_visible, require_role
from accounts.choices import CUSTOMER_READERS, Role
from accounts.http import SignedInRequest
from core import clock, money
from core.addresses import is_id
from core.errors import Invalid, Refused
from core.once import once
from credit.models import Borrower, Contract
from monitoring.misuse.documents import FORM
from monitoring.misuse.duties import key_of
from monitoring.misuse.panel import CaseLine, story_of
from monitoring.misuse.services import reason_not_to_register, register
from monitoring.models import MisuseCase
from workflow.models import Document

AUTHORS = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.RISK_MANAGER, Role.RISK_HEAD)


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

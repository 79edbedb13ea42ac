"""Payments of loan money: the list, a new request, giving one up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import check_role, get_visible, page, require_role
from accounts.choices import CUSTOMER_READERS, Role
from accounts.http import SignedInRequest
from accounts.models import User
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id, page_by_id
from core.errors import Invalid, Refused
from core.sheets import download, taken, workbook
from credit.models import Loan
from credit.selectors.responsible import home_of
from monitoring.choices import PaymentStatus
from monitoring.models import Payment
from monitoring.payments import services as requests
from monitoring.payments.documents import FORM as PAYMENT
from monitoring.payments.panel import lines_of
from monitoring.supervised.documents import FORM as SUPERVISED
from workflow.choices import SubjectKind
from workflow.duty_forms import Subject
from workflow.models import Document
from workflow.services import documents

PAGE = 50
AUTHORS = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD)


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing."""

    status: str
    unit: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        status, unit = (request.GET.get(name, "").replace("\x00", "") for name in ("status", "unit"))
        return cls(status if status in PaymentStatus.values else "", unit if is_id(unit) else "")

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The payments that are meant."""
        if self.status:
            rows = rows.filter(status=self.status)
        return rows.filter(home=int(self.unit)) if self.unit else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.status or self.unit)


def visible(user: User) -> QuerySet[Any]:
    """Payments of the customers that the person sees, with the unit in charge (`home`)."""
    return Payment.objects.visible_to(user).annotate(home=home_of("loan__borrower", clock.today()))


@require_safe
@page("payments", gettext_lazy("支付审核"), *CUSTOMER_READERS, also=("payment_authority", "payment_cancel"))
def payments(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time, with its total."""
    choice, scope = Choice.of(request), visible(request.user)
    rows = choice.narrow(scope)
    found, following = page_by_id(
        rows.select_related("loan__borrower", "loan__unit", "document", "submitted_by", "reviewed_by"),
        request.GET.get("after", ""),
        PAGE,
    )
    context = {
        "choice": choice,
        "statuses": PaymentStatus.choices,
        "units": names_of(scope.values("home")),
        "lines": lines_of(found),
        "found": rows.count(),
        "total": rows.aggregate(s=Sum("amount"))["s"] or 0,
        "following": following,
        "may_cancel": request.user.scope.has(*AUTHORS),
        "cancellable": requests.CANCELLABLE,
    }
    template = "monitoring/payments_rows.html" if request.htmx else "monitoring/payments.html"
    return render(request, template, context)


def _sheet_rows(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    ordered = rows.select_related("loan__borrower", "loan__unit", "document", "submitted_by", "reviewed_by")
    for row in ordered.select_related("released_by").order_by("-pk").iterator(chunk_size=2000):
        yield (
            row.document.number,
            row.submitted_on,
            row.loan.borrower.number,
            row.loan.borrower.name,
            row.loan.number,
            row.loan.unit.name,
            row.get_mode_display(),
            row.payee_name,
            row.payee_account,
            row.amount,
            row.purpose,
            row.get_status_display(),
            row.submitted_by.name,
            row.reviewed_by.name if row.reviewed_by else "",
            row.reviewed_on,
            row.released_by.name if row.released_by else "",
            row.released_on,
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def payments_export(request: SignedInRequest) -> HttpResponse:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    rows = Choice.of(request).narrow(visible(request.user))
    headers = [
        _("单号"), _("提交日"), _("客户编号"), _("客户名称"), _("借据号"), _("机构"), _("支付方式"), _("收款人"),
        _("收款账号"), _("金额（元）"), _("用途"), _("状态"), _("提交人"), _("审核人"), _("审核日"),
        _("放行人"), _("放行日"),
    ]  # fmt: skip
    content = workbook(_("支付审核"), headers, _sheet_rows(rows))
    audit.record(
        act="monitoring.payments.exported",
        subject="payments",
        note=request.GET.urlencode(),
        after=taken(rows.count()),
    )
    return download(_("支付审核") + clock.today().isoformat(), content)


def start_about(form: str, loan: Loan, *, by: User, on: date) -> Document:
    """Open a form about a loan that no duty asks for: the author's draft, or a new one filled with what is known."""
    borrower = loan.borrower
    subject = Subject(SubjectKind.LOAN, loan.pk, borrower.number, borrower.name, loan.unit_id)
    return documents.begin(form=form, subject=subject, by=by, on=on)


def _loan(request: SignedInRequest, number: str) -> Loan:
    found: Loan = get_visible(
        Loan.objects.select_related("borrower", "contract", "unit"), request.user, number=number
    )
    return found


@require_POST
@require_role(*AUTHORS)
def payment_new(request: SignedInRequest, number: str) -> HttpResponse:
    """Begin a 支付审核单, or go on with the one that was begun."""
    on, loan = clock.today(), _loan(request, number)
    if reason := requests.reason_not_to_start(loan, request.user, on):
        raise Refused(reason)
    return redirect("document_edit", start_about(PAYMENT.code, loan, by=request.user, on=on).pk)


@require_POST
@require_role(*AUTHORS)
def supervised_account_new(request: SignedInRequest, number: str) -> HttpResponse:
    """Begin a 受控账户登记表 about the account that a loan pays out through."""
    document = start_about(SUPERVISED.code, _loan(request, number), by=request.user, on=clock.today())
    return redirect("document_edit", document.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def payment_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a payment that was reviewed, or that came back."""
    on = clock.today()
    check_role(request.user, *AUTHORS)
    rows = Payment.objects.select_related("loan__borrower", "document")
    payment: Payment = get_visible(rows, request.user, pk=pk)
    refused = ""
    if request.method == "POST":
        try:
            requests.cancel(payment=payment, why=request.POST.get("why", ""), by=request.user, on=on)
        except Invalid as invalid:
            refused = str(invalid)
        else:
            messages.success(request, _("支付 %(number)s 已撤销。") % {"number": payment.document.number})
            return redirect("payments")
    context = {
        "payment": payment,
        "refused": refused,
        "why_not": requests.reason_not_to_cancel(payment, request.user, on),
    }
    return render(request, "monitoring/payment_cancel.html", context, status=422 if refused else 200)

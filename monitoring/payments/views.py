"""Payments of loan money: a new request, giving one up."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import check_role, get_visible, require_role
from accounts.http import SignedInRequest
from accounts.models import User
from core import clock
from core.errors import Invalid, Refused
from credit.models import Loan
from monitoring.models import Payment
from monitoring.payments import services as requests
from monitoring.payments.documents import FORM as PAYMENT
from monitoring.payments.register import AUTHORS
from monitoring.supervised.documents import FORM as SUPERVISED
from workflow.choices import SubjectKind
from workflow.duty_forms import Subject
from workflow.models import Document
from workflow.services import documents


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

"""The accountant's counter (支付放行): reviewed payments that wait, and the slip that is looked up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import page, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.selectors import accounting_units
from core import clock, money
from core.errors import Invalid, Refused
from core.once import once
from monitoring.choices import PaymentStatus
from monitoring.models import PassedSlip, Payment
from monitoring.payments.panel import PaymentLine
from monitoring.release import services as release

PAGE = 100


class SlipForm(forms.Form):
    """What the customer's slip says."""

    account = forms.CharField(label=gettext_lazy("付款账号"), max_length=40)
    payee_name = forms.CharField(label=gettext_lazy("收款人"), max_length=120)
    payee_account = forms.CharField(label=gettext_lazy("收款账号"), max_length=40)
    amount = forms.CharField(label=gettext_lazy("金额（元）"), max_length=30)

    def clean_amount(self) -> Any:
        """An amount to the cent, as people type it."""
        try:
            amount = money.parse(self.cleaned_data["amount"])
        except Invalid as invalid:
            raise forms.ValidationError(str(invalid)) from invalid
        if amount <= 0:
            raise forms.ValidationError(_("金额须大于零。"))
        return amount


@require_http_methods(["GET", "HEAD", "POST"])
@page("counter", gettext_lazy("支付放行"), Role.ACCOUNTANT)
@once(also=(Refused.status,))  # a slip that is refused is a fact too
def counter(request: SignedInRequest) -> HttpResponse:
    """What waits for release, and what a slip that was typed leads to."""
    form, status = SlipForm(request.POST or None), 200
    answer: release.Answer | None = None
    if form.is_bound and form.is_valid():
        try:
            answer = release.ask(
                slip=release.Slip(**form.cleaned_data), by=request.user, on=clock.today(), at=clock.now()
            )
            status = Refused.status if answer.refused else 200
        except Invalid as invalid:
            form.add_error("account", str(invalid))
    if form.errors:
        status = Invalid.status
    return render(request, "monitoring/counter.html", _page(request, form, answer), status=status)


def _page(request: SignedInRequest, form: SlipForm, answer: release.Answer | None) -> dict[str, Any]:
    waiting = list(release.at_counter(request.user, clock.today())[: PAGE + 1])
    found = answer.payment if answer else None
    return {
        "form": form,
        "answer": answer,
        "found": next(iter(_lines(request, [found])), None) if found else None,
        "lines": _lines(request, waiting[:PAGE]),
        "more": len(waiting) > PAGE,
        "slips": list(release.slips_of_the_day(request.user, clock.today())[:PAGE]),
    }


def _lines(request: SignedInRequest, payments: list[Payment]) -> list[PaymentLine]:
    why_not = release.reasons_not_to_release(payments, request.user, clock.today())
    return [PaymentLine(one, PaymentStatus(one.status), why_not[one.pk]) for one in payments]


@require_POST
@require_role(Role.ACCOUNTANT)
def counter_release(request: SignedInRequest, pk: int) -> HttpResponse:
    """Release one of them."""
    on = clock.today()
    payment = get_object_or_404(Payment, pk=pk, loan__unit__in=accounting_units(request.user, on))
    released = release.release(payment=payment, by=request.user, on=on, at=clock.now())
    said = {"who": released.payee_name, "amount": money.yuan(released.amount)}
    messages.success(request, _("已放行：付“%(who)s”%(amount)s 元。") % said)
    return redirect("counter")


@require_POST
@require_role(Role.ACCOUNTANT)
def counter_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take back what passed as the customer's own money, where the customer did not carry it out."""
    on = clock.today()
    slip: PassedSlip = get_object_or_404(release.slips_of_the_day(request.user, on), pk=pk)
    release.undo(slip=slip, by=request.user, on=on, at=clock.now())
    messages.success(
        request, _("已撤回：%(amount)s 元不再占用客户自有资金。") % {"amount": money.yuan(slip.amount)}
    )
    return redirect("counter")

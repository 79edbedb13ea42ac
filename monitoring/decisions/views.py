"""资金信号: each with what it rests on, and its decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import check_role, get_visible
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from core import clock
from core.addresses import is_id
from core.errors import Invalid, Refused
from credit.choices import Direction
from credit.models import Contract, Transaction
from monitoring.choices import Level, SignalStatus
from monitoring.decisions.documents import EXPLAINED, MISUSED, TRUE
from monitoring.decisions.selectors import duty_items
from monitoring.decisions.services import confirm, dismiss, reason_not_to_confirm, reason_not_to_dismiss
from monitoring.models import MisuseCase, Signal
from monitoring.signals.duties import key_of

AROUND = timedelta(days=2)  # other movements of the account that stand beside those that show a signal
MOST_AROUND = 100


@dataclass(frozen=True)
class MovementLine:
    """A movement on the page of a signal: one that shows it, or one of the same account around it."""

    row: Transaction
    shows: bool
    is_own: bool  # of another customer's account only what the signal says is shown

    @property
    def is_in(self) -> bool:
        """Whether money came in."""
        return self.row.direction == Direction.CREDIT


def movements_of(signal: Signal) -> list[MovementLine]:
    """What a signal rests on, in order, among what else moved on the account in the days around."""
    shown = list(
        Transaction.objects.filter(pk__in=signal.shown_by.values("transaction")).select_related("account")
    )
    rows = {row.pk: row for row in shown}
    if shown and signal.account_id:
        days = [row.effective_on for row in shown]
        around = Transaction.objects.filter(
            account=signal.account_id,
            effective_on__gte=min(days) - AROUND,
            effective_on__lte=max(days) + AROUND,
        ).select_related("account")
        rows |= {row.pk: row for row in around.order_by("effective_on", "pk")[:MOST_AROUND]}
    ids = {row.pk for row in shown}
    ordered = sorted(rows.values(), key=lambda row: (row.effective_on, row.pk))
    return [
        MovementLine(row, row.pk in ids, row.account.borrower_id == signal.borrower_id) for row in ordered
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def signal(request: SignedInRequest, pk: int) -> HttpResponse:
    """One signal: what shows it, by which rule; decided here by whoever may."""
    on, user = clock.today(), request.user
    check_role(user, *CUSTOMER_READERS)
    one = get_visible(
        Signal.objects.select_related("borrower", "account", "loan", "decided_by", "document"), user, pk=pk
    )
    refusal, status = "", 200
    if request.method == "POST":
        try:
            _decide(one, request, on)
        except Refused as refused:
            refusal, status = str(refused), refused.status
        else:
            messages.success(request, _("已认定。"))
            return redirect("signal", pk)
    context = {
        "today": on,
        "signal": one,
        "level": Level(one.level),
        "status": SignalStatus(one.status),
        "lines": movements_of(one),
        "refusal": refusal,
        "typed": request.POST,
        "contracts": Contract.objects.filter(borrower=one.borrower_id).order_by("-signed_on", "-pk")[:50],
        "why_not_confirm": reason_not_to_confirm(one, user, on),
        "why_not_dismiss": reason_not_to_dismiss(one, user),
        "item": duty_items([one]).get(key_of(one.pk)),
        "case": MisuseCase.objects.filter(signal=one).select_related("contract").first(),
    }
    return render(request, "monitoring/signal.html", context, status=status)


def _decide(one: Signal, request: SignedInRequest, on: date) -> None:
    """As was posted: 排除, 属实, or 属实 and misuse under a contract."""
    verdict, why, contract = (request.POST.get(name, "") for name in ("verdict", "why", "contract"))
    if verdict == EXPLAINED:
        dismiss(signal=one, by=request.user, why=why, on=on)
    elif verdict in (TRUE, MISUSED):
        found = (
            Contract.objects.filter(borrower=one.borrower_id, pk=int(contract)) if is_id(contract) else None
        )
        confirm(
            signal=one,
            by=request.user,
            why=why,
            is_misuse=verdict == MISUSED,
            contract=found.first() if found is not None else None,
            on=on,
        )
    else:
        raise Invalid(_("请选择结论：属实、属实且系挪用，或排除。"))

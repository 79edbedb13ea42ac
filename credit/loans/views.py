"""A loan note on its own page, and an account with its movements."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import get_visible
from accounts.http import SignedInRequest
from core import audit, clock
from core.panels import provided
from core.sheets import download, workbook
from credit.accounts import selectors as reconciling
from credit.entry.kinds import enters
from credit.entry.pages import on_loan
from credit.forms import MovementFilter
from credit.loans.panel import panels
from credit.models import Account, AccountBalance, Loan, Transaction
from credit.selectors.positions import class_of, live_loans
from workflow.registers.lists import money_unit

PAGE = 100


@require_safe
def loan(request: SignedInRequest, number: str) -> HttpResponse:
    """One loan note: where it stands, its bills, plan, movements, readings and terms."""
    on = clock.today()
    note = get_visible(
        Loan.objects.select_related("borrower", "contract", "unit"), request.user, number=number
    )
    standing = live_loans(on).filter(pk=note.pk).first()
    context = {
        "loan": note,
        "standing": standing,
        "risk_class": class_of(standing.severity) if standing else None,
        "panels": [*provided("loan", loan=note, user=request.user, on=on), *panels(note, on)],
        "entry_links": on_loan(note.number, enters(request.user, on)),
        "today": on,
        "money_unit": money_unit(request),
    }
    return render(request, "credit/loan.html", context)


def movements(account: Account, form: MovementFilter, on: date) -> QuerySet[Transaction]:
    """The movements of an account as known on the day, narrowed as asked for, the latest first."""
    form.is_valid()  # what is not valid is left out
    return form.narrow(Transaction.objects.known(on).filter(account=account)).order_by("-effective_on", "-pk")


@require_safe
def account(request: SignedInRequest, number: str) -> HttpResponse:
    """One account: its balance at each month's end and its movements."""
    on, form = clock.today(), MovementFilter(request.GET)
    row = get_visible(Account.objects.select_related("borrower", "unit"), request.user, number=number)
    rows = movements(row, form, on)
    balances: Any = AccountBalance.objects.known(on).filter(account=row)
    context = {
        "account": row,
        "form": form,
        "latest": balances.newest_first().first(),
        "differences": reconciling.of_account(row, on),
        "months": month_ends(list(balances.newest_first()), on),
        "movements": list(rows.select_related("reverses")[:PAGE]),
        "found": rows.count(),
        "page": PAGE,
        "money_unit": money_unit(request),
    }
    return render(request, "credit/account.html", context)


def month_ends(balances: list[AccountBalance], on: date) -> list[tuple[date, AccountBalance]]:
    """The balance in force at the end of each month that is over, the newest first, at most two years back."""
    found: list[tuple[date, AccountBalance]] = []
    first = on.replace(day=1)
    for _month in range(24):
        last = first - date.resolution
        standing = next((row for row in balances if row.effective_on <= last), None)
        if standing is None:
            break
        found.append((last, standing))
        first = last.replace(day=1)
    return found


@require_safe
def account_export(request: SignedInRequest, number: str) -> HttpResponseBase:
    """Exactly the movements that the filter leaves, as XLSX; who took them out is written down."""
    on, form = clock.today(), MovementFilter(request.GET)
    row = get_visible(Account.objects.select_related("borrower"), request.user, number=number)
    rows = movements(row, form, on)
    headers = [_("流水号"), _("交易日"), _("方向"), _("金额（元）"), _("交易后余额（元）")]
    headers += [_("对方户名"), _("对方账号"), _("对方行"), _("摘要"), _("渠道"), _("冲正流水号"), _("借据号")]
    lines = (
        (m.number, m.effective_on, m.get_direction_display(), m.amount, m.balance_after, m.counterparty_name,
         m.counterparty_account, m.counterparty_bank, m.summary, m.get_channel_display(),
         m.reverses.number if m.reverses else "", m.loan.number if m.loan else "")
        for m in rows.select_related("reverses", "loan").iterator(chunk_size=2000)
    )  # fmt: skip
    content = workbook(_("流水"), headers, lines)
    audit.record(
        act="credit.export",
        subject="movements",
        borrower_number=row.borrower.number,
        note=f"{row.number} {request.GET.urlencode()}".strip(),
        after={"rows": content.rows},
    )
    return download(_("流水") + row.number, content)

"""用款跟踪, on a loan's page: what of its money was seen to leave, and what 附件1 says of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from credit.models import Loan
from monitoring.loan_money.balances import released_unseen, with_unpaid
from monitoring.models import FundUse
from monitoring.uses.selectors import unrecorded, used_before

SHOWN = 30
NOTHING = Decimal(0)


def uses_panel(*, loan: Loan, user: User, on: date) -> Panel | None:
    """None where nothing was seen, nothing recorded, and nothing used before the lender's first day.

    What was used is what `loan_money.balances` says, and the sum of the lines: before, recorded, not recorded.
    """
    recorded = FundUse.objects.in_force(on).filter(loan=loan).select_related("document")
    sums = with_unpaid(Loan.objects.filter(pk=loan.pk), on).get()
    missing = unrecorded(on).filter(loan=loan).select_related("payment", "transaction")
    released = released_unseen(on).filter(loan=loan)  # today's: in no day's list yet
    used = sums.used_before + sums.paid_out
    if not used and not recorded.exists() and not missing.exists():
        return None
    context = {
        "disbursed": sums.disbursed,
        "before": sums.used_before and used_before(loan, sums.used_before, on),
        "used": used,
        "recorded_total": _total(recorded),
        "missing_total": _total(missing) + _total(released),
        "recorded": list(recorded.order_by("-used_on", "-pk")[:SHOWN]),
        "missing": list(missing.order_by("used_on", "pk")[:SHOWN]),
        "released": list(released[:SHOWN]),
    }
    return Panel(
        "uses", _("用款跟踪（附件1）"), "monitoring/panel_uses.html", context, missing.count() or None
    )


def _total(rows: QuerySet[Any]) -> Decimal:
    return rows.aggregate(s=Sum("amount"))["s"] or NOTHING

"""用款跟踪, on a loan's page: what of its money was seen to leave, and what 附件1 says of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from credit.models import Loan
from monitoring.models import FundUse
from monitoring.payments.balances import with_unpaid
from monitoring.uses.recorded import standing, unrecorded, used_before

SHOWN = 30
NOTHING = Decimal(0)


def uses_panel(*, loan: Loan, user: User, on: date) -> Panel | None:
    """None where nothing was seen, nothing recorded, and nothing used before the lender's first day."""
    recorded = FundUse.objects.filter(loan=loan, is_in_force=True).select_related("document")
    sums = with_unpaid(Loan.objects.filter(pk=loan.pk), on).get()
    if not standing(on).filter(loan=loan).exists() and not recorded.exists() and not sums.used_before:
        return None
    missing = unrecorded(on).filter(loan=loan).select_related("payment", "transaction")
    context = {
        "disbursed": sums.disbursed,
        "before": sums.used_before and used_before(loan, sums.used_before, on),
        "used": sums.used_before + sums.paid_out,
        "recorded_total": recorded.aggregate(s=Sum("amount"))["s"] or NOTHING,
        "missing_total": missing.aggregate(s=Sum("amount"))["s"] or NOTHING,
        "recorded": list(recorded.order_by("-used_on", "-pk")[:SHOWN]),
        "missing": list(missing.order_by("used_on", "pk")[:SHOWN]),
    }
    return Panel(
        "uses", _("用款跟踪（附件1）"), "monitoring/panel_uses.html", context, missing.count() or None
    )

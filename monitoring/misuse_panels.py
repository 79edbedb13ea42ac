"""Misuse on the borrower page (挪用处置): the cases, the open ones first, and where a new one is registered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from credit.models import Borrower
from monitoring.choices import MisuseStatus
from monitoring.misuse import reason_not_to_register
from monitoring.models import MisuseCase


@dataclass(frozen=True)
class CaseLine:
    """A case as a list shows it."""

    case: MisuseCase
    on: date

    @property
    def status(self) -> MisuseStatus:
        """With its colour."""
        return MisuseStatus(self.case.status)

    @property
    def is_late(self) -> bool:
        """Whether its day is over and nobody has accepted the correction."""
        return self.status == MisuseStatus.RECTIFYING and self.case.correct_by < self.on


def misuse_panel(borrower: Borrower, on: date, user: User) -> Panel:
    """Every case of the borrower: few in a lifetime."""
    rows = MisuseCase.objects.filter(contract__borrower=borrower).select_related("contract")
    lines = sorted((CaseLine(row, on) for row in rows), key=lambda line: line.status == MisuseStatus.ACCEPTED)
    context = {
        "lines": lines,
        "borrower": borrower,
        "why_not": reason_not_to_register(borrower, user, on),
    }
    open_ones = sum(line.status == MisuseStatus.RECTIFYING for line in lines)
    return Panel("misuse", _("挪用处置"), "monitoring/panel_misuse.html", context, open_ones or None)

"""Misuse on pages (挪用处置): the cases of a borrower, and the story of one: its freeze, its duties, what passed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from credit.models import Borrower
from monitoring.choices import MisuseStatus
from monitoring.freezes import suspension_clause, with_right
from monitoring.misuse.duties import KIND, LEGAL, MANAGER_REPORT, REPORT, MisuseReport, key_of
from monitoring.misuse.services import reason_not_to_register
from monitoring.models import MisuseCase, PassedSlip, RefusedRelease, Signal
from monitoring.unreviewed.duties import FROZEN, OF_A_FREEZE, REFUSED, SIGNAL
from workflow.choices import SubjectKind
from workflow.models import WorkItem


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
        return self.is_frozen and self.case.correct_by < self.on

    @property
    def is_frozen(self) -> bool:
        """Whether it freezes its contract still."""
        return self.status == MisuseStatus.RECTIFYING

    @property
    def asks_legal(self) -> bool:
        """Whether the freeze stands on no right of the contract, so that 法务 is asked."""
        return self.is_frozen and not self.case.has_right  # type: ignore[attr-defined]


def story_of(case: MisuseCase, on: date) -> dict[str, Any]:
    """What became of one case: the right it stands on, who owed what, and what left, came or passed while it stood."""
    theirs = Q(on__gte=case.confirmed_on, account__borrower=case.contract.borrower_id)
    known = Q(known_on__gte=case.confirmed_on)
    if case.accepted_on:
        theirs, known = theirs & Q(on__lte=case.accepted_on), known & Q(known_on__lte=case.accepted_on)
    signals = list(Signal.objects.filter(known, kind__in=OF_A_FREEZE, loan__contract=case.contract_id))
    refused = list(RefusedRelease.objects.filter(theirs, case__contract=case.contract_id))
    passed = PassedSlip.objects.standing().filter(theirs, case__contract=case.contract_id)
    return {
        "clause": suspension_clause(case.contract, on),
        "items": _items(case, signals, refused),
        "signals": signals,
        "refused": refused,
        "passed": list(passed.select_related("account")),
    }


def _items(case: MisuseCase, signals: list[Signal], refused: list[RefusedRelease]) -> list[WorkItem]:
    keys = {
        KIND: [key_of(case.pk)],
        REPORT: [f"{MisuseReport.sort}:{case.pk}"],
        MANAGER_REPORT: [f"{MANAGER_REPORT}:{case.pk}"],
        LEGAL: [f"{LEGAL}:{case.pk}"],
        FROZEN: [*(f"{SIGNAL}:{one.pk}" for one in signals), *(f"{REFUSED}:{one.pk}" for one in refused)],
    }
    owed = Q()
    for kind, theirs in keys.items():
        owed |= Q(kind=kind, period_key__in=theirs)
    rows = WorkItem.objects.filter(
        owed, subject_kind=SubjectKind.BORROWER, subject_id=case.contract.borrower_id
    ).select_related("person", "document")
    return list(rows.order_by("due_on", "pk"))


def misuse_panel(borrower: Borrower, on: date, user: User) -> Panel:
    """Every case of the borrower: few in a lifetime."""
    rows = with_right(MisuseCase.objects.filter(contract__borrower=borrower), on).select_related("contract")
    lines = sorted((CaseLine(row, on) for row in rows), key=lambda line: line.status == MisuseStatus.ACCEPTED)
    context = {
        "lines": lines,
        "borrower": borrower,
        "why_not": reason_not_to_register(borrower, user, on),
    }
    open_ones = sum(line.is_frozen for line in lines)
    return Panel("misuse", _("挪用处置"), "monitoring/panel_misuse.html", context, open_ones or None)

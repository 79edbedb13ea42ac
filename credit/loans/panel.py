"""What the book says of one loan note: its terms, plan, bills, movements and readings, each as it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from core.panels import Panel
from credit.choices import Product
from credit.models import (
    Installment,
    LedgerEntry,
    LetterOfGuarantee,
    LetterReturn,
    Loan,
    LoanReading,
    LoanTerms,
    MarginRelease,
)

HISTORY = 60  # rows of a history that the page shows


@dataclass(frozen=True)
class PlanLine:
    """An instalment of the plan, and whether its day has come."""

    row: Installment
    is_past: bool

    @property
    def total(self) -> Decimal:
        """Principal and interest, 元."""
        return self.row.principal + self.row.interest


def terms_panel(loan: Loan, on: date) -> Panel:
    """Maturity and rate since the grant; more than one row where the loan was extended or repriced."""
    rows = list(LoanTerms.objects.known(on).filter(loan=loan).newest_first())
    return Panel("terms", _("期限与利率"), "credit/panel_terms.html", {"terms": rows}, wide=False)


def plan_panel(loan: Loan, on: date) -> Panel:
    """The plan as it stands on the day; the next instalment is marked."""
    rows = Installment.objects.planned(on).filter(loan=loan).order_by("due_on")
    lines = [PlanLine(row, row.due_on < on) for row in rows]
    context = {"lines": lines, "upcoming": next((line for line in lines if not line.is_past), None)}
    return Panel("plan", _("还款计划"), "credit/panel_plan.html", context, len(lines))


def bills_panel(loan: Loan, on: date) -> Panel:
    """The bills under an acceptance agreement or a discount, by maturity."""
    bills = [bill for bill in loan.bills.order_by("matures_on", "number") if bill.known_on <= on]
    context = {"bills": bills, "total": sum((bill.amount for bill in bills), Decimal(0)), "today": on}
    return Panel("bills", _("票据"), "credit/panel_bills.html", context, len(bills))


def letter_panel(loan: Loan, on: date) -> Panel:
    """What a letter of guarantee says, what is claimed under it, where its original is, what margin went back."""
    letter = LetterOfGuarantee.objects.filter(loan=loan).first()
    context = {
        "letter": letter,
        "claims": list(loan.letter_claims.filter(claimed_on__lte=on)),
        "returned": LetterReturn.objects.known(on).filter(loan=loan).first(),
        "released": MarginRelease.objects.known(on).filter(loan=loan).first(),
    }
    return Panel("letter", _("保函"), "credit/panel_letter.html", context)


def ledger_panel(loan: Loan, on: date) -> Panel:
    """Money that moved on the loan, the latest first; a reversal beside what it reverses."""
    rows = LedgerEntry.objects.known(on).filter(loan=loan).select_related("reverses")
    context = {
        "entries": list(rows.order_by("-effective_on", "-pk")[:HISTORY]),
    }
    return Panel("ledger", _("还款流水"), "credit/panel_ledger.html", context)


def readings_panel(loan: Loan, on: date) -> Panel:
    """Balance and arrears as the core system told them, where they changed."""
    rows = list(LoanReading.objects.known(on).filter(loan=loan).newest_first()[:HISTORY])
    return Panel("readings", _("余额与逾期"), "credit/panel_readings.html", {"readings": rows})


def panels(loan: Loan, on: date) -> list[Panel]:
    """The panels of a loan note, in the order of its page; bills and a letter only where there are any."""
    found = [plan_panel(loan, on), ledger_panel(loan, on), readings_panel(loan, on), terms_panel(loan, on)]
    if loan.product == Product.LETTER_OF_GUARANTEE:
        return [letter_panel(loan, on), *found]
    bills = bills_panel(loan, on)
    return [bills, *found] if bills.count else found

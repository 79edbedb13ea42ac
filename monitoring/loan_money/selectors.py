"""What loans need by what their contracts agree about payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from core.parameters import Policy
from credit.models import Clause, Loan
from monitoring.loan_money.rules.needs import ABOUT_PAYMENTS, NOTHING, Agreed, Need, agreed_by, need


def need_of(loan: Loan, policy: Policy, clauses: Sequence[Clause] | None = None) -> Need:
    """What one loan needs; `clauses` of its contract where they are at hand."""
    if clauses is None:
        clauses = list(
            Clause.objects.known(policy.on).filter(contract=loan.contract_id, kind__in=ABOUT_PAYMENTS)
        )
    return need(loan.product, loan.amount, agreed_by(clauses), policy)


def agreements(contract_ids: Iterable[int], on: date) -> dict[int, Agreed]:
    """What each of these contracts agrees about payments, as known on the day; one query, contracts that say nothing
    left out."""
    found: dict[int, list[Clause]] = {}
    for clause in Clause.objects.known(on).filter(contract__in=list(contract_ids), kind__in=ABOUT_PAYMENTS):
        found.setdefault(clause.contract_id, []).append(clause)
    return {contract: agreed_by(clauses) for contract, clauses in found.items()}


def needs_of(loans: Iterable[Any], policy: Policy) -> dict[int, Need]:
    """What each of these loans needs; one query, whatever their number."""
    rows = list(loans)
    agreed = agreements({loan.contract_id for loan in rows}, policy.on)
    return {
        loan.pk: need(loan.product, loan.amount, agreed.get(loan.contract_id, NOTHING), policy)
        for loan in rows
    }

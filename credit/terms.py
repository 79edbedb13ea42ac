"""What contracts agree and approvals demand, one by one: what is open, and the verb that says that it was met."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import Conflict
from credit.models import ApprovalCondition, Clause, Contract

CLAUSE, CONDITION = "clause", "condition"
Term = Clause | ApprovalCondition
NOTE_LONGEST = 300  # what the book keeps of how a demand was met


def key_of(term: Term) -> str:
    """A term among those of its contract, as the period key of its duty says it: condition:2."""
    return f"{CLAUSE if isinstance(term, Clause) else CONDITION}:{term.place}"


def words_of(term: Term) -> str:
    """A term as a list shows it."""
    if isinstance(term, Clause):
        return f"约定 {term.place}：{term.get_kind_display()} {term.text}".strip()
    return f"批复要求 {term.place}：{term.text}"


def open_terms(contract: Contract) -> list[Term]:
    """Demands, and clauses with a day to be met by, that are not met; demands first."""
    conditions = contract.conditions.filter(met_on__isnull=True)
    clauses = contract.clauses.filter(met_on__isnull=True, due_on__isnull=False)
    return [*conditions, *clauses]


@transaction.atomic
def record_met(
    *, contract: Contract, keys: Sequence[str], met_on: date, note: str, reference: str, by: User
) -> list[Term]:
    """Write down that these terms were met on a day, by what evidence. Conflict where one is not open any more."""
    Contract.objects.select_for_update().get(pk=contract.pk)
    found = {key_of(term): term for term in open_terms(contract)}
    if gone := [key for key in keys if key not in found]:
        raise Conflict(f"合同 {contract.number} 的“{'、'.join(gone)}”已登记落实或已不在登记中，请退回重填。")
    terms = [found[key] for key in keys]
    for term in terms:
        term.met_on = met_on
        if isinstance(term, ApprovalCondition):
            term.note = f"{note}（{reference}）"[:NOTE_LONGEST]
        term.save()
    audit.record(
        act="credit.terms.met",
        subject=contract,
        borrower_number=contract.borrower.number,
        after={
            "terms": [words_of(term) for term in terms],
            "met_on": met_on,
            "note": note,
            "reference": reference,
            "by": by.username,
        },
    )
    return terms

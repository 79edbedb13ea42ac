"""What contracts agree and approvals demand, one by one: what is open, and the verb that says that it was met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import audit
from core.errors import Conflict
from credit.choices import ClauseKind
from credit.models import ApprovalCondition, Clause, Contract

TERMS_MET = audit.act("credit.terms.met", _("登记合同约定已落实"))
CLAUSES_ADDED = audit.act("credit.clauses.added", _("登记补签的支付约定"))

CLAUSE, CONDITION = "clause", "condition"
Term = Clause | ApprovalCondition
# What a contract whose payments are reviewed must say (第二十四条).
PAYMENT_CLAUSES = (ClauseKind.PAYMENT_CONSENT, ClauseKind.PASSIVE_DEBIT_BAN)
ADDED_FROM = 9001  # places of clauses that were registered here, above those that the core system numbers
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
    *, contract: Contract, keys: Sequence[str], met_on: date, note: str, reference: str, by: User, on: date
) -> list[Term]:
    """Write down on `on` that these terms were met on a day, by what evidence. Conflict where one is not open any
    more."""
    Contract.objects.select_for_update().get(pk=contract.pk)
    found = {key_of(term): term for term in open_terms(contract)}
    if gone := [key for key in keys if key not in found]:
        raise Conflict(f"合同 {contract.number} 的“{'、'.join(gone)}”已登记落实或已不在登记中，请退回重填。")
    terms = [found[key] for key in keys]
    for term in terms:
        term.met_on, term.met_known_on = met_on, on
        if isinstance(term, ApprovalCondition):
            term.note = f"{note}（{reference}）"[:NOTE_LONGEST]
        term.save()
    audit.record(
        act=TERMS_MET,
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


def lacking_payment_clauses(contract: Contract) -> list[ClauseKind]:
    """Which of the two clauses of 第二十四条 are not registered for the contract."""
    kinds = set(contract.clauses.values_list("kind", flat=True))
    return [kind for kind in PAYMENT_CLAUSES if kind not in kinds]


@transaction.atomic
def add_clauses(
    *, contract: Contract, texts: Mapping[ClauseKind, str], reference: str, by: User, on: date
) -> list[Clause]:
    """Register payment clauses that were agreed afterwards. Conflict where one is registered already."""
    Contract.objects.select_for_update().get(pk=contract.pk)
    lacking = lacking_payment_clauses(contract)
    if known := [str(kind.label) for kind in texts if kind not in lacking]:
        raise Conflict(f"合同 {contract.number} 已登记“{'、'.join(known)}”，请退回重填。")
    last = (
        contract.clauses.filter(place__gte=ADDED_FROM)
        .order_by("place")
        .values_list("place", flat=True)
        .last()
    )
    first = (last or ADDED_FROM - 1) + 1
    added = [
        Clause.objects.create(contract=contract, place=place, kind=kind, text=text, known_on=on)
        for place, (kind, text) in enumerate(texts.items(), first)
    ]
    audit.record(
        act=CLAUSES_ADDED,
        subject=contract,
        borrower_number=contract.borrower.number,
        after={
            "terms": [words_of(clause) for clause in added],
            "reference": reference,
            "by": by.username,
        },
    )
    return added

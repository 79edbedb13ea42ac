"""Freezes (暂停用款): while a case of misuse is open, nothing more is lent or paid under its contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.errors import Refused
from core.locks import one_at_a_time
from core.obligations import claims
from credit.choices import ClauseKind
from credit.models import Clause, Contract
from monitoring.choices import MisuseStatus
from monitoring.models import MisuseCase

FACTS_SHOWN = 60  # of a case, in a sentence that refuses something


def of(contracts: Iterable[int]) -> dict[int, MisuseCase]:
    """Of these contracts the frozen ones, each with the case that has frozen it longest; one query."""
    rows = MisuseCase.objects.filter(contract__in=list(contracts), status=MisuseStatus.RECTIFYING)
    found: dict[int, MisuseCase] = {}
    for case in rows.select_related("contract").order_by("confirmed_on", "pk"):
        found.setdefault(case.contract_id, case)
    return found


def frozen_on(on: date) -> QuerySet[MisuseCase]:
    """The cases that froze their contracts at the end of the day."""
    still = Q(accepted_on__isnull=True) | Q(accepted_on__gt=on)
    return MisuseCase.objects.filter(still, confirmed_on__lte=on)


def sentence(case: MisuseCase) -> str:
    """The freeze in a sentence without its end: which contract, since when, why."""
    facts = case.facts if len(case.facts) <= FACTS_SHOWN else f"{case.facts[:FACTS_SHOWN]}…"
    return f"合同 {case.contract.number} 因挪用已暂停用款（自 {case.confirmed_on} 起，事实：{facts}）"


def why_frozen(contract: Contract) -> str:
    """Since when and why nothing is paid under the contract, and what to do; empty where it is not frozen."""
    case = of([contract.pk]).get(contract.pk)
    return f"{sentence(case)}，填写限期纠正单、经风险条线验收后才能支付。" if case else ""


@claims("GR-23", clause="b", does=_("挪用认定后该合同的支付一律拒绝"))
def check_not_frozen(contract: Contract) -> None:
    """Raise while a case is open under the contract: 暂停用款."""
    if reason := why_frozen(contract):
        raise Refused(reason)


def hold(*contract_ids: int) -> None:
    """Make a freeze and what it stops under these contracts wait for each other; the database does the same (0003)."""
    one_at_a_time(*(f"frozen:{contract_id}" for contract_id in contract_ids))


def suspension_rights(on: date) -> QuerySet[Clause]:
    """The clauses, known by the day, that a freeze rests on (提款暂停权)."""
    rows: QuerySet[Clause] = Clause.objects.known(on).filter(kind=ClauseKind.SUSPENSION_RIGHT)
    return rows.order_by("place")


def suspension_clause(contract: Contract, on: date) -> Clause | None:
    """The one of a contract; None where it gives no such right."""
    return suspension_rights(on).filter(contract=contract).first()


def with_right(cases: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Cases with `has_right`: whether their contract gives the lender a right to suspend."""
    return cases.annotate(has_right=Exists(suspension_rights(on).filter(contract=OuterRef("contract"))))

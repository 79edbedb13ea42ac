"""What the book says of security and of the approval's demands: rows that 附件3 starts with, and what to look into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q

from core.money import wan
from credit.choices import GuaranteeKind
from credit.models import ApprovalCondition, Borrower, Guarantee, Lien, Secured
from workflow.definitions import YES, Fact


@dataclass(frozen=True)
class Book:
    """What secures the borrower's live loans on a day, and what the approval of their contracts demands."""

    sureties: list[Guarantee]
    liens: list[Any]  # one per collateral, with `value` and `valued_on` of its latest valuation
    conditions: list[ApprovalCondition]


def read(borrower: Borrower, loans: list[Any], on: date) -> Book:
    """The guarantees that stand on the day, with collateral and valuations known by then; conditions in order."""
    securing = Secured.objects.known_current(on).filter(guarantee=OuterRef("pk"), loan__in=loans)
    liens = (
        Lien.objects.standing(on)
        .select_related("collateral", "guarantee")
        .order_by("rank", "collateral__number")
    )
    standing: Any = (
        borrower.guarantees.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on), signed_on__lte=on)
        .filter(Q(Exists(securing)) | Q(is_maximum=True))
        .prefetch_related(Prefetch("liens", queryset=liens, to_attr="registered"))
    )
    guarantees = list(standing) if loans else []
    by_collateral = {lien.collateral_id: lien for row in guarantees for lien in row.registered}
    return Book(
        [row for row in guarantees if row.kind == GuaranteeKind.SURETY],
        list(by_collateral.values()),
        list(ApprovalCondition.objects.filter(contract__in={loan.contract_id for loan in loans})),
    )


def security_answers(book: Book) -> dict[str, Any]:
    """The lists of collateral and sureties, for the visitor to say how he found them; and what was last appraised."""
    answers: dict[str, Any] = {
        "guarantor_names": "、".join(dict.fromkeys(row.guarantor_name for row in book.sureties)),
        "sureties": [
            {"item": name, "standing": "", "ability": "", "willing": "", "valid": "", "restricted": "", "note": ""}
            for name in dict.fromkeys(row.guarantor_name for row in book.sureties)
        ],
        "collateral": [
            {
                "item": _name(lien),
                "pledge": "质押" if lien.guarantee.kind == GuaranteeKind.PLEDGE else "抵押",
                "holding": "",
                "liquidity": "",
                "value": "" if lien.value is None else f"{lien.value:.2f}",
                "note": "",
            }
            for lien in book.liens
        ],
    }  # fmt: skip
    if book.liens and all(lien.value is not None for lien in book.liens):
        answers["revalued"] = f"{sum((lien.value for lien in book.liens), Decimal(0)):.2f}"
        # Of several days the earliest: since then all of it has been looked at again.
        answers["revalued_on"] = min(lien.valued_on for lien in book.liens).isoformat()
    return answers


def condition_answers(book: Book, told: list[Mapping[str, str]]) -> dict[str, Any]:
    """The demands of the approval: last time's rows first, then those of the book that were not among them."""
    notes = {row.text: _met(row) for row in book.conditions}
    texts = dict.fromkeys([*(row["condition"] for row in told), *notes])
    if not texts:
        return {}
    rows = [{"condition": text, "state": "", "note": notes.get(text, "")} for text in texts]
    return {"has_conditions": YES, "conditions": rows}


def facts(book: Book, loans: list[Any], on: date) -> Iterable[Fact]:
    """Demands past their day, collateral without registration or value, sureties and margin, for the point of it."""
    for row in book.conditions:
        if row.met_on is None and row.due_on and row.due_on < on:
            yield _fact(f"批复要求逾期未落实：{row.text}", f"应于 {row.due_on} 前落实", "approval")
    for lien in book.liens:
        if lien.registered_on is None:
            yield _fact(f"押品“{_name(lien)}”尚未登记", f"担保合同 {lien.guarantee.number}", "collateral")
        if lien.value is None:
            yield _fact(f"押品“{_name(lien)}”没有评估价值", f"担保合同 {lien.guarantee.number}", "insurance")
    for guarantee in book.sureties:
        cap = "最高额" if guarantee.is_maximum else ""
        title = f"{guarantee.guarantor_name}{cap}保证 {wan(guarantee.amount)} 万元"
        mode = guarantee.get_mode_display()
        detail = "，".join(part for part in (f"担保合同 {guarantee.number}", mode) if part)
        yield _fact(title, detail, "sureties")
    for loan in loans:
        if loan.margin:
            title = f"借据 {loan.number} 保证金 {wan(loan.margin)} 万元"
            yield _fact(title, f"保证金账户 {loan.margin_account or '未登记'}", "margin")


def _name(lien: Lien) -> str:
    """A collateral by its name and certificate."""
    certificate = f"（{lien.collateral.certificate}）" if lien.collateral.certificate else ""
    return f"{lien.collateral.name}{certificate}"


def _met(condition: ApprovalCondition) -> str:
    """What the book knows of its fulfilment; whether it is fulfilled the visitor says himself."""
    if condition.met_on is None:
        return ""
    return f"{condition.met_on} 登记已落实" + (f"：{condition.note}" if condition.note else "")


def _fact(title: str, detail: str, section: str) -> Fact:
    return Fact(title=title, detail=detail, section=section, target="focus", value=f"{title}。")

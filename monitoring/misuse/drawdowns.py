"""New drawdowns under a frozen contract, refused where they are typed (第二十三条).

Whatever day is typed: it is typed by whoever enters the row. A drawdown of before the freeze that was forgotten comes
in with the extracts, where it is told in red.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from core import money
from core.errors import Invalid
from core.obligations import claims
from credit.choices import LedgerKind
from credit.entry import guards
from credit.entry.rows import Texts, value_of
from credit.entry.scope import Complaint
from credit.imports.kinds import KINDS
from credit.models import Contract, Loan
from monitoring import freezes
from monitoring.models import MisuseCase

WAYS = ("contract", "product", "settlement_account")  # by these the money of a note is found
LOANS, LEDGER = KINDS["loans"], KINDS["repayments"]


@claims("GR-23", clause="c", does=_("冻结的合同不能录入新的借据"))
def refuse_loans(*, rows: Sequence[Texts], before: Sequence[Texts | None], on: date) -> Iterator[Complaint]:
    """A note that is new, grows, comes under the contract, leaves it, or whose money turns elsewhere."""
    pairs = list(zip(rows, before, strict=True))
    numbers = {row.get("contract", "") for pair in pairs for row in pair if row}
    frozen = _held(dict(Contract.objects.filter(number__in=numbers).values_list("number", "pk")))
    for number, (row, was) in enumerate(pairs):
        case = frozen.get(row.get("contract", "")) or frozen.get((was or {}).get("contract", ""))
        if case and (column := _touched(row, was, on)):
            yield Complaint(
                number, column, _sentence(case, "借据，也不能改动已有借据的合同、品种、结算账号或调增金额")
            )


@claims("GR-23", clause="c", does=_("冻结的合同不能录入新的发放"))
def refuse_disbursements(
    *, rows: Sequence[Texts], before: Sequence[Texts | None], on: date
) -> Iterator[Complaint]:
    """Money paid out on a note of the contract; what undoes an entry is none."""
    loans = {row.get("loan", "") for row in rows}
    contracts = dict(Loan.objects.filter(number__in=loans).values_list("number", "contract"))
    frozen = _held(contracts)
    for number, row in enumerate(rows):
        kind = value_of(LEDGER, LEDGER.column("kind"), row.get("kind", ""), on)
        case = frozen.get(row.get("loan", ""))
        is_new = before[number] is None and not row.get("reverses")
        if case and is_new and kind == LedgerKind.DISBURSEMENT:
            yield Complaint(number, "loan", _sentence(case, "发放"))


def register() -> None:
    """Make both known to the entry by hand."""
    guards.provide(LOANS.name, refuse_loans)
    guards.provide(LEDGER.name, refuse_disbursements)


def _held(contracts: Mapping[str, int]) -> dict[str, MisuseCase]:
    """By the typed number, the freeze of its contract; nobody freezes these contracts before the rows are saved."""
    freezes.hold(*set(contracts.values()))
    frozen = freezes.of(contracts.values())
    return {number: frozen[pk] for number, pk in contracts.items() if pk in frozen}


def _touched(row: Texts, was: Texts | None, on: date) -> str:
    """The column by which the freeze would be passed; empty where none."""
    if was is None:
        return "contract"
    turned = (name for name in WAYS if was.get(name) and _value(row, name, on) != _value(was, name, on))
    return next(turned, "amount" if _amount(row) > _amount(was) else "")


def _value(row: Texts, name: str, on: date) -> object:
    """As the database compares it: a choice may be typed by its word."""
    return value_of(LOANS, LOANS.column(name), row.get(name, ""), on)


def _amount(row: Texts) -> Decimal:
    try:
        return money.parse(row.get("amount", ""))
    except Invalid:
        return Decimal(0)  # the import says what is wrong with it


def _sentence(case: MisuseCase, what: str) -> str:
    return (
        f"{freezes.sentence(case)}，不能录入新的{what}；填写限期纠正单、经风险条线验收后恢复。"
        f"冻结前漏录的，由核心系统的数据带入"
    )

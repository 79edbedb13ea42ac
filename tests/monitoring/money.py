"""What the tests of funds enter: accounts with balances, bills, margins, pledged deposits, plans."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from core.policy import policy_on
from credit.choices import Product
from credit.models import (
    Account,
    AccountBalance,
    Bill,
    Collateral,
    Guarantee,
    Installment,
    Lien,
    Loan,
    Secured,
    Valuation,
)
from monitoring.funds.duties import FundsRule
from monitoring.funds.services import write_checks
from monitoring.models import FundsCheck
from tests import factories
from workflow.engine import reconcile
from workflow.models import WorkItem

SINCE = date(2026, 1, 5)
_serial = count(1)


def account(borrower, unit, balance: str | None, *, kind: str = "BASIC", number: str = "", **more) -> Account:
    """An account with a balance since 2026-01-05 (None: none known yet)."""
    made = Account.objects.create(
        number=number or f"62{next(_serial):08d}", borrower=borrower, unit=unit, kind=kind, opened_on=SINCE
    )
    if balance is not None:
        put(made, balance, more.pop("on", SINCE), **more)
    return made


def put(
    on_account: Account, balance: str, on: date, *, frozen: str = "0", known_on: date | None = None
) -> None:
    """The balance of an account from a day on."""
    AccountBalance.objects.create(
        account=on_account, effective_on=on, known_on=known_on or on, balance=Decimal(balance),
        frozen=Decimal(frozen),
    )  # fmt: skip


def owe(loan: Loan, due_on: date, principal: str = "0", interest: str = "0", **fields) -> Installment:
    """A row of the plan."""
    return Installment.objects.create(
        loan=loan, due_on=due_on, principal=Decimal(principal), interest=Decimal(interest), **fields
    )


def bill(loan: Loan, amount: str, matures_on: date) -> Bill:
    """A bill of an acceptance agreement."""
    return Bill.objects.create(
        number=f"B{next(_serial):06d}", loan=loan, amount=Decimal(amount), drawn_on=loan.starts_on,
        matures_on=matures_on, known_on=loan.starts_on,
    )  # fmt: skip


def pledge(loans: dict[Loan, str], value: str, *, amount: str, kind: str = "DEPOSIT", **lien) -> Guarantee:
    """A deposit (or something else) pledged for these loans, each with so much of it."""
    first = next(iter(loans))
    guarantee = Guarantee.objects.create(
        number=f"ZY{next(_serial):05d}", borrower=first.borrower, kind="PLEDGE", guarantor_name="出质人",
        amount=Decimal(amount), signed_on=SINCE,
    )  # fmt: skip
    for loan, secured in loans.items():
        Secured.objects.create(
            guarantee=guarantee, loan=loan, amount=Decimal(secured), from_on=SINCE, known_on=SINCE
        )
    thing = lien.pop("collateral", None) or Collateral.objects.create(
        number=f"CD{next(_serial):05d}", kind=kind, name="单位定期存单", owner_name="出质人"
    )
    if value:
        Valuation.objects.create(collateral=thing, effective_on=SINCE, known_on=SINCE, value=Decimal(value))
    Lien.objects.create(guarantee=guarantee, collateral=thing, **lien)
    return guarantee


def look(on: date, *rules: type[FundsRule]) -> None:
    """Close the part of a day that concerns funds: the look, then the duties."""
    policy = policy_on(on)
    write_checks(on, policy)
    for rule in rules:
        reconcile(rule(), on=on, policy=policy)


def checks(on: date, **where: Any) -> list[tuple[Any, ...]]:
    """What was found on a day: (due day, required, from collateral, from balance, short), amounts as texts."""
    rows = FundsCheck.objects.filter(on=on, **where).order_by("due_on", "kind", "loan__number")
    return [
        (
            row.due_on,
            *(str(value) for value in (row.required, row.from_collateral, row.from_balance, row.short)),
        )
        for row in rows
    ]


def duty(**where: Any) -> WorkItem:
    """The one duty."""
    return WorkItem.objects.get(**where)


def lend(cast, number: str, amount: str, matures_on: date, **fields):
    """A note of the cast's borrower on which no interest is computed, unless said otherwise."""
    fields.setdefault("interest_frequency", "NONE")
    return factories.make_loan(
        cast.borrower, cast.corporate, contract=cast.contract, number=number, amount=Decimal(amount),
        matures_on=matures_on, **fields,
    )  # fmt: skip


def accept(cast, number: str, amount: str, matures_on: date, *, margin: str = "0", account: str = ""):
    """An acceptance agreement with its stated margin."""
    return lend(
        cast, number, amount, matures_on, product=Product.ACCEPTANCE, margin=Decimal(margin), margin_account=account
    )  # fmt: skip

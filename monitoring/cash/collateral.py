"""Margins (保证金) and fully pledged deposits (100% 存单质押): what of each may meet which debt, no yuan twice.

They meet acceptances and claims under letters of guarantee; a loan is to be repaid from the settlement account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from credit.choices import CollateralKind, GuaranteeKind
from credit.models import Account, Lien, Loan, LoanReading, MarginRelease, Secured
from credit.selectors.accounts import with_balance
from monitoring.cash.rules.ladder import ZERO, Cover, Debt, ladder_order
from monitoring.choices import DebtKind

COVERED = frozenset({DebtKind.ACCEPTANCE, DebtKind.GUARANTEE})
MARGIN, DEPOSIT = "margin", "deposit"


@dataclass
class CashCollateral:
    """What lies in each source, and how much of it each agreement may draw; drawn down debt by debt."""

    # source → what lies in it; loan → its margin's source and the stated margin; loan → guarantee → what it secures;
    # guarantee → its cap; guarantee → source → what its rank leaves to it.
    holds: dict[str, Decimal] = field(default_factory=dict)
    margins: dict[int, tuple[str, Decimal]] = field(default_factory=dict)
    secured: dict[int, dict[int, Decimal]] = field(default_factory=dict)
    caps: dict[int, Decimal] = field(default_factory=dict)
    shares: dict[int, dict[str, Decimal]] = field(default_factory=dict)

    def cover(self, debts: Iterable[Debt], notes: Mapping[str, int], on: date) -> list[Debt]:
        """These debts of one borrower, each with what it may draw, in the order in which they are met."""
        left = self._behind(notes.values())
        return [
            replace(debt, cover=tuple(left._draw(debt.amount, notes[debt.reference])))
            if debt.kind in COVERED
            else debt
            for debt in sorted(debts, key=lambda debt: ladder_order(debt, on))
        ]

    def named(self, debts: Iterable[Debt]) -> dict[str, Decimal]:
        """The sources that these debts draw on, with what lies in them."""
        return {cover.source: self.holds[cover.source] for debt in debts for cover in debt.cover}

    def _behind(self, loans: Iterable[int]) -> CashCollateral:
        """A copy of what stands behind these loans."""
        loans = list(loans)
        secured = {loan: dict(self.secured[loan]) for loan in loans if loan in self.secured}
        margins = {loan: self.margins[loan] for loan in loans if loan in self.margins}
        shares = {guarantee: dict(self.shares[guarantee]) for rows in secured.values() for guarantee in rows}
        sources = {source for rows in shares.values() for source in rows}
        sources |= {source for source, _stated in margins.values()}
        holds = {source: self.holds[source] for source in sources}
        caps = {guarantee: self.caps[guarantee] for guarantee in shares}
        return CashCollateral(holds, margins, secured, caps, shares)

    def _draw(self, needed: Decimal, loan: int) -> Iterator[Cover]:
        """Take what a debt of the loan needs: from its margin, then from the deposits pledged for it."""
        if loan in self.margins:
            source, stated = self.margins[loan]
            amount = min(needed, stated, self.holds[source])
            if amount > 0:
                self.margins[loan] = (source, stated - amount)
                self.holds[source] -= amount
                needed -= amount
                yield Cover(source, amount)
        mine = self.secured.get(loan, {})
        for guarantee in mine:
            for source, share in self.shares[guarantee].items():
                amount = min(needed, mine[guarantee], self.caps[guarantee], share, self.holds[source])
                if amount > 0:
                    mine[guarantee] -= amount
                    self.caps[guarantee] -= amount
                    self.shares[guarantee][source] -= amount
                    self.holds[source] -= amount
                    needed -= amount
                    yield Cover(source, amount)


def cash_collateral_of(loans: Mapping[int, Loan], on: date) -> CashCollateral:
    """The collateral that stand behind these loans on the day."""
    collateral = CashCollateral()
    _margins(collateral, loans, on)
    _deposits(collateral, loans, on)
    return collateral


def _margins(collateral: CashCollateral, loans: Mapping[int, Loan], on: date) -> None:
    """The margin of an agreement: what it states, within what its account holds; less what was released."""
    released = dict(MarginRelease.objects.known(on).filter(loan__in=loans).values_list("loan", "amount"))
    stated = {
        loan.pk: (loan.margin_account, loan.margin - released.get(loan.pk, ZERO))
        for loan in loans.values()
        if loan.margin_account and loan.margin
    }
    accounts = Account.objects.filter(number__in={account for account, _ in stated.values()})
    balances = dict(with_balance(accounts, on).values_list("number", "balance"))
    for loan, (account, amount) in stated.items():
        source = f"{MARGIN}:{account}"
        # Not less what is frozen: a margin is kept from its owner by being frozen for the lender.
        collateral.holds[source] = max(balances.get(account) or ZERO, ZERO)
        collateral.margins[loan] = (source, max(amount, ZERO))


def _deposits(collateral: CashCollateral, loans: Mapping[int, Loan], on: date) -> None:
    """Pledged deposits: each its value, to each guarantee by rank, within the guarantee's cap and what it secures."""
    balance = LoanReading.objects.known(on).filter(loan=OuterRef("loan")).newest_first().values("balance")
    mine = Secured.objects.known_current(on).filter(loan__in=loans)
    things = _liens(on).filter(guarantee__secured__in=mine).values("collateral")
    liens = list(_liens(on).filter(collateral__in=things))
    secured: dict[int, list[Any]] = defaultdict(list)
    rows = Secured.objects.known_current(on).filter(guarantee__in={lien.guarantee_id for lien in liens})
    for row in rows.annotate(owed=Coalesce(Subquery(balance[:1]), ZERO)).order_by("loan", "guarantee"):
        if row.owed > 0 or row.loan_id in loans:
            secured[row.guarantee_id].append(row)
    before: dict[str, Decimal] = defaultdict(Decimal)  # source → what earlier ranks may take
    for lien in liens:
        source, guarantee = f"{DEPOSIT}:{lien.collateral.number}", lien.guarantee
        collateral.holds[source] = value = lien.value or ZERO
        collateral.caps[guarantee.pk] = guarantee.amount
        share = max(value - max(lien.prior_amount, before[source]), ZERO)
        collateral.shares.setdefault(guarantee.pk, {})[source] = share
        before[source] += min(guarantee.amount, sum((row.amount for row in secured[guarantee.pk]), ZERO))
        for row in secured[guarantee.pk]:
            if row.loan_id in loans:
                collateral.secured.setdefault(row.loan_id, {})[guarantee.pk] = row.amount


def _liens(on: date) -> Any:
    """Deposits that stand for a pledge on the day, by rank, each with what it was last found to be worth."""
    return (
        Lien.objects.standing(on)
        .filter(
            Q(guarantee__ended_on__isnull=True) | Q(guarantee__ended_on__gt=on),
            guarantee__kind=GuaranteeKind.PLEDGE,
            guarantee__signed_on__lte=on,
            collateral__kind=CollateralKind.DEPOSIT,
        )
        .select_related("guarantee", "collateral")
        .order_by("collateral", "rank", "pk")
    )

"""What of the money on an account is the customer's own (客户自有资金), beside loan money that must not go. In 元.

Loan money that is reviewed before it leaves, or whose contract is frozen, lies on an account together with what the
customer received. What is refused there counts loan money as leaving last: the customer's own is never refused.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from core.money import yuan
from core.policy import policy_on
from credit.choices import Direction
from credit.models import Account, AccountBalance, Loan, Transaction
from credit.selectors.exposures import balances
from monitoring import freezes
from monitoring.loan_money.balances import with_unpaid
from monitoring.loan_money.rules.needs import ENTRUST_ABOVE, SCHEME
from monitoring.loan_money.selectors import needs_of
from monitoring.models import MisuseCase, PassedSlip
from workflow.services import days

ZERO = Decimal(0)


@dataclass(frozen=True)
class Held:
    """A loan whose money must not simply go: how much of it lies on the account, how much waits to be paid out.

    `case`: the freeze of its contract; None: its payments are reviewed.
    """

    loan: Loan
    amount: Decimal
    unpaid: Decimal
    case: MisuseCase | None = None

    @property
    def bars(self) -> bool:
        """Whether a payment that nobody reviewed has to ask whose money it is."""
        return self.amount > 0 if self.case else self.unpaid > 0


@dataclass(frozen=True)
class MixedAccount:
    """An account as far as the book knows it: its balance and the day that tells it, and what of it is not free.

    `passed`: what the counter let go since then and has not been seen to leave.
    """

    held: tuple[Held, ...] = ()
    balance: Decimal | None = None
    balance_on: date | None = None
    passed: Decimal = ZERO

    @property
    def bars(self) -> bool:
        """Whether loan money lies there that must not simply go."""
        return any(one.bars for one in self.held)

    @property
    def loan_money(self) -> Decimal:
        """All of it."""
        return sum((one.amount for one in self.held), ZERO)

    @property
    def case(self) -> MisuseCase | None:
        """The freeze that has stood longest, of those whose money lies there."""
        cases = [one.case for one in self.held if one.case and one.amount > 0]
        return min(cases, key=lambda case: (case.confirmed_on, case.pk), default=None)

    @property
    def own(self) -> Decimal | None:
        """The customer's own money; None where nobody knows the balance."""
        return None if self.balance is None else max(self.balance - self.loan_money - self.passed, ZERO)

    @property
    def reckoning(self) -> str:
        """How much is the customer's own, and how it was worked out, in a sentence without its end."""
        if self.own is None:
            return "账户余额没有记录，不能确认是客户自有资金"
        less = f"，减已放行、流水未到的自有资金 {yuan(self.passed)} 元" if self.passed else ""
        return (
            f"账户上客户自有资金只有 {yuan(self.own)} 元"
            f"（{self.balance_on} 余额 {yuan(self.balance or ZERO)} 元，减贷款资金 {yuan(self.loan_money)} 元{less}）"
        )


def mixed_account(account: Account, on: date) -> MixedAccount:
    """What the book knows of an account on the day."""
    balance, balance_on = _balance(account, on)
    # A loan that was paid out since the balance was told is in neither.
    held = tuple(_held(account, on, balance_on or on))
    return MixedAccount(held, balance, balance_on, _passed(account, on)) if held else MixedAccount()


def lent(on: date) -> QuerySet[Any]:
    """Loans of products that pay money out, as far as they are known to be owed still."""
    products = policy_on(on).get(SCHEME, ENTRUST_ABOVE).value
    owed = Q(balance__gt=0) | Q(balance__isnull=True)
    return balances(on).filter(owed, product__in=list(products)).select_related("contract")


def _held(account: Account, on: date, until: date) -> list[Held]:
    mine = lent(on).filter(settlement_account=account.number, starts_on__lte=until)
    rows = list(with_unpaid(mine, on))
    needs, cases = needs_of(rows, policy_on(on)), freezes.of({row.contract_id for row in rows})
    return [
        Held(row, row.held, row.unpaid, cases.get(row.contract_id))
        for row in rows
        if needs[row.pk].is_reviewed or row.contract_id in cases
    ]


def _balance(account: Account, on: date) -> tuple[Decimal | None, date | None]:
    """The latest balance that was told, moved on by what is known to have moved since, and the day that it is of.

    Told by a day's balance, else by a movement that says what was there after it.
    """
    moved: Any = Transaction.objects.known(on).filter(account=account).order_by("effective_on", "pk")
    told: Any = AccountBalance.objects.known(on).filter(account=account).newest_first().first()
    if told is not None:
        balance, day = told.balance, told.effective_on
        moved = moved.filter(effective_on__gt=day)
    else:
        told = moved.filter(balance_after__isnull=False).last()
        if told is None:
            return None, None
        balance, day = told.balance_after, told.effective_on
        moved = moved.filter(Q(effective_on__gt=day) | Q(effective_on=day, pk__gt=told.pk))
    for row in moved:
        signed = row.amount if row.direction == Direction.CREDIT else -row.amount
        balance = balance + signed if row.balance_after is None else row.balance_after
        day = row.effective_on
    return balance, day


def _passed(account: Account, on: date) -> Decimal:
    """What the counter let go on days that are not closed yet and no movement is known to have carried out."""
    slips = PassedSlip.objects.standing().filter(account=account, on__lte=on)
    if closed := days.last_closed_day():
        slips = slips.filter(on__gt=closed)
    rows = list(slips.order_by("on").values_list("payee_account", "amount", "on"))
    if not rows:
        return ZERO
    left: Any = Transaction.objects.known(on).filter(
        account=account, direction=Direction.DEBIT, effective_on__gte=rows[0][2]
    )
    seen = Counter(
        (Account.plain(payee), amount) for payee, amount in left.values_list("counterparty_account", "amount")
    )
    waiting = Counter((payee, amount) for payee, amount, _on in rows) - seen
    return sum((amount * n for (_payee, amount), n in waiting.items()), ZERO)

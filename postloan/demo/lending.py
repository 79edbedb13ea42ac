"""The arithmetic of a loan: its schedule to the cent, what was paid of it, and where it stands on a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

from postloan.demo.days import add_months

CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(amount: Decimal) -> Decimal:
    """To the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


class Method(Enum):
    """How a loan is repaid."""

    BULLET = "按期付息到期还本"
    LINEAR = "等额本金"
    ANNUITY = "等额本息"
    AT_MATURITY = "到期一次结清"  # 银承、贴现: no interest on the way
    NONE = "无还款计划"  # 保函


@dataclass(frozen=True)
class Due:
    """What falls due on a day."""

    on: date
    principal: Decimal
    interest: Decimal


def due_dates(start: date, end: date, *, every: int, day: int) -> Iterator[date]:
    """Payment days after the start, every so many months on that day, and the maturity at last.

    Quarterly dates lie in March, June, September and December (每季末月).
    """
    current = date(start.year, start.month, 1)
    while True:
        on = add_months(current, 0, keep=day)
        if on >= end:
            yield end
            return
        if on > start and current.month % every == 0:
            yield on
        current = add_months(current, 1)


def days_interest(balance: Decimal, rate: Decimal, days: int) -> Decimal:
    """Interest by days over 360 (算头不算尾)."""
    return cents(balance * rate * days / 360)


def schedule(
    *, amount: Decimal, rate: Decimal, start: date, end: date, method: Method, every: int, day: int
) -> list[Due]:
    """The repayment schedule; its principal adds up to the amount."""
    if method is Method.NONE:
        return []
    if method is Method.AT_MATURITY:
        # A discount takes its interest at once.
        taken = [Due(start, ZERO, days_interest(amount, rate, (end - start).days))] if rate else []
        return [*taken, Due(end, amount, ZERO)]
    if method is Method.ANNUITY:
        return _annuity(amount, rate, start, end, day)
    dates = list(due_dates(start, end, every=every, day=day))
    share = cents(amount / len(dates)) if method is Method.LINEAR else ZERO
    rows: list[Due] = []
    left, previous = amount, start
    for on in dates:
        interest = days_interest(left, rate, (on - previous).days)
        principal = left if on == end else share
        rows.append(Due(on, principal, interest))
        left -= principal
        previous = on
    return rows


def _annuity(amount: Decimal, rate: Decimal, start: date, end: date, day: int) -> list[Due]:
    """Equal monthly payments on a day of the month; the last one takes what is left."""
    months = (end.year - start.year) * 12 + end.month - start.month
    monthly = rate / 12
    growth = (1 + monthly) ** months
    payment = cents(amount * monthly * growth / (growth - 1))
    rows: list[Due] = []
    left = amount
    for n in range(1, months + 1):
        interest = cents(left * monthly)
        principal = left if n == months else payment - interest
        rows.append(Due(add_months(start, n, keep=day), principal, interest))
        left -= principal
    return rows


@dataclass(frozen=True)
class State:
    """Where a loan stands at the end of a day."""

    balance: Decimal
    overdue_principal: Decimal
    overdue_interest: Decimal
    days_past_due: int


@dataclass(frozen=True)
class Entry:
    """One ledger entry."""

    on: date
    kind: str
    amount: Decimal
    mark: str = ""  # so that a reversal can name the entry it reverses
    reverses: str = ""


@dataclass
class Note:
    """A loan note (借据) with its schedule, its ledger and its classes."""

    number: str
    contract: str
    borrower: str
    unit: str
    product: str
    amount: Decimal
    rate: Decimal
    start: date
    end: date
    purpose: str
    account: str
    schedule: list[Due]
    classes: list[tuple[date, str]]
    unpaid_from: date | None = None  # the first instalment that was not paid, and every one after it
    ledger: list[Entry] = field(default_factory=list)
    extended: tuple[date, date, list[Due]] | None = None  # (on, new end, schedule from then on)

    def pay(self, until: date) -> None:
        """Enter the disbursement and every instalment that was paid on its day."""
        self.ledger.append(Entry(self.start, "发放", self.amount))
        for due in self.schedule_on(until):
            if due.on > until or (self.unpaid_from and due.on >= self.unpaid_from):
                break
            if due.principal:
                self.ledger.append(Entry(due.on, "归还本金", due.principal))
            if due.interest:
                self.ledger.append(Entry(due.on, "归还利息", due.interest))

    def schedule_on(self, day: date) -> list[Due]:
        """The schedule as it stands on a day: the extended one from the extension on."""
        return self.extended[2] if self.extended and self.extended[0] <= day else self.schedule

    def end_on(self, day: date) -> date:
        """The maturity as it stands on a day."""
        return self.extended[1] if self.extended and self.extended[0] <= day else self.end

    def risk_class(self, day: date) -> str:
        """The class in force on a day."""
        return [name for since, name in self.classes if since <= day][-1]

    def state(self, day: date) -> State:
        """Balance and arrears at the end of a day; what was due that very day is overdue from the next."""

        def paid(kind: str) -> Decimal:
            entries = [e for e in self.ledger if e.kind == kind and e.on <= day]
            return sum((-e.amount if e.reverses else e.amount for e in entries), ZERO)

        past = [due for due in self.schedule_on(day) if due.on < day]
        principal, interest = paid("归还本金"), paid("归还利息")
        covered, since = principal + interest, None
        for due in past:
            covered -= due.principal + due.interest
            if covered < 0:
                since = due.on  # the first that what was paid does not reach
                break
        return State(
            balance=self.amount - principal,
            overdue_principal=max(sum((d.principal for d in past), ZERO) - principal, ZERO),
            overdue_interest=max(sum((d.interest for d in past), ZERO) - interest, ZERO),
            days_past_due=(day - since).days if since else 0,
        )

"""Account movements: trade, wages, taxes and what the loans take; every balance follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from postloan.demo.days import add_months, weekday

IN, OUT = "贷（收）", "借（付）"


@dataclass(frozen=True)
class Movement:
    """One movement of money on an account."""

    account: str
    on: date
    direction: str
    amount: Decimal
    name: str
    number: str
    bank: str
    summary: str
    loan: str = ""  # whose disbursement or repayment it is
    channel: str = ""  # empty: as its summary says
    mark: str = ""  # by which a reversal finds it
    reverses: str = ""

    @property
    def signed(self) -> Decimal:
        """What it does to the balance."""
        return self.amount if self.direction == IN else -self.amount


@dataclass(frozen=True)
class Other:
    """Who is at the other end."""

    name: str
    number: str = ""
    bank: str = ""


@dataclass
class Cash:
    """The movements of all accounts."""

    by_account: dict[str, list[Movement]] = field(default_factory=dict)

    def enter(self, movement: Movement) -> None:
        """Enter a movement as it is."""
        self.by_account.setdefault(movement.account, []).append(movement)

    def add(
        self, account: str, on: date, direction: str, amount: Decimal, other: Other, summary: str, **more: str
    ) -> None:
        """Enter a movement; nothing is entered for nothing. `more` is its loan, channel, mark or reversal."""
        if amount:
            self.enter(
                Movement(
                    account, on, direction, amount, other.name, other.number, other.bank, summary, **more
                )
            )

    def transfer(
        self, source: str, target: str, on: date, amount: Decimal, owner: Other, summary: str
    ) -> None:
        """Between two accounts of one customer."""
        self.add(source, on, OUT, amount, Other(owner.name, target, owner.bank), summary)
        self.add(target, on, IN, amount, Other(owner.name, source, owner.bank), summary)

    def of(self, account: str) -> list[Movement]:
        """The movements of an account in the order of the day: what comes in first, then what goes out."""
        return sorted(self.by_account.get(account, ()), key=lambda m: (m.on, m.direction == OUT))

    def lowest(self, account: str) -> Decimal:
        """How far the movements alone would take the account below where it began."""
        low = total = Decimal(0)
        for movement in self.of(account):
            total += movement.signed
            low = min(low, total)
        return low


def first_days(since: date, until: date) -> Iterator[date]:
    """The first days of the months from a day to a day."""
    month = since.replace(day=1)
    while month <= until:
        yield month
        month = add_months(month, 1)


def on_weekday(month: date, day: int) -> date:
    """A day of a month, or the weekday after it."""
    return weekday(add_months(month, 0, keep=day))


def hundreds(amount: float) -> Decimal:
    """Trade between companies: whole hundreds."""
    return Decimal(max(1, round(amount / 100)) * 100)


def fen(rng: Random, amount: float) -> Decimal:
    """Retail money: to the cent."""
    return Decimal(max(1, round(amount * 100)) + rng.randint(0, 99)) / 100


@dataclass(frozen=True)
class Trade:
    """How a business's money moves: by month, in 元; `stops` is the day from which it runs down."""

    account: str
    receipts: str  # the account its customers pay into
    monthly: float
    customers: tuple[Other, ...]
    suppliers: tuple[Other, ...]
    wages: float = 0.0
    power: float = 0.0
    stops: date | None = None  # wages end, everything else shrinks


def trade(cash: Cash, way: Trade, since: date, until: date, rng: Random) -> None:
    """Sales, purchases, wages (10th), taxes (15th) and power (25th) of a business."""
    for month in first_days(since, until):
        size = way.monthly * rng.uniform(0.88, 1.12)
        for plan in _month_of_trade(way, month, size, rng):
            if since <= plan.on <= until:
                cash.enter(plan)


def _month_of_trade(way: Trade, month: date, size: float, rng: Random) -> Iterator[Movement]:
    def fade(on: date, left: float) -> float:
        return left if way.stops and on >= way.stops else 1.0

    def movement(
        account: str, on: date, direction: str, amount: Decimal, other: Other, summary: str
    ) -> Movement:
        return Movement(account, on, direction, amount, other.name, other.number, other.bank, summary)

    for part in _parts(rng, 9, 15):
        on = on_weekday(month, rng.randint(1, 27))
        amount = hundreds(size * part * fade(on, 0.35))
        yield movement(way.receipts, on, IN, amount, rng.choice(way.customers), "货款")
    for part in _parts(rng, 7, 13):
        on = on_weekday(month, rng.randint(3, 28))
        amount = hundreds(size * 0.78 * part * fade(on, 0.3))
        yield movement(way.account, on, OUT, amount, rng.choice(way.suppliers), "采购款")
    payday, taxes, bill = (on_weekday(month, day) for day in (10, 15, 25))
    if way.wages and fade(payday, 0) == 1:
        wages = fen(rng, way.wages * rng.uniform(0.97, 1.03))
        yield movement(way.account, payday, OUT, wages, Other("代发工资过渡户"), "代发工资")
    if fade(taxes, 0) == 1:
        yield movement(way.account, taxes, OUT, fen(rng, size * 0.03), Other("待报解预算收入"), "缴税")
    if way.power:
        amount = fen(rng, way.power * rng.uniform(0.9, 1.1) * fade(bill, 0.2))
        yield movement(way.account, bill, OUT, amount, Other("洪州供电公司"), "电费")


def _parts(rng: Random, least: int, most: int) -> list[float]:
    """A whole in some unequal parts."""
    weights = [rng.uniform(0.6, 1.4) for _ in range(rng.randint(least, most))]
    return [weight / sum(weights) for weight in weights]


def hand_to_mouth(
    cash: Cash,
    account: str,
    source: Other,
    target: Other,
    monthly: float,
    since: date,
    until: date,
    rng: Random,
) -> None:
    """Someone in arrears: whatever comes in goes out the same day, so that nothing is left to be deducted."""
    for month in first_days(since, until):
        for _ in range(rng.randint(1, 3)):
            on = on_weekday(month, rng.randint(1, 27))
            if since <= on <= until:
                amount = fen(rng, monthly * rng.uniform(0.2, 0.45))
                cash.add(account, on, IN, amount, source, "转入")
                cash.add(account, on, OUT, amount, target, "转出")


def household(
    cash: Cash,
    account: str,
    employer: Other,
    salary: float,
    spending: float,
    since: date,
    until: date,
    rng: Random,
) -> None:
    """A person's month: the salary on the 8th, and what a household spends."""
    for month in first_days(since, until):
        on = on_weekday(month, 8)
        if since <= on <= until:
            cash.add(account, on, IN, fen(rng, salary * rng.uniform(0.98, 1.02)), employer, "工资")
        parts = [rng.uniform(0.5, 1.5) for _ in range(rng.randint(5, 9))]
        for part in parts:
            day = add_months(month, 0, keep=rng.randint(1, 28))
            if since <= day <= until:
                amount = fen(rng, spending * part / sum(parts))
                cash.add(account, day, OUT, amount, Other("第三方支付备付金结算"), "消费")


def day_before(on: date, days: int = 1) -> date:
    """A weekday some days before."""
    return weekday(on - timedelta(days), -1)

"""Whom the borrowers trade with, what other lenders lend them, and how they say that they trade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random

from postloan.demo.book import BUSINESS
from postloan.demo.cash import hundreds
from postloan.demo.layout import Dated, row
from postloan.demo.money import partners, turnover
from postloan.demo.names import OTHER_BANKS, PERSONAL, Profile
from postloan.demo.world import World

# How a movement came about, by words of its summary; anything else was done by the customer on line.
_CHANNELS = (
    ("现金", "现金"),
    ("受托支付", "柜面"),
    ("归还", "其他"),
    ("贷款发放", "其他"),
    ("冲正", "其他"),
    ("扣", "其他"),
)
# What these say of their trade does not fit what their accounts show: how much too much.
BOASTS = {"lvye": Decimal("2.4"), "tiangong": Decimal("1.8"), "xinyuan": Decimal("2.1")}
TALL_TALES = 3  # beside them, of those without a name in the story, every so many-hundredth
WAYS = (
    "赊销 60 天，原料现款采购",
    "订单生产，预收三成",
    "现款现货，按月结算",
    "赊销 90 天，供应商账期 60 天",
)


def channel_of(summary: str) -> str:
    """渠道 of a movement."""
    return next((channel for word, channel in _CHANNELS if word in summary), "网上银行")


def _traders(world: World, *, persons: bool = False) -> Iterator[tuple[Profile, date]]:
    """Businesses with a loan, each with the day of its first contract; `persons` who borrow for one as well."""
    first: dict[str, date] = {}
    for agreement in world.agreements:
        key = world.borrower(agreement).key
        first[key] = min(first.get(key, agreement.signed), agreement.signed)
    for profile in world.profiles.values():
        trades = profile.kind != PERSONAL or (
            persons and any(spec.product == BUSINESS for spec, _ in world.of(profile.key))
        )
        if trades and profile.key in first:
            yield profile, first[profile.key]


def counterparties(world: World) -> Dated:
    """Customers and suppliers with the accounts that the movements name, registered with the first contract."""
    found: Dated = []
    for profile, on in _traders(world, persons=True):
        customers, suppliers = partners(profile)
        for relation, others in (("下游客户", customers), ("上游供应商", suppliers)):
            found += [
                (on, row("counterparties", world.numbers[profile.key], other.name, other.number, other.bank, relation,
                         None, on, None))
                for other in others
                if other.number
            ]  # fmt: skip
    return sorted(found, key=lambda item: item[0])


def other_debts(world: World, rng: Random) -> Dated:
    """What the credit reports of the last two quarters before the opening say of other lenders (征信)."""
    days = [day for day in world.timeline.month_ends if day.month % 3 == 0][-2:]
    found: Dated = []
    for profile, _ in _traders(world):
        own = sum((note.amount for _, note in world.of(profile.key)), Decimal(0))
        for bank in rng.sample(OTHER_BANKS, rng.choice((0, 0, 1, 1, 2))):
            balance = hundreds(float(own) * rng.uniform(0.2, 1.1))
            for day in days:
                found.append(
                    (day, row("other_debts", world.numbers[profile.key], bank, day, f"{balance:.2f}"))
                )
                balance = hundreds(float(balance) * rng.choice((1.0, 1.0, 0.8, 1.3)))
    return sorted(found, key=lambda item: item[0])


def declared_sales(world: World, rng: Random) -> Dated:
    """A month's sales and purchases as declared with the first contract: near what moves, but for a few."""
    found: Dated = []
    for place, (profile, on) in enumerate(_traders(world)):
        monthly = turnover(world, profile.key) * rng.uniform(0.94, 1.08)
        factor = BOASTS.get(profile.key, Decimal("1.9") if place % 100 == TALL_TALES else Decimal(1))
        sales = hundreds(monthly * float(factor))
        found.append(
            (on, row("declared_sales", world.numbers[profile.key], on, f"{sales:.2f}",
                     f"{hundreds(float(sales) * 0.78):.2f}", rng.choice(WAYS)))
        )  # fmt: skip
    return sorted(found, key=lambda item: item[0])

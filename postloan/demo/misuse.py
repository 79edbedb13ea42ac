"""Movements that a monitor of funds should notice: money that comes back, passes through, or goes where it must not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from postloan.demo.book import BUSINESS, CONSUMER, FIXED, WORKING, Spec
from postloan.demo.cash import IN, OUT, Other
from postloan.demo.days import weekday
from postloan.demo.lending import Note
from postloan.demo.names import CORPORATE
from postloan.demo.notes import SETTLEMENT
from postloan.demo.world import World

ROUND_TRIP = Other("洪州九屿商贸有限公司", "9310000000000017", "赣水银行营业部")
SECURITIES = Other("洪都证券经纪客户交易结算资金", "9310000000000025", "滕阁银行红谷滩支行")
PROPERTY = Other("洪州置业开发有限公司", "9310000000000033", "江南商业银行南昌分行")
COLLECTOR = Other("洪州融汇融资租赁有限公司", "9310000000000058", "滕阁银行红谷滩支行")
PASSING = Other("豫章桥岩供应链有限公司", "9310000000000041", "豫章农村合作银行")


def add(world: World) -> None:
    """Each pattern once or twice, with the sound borrowers whose loans were granted within the months that are told."""
    companies = _granted(world, WORKING)
    for patterns, found in (
        ((_returns, _to_securities, _passes_through, _to_property), companies),
        ((_in_cash, _to_securities), _granted(world, BUSINESS)),
        ((_in_cash, _to_property), _granted(world, CONSUMER)),
    ):
        for pattern, (spec, note) in zip(patterns, found, strict=False):
            pattern(world, spec, note)
    _taken_from_outside(world)
    _leaves_though_frozen(world)


def newest(world: World, product: str) -> Note:
    """The latest note of a product: what it lent may still lie on the account."""
    return max(
        (note for spec, note in world.notes if spec.product == product),
        key=lambda note: (note.start, note.number),
    )


def _leaves_though_frozen(world: World) -> None:
    """A self payment on the day its contract is frozen (`freezes`): what was lent went nowhere before."""
    note, on = newest(world, CONSUMER), world.timeline.turn(0)
    moved = world.cash.by_account[note.account]
    for one in [m for m in moved if m.direction == OUT and m.amount == note.amount and m.on > note.start]:
        moved.remove(one)
        world.cash.add(note.account, on, OUT, _part(note, "0.8"), SECURITIES, "银证转账")


def _taken_from_outside(world: World) -> None:
    """被动划款: a leasing company collects from the account of a project whose payments the lender reviews."""
    spec = next(s for s, _ in world.notes if s.product == FIXED and s.grade == "正常" and not s.poor)
    account = world.by_use[spec.key, SETTLEMENT]
    on = world.timeline.turn(1)
    world.cash.add(account, on, OUT, Decimal(86_400), COLLECTOR, "委托收款 租金", channel="他行托收")


def _granted(world: World, product: str) -> Iterator[tuple[Spec, Note]]:
    """Sound loans granted early enough for what follows, one of a borrower; of the companies only the crowd's."""
    since, until = world.timeline.cash_from, world.timeline.as_of - timedelta(20)
    seen: set[str] = set()
    for spec, note in world.notes:
        crowd = world.profiles[spec.key].kind != CORPORATE or spec.key.startswith("f")
        sound = not note.unpaid_from and not spec.poor and spec.grade == "正常"
        if (
            spec.product == product
            and crowd
            and sound
            and since <= note.start <= until
            and spec.key not in seen
        ):
            seen.add(spec.key)
            yield spec, note


def _part(note: Note, share: str) -> Decimal:
    return (note.amount * Decimal(share)).quantize(Decimal(1))


def _after(note: Note, days: int) -> date:
    return weekday(note.start + timedelta(days))


def _returns(world: World, spec: Spec, note: Note) -> None:
    """回流: what a supplier was paid comes back to the borrower within days through a third company."""
    account = world.by_use[spec.key, SETTLEMENT]
    world.cash.add(account, _after(note, 2), OUT, _part(note, "0.3"), ROUND_TRIP, "货款")
    world.cash.add(account, _after(note, 4), IN, _part(note, "0.29"), ROUND_TRIP, "往来款")


def _passes_through(world: World, spec: Spec, note: Note) -> None:
    """快进快出: large sums come in and go out on the same day, three times in a month."""
    account = world.by_use[spec.key, SETTLEMENT]
    for n, share in enumerate(("0.42", "0.37", "0.45")):
        on = _after(note, 6 + 5 * n)
        world.cash.add(account, on, IN, _part(note, share), PASSING, "往来款")
        world.cash.add(account, on, OUT, _part(note, share) - 500, ROUND_TRIP, "往来款")


def _to_securities(world: World, spec: Spec, note: Note) -> None:
    """The money goes to a securities account."""
    world.cash.add(
        world.by_use[spec.key, SETTLEMENT], _after(note, 3), OUT, _part(note, "0.2"), SECURITIES, "银证转账"
    )


def _to_property(world: World, spec: Spec, note: Note) -> None:
    """The money buys property."""
    world.cash.add(
        world.by_use[spec.key, SETTLEMENT], _after(note, 5), OUT, _part(note, "0.4"), PROPERTY, "购房款"
    )


def _in_cash(world: World, spec: Spec, note: Note) -> None:
    """The money is drawn in cash right after the grant, each time just below fifty thousand."""
    account = world.by_use[spec.key, SETTLEMENT]
    for n in range(1, 5):
        amount = min(Decimal(49_800), _part(note, "0.2"))
        world.cash.add(account, _after(note, n), OUT, amount, Other("现金"), "现金支取")

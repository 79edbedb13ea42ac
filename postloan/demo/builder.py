"""Builds the demonstration branch: pure, from a date and a seed to the extract sets of every dated folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

from postloan.demo import book, history, money, paper, past, terms, trade
from postloan.demo.cash import Movement
from postloan.demo.cast import BRANCHES
from postloan.demo.crowd import borrowers, loans, troubles
from postloan.demo.days import STORY_WEEKDAYS, Timeline
from postloan.demo.layout import Dated, Extracts, Row, row
from postloan.demo.lending import Entry, Method
from postloan.demo.names import BORROWERS, CORPORATE, PERSONAL, Profile
from postloan.demo.notes import (
    COLLECTION,
    MARGIN,
    RESERVE,
    SETTLEMENT,
    build_notes,
    pay_late_once,
    post_twice_and_reverse,
)
from postloan.demo.related import group_rows, related_parties, related_rows
from postloan.demo.security import Deeds
from postloan.demo.standing import standing
from postloan.demo.world import Account, World

DEFAULT_SEED = 20260930


def build(as_of: date, seed: int = DEFAULT_SEED, *, weekdays: int = STORY_WEEKDAYS) -> Extracts:
    """The extract sets of the demonstration branch up to a date: {date: {kind: rows}}.

    `weekdays` is how long the story is at most: how long ago the branch went live.
    """
    world = build_world(Timeline(as_of, weekdays), seed)
    related = related_parties(world, Random(f"{seed} kin"))
    deeds = Deeds(world, related, Random(f"{seed} deeds"))
    flows: dict[str, Dated] = {
        "contracts": _contracts(world),
        "loans": _loans(world),
        "schedules": _schedules(world),
        "repayments": _repayments(world),
        "transactions": _transactions(world),
        "events": _events(world),
        "clauses": terms.clauses(world, Random(f"{seed} clauses")),
        "conditions": terms.conditions(world, Random(f"{seed} conditions")),
        "bills": paper.bills(world, Random(f"{seed} bills")),
        "letters": paper.letters(world),
        "letter_claims": paper.claims(world),
        "counterparties": trade.counterparties(world),
        "other_debts": trade.other_debts(world, Random(f"{seed} debts")),
        "declared_sales": trade.declared_sales(world, Random(f"{seed} sales")),
        **deeds.write(),
    }
    extracts: Extracts = {}
    dates = world.timeline.set_dates
    months = world.timeline.month_ends
    told = [day for day in months if day >= world.timeline.cash_from]
    at_end = dict(zip([*told, *dates], world.balances_on([*told, *dates]), strict=True))
    for before, day in pairwise([date.min, *dates]):
        files: dict[str, list[Row]] = {}
        if day == dates[0]:
            files = {**standing(world, Random(seed)), **group_rows(world, related)}
            files["related_parties"] = related_rows(world, related)
            files |= past.rows(world, deeds, Random(f"{seed} past"))
        for kind, dated in flows.items():
            if rows := _newest(kind, [line for on, line in dated if before < on <= day]):
                files[kind] = rows
        ends = months if day == dates[0] else []
        files["loan_states"] = history.states(world, [*ends, day])
        files["balances"] = history.past_balances(world, Random(f"{seed} balances")) if ends else []
        for end in [*(told if ends else []), day]:
            files["balances"] += history.balances(world, end, at_end[end])
        extracts[day] = files
    return extracts


def _newest(kind: str, rows: list[Row]) -> list[Row]:
    """What a set says of a thing it says once, and last: a security that ended before the opening has ended."""
    keys = {"secured": ("担保合同号", "借据号"), "conditions": ("合同号", "序号")}.get(kind)
    return list({tuple(line[key] for key in keys): line for line in rows}.values()) if keys else rows


def build_world(timeline: Timeline, seed: int) -> World:
    """Place the borrowers, their accounts, their loans and their money."""
    rng = Random(seed)
    crowd = borrowers.members(Random(f"{seed} crowd"))
    profiles = {profile.key: profile for profile in [*BORROWERS, *(member.profile for member in crowd)]}
    specs = [*book.SPECS, *loans.specs(crowd, Random(f"{seed} loans"))]
    numbers = {
        p.key: f"{20 if p.kind == PERSONAL else 10}{36010000 + 100 * place + rng.randint(1, 99)}"
        for place, p in enumerate(profiles.values(), 1)
    }
    accounts = _place_accounts(profiles, specs, rng)
    special = {RESERVE, MARGIN, COLLECTION}
    by_use = {(a.key, a.kind if a.kind in special else SETTLEMENT): a.number for a in accounts}
    agreements, notes = build_notes(specs, profiles, numbers, by_use, timeline, rng)
    for spec, note in notes:
        if spec.key == "shunxin":
            pay_late_once(note, timeline.opening - timedelta(7), 6)
        if spec.key == "hanlin":
            post_twice_and_reverse(note, timeline.opening - timedelta(7))
    world = World(timeline, profiles, numbers, accounts, by_use, agreements, notes)
    for _, note, on in past.returned(world):
        note.ledger.append(Entry(on, "归还本金", note.amount))
    money.fill(world, rng)
    return world


def _place_accounts(profiles: dict[str, Profile], specs: list[book.Spec], rng: Random) -> list[Account]:
    """A settlement account each; beside it what the loans ask for."""
    found: list[Account] = []
    for place, profile in enumerate(profiles.values(), 1):
        kinds = ["个人结算户"]
        if profile.kind == CORPORATE:
            mine = [spec for spec in specs if spec.key == profile.key]
            kinds = [rng.choice(("基本户", "基本户", "一般户")), *money.extra_accounts(profile.key, mine)]
        opened = date(rng.randint(2012, 2015), rng.randint(1, 12), rng.randint(1, 28))
        for n, kind in enumerate(kinds, 1):
            number = f"{BRANCHES[profile.home]}{place:04d}{rng.randint(1000, 9999)}{n:04d}"
            found.append(Account(number, profile.key, kind, opened))
    return found


def _tellings(world: World, first: date, extended: tuple[Any, ...] | None) -> list[tuple[date, date]]:
    """When a contract or a note is told, and as of which day: at first, and again when it is extended."""
    opening = world.timeline.opening
    told = [(first, max(first, opening))]
    return [*told, (extended[0], extended[0])] if extended and extended[0] > opening else told


def _contracts(world: World) -> Dated:
    """Contracts on the day of signing, and again on the day of an extension."""
    found: Dated = []
    for a in world.agreements:
        for on, state in _tellings(world, a.signed, a.extended):
            line = row("contracts", a.number, a.borrower, a.product, f"{a.amount:.2f}", a.signed, a.ends_on(state),
                       a.purpose, a.approval, a.approved, a.scheme, terms.syndicate_share(world, a))  # fmt: skip
            found.append((on, line))
    return sorted(found, key=lambda item: (item[0], item[1]["合同号"]))


def _loans(world: World) -> Dated:
    """Loan notes on the day of the grant, and again on the day of an extension."""
    found: Dated = []
    for spec, n in world.notes:
        margin = spec.margin_of(n.amount)
        for on, state in _tellings(world, n.start, n.extended):
            line = row("loans", n.number, n.contract, n.unit, n.product, f"{n.amount:.2f}", f"{n.rate:.6f}",
                       n.start, n.end_on(state), n.purpose, n.account, _frequency(spec),
                       world.by_use[spec.key, MARGIN] if margin else "", f"{margin:.2f}")  # fmt: skip
            found.append((on, line))
    return sorted(found, key=lambda item: (item[0], item[1]["借据号"]))


def _frequency(spec: book.Spec) -> str:
    """付息方式."""
    if spec.product in {book.ACCEPTANCE, book.GUARANTEE}:
        return "不计息"
    if spec.method is Method.BULLET:
        return "按季付息" if spec.every == 3 else "按月付息"
    return "利随本清" if spec.method is Method.AT_MATURITY else "分期还本付息"


def _schedules(world: World) -> Dated:
    """The schedule with the grant; after an extension whole again."""
    found: Dated = []
    for _, n in world.notes:
        for on, state in _tellings(world, n.start, n.extended):
            found += [
                (on, row("schedules", n.number, due.on, f"{due.principal:.2f}", f"{due.interest:.2f}"))
                for due in n.schedule_on(state)
            ]
    return sorted(found, key=lambda item: item[0])


def _serials(prefix: str, days: Iterable[date]) -> Iterator[str]:
    """A running number within each day."""
    taken: Counter[date] = Counter()
    for on in days:
        taken[on] += 1
        yield f"{prefix}{on:%Y%m%d}{taken[on]:05d}"


def _repayments(world: World) -> Dated:
    """Ledger entries, numbered in the order of their days; a reversal names what it reverses."""
    entries = sorted(
        ((note.number, e) for _, note in world.notes for e in note.ledger if e.on <= world.timeline.as_of),
        key=lambda item: (item[1].on, item[0]),
    )
    marked: dict[str, str] = {}
    found: Dated = []
    for number, (loan, e) in zip(_serials("8", (e.on for _, e in entries)), entries, strict=True):
        if e.mark:
            marked[e.mark] = number
        line = row("repayments", number, loan, e.kind, f"{e.amount:.2f}", e.on, marked.get(e.reverses))
        found.append((e.on, line))
    return found


def _transactions(world: World) -> Dated:
    """Movements with the balance after each, numbered in the order of their days."""
    told: list[tuple[Movement, Decimal]] = []
    for account in world.accounts:
        balance = world.openings[account.number]
        for movement in world.cash.of(account.number):
            balance += movement.signed
            told.append((movement, balance))
    told.sort(key=lambda item: item[0].on)
    numbers = list(_serials("6", (m.on for m, _ in told)))
    marked = {m.mark: number for number, (m, _) in zip(numbers, told, strict=True) if m.mark}
    return [
        (m.on, row("transactions", number, m.account, m.on, m.direction, f"{m.amount:.2f}", f"{balance:.2f}",
                   m.name, m.number, m.bank, m.summary, m.channel or trade.channel_of(m.summary),
                   marked.get(m.reverses), m.loan, "人民币"))
        for number, (m, balance) in zip(numbers, told, strict=True)
    ]  # fmt: skip


def _events(world: World) -> Dated:
    """Confirmed facts, each under a reference of its own."""
    all_of_them = [*book.EVENTS, *troubles.happenings(world.profiles)]
    happened = sorted(((event.on(world.timeline), event) for event in all_of_them), key=lambda item: item[0])
    found: Dated = []
    for number, (on, event) in zip(_serials("SX", (on for on, _ in happened)), happened, strict=True):
        loans = [note.number for spec, note in world.of(event.key) if spec.product == event.product]
        loan = loans[0] if loans else None
        found.append((on, row("events", number, world.numbers[event.key], loan, event.kind, on, event.fact)))
    return found

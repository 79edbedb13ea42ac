"""Builds the demonstration branch: pure, from a date and a seed to the extract sets of every dated folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from postloan.demo import identity, money
from postloan.demo.book import EVENTS
from postloan.demo.cash import Movement
from postloan.demo.cast import BRANCHES, PEOPLE, PERSON_UNITS, UNITS
from postloan.demo.days import Timeline
from postloan.demo.layout import Extracts, Row, row
from postloan.demo.names import BORROWERS, CORPORATE, PERSONAL, SOLE_TRADER, Profile
from postloan.demo.notes import (
    COLLECTION,
    MARGIN,
    RESERVE,
    SETTLEMENT,
    build_notes,
    pay_late_once,
    post_twice_and_reverse,
)
from postloan.demo.world import Account, World

DEFAULT_SEED = 20260930
POSTS = ("客户经理", "风险经理", "经营主责任人")

Dated = list[tuple[date, Row]]


def build(as_of: date, seed: int = DEFAULT_SEED) -> Extracts:
    """The extract sets of the demonstration branch up to a date: {date: {kind: rows}}."""
    world = build_world(as_of, seed)
    flows: dict[str, Dated] = {
        "contracts": _contracts(world),
        "loans": _loans(world),
        "schedules": _schedules(world),
        "repayments": _repayments(world),
        "transactions": _transactions(world),
        "events": _events(world),
    }
    extracts: Extracts = {}
    dates = world.timeline.set_dates
    for before, day in pairwise([date.min, *dates]):
        files = _standing(world, Random(seed)) if day == dates[0] else {}
        for kind, dated in flows.items():
            rows = [line for on, line in dated if before < on <= day]
            if rows:
                files[kind] = rows
        files["loan_states"] = _states(world, day)
        files["balances"] = _balances(world, day)
        extracts[day] = files
    return extracts


def build_world(as_of: date, seed: int) -> World:
    """Place the borrowers, their accounts, their loans and their money."""
    rng = Random(seed)
    timeline = Timeline(as_of)
    profiles = {profile.key: profile for profile in BORROWERS}
    numbers = {
        p.key: f"{20 if p.kind == PERSONAL else 10}{36010000 + 100 * place + rng.randint(1, 99)}"
        for place, p in enumerate(BORROWERS, 1)
    }
    accounts = _place_accounts(rng)
    special = {RESERVE, MARGIN, COLLECTION}
    by_use = {(a.key, a.kind if a.kind in special else SETTLEMENT): a.number for a in accounts}
    agreements, notes = build_notes(profiles, numbers, by_use, timeline, rng)
    for spec, note in notes:
        if spec.key == "shunxin":
            pay_late_once(note, timeline.opening - timedelta(7), 6)
        if spec.key == "hanlin":
            post_twice_and_reverse(note, timeline.opening - timedelta(7))
    world = World(timeline, profiles, numbers, accounts, by_use, agreements, notes)
    money.fill(world, rng)
    return world


def _place_accounts(rng: Random) -> list[Account]:
    """A settlement account each; beside it what the loans ask for."""
    found: list[Account] = []
    for place, profile in enumerate(BORROWERS, 1):
        kinds = ["个人结算户"]
        if profile.kind == CORPORATE:
            kinds = [rng.choice(("基本户", "基本户", "一般户")), *money.extra_accounts(profile.key)]
        opened = date(rng.randint(2012, 2015), rng.randint(1, 12), rng.randint(1, 28))
        for n, kind in enumerate(kinds, 1):
            number = f"{BRANCHES[profile.home]}{place:04d}{rng.randint(1000, 9999)}{n:04d}"
            found.append(Account(number, profile.key, kind, opened))
    return found


def _standing(world: World, rng: Random) -> dict[str, list[Row]]:
    """What the opening brings once: units, people, customers, accounts, responsibilities."""
    since = {number: start for number, _, _, _, _, start in PEOPLE}
    return {
        "units": [row("units", *unit) for unit in UNITS],
        "people": [
            row("people", number, name, line, unit, post, start, None)
            for number, name, line, unit, post, start in PEOPLE
        ],
        "customers": [_customer(world, place, profile, rng) for place, profile in enumerate(BORROWERS, 1)],
        "accounts": [
            row("accounts", a.number, world.numbers[a.key], BRANCHES[world.profiles[a.key].home], a.kind,
                a.opened, "否")
            for a in world.accounts
        ],
        "responsibilities": [
            row("responsibilities", world.numbers[profile.key], post, person, PERSON_UNITS[person],
                max(since[person], min(note.start for _, note in world.of(profile.key))), None)
            for profile in BORROWERS
            for post, person in zip(POSTS, profile.keepers, strict=True)
        ],
    }  # fmt: skip


def _customer(world: World, place: int, profile: Profile, rng: Random) -> Row:
    if profile.kind == PERSONAL:
        born = date(rng.randint(1968, 1994), rng.randint(1, 12), rng.randint(1, 28))
        papers, phone = identity.person_number(place * 7, born=born), identity.mobile(place * 37)
    else:
        kind = "92" if profile.kind == SOLE_TRADER else "91"
        papers, phone = identity.credit_code(place * 131, kind=kind), identity.landline(place * 53)
    return row(
        "customers", world.numbers[profile.key], profile.name, profile.kind, papers, profile.industry,
        profile.address, profile.area, profile.legal, phone, profile.business, profile.rating,
    )  # fmt: skip


def _contracts(world: World) -> Dated:
    """Contracts on the day of signing, and again on the day of an extension."""
    found: Dated = []
    for a in world.agreements:
        for on in (a.signed, *([a.extended[0]] if a.extended else [])):
            line = row("contracts", a.number, a.borrower, a.product, f"{a.amount:.2f}", a.signed, a.ends_on(on),
                       a.purpose, a.approval, a.approved)  # fmt: skip
            found.append((on, line))
    return sorted(found, key=lambda item: (item[0], item[1]["合同号"]))


def _loans(world: World) -> Dated:
    """Loan notes on the day of the grant, and again on the day of an extension."""
    found: Dated = []
    for _, n in world.notes:
        for on in (n.start, *([n.extended[0]] if n.extended else [])):
            line = row("loans", n.number, n.contract, n.unit, n.product, f"{n.amount:.2f}", f"{n.rate:.6f}",
                       n.start, n.end_on(on), n.purpose, n.account)  # fmt: skip
            found.append((on, line))
    return sorted(found, key=lambda item: (item[0], item[1]["借据号"]))


def _schedules(world: World) -> Dated:
    """The schedule with the grant; after an extension whole again."""
    found: Dated = []
    for _, n in world.notes:
        for on in (n.start, *([n.extended[0]] if n.extended else [])):
            found += [
                (on, row("schedules", n.number, due.on, f"{due.principal:.2f}", f"{due.interest:.2f}"))
                for due in n.schedule_on(on)
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
    return [
        (m.on, row("transactions", number, m.account, m.on, m.direction, f"{m.amount:.2f}", f"{balance:.2f}",
                   m.name, m.number, m.bank, m.summary))
        for number, (m, balance) in zip(_serials("6", (m.on for m, _ in told)), told, strict=True)
    ]  # fmt: skip


def _events(world: World) -> Dated:
    """Confirmed facts, each under a reference of its own."""
    happened = sorted(((event.on(world.timeline), event) for event in EVENTS), key=lambda item: item[0])
    found: Dated = []
    for number, (on, event) in zip(_serials("SX", (on for on, _ in happened)), happened, strict=True):
        loans = [note.number for spec, note in world.of(event.key) if spec.product == event.product]
        loan = loans[0] if loans else None
        found.append((on, row("events", number, world.numbers[event.key], loan, event.kind, on, event.fact)))
    return found


def _states(world: World, day: date) -> list[Row]:
    """Every loan granted by the day: balance, arrears, class, also those settled since."""
    rows: list[Row] = []
    for _, note in sorted(world.notes, key=lambda item: item[1].number):
        if note.start <= day:
            state = note.state(day)
            rows.append(
                row("loan_states", note.number, f"{state.balance:.2f}", f"{state.overdue_principal:.2f}",
                    f"{state.overdue_interest:.2f}", state.days_past_due, note.risk_class(day))
            )  # fmt: skip
    return rows


def _balances(world: World, day: date) -> list[Row]:
    """Every account: its balance, and what of it may not be drawn (保证金, court freeze)."""
    rows: list[Row] = []
    balances = world.balances(day)
    for account in world.accounts:
        balance = balances[account.number]
        since = world.frozen_from.get(account.number)
        held = account.kind == MARGIN or (since is not None and since <= day)
        rows.append(row("balances", account.number, f"{balance:.2f}", f"{balance if held else 0:.2f}"))
    return rows

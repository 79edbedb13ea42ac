"""What the opening brings once: units, people, customers, accounts, and who answers for whom."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from postloan.demo import identity
from postloan.demo.cast import BRANCHES, PEOPLE, PERSON_SINCE, PERSON_UNITS, UNITS
from postloan.demo.layout import Row, row
from postloan.demo.names import PERSONAL, SOLE_TRADER, Profile
from postloan.demo.past import keepers_before
from postloan.demo.world import World

POSTS = ("客户经理", "风险经理", "经营主责任人")


def standing(world: World, rng: Random) -> dict[str, list[Row]]:
    """What the opening brings once: units, people, customers, accounts, responsibilities."""
    return {
        "units": [row("units", *unit) for unit in UNITS],
        "people": [
            row("people", number, name, line, unit, post, start, None)
            for number, name, line, unit, post, start in PEOPLE
        ],
        "customers": [
            _customer(world, place, profile, rng) for place, profile in enumerate(world.profiles.values(), 1)
        ],
        "accounts": [
            row("accounts", a.number, world.numbers[a.key], BRANCHES[world.profiles[a.key].home], a.kind,
                a.opened, "否")
            for a in world.accounts
        ],
        "responsibilities": _responsibilities(world),
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


def _responsibilities(world: World) -> list[Row]:
    """Who answers for each customer, and the manager before the present one where there was one."""
    rows: list[Row] = []

    def line(profile: Profile, post: str, person: str, start: date, end: date | None) -> None:
        rows.append(
            row(
                "responsibilities", world.numbers[profile.key], post, person, PERSON_UNITS[person], start, end
            )
        )

    for profile in world.profiles.values():
        first = min(*(note.start for _, note in world.of(profile.key)), world.timeline.opening)
        before = keepers_before(world, profile)
        if before:
            line(profile, POSTS[0], *before)
        for post, person in zip(POSTS, profile.keepers, strict=True):
            start = (
                before[2] + timedelta(1) if before and post == POSTS[0] else max(PERSON_SINCE[person], first)
            )
            line(profile, post, person, start, None)
    return rows

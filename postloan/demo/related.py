"""Who stands behind a borrower: spouse, controller and shareholders; and the groups that borrowers belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from postloan.demo import identity
from postloan.demo.crowd import borrowers
from postloan.demo.crowd.words import GIVEN, SURNAMES
from postloan.demo.layout import Row, row
from postloan.demo.names import CORPORATE, PERSONAL, Profile
from postloan.demo.world import World


@dataclass(frozen=True)
class Person:
    """A person that is no customer."""

    name: str
    papers: str


@dataclass
class RelatedParties:
    """A borrower's people; `share` is the part of the company that the legal representative holds, in per cent."""

    legal: Person | None = None
    spouse: Person | None = None
    partner: Person | None = None
    relative: Person | None = None
    share: int = 100


@dataclass(frozen=True)
class Group:
    """A group (集团): its members, the parent company first; `within` names the larger group."""

    number: str
    name: str
    members: tuple[str, ...]
    within: str = ""


@dataclass
class Circle:
    """All related parties by the borrower's key, the groups, and which customer guarantees for which."""

    of: dict[str, RelatedParties] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    guarantors: dict[str, str] = field(default_factory=dict)


# By place among the crowd's companies, or a key of the hand-written ones; each guarantees for the next, in a circle.
_GROUPS: tuple[tuple[str, tuple[int | str, ...], str], ...] = (
    ("JT3601001", ("tiangong", 1, 13), ""),
    ("JT3601002", (20, 29, 38, 47), ""),
    ("JT3601003", (56, 57), "JT3601002"),
    ("JT3602001", ("dongyuan", 68, 72), ""),
)
DOUBTFUL_SURETIES = {58: "hongsheng", 64: "jinxiu", 7: "huatai"}  # by place among the crowd's companies


def related_parties(world: World, rng: Random) -> Circle:
    """Everybody's related parties; the same names wherever they occur."""
    found = Circle()
    serial = iter(range(1, 10_000))

    def somebody(name: str = "") -> Person:
        born = date(rng.randint(1963, 1992), rng.randint(1, 12), rng.randint(1, 28))
        name = name or rng.choice(SURNAMES) + rng.choice(GIVEN)
        return Person(name, identity.person_number(next(serial), born=born))

    for profile in world.profiles.values():
        related = found.of[profile.key] = RelatedParties()
        if profile.legal:
            related.legal = somebody(profile.legal)
        if profile.kind == CORPORATE and rng.random() < 0.75:
            related.partner, related.share = somebody(), rng.choice((51, 55, 60, 65, 70, 80))
        if profile.kind != PERSONAL or rng.random() < 0.75:
            related.spouse = somebody()
        if rng.random() < 0.15:
            related.relative = somebody()
    companies = borrowers.places(world.profiles, "f")
    for number, places, within in _GROUPS:
        members = tuple(place if isinstance(place, str) else companies[place] for place in places)
        head = world.profiles[members[0]].name.removesuffix("有限公司")
        found.groups.append(Group(number, f"{head}集团", members, within))
        found.guarantors.update(zip(members, members[1:] + members[:1], strict=True))
    found.guarantors.update((companies[place], key) for place, key in DOUBTFUL_SURETIES.items())
    return found


def group_rows(world: World, related_parties: Circle) -> dict[str, list[Row]]:
    """The groups with their members, since before the opening."""
    rows: dict[str, list[Row]] = {"groups": [], "group_members": []}
    for group in related_parties.groups:
        manager = world.profiles[group.members[0]].keepers[0]
        rows["groups"].append(row("groups", group.number, group.name, group.within, manager))
        for place, key in enumerate(group.members):
            role = "集团母公司" if place == 0 else "关联企业" if place == 3 else "子公司"
            since = min(note.start for _, note in world.of(key))
            rows["group_members"].append(
                row(
                    "group_members",
                    group.number,
                    world.numbers[key],
                    role,
                    min(since, world.timeline.opening),
                    None,
                )
            )
    return rows


def related_rows(world: World, related_parties: Circle) -> list[Row]:
    """Related parties, borrower by borrower."""
    rows: list[Row] = []
    for profile in world.profiles.values():
        rows += _related(world, profile, related_parties.of[profile.key])
    for group in related_parties.groups:
        for key, other in zip(group.members, group.members[1:], strict=False):
            rows.append(
                row("related_parties", world.numbers[other], "关联企业", world.profiles[key].name, "",
                    world.numbers[key], "", f"同属{group.name}")
            )  # fmt: skip
    return rows


def _related(world: World, profile: Profile, related: RelatedParties) -> Sequence[Row]:
    number = world.numbers[profile.key]

    def line(relation: str, person: Person | None, share: str = "", note: str = "") -> list[Row]:
        if person is None:
            return []
        return [row("related_parties", number, relation, person.name, person.papers, "", share, note)]

    rows: list[Row] = []
    if profile.kind == CORPORATE:
        rows += line("实际控制人", related.legal)
        if related.partner:
            rows += line("股东", related.legal, f"{related.share / 100:.2f}")
            rows += line("股东", related.partner, f"{(100 - related.share) / 100:.2f}")
            rows += line("董事、监事或高管", related.partner, note="监事")
        else:
            rows += line("股东", related.legal, "1.00")
        return rows + line("配偶", related.spouse, note="法定代表人配偶")
    return rows + line("配偶", related.spouse) + line("亲属", related.relative)

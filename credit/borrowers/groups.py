"""A group seen as one on a day: its members with those of its sub-groups, exposures together, mutual guarantees.

Members whom the reader may not see are counted, not named, and not summed up: one of them alone would show its balance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from accounts.models import User
from credit.choices import GroupRole
from credit.models import Borrower, Group, GroupMember, Guarantee, Responsibility
from credit.selectors.positions import NOTHING, Position, managers, positions, together


def _nested() -> dict[int | None, list[int]]:
    """The groups right below each group (below None: those at the top), in the order of their numbers."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent in Group.objects.order_by("number").values_list("pk", "parent"):
        children[parent].append(pk)
    return children


def _walk(pk: int, children: dict[int | None, list[int]], depth: int = 0) -> Iterator[tuple[int, int]]:
    """A group and every group below it, each with its depth; no group contains itself."""
    yield pk, depth
    for child in children.get(pk, ()):
        yield from _walk(child, children, depth + 1)


def _members(groups: Iterable[int], on: date) -> list[GroupMember]:
    found: Any = GroupMember.objects.current(on).filter(group__in=list(groups), known_on__lte=on)
    rows = list(found.select_related("borrower").order_by("borrower__number"))
    return sorted(rows, key=lambda row: GroupRole.values.index(row.role))  # stable: the parent company first


def _shown(members: Sequence[GroupMember], user: User) -> set[int]:
    """Borrowers among the members that the person may see."""
    ids = [row.borrower_id for row in members]
    return set(Borrower.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


@dataclass(frozen=True)
class GroupLine:
    """A group as the list shows it, its sub-groups included."""

    group: Group
    members: int
    hidden: int
    position: Position  # of the members that the reader may see


def lines_of(groups: Sequence[Group], on: date, user: User) -> list[GroupLine]:
    """These groups; the number of queries does not grow with theirs."""
    children = _nested()
    below = {group.pk: {pk for pk, _ in _walk(group.pk, children)} for group in groups}
    members = _members(set().union(*below.values()), on)
    shown = _shown(members, user)
    standing = positions(shown, on)
    lines = []
    for group in groups:
        theirs = {row.borrower_id for row in members if row.group_id in below[group.pk]}
        seen = theirs & shown
        lines.append(
            GroupLine(
                group,
                len(theirs),
                len(theirs - shown),
                together(standing.get(pk, NOTHING) for pk in seen),
            )
        )
    return lines


@dataclass(frozen=True)
class MemberLine:
    """A member that the reader may see, with where it stands and who manages it."""

    member: GroupMember
    position: Position
    manager: Responsibility | None


@dataclass
class Part:
    """The group itself, or one of its sub-groups, with its own members."""

    group: Group
    depth: int
    lines: list[MemberLine] = field(default_factory=list)
    hidden: int = 0


@dataclass(frozen=True)
class Within:
    """A guarantee that a member gives for another; `is_mutual` where that one guarantees the giver too (互保)."""

    guarantee: Guarantee
    is_mutual: bool


@dataclass(frozen=True)
class GroupView:
    """A group seen as one on a day."""

    parts: list[Part]
    hidden: int
    position: Position
    guarantees: list[Within]
    hidden_guarantees: int

    @property
    def lines(self) -> list[MemberLine]:
        """Every member that the reader may see."""
        return [line for part in self.parts for line in part.lines]

    @property
    def guaranteed(self) -> Decimal:
        """What members guarantee for each other, added up."""
        return sum((row.guarantee.amount for row in self.guarantees), Decimal(0))


def view_of(group: Group, on: date, user: User) -> GroupView:
    """The group with everything below it; the number of queries does not grow with its members."""
    depths = dict(_walk(group.pk, _nested()))
    known = Group.objects.select_related("lead_manager").in_bulk(depths)
    parts = {pk: Part(known[pk], depth) for pk, depth in depths.items()}
    members = _members(depths, on)
    shown = _shown(members, user)
    standing, who = positions(shown, on), managers(shown, on)
    for row in members:
        if row.borrower_id in shown:
            line = MemberLine(row, standing.get(row.borrower_id, NOTHING), who.get(row.borrower_id))
            parts[row.group_id].lines.append(line)
        else:
            parts[row.group_id].hidden += 1
    within = _guarantees({row.borrower_id for row in members}, on)
    named = [row for row in within if {row.guarantee.borrower_id, row.guarantee.guarantor_id} <= shown]
    return GroupView(
        list(parts.values()),
        sum(part.hidden for part in parts.values()),
        together(standing.get(pk, NOTHING) for pk in shown),
        named,
        len(within) - len(named),
    )


def _guarantees(members: set[int], on: date) -> list[Within]:
    """Guarantees that members give for other members and that stand on the day."""
    rows = list(
        Guarantee.objects.filter(
            Q(ended_on__isnull=True) | Q(ended_on__gt=on),
            borrower__in=members,
            guarantor__in=members,
            signed_on__lte=on,
        )
        .exclude(
            guarantor=F("borrower")
        )  # what a member puts up for its own debts is no guarantee among members
        .select_related("borrower", "guarantor")
        .order_by("borrower__number", "number")
    )
    given = {(row.guarantor_id, row.borrower_id) for row in rows}
    return [Within(row, (row.borrower_id, row.guarantor_id) in given) for row in rows]

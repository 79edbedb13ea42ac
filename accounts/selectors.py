"""Who holds which post for a unit on a day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import OuterRef, Q

from accounts.choices import Role, UnitKind
from accounts.models import Post, Unit
from accounts.querysets import DatedQuerySet


class Holders:
    """The posts of a day, read once: who holds a role for a unit.

    A customer head is the head of the unit itself; everybody else may sit in the unit, in its branch, or in another
    department of the branch (the risk department answers for the loans of the corporate department).
    """

    def __init__(self, on: date) -> None:
        self._posts: dict[tuple[Role, int], list[int]] = defaultdict(list)
        for post in (
            Post.objects.current(on).filter(person__is_active=True).select_related("unit").order_by("from_on")
        ):
            role = Role(post.role)
            self._posts[role, post.unit_id].append(post.person_id)
            if post.unit.parent_id and role != Role.CUSTOMER_HEAD:
                self._posts[role, post.unit.parent_id].append(post.person_id)

    def of(self, role: Role, unit: Unit) -> list[int]:
        """Ids of the people who hold the role for the unit, the longest in office first."""
        own = self._posts.get((role, unit.pk), [])
        if role == Role.CUSTOMER_HEAD or unit.parent_id is None:
            return list(own)
        return [
            *own,
            *(person for person in self._posts.get((role, unit.parent_id), []) if person not in own),
        ]

    def first(self, role: Role, unit: Unit) -> int | None:
        """The one who has held the role for the unit longest."""
        return next(iter(self.of(role, unit)), None)

    def around(self, unit: Unit) -> dict[Role, list[int]]:
        """Everybody who holds a post for the unit, by role."""
        return {role: people for role in Role if (people := self.of(role, unit))}


def holders_in_branch(role: Role, on: date, branch: str) -> DatedQuerySet:
    """For a Subquery: posts of a role in the outer row's branch or a department of it, longest in office first."""
    there: Any = OuterRef(branch)
    return (
        Post.objects.current(on)
        .filter(
            Q(unit=there) | Q(unit__parent=there, unit__kind=UnitKind.DEPARTMENT),
            role=role,
            person__is_active=True,
        )
        .order_by("from_on", "pk")
    )

"""What a person may see, from their posts: the one place where `visible_to` starts.

`accounts` does not know borrowers; `credit` tells it once, at start-up, how to find the borrowers that a person
manages (`Scope.managed_borrowers`), so that documents and duties below `credit` can be scoped by borrower number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from accounts.choices import Line, Role
from core import clock

if TYPE_CHECKING:
    from accounts.models import User


def _nobody(person_id: int, on: date) -> Any:
    return []


# Set by credit.apps: (person id, day) -> a queryset of borrower numbers, usable as a subquery.
managed_borrowers: Callable[[int, date], Any] = _nobody

# Roles that read their whole branch.
BRANCH_READERS = frozenset({Role.RISK_MANAGER, Role.RISK_HEAD, Role.VICE_PRESIDENT, Role.PRESIDENT})


@dataclass(frozen=True)
class Scope:
    """A person's posts today, resolved: roles, the units whose business they read, whether they read everything."""

    person_id: int
    line: Line
    roles: frozenset[Role]
    unit_ids: frozenset[int]  # business of these units is readable (branch readers, heads)
    reads_all: bool  # auditors
    own_only: bool  # customer managers without a wider post: the customers they manage
    on: date

    def managed_borrowers(self) -> Any:
        """Numbers of the borrowers this person manages, as a subquery."""
        return managed_borrowers(self.person_id, self.on)

    def has(self, *roles: Role) -> bool:
        """Whether the person holds one of these roles today."""
        return bool(self.roles.intersection(roles))


def scope_of(user: User) -> Scope:
    """Resolve a person's posts of today. Someone without a post, or not active, sees nothing."""
    on = clock.today()
    posts = list(user.posts.current(on).select_related("unit")) if user.is_active else []
    roles = frozenset(Role(post.role) for post in posts)
    unit_ids: set[int] = set()
    for post in posts:
        units = type(post.unit).objects
        if post.role in BRANCH_READERS:
            # A risk department hangs below its branch: its people read the branch, not their department.
            unit = post.unit.parent if post.unit.kind == "DEPARTMENT" and post.unit.parent else post.unit
            unit_ids.update(units.under([unit.pk]).values_list("pk", flat=True))
        elif post.role == Role.CUSTOMER_HEAD:
            unit_ids.update(units.under([post.unit_id]).values_list("pk", flat=True))
    return Scope(
        person_id=user.pk,
        line=Line(user.line),
        roles=roles,
        unit_ids=frozenset(unit_ids),
        reads_all=Role.AUDITOR in roles,
        own_only=Role.CUSTOMER_MANAGER in roles,
        on=on,
    )

"""What a person may see, from their posts: the one place where `visible_to` starts.

`accounts` does not know borrowers; `credit` tells it once, at start-up, how to find the borrowers that people manage
(`Scope.managed_borrowers`), so that documents and duties below `credit` can be scoped by borrower number.

A deputy (AB角) has, for the days of the leave, the posts of the absent person beside their own. `Scope.each` keeps the
two apart: whose authority an act rests on decides whose name stands beside the deputy's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from accounts.choices import BRANCH_ROLES, Line, Role
from core import clock

if TYPE_CHECKING:
    from accounts.models import Post, User


def _nobody(person_ids: Collection[int], on: date) -> Any:
    return []


# Set by credit.apps: (person ids, day) -> a queryset of borrower numbers, usable as a subquery.
managed_borrowers: Callable[[Collection[int], date], Any] = _nobody


@dataclass(frozen=True)
class Scope:
    """A person's posts today, resolved: roles, the units whose business they read, whether they read everything."""

    person_id: int
    name: str
    line: Line
    roles: frozenset[Role]
    unit_ids: frozenset[int]  # business of these units is readable (branch readers, heads)
    reads_all: bool  # auditors
    own_only: bool  # customer managers without a wider post: the customers they manage
    on: date
    stands_in_for: tuple[Scope, ...] = ()  # people on leave today, each by their own posts
    alone: Scope | None = None  # without the posts of those; None: nobody is on leave

    @property
    def each(self) -> tuple[Scope, ...]:
        """The person by their own posts, then everybody whom they stand in for."""
        return (self.alone or self, *self.stands_in_for)

    @property
    def person_ids(self) -> tuple[int, ...]:
        """The person and everybody whom they stand in for."""
        return (self.person_id, *(absent.person_id for absent in self.stands_in_for))

    def managed_borrowers(self) -> Any:
        """Numbers of the borrowers that these people manage, as a subquery."""
        return managed_borrowers(self.person_ids, self.on)

    def has(self, *roles: Role) -> bool:
        """Whether the person holds one of these roles today."""
        return bool(self.roles.intersection(roles))


def scope_of(user: User) -> Scope:
    """Resolve a person's posts of today. Someone without a post, or not active, sees nothing and deputises for nobody.

    A leave counts while both still stand on one line, and only one step far: a deputy's deputy is nobody's.
    """
    on = clock.today()
    absent = user.stands_in.standing(on)
    posts: list[Post] = (
        list(
            user.posts.model.objects.current(on)
            .filter(Q(person=user) | Q(person__in=absent.values("person")))
            .select_related("unit", "person")
            .order_by("person__name", "from_on")
        )
        if user.is_active
        else []
    )
    own = _scope(user, [post for post in posts if post.person_id == user.pk], on)
    others = {post.person_id: post.person for post in posts if post.person_id != user.pk}
    if not own.roles or not others:
        return own
    away = tuple(
        _scope(person, [post for post in posts if post.person_id == person.pk], on)
        for person in others.values()
    )
    return Scope(
        person_id=own.person_id,
        name=own.name,
        line=own.line,
        roles=own.roles.union(*(one.roles for one in away)),
        unit_ids=own.unit_ids.union(*(one.unit_ids for one in away)),
        reads_all=any(one.reads_all for one in (own, *away)),
        own_only=any(one.own_only for one in (own, *away)),
        on=on,
        stands_in_for=away,
        alone=own,
    )


def seats_of(user: User) -> list[User]:
    """The person, then everybody whom they stand in for, each with the scope of their own posts and no more.

    Whoever asks "may this person?" of each in turn learns on whose behalf the person may.
    """
    scope = user.scope
    people = [copy(user)]
    if scope.stands_in_for:
        absent = user.__class__.objects.in_bulk([one.person_id for one in scope.stands_in_for])
        people += [absent[one.person_id] for one in scope.stands_in_for]
    for person, own in zip(people, scope.each, strict=True):
        person.scope = own
    return people


def _scope(person: User, posts: Iterable[Post], on: date) -> Scope:
    roles = set()
    unit_ids: set[int] = set()
    for post in posts:
        roles.add(Role(post.role))
        units = type(post.unit).objects
        if post.role in BRANCH_ROLES:
            # A risk department hangs below its branch: its people read the branch, not their department.
            unit_ids.update(units.under([post.unit.branch_id]).values_list("pk", flat=True))
        elif post.role == Role.CUSTOMER_HEAD:
            unit_ids.update(units.under([post.unit_id]).values_list("pk", flat=True))
    return Scope(
        person_id=person.pk,
        name=person.name,
        line=Line(person.line),
        roles=frozenset(roles),
        unit_ids=frozenset(unit_ids),
        reads_all=Role.AUDITOR in roles,
        own_only=Role.CUSTOMER_MANAGER in roles,
        on=on,
    )

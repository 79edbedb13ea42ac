"""Who holds which post for a unit on a day, who is on leave, and who may stand in."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.choices import Role, UnitKind
from accounts.models import Deputy, Post, Unit, User
from accounts.querysets import DatedQuerySet


class Holders:
    """The posts of a day, read once: who holds a role for a unit.

    A customer head is the head of the unit itself; everybody else may sit in the unit, in its branch, or in another
    department of the branch (the risk department answers for the loans of the corporate department).
    """

    def __init__(self, on: date) -> None:
        self._posts: dict[tuple[Role, int], list[int]] = defaultdict(list)
        for post in (
            Post.objects.current(on)
            .filter(person__is_active=True)
            .select_related("unit")
            .order_by("from_on", "pk")
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


def holders_at_head_office(role: Role, on: date) -> DatedQuerySet:
    """For a Subquery: posts of a role in the bank itself or a department of it, longest in office first."""
    there = Q(unit__kind=UnitKind.BANK) | Q(unit__parent__kind=UnitKind.BANK, unit__kind=UnitKind.DEPARTMENT)
    return Post.objects.current(on).filter(there, role=role, person__is_active=True).order_by("from_on", "pk")


def names_of(units: QuerySet[Any]) -> dict[int, str]:
    """The names of the units of these ids (rows of one column), from the top of the tree down: what a list offers."""
    return dict(Unit.objects.filter(pk__in=units.order_by()).order_by("path").values_list("pk", "name"))


def name_of_unit(column: str) -> Subquery:
    """An expression over rows with the id of a unit in a column or an annotation: its name."""
    return Subquery(Unit.objects.filter(pk=OuterRef(column)).values("name")[:1])


def accounting_units(user: User, on: date) -> QuerySet[Unit]:
    """The units whose money the person keeps: the branches of their accounting posts, with departments."""
    posts = user.posts.current(on).filter(role=Role.ACCOUNTANT).select_related("unit")
    branches = [post.unit.branch_id for post in posts]
    return Unit.objects.filter(Q(pk__in=branches) | Q(parent__in=branches, kind=UnitKind.DEPARTMENT))


# 审计 reads everything and changes nothing, 系统管理员 keeps users and reads nothing: neither post goes to another.
KEPT_APART = frozenset({Role.AUDITOR, Role.ADMIN})


def absent(on: date) -> dict[int, int]:
    """Who is on leave on the day: person → deputy."""
    return dict(Deputy.objects.standing(on).values_list("person", "deputy"))


def who_may_stand_in(person: User, on: date) -> QuerySet[User]:
    """The active colleagues of a person's branch on the same line (第三条), by name."""
    mine = list(Post.objects.current(on).filter(person=person).select_related("unit"))
    home = {post.unit.branch_id for post in mine}
    posts = Post.objects.current(on).filter(unit__in=Unit.objects.under(list(home)))
    people = User.objects.filter(pk__in=posts.values("person"), line=person.line, is_active=True)
    for role in KEPT_APART:
        same = posts.filter(role=role).values("person")
        if any(post.role == role for post in mine):
            people = people.filter(pk__in=same)
    return people.exclude(pk=person.pk).order_by("name", "pk")


def led_by(user: User) -> QuerySet[User]:
    """Whose leaves a person registers: a head the department's of their line, a president everybody's there.

    By the person's own posts only: a deputy does not lengthen the leave in which they stand in.
    """
    own = user.scope.each[0]
    people = User.objects.filter(is_active=True)
    if own.has(Role.ADMIN):
        return people
    there = people.filter(pk__in=Post.objects.current(own.on).filter(unit__in=own.unit_ids).values("person"))
    if own.has(Role.VICE_PRESIDENT, Role.PRESIDENT):
        return there
    return there.filter(line=own.line) if own.has(Role.CUSTOMER_HEAD, Role.RISK_HEAD) else people.none()


def people_for(user: User) -> QuerySet[User]:
    """Whose leave the person may register: their own, and those of the people they lead."""
    return User.objects.filter(Q(pk=user.pk) | Q(pk__in=led_by(user).values("pk")))


def leaves_seen_by(user: User) -> QuerySet[Deputy]:
    """A person's own leaves, those in which they stand in, and those of the people they lead; an auditor all."""
    leaves = Deputy.objects.select_related("person", "deputy")
    if user.scope.reads_all:
        return leaves
    return leaves.filter(Q(person=user) | Q(deputy=user) | Q(person__in=led_by(user)))


def leaves_of_the_day(user: User) -> QuerySet[Deputy]:
    """The leaves of today that concern a person: their own, and those in which they stand in."""
    standing = Deputy.objects.standing(user.scope.on).select_related("person", "deputy")
    return standing.filter(Q(person=user) | Q(deputy=user)).order_by("to_on", "pk")

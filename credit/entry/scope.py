"""Whose rows a person may enter: each row stands under a customer, and the customer under somebody.

What lies outside is answered like what does not exist, so that nobody learns numbers by trying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.choices import CUSTOMER_ROLES, Role, UnitKind
from accounts.models import Post, Unit, User
from core.staging.shapes import Column, Kind, Type
from credit.choices import ResponsibleRole
from credit.entry.kinds import APPOINTS, writers
from credit.entry.rows import Texts, found, model_of
from credit.models import Borrower, Collateral, Group, GroupMember, Lien

# The references that say under whom a row stands; a guarantor or a related party may be anybody's customer.
OWNERS = frozenset({"borrower", "contract", "loan", "guarantee", "account", "collateral"})


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a field: which row, which column (None and "" where it is about the whole), in a sentence."""

    row: int | None
    column: str
    reason: str


def branch_units(user: User, on: date) -> QuerySet[Any]:
    """The units of the branches that the person's posts belong to, from the nearest branch down."""
    paths = list(user.posts.current(on).values_list("unit__path", flat=True))
    codes = {code for path in paths for code in path.split("/") if code}
    branches = Unit.objects.filter(code__in=codes, kind=UnitKind.BRANCH)
    tops = [
        max((b for b in branches if path.startswith(b.path)), key=lambda b: len(b.path), default=None)
        for path in paths
    ]
    own = user.posts.current(on).values_list("unit_id", flat=True)
    return Unit.objects.under([top.pk if top else unit for top, unit in zip(tops, own, strict=True)])


def enterable(rows: QuerySet[Any], kind: Kind, user: User, on: date) -> QuerySet[Any]:
    """The rows, of these, that the person may enter something about (or correct), for a kind that is entered."""
    roles = writers(kind.name)
    model: type[Model] = rows.model
    if Role.ADMIN in roles:
        return rows
    if Role.ACCOUNTANT in roles:
        units = branch_units(user, on).order_by().values("pk")
        names = {field.name for field in model._meta.get_fields()}
        owner = next(
            (f"{name}__" for name in ("loan", "account") if name in names and "unit" not in names), ""
        )
        return rows.filter(**{f"{owner}unit__in": units})
    if model is Group:
        empty = ~Exists(GroupMember.objects.filter(group=OuterRef("pk")))
        return rows.filter(Q(pk__in=Group.objects.visible_to(user).values("pk")) | Q(empty))
    if model is Collateral:
        free = ~Exists(Lien.objects.filter(collateral=OuterRef("pk")))
        return rows.filter(Q(pk__in=Collateral.objects.visible_to(user).values("pk")) | Q(free))
    if hasattr(rows, "visible_to"):
        return rows.filter(pk__in=model._default_manager.visible_to(user).values("pk"))  # type: ignore[attr-defined]
    return rows.filter(borrower__in=Borrower.objects.visible_to(user))


def parents(kind: Kind, column: Column, user: User, on: date) -> QuerySet[Any]:
    """The rows that a reference of the kind may point to, for this person."""
    rows = model_of(column.table)._default_manager.all()
    if column.name in OWNERS:
        return enterable(rows, kind, user, on)
    if column.table == Unit._meta.db_table and Role.ADMIN not in writers(kind.name):
        return rows.filter(pk__in=branch_units(user, on).order_by().values("pk"))
    return rows


def check_rows(
    kind: Kind, rows: Sequence[Texts], *, by: User, on: date, known: Sequence[Texts] = ()
) -> list[Complaint]:
    """What the person may not enter. `known` are the standing rows that the page was opened to correct."""
    complaints = [
        Complaint(
            number, column.name, _("系统中没有这个%(noun)s，或不在您可以录入的范围内") % {"noun": column.noun}
        )
        for column in kind.columns
        if column.type is Type.REFERENCE
        for number in _outside(kind, column, rows, by, on)
    ]
    told = {complaint.row for complaint in complaints}
    keys = {_key(kind, row) for row in known}
    for number, row in enumerate(rows):
        if number in told or _key(kind, row) in keys or not found(kind, row, on).exists():
            continue
        label = kind.column(kind.key[0]).label
        reason = _("%(label)s已有登记；要改动已有的内容，请用“更正”打开它") % {"label": label}
        complaints.append(Complaint(number, kind.key[0], reason))
    if kind.name == "responsibilities":
        complaints += [*_not_theirs_to_name(rows, by), *_not_of_the_department(rows, by, on)]
    return complaints


def _key(kind: Kind, row: Texts) -> tuple[str, ...]:
    return tuple(row.get(name, "") for name in kind.key)


def _outside(kind: Kind, column: Column, rows: Sequence[Texts], by: User, on: date) -> list[int]:
    """The rows whose reference points at nothing that the person may point it at; one question per column."""
    if column.name not in OWNERS and column.table != Unit._meta.db_table:
        return []
    if column.parent == kind.name:  # units above units: the import knows those of the same file
        return []
    asked = {text for row in rows if (text := row.get(column.name, ""))}
    allowed = set(
        parents(kind, column, by, on)
        .filter(**{f"{column.key}__in": asked})
        .values_list(column.key, flat=True)
    )
    return [n for n, row in enumerate(rows) if (text := row.get(column.name, "")) and text not in allowed]


def _not_theirs_to_name(rows: Sequence[Texts], by: User) -> list[Complaint]:
    """The two lines constrain each other: neither names who answers for a customer on the other (第三条)."""
    words = {word: ResponsibleRole(value) for value, word in ResponsibleRole.choices}
    words |= {role.value: role for role in ResponsibleRole}
    found = []
    for number, row in enumerate(rows):
        role = words.get(row.get("role", ""))
        if role and not by.scope.has(*APPOINTS[role]):
            who = "、".join(str(one.label) for one in APPOINTS[role])
            reason = _("%(role)s由%(who)s登记，不归您的岗位") % {"role": role.label, "who": who}
            found.append(Complaint(number, "role", reason))
    return found


def _not_of_the_department(rows: Sequence[Texts], by: User, on: date) -> list[Complaint]:
    """A head appoints the customer managers of the own department and of no other (第八条)."""
    theirs = set(managers_under(by, on).values_list("username", flat=True))
    return [
        Complaint(number, "person", _("不是本部门的客户经理；其他部门的客户请由该部门负责人登记"))
        for number, row in enumerate(rows)
        if row.get("role") == ResponsibleRole.CUSTOMER_MANAGER
        and not row.get("to_on")
        and row.get("person")
        and row["person"] not in theirs
    ]


def manager_posts(on: date) -> QuerySet[Post]:
    """The posts of the day whose holders may manage customers, with their unit."""
    return Post.objects.current(on).filter(role__in=CUSTOMER_ROLES).select_related("unit")


def managers_under(head: User, on: date) -> QuerySet[User]:
    """Who may manage customers in the head's department: its customer managers, and its head."""
    posts = manager_posts(on).filter(unit__in=head.scope.unit_ids)
    return User.objects.filter(pk__in=posts.values("person"), is_active=True).order_by("username")

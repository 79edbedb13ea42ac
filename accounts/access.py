"""Fetch and authorise in one step: 404 outside a person's scope, 403 with a sentence for the wrong post.

A page that people go to by themselves says so beside its view: its title, whose it is, and the figure beside it. The
frame orders such pages into groups and knows nothing else about them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.models import User

COUNT_LIMIT = 1000  # a count beside a page is a hint; beyond this it says 999+ and costs no more

View = Callable[..., HttpResponseBase]


class RoleRequired(PermissionDenied):
    """The person's posts do not include one that may do this; answered with 403 and this sentence."""

    def __init__(self, *roles: Role) -> None:
        names = "、".join(str(role.label) for role in roles)
        super().__init__(
            _("只有%(roles)s可以使用这一页。如果您的岗位有变动，请联系系统管理员登记。") % {"roles": names}
        )


def get_visible(source: type[Model] | QuerySet, user: User, **lookup: Any) -> Any:
    """One row that the person may read; anything else does not exist for them (404)."""
    rows: Any = source._default_manager.all() if isinstance(source, type) else source
    return get_object_or_404(rows.visible_to(user), **lookup)


def check_role(user: User, *roles: Role) -> None:
    """Raise RoleRequired unless the person holds one of the roles today."""
    if not user.scope.has(*roles):
        raise RoleRequired(*roles)


def require_role(*roles: Role) -> Callable[[View], View]:
    """A view for these roles only; everyone else is told so in one sentence."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check_role(request.user, *roles)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


@dataclass(frozen=True)
class Page:
    """A page that is offered by itself: whose it is (nobody's in particular: everybody's), and the figure beside it.

    `also` are routes that belong to it: on them it is the page where one is.
    """

    route: str
    title: Any
    roles: tuple[Role, ...]
    count: Callable[[User], str] | None = None
    also: tuple[str, ...] = ()

    def is_for(self, user: User) -> bool:
        """Whether the page is one of this person's."""
        return not self.roles or user.scope.has(*self.roles)


_pages: dict[str, Page] = {}


def pages() -> Mapping[str, Page]:
    """Every page that says itself, by its route; complete once the views are read."""
    return _pages


def offered(
    route: str,
    title: Any,
    *roles: Role,
    count: Callable[[User], str] | None = None,
    also: tuple[str, ...] = (),
) -> Callable[[View], View]:
    """A page that is these roles' work; who else may open it, the view itself says."""
    _pages[route] = Page(route, title, roles, count, also)
    return lambda view: view


def page(
    route: str,
    title: Any,
    *roles: Role,
    count: Callable[[User], str] | None = None,
    also: tuple[str, ...] = (),
) -> Callable[[View], View]:
    """A page of these roles: offered to them, and refused to everyone else; without roles, everybody's."""
    offered(route, title, *roles, count=count, also=also)
    return require_role(*roles) if roles else lambda view: view


def told(count: int) -> str:
    """A count as it stands beside a page: nothing for none, 999+ where it was no longer counted."""
    return str(count) if 0 < count < COUNT_LIMIT else f"{COUNT_LIMIT - 1}+" if count else ""


def bounded_count(rows: QuerySet) -> str:
    """How many rows there are, without counting a whole table for a hint."""
    return told(rows.order_by()[:COUNT_LIMIT].count())

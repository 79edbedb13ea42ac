"""Fetch and authorise in one step: 404 outside a person's scope, 403 with a sentence for the wrong post."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.http import SignedInRequest
from accounts.models import User


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


def require_role(*roles: Role) -> Callable[..., Callable[..., HttpResponse]]:
    """A view for these roles only; everyone else is told so in one sentence."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            check_role(request.user, *roles)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def page(
    route: str,
    title: Any,
    *roles: Role,
    count: Callable[[User], str] | None = None,
    also: tuple[str, ...] = (),
) -> Callable[..., Callable[..., HttpResponse]]:
    """A page for these roles."""
    return require_role(*roles)

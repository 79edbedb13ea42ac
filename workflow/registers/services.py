"""Keeping how a person looks at a list: columns put away, filters under a name. Nobody else sees either."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Invalid
from workflow.models import ListSettings

MOST = 20  # filters kept for one list
NAME = 20  # characters of a name


def choose_columns(*, person: User, register: str, offered: Collection[str], shown: Collection[str]) -> None:
    """Show these of the columns that may be put away."""
    with _settings(person, register) as kept:
        kept.hidden = sorted(set(offered) - set(shown))


def save_filter(*, person: User, register: str, name: str, address: str) -> None:
    """Keep filters under a name; the same name replaces what it stood for. Invalid says what is wrong with it."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > NAME:
        raise Invalid(_("请给这组筛选起一个 %(n)s 个字以内的名称。") % {"n": NAME})
    with _settings(person, register) as kept:
        if name not in kept.saved and len(kept.saved) >= MOST:
            raise Invalid(_("一个列表最多保存 %(n)s 组筛选，请先删除不用的。") % {"n": MOST})
        kept.saved[name] = address


def forget_filter(*, person: User, register: str, name: str) -> None:
    """Throw away what was kept under a name."""
    with _settings(person, register) as kept:
        kept.saved.pop(name, None)


@contextmanager
def _settings(person: User, register: str) -> Iterator[ListSettings]:
    """A person's settings of a list, locked while they change: two tabs do not undo each other."""
    with transaction.atomic():
        ListSettings.objects.get_or_create(person=person, register=register)
        kept = ListSettings.objects.select_for_update().get(person=person, register=register)
        yield kept
        kept.save()

"""The people of the demonstration branch as accounts: their password, and the list offered at the door."""

from __future__ import annotations

from functools import lru_cache

from django.contrib.auth.hashers import check_password
from django.db import transaction

from accounts.models import User
from core import audit
from postloan.demo import mark
from postloan.demo.cast import ACCOUNTS, PASSWORD, PEOPLE, UNITS


@transaction.atomic
def set_passwords() -> int:
    """Give the people whom the demonstration brought the documented password; whoever has one keeps it.

    The caller has seen that the database was made for the demonstration, and that nobody else brought anything in.
    """
    known = User.objects.filter(username__in=[number for number, *_ in PEOPLE])
    people = [person for person in known if not person.has_usable_password()]
    for person in people:
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    audit.record(act=mark.PASSWORDS_SET, subject="演示支行", after={"people": len(people)})
    return len(people)


def demo_accounts() -> list[dict[str, str]]:
    """Who may sign in with the documented password: {username, password, name, role, unit}.

    Nothing where the database was not made for the demonstration; without those who have chosen another password.
    """
    if not mark.is_loaded():
        return []
    units = {code: name for code, name, _, _ in UNITS}
    parents = {code: units.get(parent, "") for code, _, kind, parent in UNITS if kind == "部门"}
    cast = {number: (name, post, unit) for number, name, _, unit, post, _ in PEOPLE}
    kept = dict(
        User.objects.filter(username__in=ACCOUNTS, is_active=True).values_list("username", "password")
    )
    return [
        {
            "username": number,
            "password": PASSWORD,
            "name": cast[number][0],
            "role": cast[number][1],
            "unit": parents.get(cast[number][2], "") + units[cast[number][2]],
        }
        for number in ACCOUNTS
        if number in kept and _is_documented(kept[number])
    ]


@lru_cache(maxsize=64)
def _is_documented(encoded: str) -> bool:
    """Whether an encoded password is the documented one. Remembered, since hashing takes long by design and the
    sign-in page, which anybody may ask for, shows the list."""
    return check_password(PASSWORD, encoded)

"""The people of the demonstration branch as accounts: their password, and the list offered at the door."""

from __future__ import annotations

from functools import cache

from django.contrib.auth.hashers import check_password
from django.db import transaction

from accounts.models import User
from core import audit
from postloan.demo.cast import ACCOUNTS, PASSWORD, PEOPLE, UNITS


@transaction.atomic
def set_passwords() -> int:
    """Give every person of the story the documented password; a bank's own people never get one this way."""
    people = User.objects.filter(username__in=[number for number, *_ in PEOPLE])
    for person in people:
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    audit.record(act="demo.passwords.set", subject="演示支行", after={"people": len(people)})
    return len(people)


def demo_accounts() -> list[dict[str, str]]:
    """Who may sign in: {username, password, name, role, unit}; nothing where the demonstration is not loaded."""
    units = {code: name for code, name, _, _ in UNITS}
    parents = {code: units.get(parent, "") for code, _, kind, parent in UNITS if kind == "部门"}
    cast = {number: (name, post, unit) for number, name, _, unit, post, _ in PEOPLE}
    first = User.objects.filter(username=ACCOUNTS[0], name=cast[ACCOUNTS[0]][0]).first()
    if first is None or not _is_the_documented_one(first.password):
        return []
    return [
        {
            "username": number,
            "password": PASSWORD,
            "name": cast[number][0],
            "role": cast[number][1],
            "unit": parents.get(cast[number][2], "") + units[cast[number][2]],
        }
        for number in ACCOUNTS
    ]


@cache
def _is_the_documented_one(hashed: str) -> bool:
    """Asked by everybody who opens the sign-in page of a demonstration; hashing is dear, so once for each hash."""
    return check_password(PASSWORD, hashed)

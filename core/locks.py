"""Acts that must not meet: whoever does the same thing at once waits, by a name that they share."""

from __future__ import annotations

from django.db import connection


def one_at_a_time(*what: str) -> None:
    """Wait until no other transaction holds one of these names; they are let go at the end of this one."""
    with connection.cursor() as cursor:
        for name in sorted(what):  # always in one order: nobody waits in a ring
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])

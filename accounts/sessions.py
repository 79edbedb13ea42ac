"""Sessions whose key shows that we made it, so that one made up is told apart without asking the database.

The web server decides by it how much of a request it takes in, before a thread, and with it a question to the
database, is spent on the request (docs/adr/0009).
"""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

_RANDOM, _SEAL = 24, 16  # characters; together the forty that the table keeps


def is_ours(key: str | None) -> bool:
    """Whether we made this key. Whether its session still lives, only the database knows."""
    return bool(key) and constant_time_compare(_sealed(str(key)[:_RANDOM]), str(key))


def _sealed(random: str) -> str:
    return random + salted_hmac("accounts.sessions", random, algorithm="sha256").hexdigest()[:_SEAL]


class SessionStore(db.SessionStore):
    """Sessions in the database, under sealed keys."""

    def _get_new_session_key(self) -> str:
        while True:
            key = _sealed(get_random_string(_RANDOM, VALID_KEY_CHARS))
            if not self.exists(key):
                return key

    def _validate_session_key(self, key: str | None) -> bool:
        return is_ours(key)

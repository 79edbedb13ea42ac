"""Password hashing in a bounded lane: it costs a tenth of a second and a hundred megabytes each time, on purpose.

Whoever hashes takes the lane, wherever the code that asks for it stands. One hash at a time and one in waiting, for
those who are not signed in; the same again for those who are, so that a crowd at the door keeps nobody from signing.
Each process has its own lanes, and the two leave threads for everybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils.translation import gettext as _

from core import actor
from core.errors import Busy

WAITING = 1
PATIENCE = 10  # seconds


class Lane:
    """One at a time, and few in waiting; who finds no room is told so at once."""

    def __init__(self) -> None:
        self._room = BoundedSemaphore(1 + WAITING)
        self._turn = Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the lane for the length of a block; raises Busy where there is no room, or none in time."""
        if not self._room.acquire(blocking=False):
            raise _no_room()
        try:
            if not self._turn.acquire(timeout=PATIENCE):
                raise _no_room()
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._room.release()


def _no_room() -> Busy:
    return Busy(_("现在核对密码的人较多，请过几秒再试一次。"))


STRANGERS, SIGNED_IN = Lane(), Lane()


class Argon2InTheLane(Argon2PasswordHasher):
    """What every password is hashed with."""

    def encode(self, password: str, salt: str) -> str:
        """Hash a password: a new one, or one tried on somebody whom there is not."""
        with _lane().taken():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is the password of this hash."""
        with _lane().taken():
            return super().verify(password, encoded)


def _lane() -> Lane:
    return STRANGERS if actor.current().is_stranger else SIGNED_IN

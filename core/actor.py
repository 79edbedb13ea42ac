"""Who is acting: set once per request or job, read by the audit; never guessed, never left over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person (工号 and name) or a job (`system:close_of_day`), and where the act came from."""

    id: str
    name: str
    address: str = ""
    on_behalf_of: str = ""

    @property
    def is_stranger(self) -> bool:
        """Somebody who is not signed in."""
        return self.id == _STRANGER


_STRANGER = "anonymous"

SYSTEM = Actor(id="system", name="系统")

_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current() -> Actor:
    """The acting person or job."""
    return _actor.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Act as somebody for the length of a block; restored even when the block raises."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def stranger(address: str) -> Actor:
    """The actor of a request of somebody who is not signed in."""
    return Actor(id=_STRANGER, name="未登录", address=address)


def job(name: str, *, on_behalf_of: str = "") -> Actor:
    """The actor of a background job."""
    return Actor(id=f"system:{name}", name="系统", on_behalf_of=on_behalf_of)

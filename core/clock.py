"""The two clocks: the business date (Asia/Shanghai) and the audit instant. Nothing else asks the operating system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_instant: ContextVar[datetime | None] = ContextVar("instant", default=None)


def now() -> datetime:
    """The audit instant, aware, in UTC."""
    return _instant.get() or datetime.now(UTC)


def today() -> date:
    """The business date: the calendar date in Shanghai, whatever the host's time zone."""
    return now().astimezone(SHANGHAI).date()


def local(at: datetime) -> datetime:
    """An instant as Shanghai wall time."""
    return at.astimezone(SHANGHAI)


@contextmanager
def travelling_to(moment: date | datetime) -> Iterator[None]:
    """Stand at another moment (a bare date means its noon in Shanghai); for tests and for rehearsals."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(12), SHANGHAI)
    token = _instant.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _instant.reset(token)

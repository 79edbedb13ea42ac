"""Days and instants from outside (an address, a form, a file, a paper, a photograph): one range for all of them.

A mortgage of this century ends within it and nobody of age was born before it. Beyond it lie slips of the hand, cameras
whose clock was never set, and days that Python, PostgreSQL or a time zone cannot carry.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, datetime, time, timedelta

from core.clock import SHANGHAI

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
RANGE = f"日期须在 {EARLIEST} 至 {LATEST} 之间"

# The same as instants: from the first on, and before the second.
FIRST = datetime.combine(EARLIEST, time.min, SHANGHAI)
AFTER = datetime.combine(LATEST + timedelta(days=1), time.min, SHANGHAI)


class NoDay(ValueError):
    """A text is no day, or none within the range; the message says which, and ends without a full stop."""


def is_within(day: date) -> bool:
    """Whether a day lies within the range."""
    return EARLIEST <= day <= LATEST


def read_day(text: str) -> date:
    """The day that a text says, as 2026-11-24 or 20261124; NoDay where it says none within the range."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise NoDay("没有这一天，或不是日期（写作 2026-11-24）") from None
    if not is_within(day):
        raise NoDay(RANGE)
    return day


def believable(at: datetime | None) -> datetime | None:
    """An instant within the range; anything else is not known (None)."""
    return at if at is not None and FIRST <= at < AFTER else None


def option(text: str) -> date:
    """The day that an option of a command says."""
    try:
        return read_day(text)
    except NoDay as error:
        raise ArgumentTypeError(f"{text}：{error}。") from None

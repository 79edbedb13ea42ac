"""Errors that a person reads: each carries one Chinese sentence saying what is wrong and what to do."""

from __future__ import annotations


class Refused(Exception):
    """An act that the rules do not allow; the message is shown as it is."""

    status = 403


class Conflict(Refused):
    """Somebody else was first, or the state moved on; nothing was changed."""

    status = 409


class Invalid(Refused):
    """What was entered cannot be accepted; the message says where and what to do."""

    status = 422


class Busy(Refused):
    """No room for it just now; nothing was done, and the same again in a few seconds may do."""

    status = 503

"""The audit's one writer: a row per act, in its transaction; sealing and proving are re-exported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Model
from django.db.models.expressions import RawSQL

from core import actor, clock
from core.models import AuditEntry
from core.sealing import Report, anchor, known_anchors, seal, seal_all, verify

__all__ = ["Report", "anchor", "known_anchors", "name_of", "plain", "record", "seal", "seal_all", "verify"]

_OWN_TRANSACTION = RawSQL("pg_current_xact_id()::text::bigint", (), output_field=BigIntegerField())


def record(
    *,
    act: str,
    subject: str | Model,
    before: Any = None,
    after: Any = None,
    borrower_number: str = "",
    note: str = "",
) -> AuditEntry:
    """Write down one act; who and from where come from core.actor, when from core.clock."""
    who = actor.current()
    at = clock.now()
    entry = AuditEntry.objects.create(
        at=at,
        on=clock.local(at).date(),
        actor=who.id,
        actor_name=who.name,
        on_behalf_of=who.on_behalf_of,
        address=who.address,
        act=act,
        subject=name_of(subject),
        borrower_number=borrower_number,
        before=plain(before),
        after=plain(after),
        note=_text(note),
        xid=_OWN_TRANSACTION,
    )
    del entry.xid  # an expression until it is read back from the row
    return entry


def name_of(subject: str | Model) -> str:
    """How the audit names a row: workflow.document:17."""
    return f"{subject._meta.label_lower}:{subject.pk}" if isinstance(subject, Model) else subject


def plain(value: Any) -> Any:
    """A value as JSON says it: amounts as strings, dates as written, rows by name; floats are refused."""
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return _text(value)
        case int():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case Model():
            return name_of(value)
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted(plain(item) for item in value)
        case list() | tuple():
            return [plain(item) for item in value]
        case float():
            raise TypeError("审计中不记浮点数：金额用 Decimal，时长与计数用整数")
    return _text(str(value))  # lazy translations and the like


def _key(key: Any) -> str:
    return str(plain(key))


def _text(text: str) -> str:
    return text.replace("\x00", "\ufffd")  # PostgreSQL stores no NUL; an audit row must not fail for one

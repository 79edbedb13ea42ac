"""The audit's one writer: a row per act, in its transaction; sealing and proving are re-exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.db.models import BigIntegerField, Model
from django.db.models.expressions import RawSQL

from core import actor, clock
from core.models import AuditEntry
from core.sealing import Report, anchor, known_anchors, seal, seal_all, verify

__all__ = [
    "Act", "Report", "act", "acts", "anchor", "known_anchors", "label_of", "name_of", "plain", "record", "seal",
    "seal_all", "subject_label", "verify",
]  # fmt: skip

Said = TypeVar("Said")

_OWN_TRANSACTION = RawSQL("pg_current_xact_id()::text::bigint", (), output_field=BigIntegerField())


@dataclass(frozen=True)
class Act:
    """Something that is written down: its name, which is stored and never changes, and what a reader calls it."""

    name: str
    label: object

    def __str__(self) -> str:
        return self.name  # so it is found by what is stored


_acts: dict[str, Act] = {}
_subjects: dict[str, object] = {}  # what an entry is about where that is no row of a model


def act(name: str, label: object, *, about: Mapping[str, object] | None = None) -> Act:
    """Declare an act, beside the verb that does it: `SIGNED = audit.act("workflow.step.signed", _("签字"))`.

    `about` gives words to the subjects that are no rows: `{"funds": _("资金预警名单")}`. A retired name stays declared
    beside its successor, for the entries of its days.
    """
    declared = _said_once(_acts, name, Act(name, label))
    for subject, words in (about or {}).items():
        _said_once(_subjects, subject, words)
    return declared


def acts() -> Mapping[str, Act]:
    """Every declared act by its name."""
    return MappingProxyType(_acts)


def label_of(name: str) -> str:
    """What a stored act is called; one that nobody declares by its name."""
    return str(_acts[name].label) if name in _acts else name


def subject_label(subject: str) -> str:
    """What an entry was about, in words: 职责 40. A row is called as its model is."""
    name, _colon, key = subject.partition(":")
    return f"{_subject_word(name)} {key}".strip()


def _subject_word(name: str) -> object:
    if name in _subjects:
        return _subjects[name]
    try:
        return apps.get_model(name)._meta.verbose_name
    except (LookupError, ValueError):  # ValueError: not of the shape app.model
        return name


def _said_once(known: dict[str, Said], name: str, said: Said) -> Said:
    if known.setdefault(name, said) is not said and _words(known[name]) != _words(said):
        raise ValueError(
            f"{name!r} is {_words(known[name])!r} already; it cannot be {_words(said)!r} as well"
        )
    return known[name]


def _words(said: object) -> str:
    return str(said.label if isinstance(said, Act) else said)


def record(
    *,
    act: Act,
    subject: str | Model,
    before: Any = None,
    after: Any = None,
    borrower_number: str = "",
    note: str = "",
) -> AuditEntry:
    """Write down one act; who and from where come from core.actor, when from core.clock."""
    _check_declared(act)
    who = actor.current()
    at = clock.now()
    entry = AuditEntry.objects.create(
        at=at,
        on=clock.local(at).date(),
        actor=who.id,
        actor_name=who.name,
        on_behalf_of=who.on_behalf_of,
        address=who.address,
        act=act.name,
        subject=name_of(subject),
        borrower_number=borrower_number,
        before=plain(before),
        after=plain(after),
        note=_text(note),
        xid=_OWN_TRANSACTION,
    )
    del entry.xid  # an expression until it is read back from the row
    return entry


def _check_declared(act: Act) -> None:
    if not isinstance(act, Act) or _acts.get(act.name) is not act:
        raise LookupError(f"{act!r} is no declared act: declare it once, ACT = audit.act(name, words)")


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

"""What a form starts with, and how a document keeps it, so that it reads the same however the book moves on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Fact:
    """Something the system knows: a card beside the form that can be inserted into the field `target`."""

    title: str
    detail: str = ""
    section: str = ""  # the section where it matters most; empty: everywhere
    target: str = ""
    value: str = ""


@dataclass(frozen=True)
class Prefill:
    """What a form starts with: answers, facts, last time's answers, listed options, policy figures."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    last: Mapping[str, Any] = field(default_factory=dict)
    last_on: date | None = None
    facts_on: date | None = None
    options: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    figures: Mapping[str, Decimal] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `Document.prefilled` keeps."""
        return {
            "answers": dict(self.answers),
            "facts": [asdict(fact) for fact in self.facts],
            "last": dict(self.last),
            "last_on": self.last_on.isoformat() if self.last_on else None,
            "facts_on": self.facts_on.isoformat() if self.facts_on else None,
            "options": {name: [list(pair) for pair in pairs] for name, pairs in self.options.items()},
            "figures": {name: str(value) for name, value in self.figures.items()},
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Prefill:
        """The prefill that a document keeps."""
        return cls(
            answers=kept.get("answers", {}),
            facts=tuple(Fact(**fact) for fact in kept.get("facts", ())),
            last=kept.get("last", {}),
            last_on=date.fromisoformat(kept["last_on"]) if kept.get("last_on") else None,
            facts_on=date.fromisoformat(kept["facts_on"]) if kept.get("facts_on") else None,
            options={
                n: tuple((v, label) for v, label in pairs) for n, pairs in kept.get("options", {}).items()
            },
            figures={name: Decimal(value) for name, value in kept.get("figures", {}).items()},
        )

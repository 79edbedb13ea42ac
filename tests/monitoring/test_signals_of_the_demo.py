"""Every pattern of misuse that the demonstration tells is found by the thresholds that ship."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

from core import policy_files
from monitoring.choices import SignalKind
from monitoring.flows.rules.movements import Movement, RelatedParties, kind_of, words_of
from monitoring.flows.rules.reckoning import AccountEntry
from monitoring.signals.rules.detectors import detect
from monitoring.signals.rules.facts import Case, Drawdown, limits_of
from monitoring.signals.rules.finding import Finding
from postloan.demo import misuse
from postloan.demo.builder import DEFAULT_SEED, build_world
from postloan.demo.cash import IN
from postloan.demo.days import STORY_WEEKDAYS, Timeline
from postloan.demo.names import CORPORATE

AS_OF = date(2026, 11, 23)
PATTERNS = {
    "_returns": SignalKind.FLOWS_BACK,
    "_passes_through": SignalKind.IN_AND_OUT,
    "_to_securities": SignalKind.SECURITIES,
    "_to_property": SignalKind.PROPERTY,
    "_in_cash": SignalKind.CASH,
}


class Shipped:
    """The thresholds as they ship."""

    def __init__(self) -> None:
        self.base = policy_files.shipped(settings.POLICY_DIR)["BASE"]

    def get(self, scheme: str, name: str) -> Any:
        """As a day's policy would answer."""
        return SimpleNamespace(value=self.base[name]["value"])


def found_of(world: Any, key: str, policy: Any) -> list[Finding]:
    """Everything that is found of one borrower, day by day as the movements become known."""
    profile, rows = world.profiles[key], []
    related = RelatedParties(
        own_accounts=frozenset(one.number for one in world.accounts_of(key)),
        own_names=frozenset({profile.name}),
        words=words_of(policy),
    )
    for place, one in enumerate(world.accounts_of(key)):
        for line in world.cash.of(one.number):
            said = Movement(
                "CREDIT" if line.direction == IN else "DEBIT",
                line.amount,
                line.name,
                line.number,
                line.summary,
                loan_id=1 if line.loan else None,
                reverses=1 if line.reverses else None,
            )
            rows.append((line.on, place, said))
    rows.sort(key=lambda row: row[0])
    moved = [
        AccountEntry(n, place, on, said, kind_of(said, related))
        for n, (on, place, said) in enumerate(rows, 1)
    ]
    lent = [
        Drawdown(n, note.number, "", note.start, note.amount) for n, (_s, note) in enumerate(world.of(key), 1)
    ]
    spent: dict[SignalKind, set[int]] = defaultdict(set)
    found = []
    for day in sorted({one.on for one in moved}):
        case = Case(
            borrower_id=1,
            kind="CORPORATE" if profile.kind == CORPORATE else "PERSONAL",
            on=day,
            entries=[one for one in moved if one.on <= day],
            new=frozenset(one.pk for one in moved if one.on == day),
            related=related,
            drawdowns=[one for one in lent if one.on <= day],
            credit=sum((one.amount for one in lent), Decimal(0)),
            spent={kind: frozenset(pks) for kind, pks in spent.items()},
        )
        for one in detect(case, limits_of(policy)):
            spent[one.kind].update(one.movements)
            found.append(one)
    return found


@pytest.mark.obligation("GR-22.1", clause="abcd")
def test_every_pattern_of_the_demonstration_is_found_with_its_customer(monkeypatch) -> None:
    told: list[tuple[str, str, date]] = []

    def watched(name: str, real: Any) -> Any:
        def pattern(world: Any, spec: Any, note: Any) -> None:
            told.append((name, spec.key, note.start))
            real(world, spec, note)

        return pattern

    for name in PATTERNS:
        monkeypatch.setattr(misuse, name, watched(name, getattr(misuse, name)))
    world = build_world(Timeline(AS_OF, STORY_WEEKDAYS), DEFAULT_SEED)
    assert {name for name, _key, _on in told} == set(PATTERNS)
    policy = Shipped()
    limits, large = limits_of(policy), policy.get("BASE", "signals.large").value
    assert (limits.large_share, limits.large_amount) == (Decimal(large["share"]), Decimal(large["amount"]))
    for name, key, granted in told:
        kinds = {one.kind for one in found_of(world, key, policy) if one.effective_on >= granted}
        assert PATTERNS[name] in kinds, (name, key, kinds)

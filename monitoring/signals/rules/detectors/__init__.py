"""The detectors: each a pure function of one borrower's case and the thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monitoring.signals.rules.detectors.falling import drained, expenses_stopped, share_falling
from monitoring.signals.rules.detectors.patterns import (
    flowing_back,
    in_cash,
    passing_through,
    round_trip,
    within_the_group,
)
from monitoring.signals.rules.detectors.single import forbidden, large
from monitoring.signals.rules.facts import Case, Limits
from monitoring.signals.rules.finding import Finding

Detector = Callable[[Case, Limits], Iterator[Finding]]
DETECTORS: tuple[Detector, ...] = (
    passing_through,
    flowing_back,
    round_trip,
    forbidden,
    in_cash,
    drained,
    share_falling,
    expenses_stopped,
    within_the_group,
)


def detect(case: Case, limits: Limits) -> Iterator[Finding]:
    """Everything that one borrower's movements show; what shows something else is not told to be large as well."""
    told = set().union(*case.spent.values())
    for detector in DETECTORS:
        for found in detector(case, limits):
            told.update(found.movements)
            yield found
    for found in large(case, limits):
        if told.isdisjoint(found.movements):
            yield found

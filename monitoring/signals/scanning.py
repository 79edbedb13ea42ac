"""The day's look for signals: only borrowers whose accounts moved that day, with bounded history of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import partial

from django.utils.translation import gettext_lazy as _

from core import audit
from core.parameters import Policy
from monitoring.signals.rules.detectors import detect
from monitoring.signals.rules.facts import Case, Limits, limits_of
from monitoring.signals.selectors.reading import months_over, moved_on, read, read_months, with_live_loans
from monitoring.signals.services import raise_signals
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.sweep import set_aside, sweep

RAISED = audit.act("monitoring.signals.raised", _("识别资金异动"))

STEP = "signals"
Reading = Callable[[list[int]], Iterable[Case]]


def scan(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """Raise what the day's movements show, and the months that ended with it; run again, it changes nothing.

    `only` narrows to some borrowers.
    """
    limits, counts = limits_of(policy), Counter[str]()
    waiting = set_aside(on, STEP).order_by().values_list("subject_id", flat=True)
    moved = set(waiting).union(moved_on(on, limits))
    months = set(months_over(on).order_by().values_list("borrower", flat=True))
    for ids, reading in (
        (moved, lambda part: read(part, on, policy, limits)),
        (months, lambda part: read_months(part, on, limits)),
    ):
        chosen = ids if only is None else ids.intersection(only)
        work = partial(_look, on=on, limits=limits, reading=reading)
        counts.update(sweep(sorted(chosen), work, on=on, step=STEP, progress=progress))
    return counts


def _look(ids: list[int], on: date, limits: Limits, reading: Reading) -> Counter[str]:
    live = with_live_loans(ids, on)
    found = [one for case in reading(live) for one in detect(case, limits)] if live else []
    return Counter({"looked_at": len(live), "raised": raise_signals(found, on)})


PREPARATION = Preparation(STEP, "识别资金异动", RAISED, scan)

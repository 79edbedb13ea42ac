"""A branch that was closed day by day for ninety days, and one whose server stood still for them, end alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Unit
from core import clock, policy
from core.models import Scheme
from core.models.imports import ImportStatus
from core.parameters import BASE
from credit.imports.run import import_files, profile
from credit.models import Borrower, Contract, Loan
from inspections.models import Sample
from monitoring.models import AccountMonth, BorrowerMonth, FundsCheck, FundsOutlook, SeenUse, Signal
from postloan import close_of_day
from postloan.demo import layout
from postloan.demo.builder import build
from postloan.demo.days import Timeline
from workflow.models import DailyMeasure, Escalation, Quarantined, WorkItem
from workflow.services import days

pytestmark = pytest.mark.long
# 10-01 to 12-29 are ninety days, with 国庆, two make-up workdays, two month ends and a day of interest (12-20).
LAST = date(2026, 12, 29)
WEEKDAYS = 70  # more than lie between: the story begins with the quarter
DAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(90)]


def begin() -> None:
    """The lender goes live with the first of the days, and expects no extracts on the days of rest."""
    base = Scheme.objects.get(pk=BASE)
    parameters = {name: dict(entry) for name, entry in base.versions.latest("number").parameters.items()}
    parameters["lender.go_live_on"]["value"] = DAYS[0].isoformat()
    parameters["extracts.expected"]["value"] = False
    version = policy.propose(
        scheme=base, parameters=parameters, effective_on=DAYS[0], reason="上线", by="10061", at=clock.now()
    )
    policy.approve(version=version, by="10001", at=clock.now())


def names() -> dict[tuple[str, int], str]:
    """Every subject by what it is called, since ids differ from one load to the next."""
    found: dict[tuple[str, int], str] = {}
    for kind, model, name in (
        ("BORROWER", Borrower, "number"),
        ("LOAN", Loan, "number"),
        ("CONTRACT", Contract, "number"),
        ("UNIT", Unit, "code"),
    ):
        found |= {(kind, pk): value for pk, value in model.objects.values_list("pk", name)}
    return found


def left_behind() -> dict[str, list[Any]]:
    """Everything that the days left, without ids and instants."""
    called = names()
    duty = ("subject_kind", "subject_id", "obligation", "period_key")

    def of_duties(rows: Any, *columns: str, prefix: str = "") -> list[Any]:
        keys = [prefix + name for name in duty]
        return sorted(
            (called[kind, pk], *rest) for kind, pk, *rest in rows.values_list(*keys, *columns)
        )  # fmt: skip

    figure = (
        "on", "unit__code", "person__username", "post", "obligation", "measure", "key", "value", "amount",
    )  # fmt: skip
    return {
        "duties": of_duties(
            WorkItem.objects.all(), "kind", "borrower_number", "unit__code", "line", "post", "person__username",
            "raised_on", "counts_from", "due_on", "reason", "status", "closed_on", "close_reason",
        ),
        "escalations": of_duties(
            Escalation.objects.all(), "rung", "role", "person__username", "on", prefix="work_item__"
        ),
        "measures": list(DailyMeasure.objects.order_by(*figure).values_list(*figure)),
        "funds": sorted(
            FundsCheck.objects.values_list(
                "on", "loan__number", "kind", "due_on", "check_day", "required",
                "from_collateral", "from_balance", "short",
            )
        ),
        "signals": sorted(Signal.objects.values_list("known_on", "kind", "level", "borrower__number", "text")),
        "uses": sorted(SeenUse.objects.values_list("known_on", "loan__number", "seen_as", "used_on", "amount")),
        "months": sorted(
            AccountMonth.objects.values_list("month", "account__number", "inflow", "outflow", "average", "difference")
        ),
        "shares": [
            (*row, str(marks))
            for *row, marks in BorrowerMonth.objects.order_by("month", "borrower__number").values_list(
                "month", "borrower__number", "our_credit", "settlement_share", "marks"
            )
        ],
        "outlook": sorted(FundsOutlook.objects.values_list("on", "borrower__number", "short_30", "short_90")),
        "samples": sorted(Sample.objects.values_list("unit__code", "scheme", "period_key", "seed", "drawn_on")),
    }  # fmt: skip


def test_ninety_days_closed_one_by_one_equal_ninety_days_closed_after_an_outage(
    new_database: Callable[[], AbstractContextManager[str]], tmp_path: Path
) -> None:
    extracts = build(LAST, weekdays=WEEKDAYS)
    layout.write(extracts, tmp_path / "extracts")
    assert Timeline(LAST, WEEKDAYS).go_live == DAYS[0] and min(extracts) == DAYS[0] - timedelta(days=1)

    def bring(on: date) -> None:
        folder = tmp_path / "extracts" / on.isoformat()
        if folder.is_dir():
            batch = import_files(
                {path.name: path for path in folder.iterdir()}, layout=profile("native"), as_of=on
            )
            assert batch.status == ImportStatus.APPLIED, [
                file.errors for file in batch.files.all() if file.errors
            ]

    def day_by_day() -> None:
        for on in DAYS:
            with clock.travelling_to(on + timedelta(days=1)):
                bring(on)
                assert close_of_day.close(on), on

    def after_the_outage() -> None:
        with clock.travelling_to(DAYS[-1] + timedelta(days=1)):
            for on in DAYS:
                bring(on)
            assert [closed.on for closed in close_of_day.catch_up(until=DAYS[-1])] == DAYS

    def end_of(road: Callable[[], None]) -> dict[str, list[Any]]:
        with new_database():
            with clock.travelling_to(DAYS[0]):
                begin()
                bring(DAYS[0] - timedelta(days=1))
            road()
            assert days.last_closed_day() == DAYS[-1] and not Quarantined.objects.exists()
            return left_behind()

    steadily, at_once = end_of(day_by_day), end_of(after_the_outage)
    assert all(steadily.values())
    differing = {
        what: [row for row in rows if row not in at_once[what]][:3]
        for what, rows in steadily.items()
        if at_once[what] != rows
    }
    assert differing == {}

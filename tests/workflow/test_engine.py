"""The engine: raised twice is raised once, and a row that cannot be judged does not stop the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from core.policy import policy_on
from credit.models import Borrower
from inspections.duties import CorporateVisit
from tests import factories
from workflow import engine
from workflow.engine import reconcile
from workflow.models import Quarantined, WorkItem

pytestmark = pytest.mark.usefixtures("reference")
ON = date(2026, 11, 24)


@pytest.fixture
def book(cast):
    """A thousand borrowers with a loan each, one customer manager."""
    borrowers = Borrower.objects.bulk_create(
        Borrower(number=f"B{n:05d}", name=f"企业{n}", kind="CORPORATE") for n in range(1000)
    )
    factories.make_loans(borrowers, cast.corporate)
    return borrowers


def rows() -> list[tuple]:
    """Every duty with its physical version: xmin changes when a row is written, even to the same values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, w.* FROM workflow_workitem w ORDER BY id")
        return cursor.fetchall()


def test_running_a_day_five_times_changes_nothing_after_the_first(cast, book):
    reconcile(CorporateVisit(), on=ON, policy=policy_on(ON))
    first = rows()
    assert len(first) == 1002  # the thousand, and the two corporate borrowers of the cast
    for _ in range(4):
        counts = reconcile(CorporateVisit(), on=ON, policy=policy_on(ON))
        assert not counts["raised"] and not counts["changed"] and not counts["void"]
    assert rows() == first


def test_the_database_itself_refuses_a_duty_raised_twice(cast):
    reconcile(CorporateVisit(), on=ON, policy=policy_on(ON))
    columns = ", ".join(field.column for field in WorkItem._meta.concrete_fields if not field.primary_key)
    with (
        pytest.raises(IntegrityError, match="a_duty_is_raised_once_per_subject_and_period"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO workflow_workitem ({columns}) SELECT {columns} FROM workflow_workitem LIMIT 1"
        )


class Poisoned(CorporateVisit):
    """The rule, with rows that it cannot judge."""

    def __init__(self, poison: dict[int, Exception | None]) -> None:
        self.poison = poison

    def judge(self, row, on, policy):
        if error := self.poison.get(row.pk):
            raise error
        if row.pk in self.poison:  # a failure of the database itself, in the middle of a transaction
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
        return super().judge(row, on, policy)


def test_five_poisoned_rows_are_set_aside_and_the_others_go_on(cast, book):
    poison = {
        book[7].pk: ValueError("坏数据"),
        book[8].pk: MemoryError(),
        book[500].pk: TimeoutError("soft time limit"),
        book[501].pk: None,
        book[999].pk: KeyError("missing"),
    }
    counts = reconcile(Poisoned(poison), on=ON, policy=policy_on(ON))
    assert counts["raised"] == 997 and counts["quarantined"] == 5
    aside = Quarantined.objects.order_by("subject_id")
    assert [row.subject_id for row in aside] == sorted(poison)
    assert aside[0].cause == "ValueError: 坏数据" and "division by zero" in aside[3].cause

    # No redelivery loop: at most three attempts each, then they are left alone.
    for _ in range(4):
        reconcile(Poisoned(poison), on=ON, policy=policy_on(ON))
    assert {row.attempts for row in Quarantined.objects.all()} == {engine.MAX_ATTEMPTS}

    # Mended and tried again, they are raised like the others, and the list closes.
    Quarantined.objects.update(attempts=0)
    assert reconcile(CorporateVisit(), on=ON, policy=policy_on(ON))["raised"] == 5
    assert not Quarantined.objects.filter(resolved_at__isnull=True).exists()


class Holding(engine.Progress):
    """Remembers what was in hand."""

    def __init__(self, suspects: frozenset[int] = frozenset()) -> None:
        self.suspects = suspects
        self.held: list[list[int]] = []

    def hold(self, ids):
        self.held.append(list(ids))


def test_a_set_that_killed_its_process_is_taken_row_by_row(cast, book):
    suspects = frozenset(one.pk for one in book[:3])
    progress = Holding(suspects)
    reconcile(CorporateVisit(), on=ON, policy=policy_on(ON), progress=progress)
    singles = [ids for ids in progress.held if len(ids) == 1]
    assert sorted(ids[0] for ids in singles) == sorted(suspects)
    assert progress.held[-1] == []


def test_what_was_due_before_the_lender_went_live_is_not_raised(cast):
    quarter_end = date(2026, 12, 31)
    reconcile(
        CorporateVisit(), on=ON, policy=policy_on(ON), not_before=date(2027, 1, 1)
    )  # the quarter's visits were due on 12-31, the evening before
    assert not WorkItem.objects.exists()
    reconcile(CorporateVisit(), on=ON, policy=policy_on(ON), not_before=quarter_end)
    assert {item.due_on for item in WorkItem.objects.all()} == {quarter_end}


class Telling(CorporateVisit):
    """The rule, with a reason that differs from day to day."""

    def judge(self, row, on, policy):
        verdict = super().judge(row, on, policy)
        needs = tuple(replace(need, reason=f"截至 {on}") for need in verdict.required)
        return replace(verdict, required=needs)


def test_an_open_duty_says_each_day_why_it_is_owed_that_day(cast):
    for on in (ON, date(2026, 11, 25)):
        reconcile(Telling(), on=on, policy=policy_on(on))
        assert {item.reason for item in WorkItem.objects.all()} == {f"截至 {on}"}


def test_a_duty_that_is_required_again_is_never_due_before_it_counts(cast):
    reconcile(CorporateVisit(), on=ON, policy=policy_on(ON))
    WorkItem.objects.update(
        status="VOID", closed_on=ON, closed_at="2026-11-24T02:00:00Z", closed_by="x", close_reason="已改善",
        counts_from=date(2027, 1, 15), due_on=date(2027, 1, 31),
    )  # fmt: skip
    counts = reconcile(CorporateVisit(), on=ON, policy=policy_on(ON))  # the quarter's visit, due on 12-31
    assert not counts["quarantined"]
    assert {(item.status, item.due_on) for item in WorkItem.objects.all()} == {("OPEN", date(2027, 1, 15))}


def test_a_duty_is_brought_forward_but_never_to_a_day_that_is_over(cast):
    """A policy that asks for more than before makes nobody late: 2026-11-24 is a Tuesday, so by the Wednesday."""

    class Hurried(CorporateVisit):
        due = date(2026, 12, 31)

        def judge(self, row, on, policy):
            verdict = super().judge(row, on, policy)
            return replace(verdict, required=tuple(replace(one, due_on=self.due) for one in verdict.required))

    rule = Hurried()
    for due_on, expected in (
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2026, 12, 1), date(2026, 12, 1)),
        (date(2026, 11, 2), date(2026, 11, 25)),
        (date(2026, 12, 31), date(2026, 11, 25)),
    ):
        rule.due = due_on
        reconcile(rule, on=ON, policy=policy_on(ON))
        assert set(WorkItem.objects.values_list("due_on", flat=True)) == {expected}
    rule.due = date(2026, 11, 2)
    reconcile(rule, on=date(2026, 11, 27), policy=policy_on(ON))  # nor put off by the days that go by
    assert set(WorkItem.objects.values_list("due_on", flat=True)) == {date(2026, 11, 25)}

"""The day written by hand leaves the same rows as the product: over the demonstration branch, while things happen."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, override_settings

from core import clock
from credit.choices import EventKind, ResponsibleRole
from credit.models import (
    ClassFact,
    Contract,
    Installment,
    Loan,
    LoanReading,
    LoanTerms,
    Responsibility,
    RiskEvent,
)
from postloan.close_of_day import close
from tests.bench import by_hand
from workflow.choices import DutyStatus
from workflow.models import WorkItem

OPENED, TODAY = date(2026, 11, 11), date(2026, 11, 24)
# Then a month's end, and the first days of the next quarter.
LATER = tuple(map(date.fromisoformat, ("2026-11-30", "2026-12-01", "2026-12-31", "2027-01-01", "2027-01-04")))
# What people do reaches the rows by hand as it is: it is no rule.
FOLLOW = """
UPDATE by_hand.workitem h SET status = w.status, submitted_on = w.submitted_on, done_on = w.done_on,
    late_entry = w.late_entry, closed_on = w.closed_on, close_reason = w.close_reason
FROM workflow_workitem w
WHERE (w.obligation, w.subject_kind, w.subject_id, w.period_key)
    = (h.obligation, h.subject_kind, h.subject_id, h.period_key)
"""


class ByHand(TestCase):
    """Loaded once, without a day closed."""

    maxDiff = None  # the first differences are what one wants to read

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(override_settings(VAR_DIR=Path(folder)))
        cls.enterClassContext(clock.travelling_to(TODAY))
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        call_command("load_demo", database=connection.settings_dict["NAME"], stdout=StringIO())
        by_hand.prepare(connection)

    def both(self, on: date) -> None:
        """Close the day by the product and by hand, and compare."""
        close(on)
        by_hand.run(connection, on)
        self.assertEqual(by_hand.differences(connection), [], on)

    @pytest.mark.heavy
    def test_both_leave_the_same_rows_day_after_day(self) -> None:
        days = [OPENED + timedelta(days=n) for n in range(9)]
        for on in (*days, *LATER):
            if on >= date(2026, 11, 13):
                things_happen(on)
            self.both(on)
        raised = set(WorkItem.objects.values_list("obligation", flat=True))
        assert set(by_hand.COVERED) <= raised, set(by_hand.COVERED) - raised
        assert set(WorkItem.objects.values_list("status", flat=True)) == set(DutyStatus.values)

    def test_a_day_written_again_changes_nothing(self) -> None:
        self.both(OPENED)
        before = written()
        by_hand.run(connection, OPENED)
        assert written() == before
        assert len(before) > 100

    def test_a_row_that_differs_is_told_with_its_side(self) -> None:
        self.both(OPENED)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE by_hand.workitem SET due_on = due_on + 1 WHERE obligation = 'GR-35' AND unit_id IN "
                           "(SELECT min(unit_id) FROM by_hand.workitem WHERE obligation = 'GR-35')")  # fmt: skip
        told = by_hand.differences(connection)
        assert [line.split(": ")[0] for line in told] == ["duties, only the product", "duties, only by hand"]
        assert all("'GR-35'" in line for line in told)


def written() -> list[tuple[object, ...]]:
    """Every duty by hand with the place where it is stored, which changes when it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text, id, due_on, status, reason FROM by_hand.workitem ORDER BY id")
        return cursor.fetchall()


def things_happen(on: date) -> None:
    """Something of everything, to other customers every day: facts of the book, and what people do."""
    n = on.toordinal()
    loans = list(Loan.objects.order_by("pk"))
    one, other, third, fourth, fifth = (loans[(n * step) % len(loans)] for step in (7, 11, 13, 17, 19))
    reading = {"effective_on": on, "known_on": on, "correction": 9}
    LoanReading.objects.create(loan=one, balance=0, **reading)
    if repaid := LoanReading.objects.filter(
        balance=0, correction=9, known_on__lt=on - timedelta(days=2)
    ).first():
        LoanReading.objects.create(loan=repaid.loan, balance=5000, **reading | {"correction": 8})
    for loan, worse in ((other, "DOUBTFUL"), (third, "LOSS"), (fourth, "SUBSTANDARD"), (fifth, "NORMAL")):
        ClassFact.objects.create(
            loan=loan,
            risk_class=worse,
            source="DECISION",
            effective_on=on - timedelta(days=n % 3),
            known_on=on,
        )
    LoanTerms.objects.create(
        loan=fourth, effective_on=on, known_on=on, matures_on=on + timedelta(days=20 + n % 30),
        annual_rate=fourth.annual_rate, correction=9,
    )  # fmt: skip
    Contract.objects.filter(pk=other.contract_id).update(scheme=("FW", "GS", "GR")[n % 3])
    planned = Installment.objects.filter(
        due_on__gt=on, due_on__lt=on + timedelta(days=30), replaced_on=None, principal__gt=0
    )
    for plan in planned.order_by("pk")[n % 5 : n % 5 + 2]:
        Contract.objects.filter(pk=plan.loan.contract_id).update(scheme="FW")
        Installment.objects.filter(pk=plan.pk).update(replaced_on=on)
        Installment.objects.create(
            loan=plan.loan, due_on=plan.due_on, known_on=on, principal=plan.principal + n % 7, interest=0
        )
    event = {"effective_on": on, "known_on": on, "recorded_by": "test", "recorded_at": clock.now()}
    kind = EventKind.values[n % len(EventKind)]
    RiskEvent.objects.create(borrower=one.borrower, kind=kind, detail="经核实；", **event)
    stands = RiskEvent.objects.filter(reverses=None, reversed_by=None, known_on__lt=on).order_by("pk").last()
    if n % 2 and stands:
        RiskEvent.objects.create(
            borrower=stands.borrower, kind=stands.kind, detail="冲销", reverses=stands, **event
        )
    managing = Responsibility.objects.filter(role=ResponsibleRole.CUSTOMER_MANAGER, to_on=None).order_by("pk")
    leaving, staying = managing[n % 50], managing[n % 50 + 9]
    Responsibility.objects.filter(pk=leaving.pk).update(to_on=on)
    if n % 3:
        Responsibility.objects.create(
            borrower=leaving.borrower, role=leaving.role, person=staying.person, unit=staying.unit,
            from_on=on + timedelta(days=1), known_on=on,
        )  # fmt: skip
    people_act(on)


def people_act(on: date) -> None:
    """One duty is handed in, one is done, one is done on paper and entered afterwards, one is waived."""
    closed = {"closed_on": on, "closed_at": clock.now(), "closed_by": "test", "close_reason": "办结"}
    done = closed | {"status": DutyStatus.DONE, "done_on": on}
    acts = ({"submitted_on": on}, done, done | {"late_entry": True}, closed | {"status": DutyStatus.WAIVED})
    ids = list(
        WorkItem.objects.open().filter(counts_from__lte=on).order_by("pk").values_list("pk", flat=True)
    )
    for place, act in enumerate(acts, start=on.toordinal()):
        WorkItem.objects.filter(pk=ids[place * 23 % len(ids)]).update(**act)
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW)

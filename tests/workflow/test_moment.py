"""Promise 13: two who sign at the same moment have one effect; real threads, real commits."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, models, transaction
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import User
from core import clock
from core.errors import Conflict
from core.models import AuditEntry
from tests.conftest import build_cast
from tests.factories import PASSWORD, make_duty, make_person
from tests.workflow.conftest import Desk, open_desk
from workflow.choices import StepStatus
from workflow.models import Chain, Document, Step
from workflow.services import signatures

DAY = date(2026, 11, 24)


@pytest.fixture
def busy_desk(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in a database of its own, with a second head in the department."""
    with clock.travelling_to(DAY):
        cast = build_cast()
        cast.people["head2"] = cast.head2 = make_person(
            "1909", "罗琳", role=Role.CUSTOMER_HEAD, unit=cast.corporate
        )
        yield open_desk(cast, monkeypatch)


class Race:
    """Two sessions that both pass the check at the button, and then sign as closely together as can be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, meet_inside: bool = False) -> None:
        self.outcomes: list[str] = []
        self._check = signatures.check_can_sign
        self._gate = threading.Barrier(2, timeout=20)
        self._inside = threading.Barrier(2, timeout=20) if meet_inside else None
        self._here = threading.local()
        monkeypatch.setattr(signatures, "check_can_sign", self._slowly)

    def _slowly(self, step: Step, user: User) -> None:
        self._check(step, user)
        if not hasattr(self._here, "calls"):
            return  # the test itself asks
        self._here.calls += 1
        if self._here.calls == 1:
            self._gate.wait()  # both have seen the button
        elif self._inside:
            self._inside.wait()  # both have passed the check inside the transaction
        else:
            time.sleep(0.005)  # between the check and the write

    def run(self, desk: Desk, step: Step, people: tuple[User, User]) -> Counter[str]:
        """Let both sign; what happened to them."""
        self.outcomes = []
        threads = [threading.Thread(target=self._sign, args=(desk, step, person)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Counter(self.outcomes)

    def _sign(self, desk: Desk, step: Step, person: User) -> None:
        self._here.calls = 0
        try:
            with clock.travelling_to(DAY):
                desk.sign(Step.objects.get(pk=step.pk), User.objects.get(pk=person.pk))
            self.outcomes.append("signed")
        except (Conflict, IntegrityError) as error:
            self.outcomes.append(type(error).__name__)
        finally:
            connections.close_all()


class PageRace(Race):
    """The same through the pages: two browsers of one person, each with a session of its own."""

    def _sign(self, desk: Desk, step: Step, person: User) -> None:
        self._here.calls = 0
        try:
            with clock.travelling_to(DAY):
                browser = Client()
                browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
                answer = browser.post(
                    reverse("document_sign", args=[step.chain.document_id]), {"password": PASSWORD}
                )
            self.outcomes.append(str(answer.status_code))
        finally:
            connections.close_all()


def test_of_five_clicks_on_one_duty_at_once_one_draft_comes(busy_desk: Desk) -> None:
    cast, gate = busy_desk.cast, threading.Barrier(5, timeout=20)
    with clock.travelling_to(DAY):
        duty = make_duty(cast.cm, cast.corporate, borrower=cast.borrower)
    went: list[str] = []

    def click() -> None:
        try:
            with clock.travelling_to(DAY):
                browser = Client()
                browser.force_login(cast.cm, backend="django.contrib.auth.backends.ModelBackend")
                gate.wait()
                went.append(browser.post(reverse("document_start", args=[duty.pk])).headers["Location"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    document = Document.objects.get()
    assert went == [reverse("document_edit", args=[document.pk])] * 5
    duty.refresh_from_db()
    assert duty.document == document


def open_step(desk: Desk, subject: int) -> Step:
    """The heads' step of a new document; open to either of the two."""
    step = desk.step(desk.submitted(subject_id=subject), 2)
    Step.objects.filter(pk=step.pk).update(person=None)
    return Step.objects.get(pk=step.pk)


def signatures_of(step: Step) -> int:
    """How often the step was signed, as the audit counts."""
    return AuditEntry.objects.filter(act=signatures.SIGNED.name, subject=f"workflow.step:{step.pk}").count()


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.long)])
def test_of_two_who_sign_at_the_same_moment_one_signs_and_one_is_told(
    busy_desk: Desk, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    cast = busy_desk.cast
    race = Race(monkeypatch)
    for turn in range(rounds):
        step = open_step(busy_desk, turn)
        # Two people on an open step, and one person in two browsers, in turn.
        people = (cast.head, cast.head2) if turn % 2 else (cast.head, cast.head)
        assert race.run(busy_desk, step, people) == {"signed": 1, "Conflict": 1}
        step = Step.objects.get(pk=step.pk)
        assert (step.status, step.signed_by in people) == (StepStatus.SIGNED, True)
        assert signatures_of(step) == 1
        assert step.chain.steps.filter(status=StepStatus.SIGNED).count() == 2


def test_of_two_browsers_that_sign_at_the_same_moment_one_is_answered_409(
    busy_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = busy_desk.cast.head
    race = PageRace(monkeypatch)
    for turn in range(5):
        step = busy_desk.step(busy_desk.submitted(subject_id=turn), 2)
        assert race.run(busy_desk, step, (head, head)) == {"302": 1, "409": 1}
        assert signatures_of(step) == 1


def test_signing_waits_for_whoever_holds_the_chain(busy_desk: Desk) -> None:
    step = open_step(busy_desk, 1)
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Chain.objects.select_for_update().get(pk=step.chain_id)
            holds.set()
            done.wait(20)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(20)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            busy_desk.sign(step, busy_desk.cast.head)
    finally:
        done.set()
        holder.join()
    busy_desk.sign(step, busy_desk.cast.head)


def test_control_without_lock_and_compare_and_set_the_database_still_refuses_the_second(
    busy_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_away_the_lock(monkeypatch)
    race = Race(monkeypatch, meet_inside=True)
    step = open_step(busy_desk, 1)
    people = (busy_desk.cast.head, busy_desk.cast.head2)
    assert race.run(busy_desk, step, people) == {"signed": 1, "IntegrityError": 1}
    assert signatures_of(step) == 1


def test_control_without_any_of_the_three_both_sign(busy_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: this is what the lock, the compare-and-set and the guard prevent."""
    _take_away_the_lock(monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE workflow_step DISABLE TRIGGER guard_step")
    race = Race(monkeypatch, meet_inside=True)
    step = open_step(busy_desk, 1)
    people = (busy_desk.cast.head, busy_desk.cast.head2)
    assert race.run(busy_desk, step, people) == {"signed": 2}
    assert signatures_of(step) == 2


def _take_away_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda rows, **_: rows)
    monkeypatch.setattr(signatures, "advance", _carelessly)


def _carelessly(row: models.Model, *, to: Any, table: Any, **changes: Any) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(status=to, **changes)
    for name, value in {"status": to, **changes}.items():
        setattr(row, name, value)

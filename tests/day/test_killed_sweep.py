"""Promise 1: a sweep whose worker is killed loses nothing and duplicates nothing.

A real Celery worker closes a day over 2,000 loans and its whole process group is killed with SIGKILL after a random
number of duties, again and again; then it is left to finish. What stands must equal a run that was never disturbed.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from core import clock
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.models import Borrower
from postloan import close_of_day
from tests import factories
from tests.conftest import build_cast
from tests.databases import url_of
from workflow.models import WorkItem
from workflow.services import days

ON = clock.today() - timedelta(days=1)  # the worker's clock is the real one
LOANS = 2000
ROUNDS = 3
LONG_ROUNDS = 20


def book() -> None:
    cast = build_cast()
    borrowers = Borrower.objects.bulk_create(
        Borrower(number=f"B{n:05d}", name=f"企业{n}", kind="CORPORATE") for n in range(LOANS - 2)
    )
    factories.make_loans(borrowers, cast.corporate)
    for number, manager in enumerate((cast.cm, cast.cm2)):
        for one in borrowers[number::2][:300]:
            factories.make_responsibility(one, manager, cast.corporate)
    ImportBatch.objects.create(
        profile="native", as_of=ON, known_on=ON, status=ImportStatus.APPLIED,
        received_at=clock.now(), received_by="1012", finished_at=clock.now(),
    )  # fmt: skip


def wipe() -> None:
    """Take the day's traces away; everything a sweep writes but the append-only audit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE workflow_workitem, workflow_escalation, workflow_dayrun, workflow_quarantined,"
            " workflow_dailymeasure, monitoring_fundscheck, inspections_sample, inspections_sampledborrower"
        )


def digest() -> str:
    """Everything a day leaves, without ids and instants, as one SHA-256."""
    text = []
    with connection.cursor() as cursor:
        for statement in (
            "SELECT obligation, subject_kind, subject_id, period_key, kind, borrower_number, borrower_name, unit_id,"
            " line, post, person_id, raised_on, counts_from, due_on, reason, status, closed_on, close_reason"
            " FROM workflow_workitem ORDER BY 1, 2, 3, 4",
            "SELECT on_, w.obligation, w.subject_id, rung, role, e.person_id FROM"
            ' (SELECT *, "on" AS on_ FROM workflow_escalation) e JOIN workflow_workitem w ON w.id = e.work_item_id'
            " ORDER BY 1, 2, 3, 4",
            'SELECT "on", unit_id, post, obligation, measure, value FROM workflow_dailymeasure ORDER BY 1, 2, 3, 4, 5',
            'SELECT "on", step, status FROM workflow_dayrun ORDER BY 1, 2',
            'SELECT "on", loan_id, kind, due_on, required, short FROM monitoring_fundscheck ORDER BY 1, 2, 3, 4',
            "SELECT unit_id, scheme, period_key, seed FROM inspections_sample ORDER BY 1, 2, 3",
            "SELECT topic, payload::text FROM core_outboxentry WHERE topic NOT LIKE 'beat:%' ORDER BY 1, 2",
        ):
            cursor.execute(statement)
            text.append(repr(cursor.fetchall()))
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


class Worker:
    """A Celery worker in a process group of its own, on the test's database and a broker folder of the test's."""

    def __init__(self, name: str, folder: Path) -> None:
        self.environ = os.environ | {
            "DATABASE_URL": url_of(name),
            "POSTLOAN_VAR": str(folder),
            "SECRET_KEY": "killed",
            "DUTY_SET_SIZE": "40",
            "C_FORCE_ROOT": "1",
        }
        self.environ.pop("REDIS_URL", None)
        self.celery = [sys.executable, "-m", "celery", "-A", "postloan"]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*self.celery, "worker", "-c", "1", "-l", "ERROR"],
            env=self.environ, cwd=settings.BASE_DIR, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # The beat's wake-up: it says nothing but "look".
        subprocess.run(
            [*self.celery, "call", "postloan.jobs.tick"],
            env=self.environ,
            cwd=settings.BASE_DIR,
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


def wait_for(condition, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting for {what}"
        time.sleep(0.02)


def raised() -> int:
    return WorkItem.objects.count()


def kill_and_restart(name: str, folder: Path, rounds: int) -> None:
    seed = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"KILL_SEED={seed}")
    chance = random.Random(seed)
    book()
    list(close_of_day.catch_up(until=ON))
    golden, total = digest(), raised()
    assert total > LOANS  # a visit to each; what else is owed depends on the day
    for round_number in range(rounds):
        wipe()
        after = chance.randrange(1, total)
        worker = Worker(name, folder / str(round_number))
        worker.start()
        wait_for(lambda after=after: raised() >= after or days.is_closed(ON), 90, f"{after} duties")
        worker.kill()
        assert raised() <= total
        worker.start()
        wait_for(lambda: days.is_closed(ON), 90, "the day to close")
        worker.kill()
        connections.close_all()
        assert digest() == golden, f"round {round_number}, killed after {after}"
        keys = WorkItem.objects.values("obligation", "subject_kind", "subject_id", "period_key")
        assert keys.distinct().count() == keys.count() == total


@pytest.mark.heavy
def test_three_killed_sweeps_end_as_an_undisturbed_one(own_database, tmp_path):
    kill_and_restart(own_database, tmp_path, ROUNDS)


@pytest.mark.long
def test_twenty_killed_sweeps_end_as_an_undisturbed_one(own_database, tmp_path):
    kill_and_restart(own_database, tmp_path, LONG_ROUNDS)

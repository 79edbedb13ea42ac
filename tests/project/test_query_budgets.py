"""A page asks the same number of questions for ten rows and for a hundred, and no more than its budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from core import audit
from credit.models import Responsibility
from tests import factories
from workflow.models import Escalation, WorkItem

BUDGETS: dict[str, int] = yaml.safe_load(
    (Path(__file__).parent / "query_budgets.yaml").read_text(encoding="utf-8")
)


def fill(cast: SimpleNamespace, rows: int) -> None:
    """So many more customers with loans, classes, late duties and acts; duties and accounts of one customer too."""
    start = WorkItem.objects.count()
    borrowers = [factories.make_borrower(f"Q{start + i:05d}", "预算客户") for i in range(rows)]
    factories.make_loans(borrowers, cast.corporate)
    for i, borrower in enumerate(borrowers):
        for person, role in ((cast.cm, "CUSTOMER_MANAGER"), (cast.president, "PRINCIPAL")):
            Responsibility.objects.create(
                borrower=borrower,
                person=person,
                unit=cast.corporate,
                role=role,
                from_on=date(2026, 1, 5),
                known_on=date(2026, 1, 5),
            )
        duty = factories.make_duty(
            cast.cm, cast.corporate, borrower=borrower, due_on=cast.today - timedelta(days=1 + i % 5)
        )
        Escalation.objects.create(
            work_item=duty, rung=1, role=Role.CUSTOMER_HEAD, person=cast.head, on=cast.today
        )
        factories.make_duty(
            cast.cm, cast.corporate, borrower=cast.borrower, period_key=f"p{start + i}", kind=f"k{start + i}"
        )
        factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
        audit.record(act="credit.export", subject="borrowers", borrower_number=borrower.number)


PAGES: dict[str, tuple[str, str]] = {
    "home_of_a_customer_manager": ("cm", "/"),
    "home_of_a_president": ("president", "/"),
    "borrowers": ("risk", "/borrowers/"),
    "borrower": ("risk", "/borrowers/C100001/"),
    "search": ("risk", "/search/?q=预算"),
    "branch_duties": ("risk", "/duties/"),
    "audit": ("auditor", "/audit/"),
}


def questions(person: Any, where: str) -> int:
    """How many queries a page asks, the session and the frame included."""
    client = Client()
    client.force_login(person)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(where).status_code == 200
    return len(asked)


@pytest.fixture
def counted(cast: SimpleNamespace) -> Callable[[], dict[str, int]]:
    """The number of queries of every page."""
    return lambda: {name: questions(cast.people[who], where) for name, (who, where) in PAGES.items()}


def test_every_page_keeps_its_budget_however_many_rows_it_shows(
    cast: SimpleNamespace, counted: Callable[[], dict[str, int]]
) -> None:
    assert set(BUDGETS) == set(PAGES)
    fill(cast, 10)
    counted()  # policy and the like are read once per process
    few = counted()
    fill(cast, 90)
    many = counted()
    assert many == few
    assert {name: n for name, n in many.items() if n > BUDGETS[name]} == {}

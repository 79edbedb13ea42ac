"""Maturity, rate and plan of a loan are kept by the day: what was, what is, and what each day knew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models import Q

from core import clock
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.models import Installment, Loan, LoanTerms
from credit.selectors.positions import live_loans
from tests.imports.extracts import BOOK, Rows, close, file_of, load_book, load_only

pytestmark = pytest.mark.django_db

D20, D21, D22, D23, D24 = (date(2026, 11, day) for day in (20, 21, 22, 23, 24))
BEGAN, FIRST, LATER = date(2026, 3, 2), date(2027, 3, 1), date(2027, 9, 1)
OLD, NEW = Decimal("0.043500"), Decimal("0.040000")
PLAN = ("借据号", "应还日", "应还本金", "应还利息")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(D24):
        yield


def loans(matures: date = FIRST, rate: str = "0.0435") -> Rows:
    """The loan with another maturity or rate."""
    head, (*first, _, starts, _) = BOOK["loans"][0], BOOK["loans"][1]
    return [head, (*first, rate, starts, str(matures))]


def plan(*rows: tuple[str, str]) -> Rows:
    """The plan of the loan: day and principal, one yuan of interest each."""
    return [PLAN, *(("JJ1", on, principal, "1") for on, principal in rows)]


def terms() -> list[tuple[date, date, date, Decimal, int]]:
    """Effective and known day, maturity, rate and correction of all terms."""
    fields = ("effective_on", "known_on", "matures_on", "annual_rate", "correction")
    return list(LoanTerms.objects.order_by("pk").values_list(*fields))


def in_force(on: date) -> tuple[date, Decimal]:
    """The maturity and the rate that the day reads."""
    loan = live_loans(on).get()
    return loan.ends_on, loan.rate


def planned(on: date) -> list[tuple[date, Decimal]]:
    """The plan that the day reads."""
    return list(Installment.objects.planned(on).order_by("due_on").values_list("due_on", "principal"))


def counts(batch: ImportBatch, kind: str) -> tuple[int, int]:
    """Rows of a file that were new, and that changed something."""
    file = file_of(batch, kind)
    return file.inserted, file.changed


# --- terms


def test_terms_begin_with_the_loan_and_change_on_the_day_of_the_file(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None)
    assert terms() == [(BEGAN, D20, FIRST, OLD, 0)]
    unchanged = load_only(tmp_path / "b", D21, loans=loans())
    assert counts(unchanged, "loans") == (0, 0)
    extended = load_only(tmp_path / "c", D22, loans=loans(LATER, "0.04"))
    assert counts(extended, "loans") == (0, 1)
    assert terms()[1:] == [(D22, D22, LATER, NEW, 0)]
    assert [in_force(on) for on in (D20, D21, D22, D23)] == [(FIRST, OLD)] * 2 + [(LATER, NEW)] * 2
    assert Loan.objects.values_list("matures_on", "annual_rate").get() == (LATER, NEW)


def test_terms_of_an_open_day_delivered_again_are_a_correction(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None)
    load_only(tmp_path / "b", D21, loans=loans(LATER))
    load_only(tmp_path / "c", D21, loans=loans())
    assert terms()[1:] == [(D21, D21, LATER, OLD, 0), (D21, D21, FIRST, OLD, 1)]
    assert in_force(D21) == (FIRST, OLD)
    assert Loan.objects.get().matures_on == FIRST


def test_late_terms_are_known_from_the_next_open_day(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None)
    close(D20, D21, D22)
    batch = load_only(tmp_path / "b", D21, loans=loans(LATER), schedules=plan(("2027-09-01", "100")))
    assert terms()[1:] == [(D21, D23, LATER, OLD, 0)]
    assert [in_force(on)[0] for on in (D21, D22, D23)] == [FIRST, FIRST, LATER]
    assert [planned(on) for on in (D22, D23)] == [[], [(LATER, Decimal(100))]]
    day = {"effective_on": "2026-11-21", "known_on": "2026-11-23"}
    assert batch.difference == [
        {
            "kind": "借据条件",
            "key": "JJ1",
            "field": "到期日",
            **day,
            "old": "2027-03-01",
            "new": "2027-09-01",
        },
        {"kind": "还款计划", "key": "JJ1 2027-09-01", "field": "应还本金", **day, "old": "", "new": "100"},
    ]


def test_late_terms_do_not_overrule_those_of_a_later_day(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None)
    load_only(tmp_path / "b", D22, loans=loans(LATER, "0.04"))
    close(D20, D21, D22)
    middle = date(2027, 6, 1)
    late = load_only(tmp_path / "c", D21, loans=loans(middle))
    assert counts(late, "loans") == (0, 1)  # news about the 21st, though the loan stays as it is
    assert terms()[2:] == [(D21, D23, middle, OLD, 0)]
    assert in_force(D23) == (LATER, NEW)
    assert Loan.objects.values_list("matures_on", "annual_rate").get() == (LATER, NEW)
    again = load_only(tmp_path / "d", D21, loans=[*loans(middle), ()])  # another file, the same row
    assert (counts(again, "loans"), len(terms())) == ((0, 0), 3)


def test_a_loan_without_terms_begins_with_those_of_the_book(cast: SimpleNamespace, tmp_path: Path) -> None:
    loan = cast.loan
    before = (loan.matures_on, loan.annual_rate)
    row = (loan.number, loan.contract.number, "BR1-C", loan.product, f"{loan.amount}", f"{loan.annual_rate}",
           f"{loan.starts_on}", f"{LATER}")  # fmt: skip
    load_only(tmp_path, D22, loans=[BOOK["loans"][0], row])
    assert terms() == [
        (loan.starts_on, loan.starts_on, *before, 0),
        (D22, D22, LATER, loan.annual_rate, 0),
    ]


def test_the_migration_gives_the_loans_of_the_book_their_first_terms(cast: SimpleNamespace) -> None:
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(import_module("credit.migrations.0007_terms_begin").FORWARD)
    assert sorted(terms()) == sorted(
        (loan.starts_on, loan.starts_on, loan.matures_on, loan.annual_rate, 0) for loan in Loan.objects.all()
    )


# --- plans


def test_a_plan_in_the_file_is_the_whole_plan_and_the_one_before_is_kept(tmp_path: Path) -> None:
    first = load_book(
        tmp_path / "a", D20, transactions=None, schedules=plan(("2026-12-21", "100"), ("2027-03-01", "200"))
    )
    assert counts(first, "schedules") == (2, 0)
    second = load_only(tmp_path / "b", D22, schedules=plan(("2026-12-21", "300"), ("2027-06-01", "5")))
    # One day has another amount and one is gone: two changed. One day is new.
    assert counts(second, "schedules") == (1, 2)
    old = [(date(2026, 12, 21), Decimal(100)), (date(2027, 3, 1), Decimal(200))]
    new = [(date(2026, 12, 21), Decimal(300)), (date(2027, 6, 1), Decimal(5))]
    assert [planned(on) for on in (D20, D21, D22, D24)] == [old, old, new, new]
    stored = list(Installment.objects.order_by("pk").values_list())
    again = load_only(tmp_path / "c", D23, schedules=plan(("2027-06-01", "5"), ("2026-12-21", "300")))
    assert (counts(again, "schedules"), list(Installment.objects.order_by("pk").values_list())) == (
        (0, 0),
        stored,
    )


def test_a_plan_delivered_again_for_an_open_day_leaves_one_plan(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None, schedules=plan(("2026-12-21", "100")))
    load_only(tmp_path / "b", D21, schedules=plan(("2026-12-21", "150"), ("2027-01-21", "1")))
    load_only(tmp_path / "c", D21, schedules=plan(("2026-12-21", "300")))
    load_only(tmp_path / "d", D21, schedules=plan(("2026-12-21", "100")))  # back to what it was
    assert planned(D20) == planned(D21) == [(date(2026, 12, 21), Decimal(100))]
    load_only(tmp_path / "e", D22, schedules=plan(("2026-12-21", "7")))
    assert [planned(on) for on in (D21, D22)] == [
        [(date(2026, 12, 21), n)] for n in (Decimal(100), Decimal(7))
    ]


def test_a_day_caught_up_later_reads_the_plan_that_its_own_close_would_have_read(tmp_path: Path) -> None:
    sets = {
        D20: {**BOOK, "transactions": None},
        D21: {"schedules": plan(("2026-12-21", "100"))},  # the plan comes after the loan
        D22: {"schedules": plan(("2026-12-21", "300")), "loans": loans(LATER)},
    }
    live: dict[date, object] = {}
    for on, files in sets.items():
        load_only(tmp_path / str(on), on, **{name: rows for name, rows in files.items() if rows})
        live[on] = (planned(on), in_force(on))  # as the close of that evening reads
    assert {on: (planned(on), in_force(on)) for on in sets} == live
    assert live[D20][0] == []  # type: ignore[index]


def test_a_late_plan_does_not_overrule_the_plan_of_a_later_day(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None, schedules=plan(("2026-12-21", "100")))
    load_only(tmp_path / "b", D22, schedules=plan(("2026-12-21", "300")))
    close(D20, D21)
    late = load_only(tmp_path / "c", D21, schedules=plan(("2026-12-21", "150")))
    assert (late.status, counts(late, "schedules")) == (ImportStatus.APPLIED, (0, 0))
    assert file_of(late, "schedules").errors == [
        {"line": 2, "column": "借据号", "value": "JJ1", "notice": True,
         "reason": "迟到的还款计划：其后日期的计划已经入账，这一行未采用"},
    ]  # fmt: skip
    assert planned(D22) == [(date(2026, 12, 21), Decimal(300))]


def test_no_two_versions_of_a_day_are_planned_at_once(tmp_path: Path) -> None:
    load_book(tmp_path / "a", D20, transactions=None, schedules=plan(("2026-12-21", "100")))
    for n, on in enumerate((D21, D21, D22, D24, D24)):
        load_only(tmp_path / f"b{n}", on, schedules=plan(("2026-12-21", str(n + 1))))
    assert [planned(on)[0][1] for on in (D20, D21, D22, D23, D24)] == [100, 2, 3, 3, 5]
    assert all(len(planned(on)) == 1 for on in (D20, D21, D22, D23, D24))
    assert not Installment.objects.filter(Q(known_on__isnull=True)).exists()

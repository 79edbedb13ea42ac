"""The figures of a day: equal to SQL written by hand, the same when written again, and each leads to its rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from credit.models import Loan
from tests import factories
from tests.day.figures import BEFORE, ON, build
from workflow import measures, snapshots
from workflow.models import DailyMeasure


@pytest.fixture
def book(cast: SimpleNamespace) -> SimpleNamespace:
    """The small book."""
    return build(cast)


LOAN_SQL = """
WITH r AS (SELECT DISTINCT ON (loan_id) loan_id, balance, days_past_due FROM credit_loanreading
           WHERE effective_on <= %(on)s AND known_on <= %(on)s ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC),
     r0 AS (SELECT DISTINCT ON (loan_id) loan_id, balance FROM credit_loanreading
           WHERE effective_on <= %(q)s AND known_on <= %(on)s ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC),
     c AS (SELECT DISTINCT ON (loan_id) loan_id, risk_class FROM credit_classfact
           WHERE effective_on <= %(on)s AND known_on <= %(on)s ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC),
     c0 AS (SELECT DISTINCT ON (loan_id) loan_id, risk_class FROM credit_classfact
           WHERE effective_on <= %(q)s AND known_on <= %(on)s ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC),
     t AS (SELECT DISTINCT ON (loan_id) loan_id, matures_on FROM credit_loanterms
           WHERE effective_on <= %(on)s AND known_on <= %(on)s ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC)
SELECT {key} AS key, count(*), sum({amount})
FROM credit_loan l LEFT JOIN r ON r.loan_id = l.id LEFT JOIN r0 ON r0.loan_id = l.id LEFT JOIN c ON c.loan_id = l.id
LEFT JOIN c0 ON c0.loan_id = l.id LEFT JOIN t ON t.loan_id = l.id
WHERE {where} GROUP BY 1
"""  # noqa: E501
LIVE = "r.balance > 0"
BY_HAND = {
    "class": ("coalesce(c.risk_class, 'NORMAL')", "r.balance", LIVE),
    "product": ("l.product", "r.balance", LIVE),
    "arrears": (
        "CASE WHEN r.days_past_due = 0 THEN 'NOT_DUE' WHEN r.days_past_due < 31 THEN 'D30' WHEN r.days_past_due < 61 "
        "THEN 'D60' WHEN r.days_past_due < 91 THEN 'D90' WHEN r.days_past_due < 181 THEN 'D180' "
        "WHEN r.days_past_due < 361 THEN 'D360' ELSE 'LONGER' END",
        "r.balance",
        LIVE,
    ),
    "maturing": (
        "CASE WHEN coalesce(t.matures_on, l.matures_on) < %(on)s THEN 'PAST' "
        "WHEN coalesce(t.matures_on, l.matures_on) < %(on)s::date + 8 THEN 'WEEK' "
        "WHEN coalesce(t.matures_on, l.matures_on) < %(on)s::date + 31 THEN 'MONTH' "
        "WHEN coalesce(t.matures_on, l.matures_on) < %(on)s::date + 91 THEN 'QUARTER' ELSE 'LATER' END",
        "r.balance",
        LIVE,
    ),
    "migration": (
        "CASE WHEN coalesce(r0.balance, 0) = 0 THEN 'NEW' ELSE coalesce(c0.risk_class, 'NORMAL') END || '>' || "
        "CASE WHEN coalesce(r.balance, 0) = 0 THEN 'SETTLED' ELSE coalesce(c.risk_class, 'NORMAL') END",
        "CASE WHEN coalesce(r.balance, 0) = 0 THEN r0.balance ELSE r.balance END",
        "(r.balance > 0 OR r0.balance > 0)",
    ),
}
DUTIES_BY_HAND = {
    "raised": "raised_on = %(on)s",
    "done": "status = 'DONE' AND closed_on = %(on)s",
    "done_in_time": "status = 'DONE' AND closed_on = %(on)s AND done_on <= due_on AND NOT late_entry",
    "late_entry": "status = 'DONE' AND closed_on = %(on)s AND late_entry",
    "late_entry_in_time": "status = 'DONE' AND closed_on = %(on)s AND late_entry AND done_on <= due_on",
    "void": "status = 'VOID' AND closed_on = %(on)s",
    "waived": "status = 'WAIVED' AND closed_on = %(on)s",
    "fell_due": "due_on = %(on)s AND status <> 'VOID'",
    "open": "raised_on <= %(on)s AND (closed_on IS NULL OR closed_on > %(on)s)",
    "late": "raised_on <= %(on)s AND (closed_on IS NULL OR closed_on > %(on)s) AND due_on < %(on)s "
    "AND (submitted_on IS NULL OR submitted_on > due_on)",
    "quarter_due": "raised_on <= %(on)s AND due_on BETWEEN '2026-10-01' AND %(on)s "
    "AND NOT (status IN ('VOID', 'WAIVED') AND closed_on <= %(on)s)",
    "quarter_done": "due_on BETWEEN '2026-10-01' AND %(on)s AND status = 'DONE' AND closed_on <= %(on)s",
}


def asked(sql: str) -> dict[Any, Any]:
    """What the hand-written statement says."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"on": ON, "q": BEFORE})
        return {
            row[0] if len(row) == 3 else tuple(row[:-1]): tuple(row[1:]) if len(row) == 3 else row[-1]
            for row in cursor
        }


def written(measure: str) -> dict[str, tuple[int, Decimal]]:
    """The day's figures of one measure, by key."""
    found: dict[str, tuple[int, Decimal]] = {}
    for row in DailyMeasure.objects.filter(on=ON, measure=measure):
        n, s = found.get(row.key, (0, Decimal(0)))
        found[row.key] = (n + int(row.value), s + row.amount)
    return found


@pytest.mark.parametrize("measure", sorted(BY_HAND))
def test_every_figure_of_the_book_equals_sql_written_by_hand(book: SimpleNamespace, measure: str) -> None:
    measures.write(ON)
    key, amount, where = BY_HAND[measure]
    by_hand = asked(LOAN_SQL.format(key=key, amount=amount, where=where))
    assert by_hand
    assert written(measure) == by_hand


def test_the_story_of_the_book_by_hand(book: SimpleNamespace) -> None:
    # So that two equal mistakes do not pass for a proof; the cast's own three loans are 正常, 2.8 m, 0.8 m and 3 m.
    measures.write(ON)
    found = written("migration")
    assert found["SPECIAL_MENTION>SUBSTANDARD"] == (1, Decimal("180.50"))
    assert found["SUBSTANDARD>NORMAL"] == (1, Decimal("300.00"))
    assert found["NORMAL>SETTLED"] == (1, Decimal("400.00"))
    assert found["NEW>NORMAL"] == (1, Decimal("500.00"))
    assert not any("LOSS" in key for key in found)  # known only three days later
    maturing = written("maturing")
    assert (maturing["PAST"][1], maturing["WEEK"][1], maturing["MONTH"][1], maturing["QUARTER"][1]) == (
        800, 600, 700, 900,
    )  # fmt: skip
    arrears = {key: n for key, (n, _s) in written("arrears").items() if key != "NOT_DUE"}
    assert arrears == {"D30": 2, "D60": 2, "D90": 1, "D180": 1, "D360": 1, "LONGER": 1}
    assert written("funds_short") == {"INTEREST": (1, Decimal("7.00"))}


@pytest.mark.parametrize("measure", sorted(DUTIES_BY_HAND))
def test_every_figure_of_duties_equals_sql_written_by_hand(book: SimpleNamespace, measure: str) -> None:
    measures.write(ON)
    by_hand = asked(
        "SELECT unit_id, person_id, post, obligation, count(*) FROM workflow_workitem "
        f"WHERE {DUTIES_BY_HAND[measure]} GROUP BY 1, 2, 3, 4"
    )
    assert by_hand
    rows = DailyMeasure.objects.filter(on=ON, measure=measure)
    assert {(r.unit_id, r.person_id, r.post, r.obligation): int(r.value) for r in rows} == by_hand


@pytest.mark.obligation("GR-7.1", clause="b")
def test_every_figure_leads_to_exactly_its_rows(book: SimpleNamespace) -> None:
    measures.write(ON)
    known, wrong = snapshots.measures(), []
    figures = list(DailyMeasure.objects.filter(on=ON))
    assert {figure.measure for figure in figures} >= set(BY_HAND) | set(DUTIES_BY_HAND) | {"funds_short"}
    for figure in figures:
        measure = known[figure.measure]
        rows = measure.rows(ON - timedelta(days=1), ON, figure.key).filter(
            **{measure.unit: figure.unit_id, measure.person: figure.person_id}
        )
        if measure.obligation:
            rows = rows.filter(**{measure.obligation: figure.obligation}, post=figure.post)
        total = (
            sum((getattr(row, measure.amount) for row in rows), Decimal(0)) if measure.amount else Decimal(0)
        )
        if (rows.count(), total) != (figure.value, figure.amount):
            wrong.append((figure, figure.key, rows.count(), figure.value))
    assert wrong == []


def test_a_loan_booked_by_the_branch_counts_for_the_department_that_manages_it(book: SimpleNamespace) -> None:
    Loan.objects.filter(borrower=book.borrower).update(unit=book.br1)
    measures.write(ON)
    for name in ("class", "migration", "funds_short"):
        mine = DailyMeasure.objects.filter(measure=name, person=book.cm)
        assert {figure.unit for figure in mine} == {book.corporate}, name
    # L-NOBODY, whose post is vacant, stays with the unit that books it.
    vacant = DailyMeasure.objects.filter(measure="class", person=None)
    assert book.personal in {figure.unit for figure in vacant}


def test_the_day_written_again_has_the_same_figures(book: SimpleNamespace) -> None:
    columns = ("unit", "person", "post", "obligation", "measure", "key", "value", "amount")
    count = measures.write(ON)
    first = sorted(DailyMeasure.objects.values_list(*columns), key=str)
    assert count == len(first)
    assert measures.write(ON) == count
    assert sorted(DailyMeasure.objects.values_list(*columns), key=str) == first


def test_days_added_up_are_the_rows_of_the_period(book: SimpleNamespace) -> None:
    # Raised on the 20th: two; on the 21st: one. Closed as done on the 20th: three; on the 21st: two.
    since = ON - timedelta(days=1)
    for day in (ON, ON + timedelta(days=1)):
        measures.write(day)
    until = ON + timedelta(days=1)
    for name, expected in (("raised", 3), ("done", 5)):
        figures = DailyMeasure.objects.filter(measure=name, on__gt=since, on__lte=until)
        assert sum(figure.value for figure in figures) == expected
        assert snapshots.measures()[name].rows(since, until, "").count() == expected


def test_a_book_is_read_in_as_few_questions_however_many_loans(
    book: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    borrowers = [factories.make_borrower(f"M{i:04d}") for i in range(60)]
    factories.make_loans(borrowers, book.corporate)
    # delete; memory and the book; duties, signatures, their insertion; funds, their insertion; signals; payments; the
    # rest savepoints
    with django_assert_num_queries(14):
        measures.write(ON)

"""Acceptance: every account-month of a real bank's book, against a plain recomputation from its raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar

import pytest
from django.test import TestCase

from accounts.models import Unit
from core import clock
from core.policy import policy_on
from credit.imports.run import import_folder, profile
from credit.models import Borrower
from monitoring.models import AccountMonth, BorrowerMonth
from monitoring.months.services import write_months
from tests import factories
from tests.imports.test_berka import BERKA, FIRST, LAST, closings, day, raw

pytestmark = [
    pytest.mark.skipif(not (BERKA / "trans.asc").is_file(), reason="没有伯卡账册"),
    pytest.mark.long,
]
MONTHS = [date(1993, 7, 1), date(1993, 8, 1), date(1993, 9, 1), date(1993, 10, 1), date(1993, 11, 1),
          date(1993, 12, 1), date(1994, 1, 1), date(1994, 2, 1), date(1994, 3, 1)]  # fmt: skip
CENT, NOTHING = Decimal("0.01"), Decimal(0)


def last_of(first: date) -> date:
    """The last day of a month, by its next month's first."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def recomputed() -> dict[tuple[str, date], tuple]:
    """Each account-month from the raw rows, day by day: opening, in, count, out, count, closing, average."""
    moves = raw("trans")
    closing = closings(moves)
    by_account: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for (account, on), balance in closing.items():
        by_account[account][on] = balance
    rows: dict[tuple[str, date], list[dict[str, str]]] = defaultdict(list)
    for row in moves:
        rows[row["account_id"], day(row["date"]).replace(day=1)].append(row)
    found = {}
    for account in raw("account"):
        opened, ends = day(account["date"]), by_account[account["account_id"]]
        for first in MONTHS:
            if opened > last_of(first) or opened > LAST:
                continue
            balance = next((ends[on] for on in sorted(ends, reverse=True) if on < first), NOTHING)
            opening, held, on = balance, [], first
            while on <= last_of(first):
                balance = ends.get(on, balance)
                held.append(balance)
                on += timedelta(days=1)
            theirs = rows[account["account_id"], first]
            into = [Decimal(row["amount"]) for row in theirs if row["type"] == "PRIJEM"]
            out = [Decimal(row["amount"]) for row in theirs if row["type"] != "PRIJEM"]
            average = (sum(held, NOTHING) / len(held)).quantize(CENT, ROUND_HALF_UP)
            found[f"A{account['account_id']}", first] = (
                opening, sum(into, NOTHING), len(into), sum(out, NOTHING), len(out), balance, average,
            )  # fmt: skip
    return found


class TestMonthsOfBerka(TestCase):
    """The book is imported once, everybody lent something, and every month of it closed."""

    expected: ClassVar[dict[tuple[str, date], tuple]]

    @classmethod
    def setUpTestData(cls) -> None:
        with clock.travelling_to(date(1994, 4, 1)):
            list(import_folder(BERKA, layout=profile("berka")))
            unit = Unit.objects.order_by("pk").first()
            factories.make_loans(list(Borrower.objects.order_by("pk")), unit, starts_on=FIRST)
            for first in MONTHS:
                counts = write_months(last_of(first), policy_on(last_of(first)))
                assert not counts["quarantined"]
        cls.expected = recomputed()

    def test_every_account_month_equals_the_recomputation(self) -> None:
        columns = ("opening", "inflow", "inflow_count", "outflow", "outflow_count", "closing", "average")
        kept = {
            (number, first): tuple(rest)
            for number, first, *rest in AccountMonth.objects.values_list("account__number", "month", *columns)
        }
        assert len(kept) > 8000
        assert set(kept) == set(self.expected)
        wrong = {key: (kept[key], self.expected[key]) for key in kept if kept[key] != self.expected[key]}
        assert not wrong, list(wrong.items())[:5]

    def test_what_moved_adds_up_by_what_it_is(self) -> None:
        paid: dict[date, Decimal] = defaultdict(Decimal)
        for row in raw("trans"):
            if row["k_symbol"] == "UVER":
                paid[day(row["date"]).replace(day=1)] += Decimal(row["amount"])
        found: dict[date, Decimal] = defaultdict(Decimal)
        for first, inflow, outflow, flows in AccountMonth.objects.values_list(
            "month", "inflow", "outflow", "flows"
        ):
            into = sum((Decimal(amount) for key, amount in flows.items() if key.endswith(".in")), NOTHING)
            out = sum((Decimal(amount) for key, amount in flows.items() if key.endswith(".out")), NOTHING)
            assert (into, out) == (inflow, outflow)
            found[first] += Decimal(flows.get("REPAYMENT.out", "0"))
        assert {first: found[first] for first in MONTHS} == {first: paid[first] for first in MONTHS}

    def test_every_difference_is_a_mark_of_its_borrower(self) -> None:
        differing = set(AccountMonth.objects.exclude(difference=0).values_list("account__borrower", "month"))
        marked = {
            (row.borrower_id, row.month)
            for row in BorrowerMonth.objects.all()
            if any(mark["code"] == "difference" for mark in row.marks)
        }
        assert marked == differing

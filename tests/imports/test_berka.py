"""Acceptance: a real bank's anonymised book, in a layout nobody here designed, loaded and closed day by day.

The figures expected are worked out here from the raw files, by plain loops, not by what the import uses.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest
from django.db.models import Max, Min, Sum
from django.test import TestCase

from accounts.models import Unit
from core import clock
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.choices import Direction, EventKind
from credit.imports.run import import_folder, profile
from credit.models import (
    Account,
    AccountBalance,
    Borrower,
    Contract,
    Installment,
    LedgerEntry,
    Loan,
    LoanReading,
    RiskEvent,
    Transaction,
)
from postloan import close_of_day
from workflow.choices import RunStatus
from workflow.models import DayRun, Quarantined
from workflow.services import days

FIRST, LAST = date(1993, 7, 5), date(1994, 3, 31)
BERKA = Path(
    os.environ.get("BERKA_DIR", Path(__file__).resolve().parents[2].parent / "shared" / "data" / "berka")
)

pytestmark = pytest.mark.skipif(
    not (BERKA / "trans.asc").is_file(),
    reason="没有伯卡账册；可用环境变量 BERKA_DIR 指明它所在的文件夹",
)


def raw(name: str) -> list[dict[str, str]]:
    """A raw file as its rows."""
    with (BERKA / f"{name}.asc").open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def day(text: str) -> date:
    """930705 → 1993-07-05."""
    return date(1900 + int(text[:2]), int(text[2:4]), int(text[4:]))


def closings(moves: list[dict[str, str]]) -> dict[tuple[str, date], Decimal]:
    """The closing balance of each account and day: of the row that the day's chain of movements ends with."""
    of_day: dict[tuple[str, date], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for row in moves:
        signed = Decimal(row["amount"]) * (1 if row["type"] == "PRIJEM" else -1)
        of_day[row["account_id"], day(row["date"])].append((signed, Decimal(row["balance"])))
    found = {}
    for key, rows in of_day.items():
        net = sum(signed for signed, _ in rows)
        pairs = [
            (abs(balance - (first - signed) - net), -n, balance)
            for n, (_, balance) in enumerate(rows)
            for m, (signed, first) in enumerate(rows)
            if n != m or len(rows) == 1
        ]
        found[key] = min(pairs)[2]
    return found


class TestBerka(TestCase):
    """The book is imported once; every test sees it as it was then."""

    batch: ClassVar[ImportBatch]

    @classmethod
    def setUpTestData(cls) -> None:
        with clock.travelling_to(date(1994, 4, 1)):
            (cls.batch,) = import_folder(BERKA, layout=profile("berka"))

    def setUp(self) -> None:
        self.enterContext(clock.travelling_to(date(1994, 4, 1)))

    def test_the_book_is_loaded_to_the_cent_and_what_lies_after_the_cutoff_is_set_aside(self) -> None:
        assert self.batch.status == ImportStatus.APPLIED
        accounts, dispositions, loans, moves = raw("account"), raw("disp"), raw("loan"), raw("trans")
        opened = {row["account_id"] for row in accounts if day(row["date"]) <= LAST}
        granted = [row for row in loans if day(row["date"]) <= LAST]

        assert Account.objects.count() == len(opened) == 1229
        owners = {
            row["client_id"] for row in dispositions if row["type"] == "OWNER" and row["account_id"] in opened
        }
        assert set(Borrower.objects.values_list("number", flat=True)) == {f"K{client}" for client in owners}
        assert Loan.objects.count() == Contract.objects.count() == len(granted) == 38
        assert Loan.objects.aggregate(x=Sum("amount"))["x"] == sum(Decimal(row["amount"]) for row in granted)
        assert Unit.objects.count() == 77

        aside = {file.kind: file.set_aside for file in self.batch.files.all()}
        assert len(aside["loan"]) == len(loans) - 38 == 644
        assert len(aside["account"]) == len(aside["disp"]) == len(accounts) - 1229 == 3271
        late = next(row for row in loans if day(row["date"]) > LAST)
        line = loans.index(late) + 2
        entry = next(entry for entry in aside["loan"] if entry["line"] == line)
        assert entry["value"] == f"C{late['loan_id']}"
        assert entry["reason"] == "晚于截止日 1994-03-31，未入账"

        assert Transaction.objects.count() == len(moves) == 49102
        for direction, types in ((Direction.CREDIT, {"PRIJEM"}), (Direction.DEBIT, {"VYDAJ", "VYBER"})):
            expected = sum(Decimal(row["amount"]) for row in moves if row["type"] in types)
            assert Transaction.objects.filter(direction=direction).aggregate(x=Sum("amount"))["x"] == expected
        overdrawn = [row for row in moves if Decimal(row["balance"]) < 0]
        assert Transaction.objects.filter(balance_after__lt=0).count() == len(overdrawn) == 93

        paid = [row for row in moves if row["k_symbol"] == "UVER"]
        assert LedgerEntry.objects.count() == len(paid) == 123
        assert LedgerEntry.objects.aggregate(x=Sum("amount"))["x"] == sum(
            Decimal(row["amount"]) for row in paid
        )

    def test_balances_are_those_of_the_days_end_and_kept_when_they_change(self) -> None:
        expected: dict[tuple[str, date], Decimal] = {}
        newest: dict[str, Decimal] = {}
        for (account, on), balance in sorted(closings(raw("trans")).items(), key=lambda item: item[0][1]):
            if newest.get(account) != balance:
                expected[f"A{account}", on] = newest[account] = balance
        stored = {
            (number, on): balance
            for number, on, balance in AccountBalance.objects.values_list(
                "account__number", "effective_on", "balance"
            )
        }
        assert stored == expected
        early = AccountBalance.objects.filter(effective_on__lt=FIRST)
        assert set(early.values_list("known_on", flat=True)) == {FIRST}  # history, known from the opening on
        assert not AccountBalance.objects.filter(effective_on__gt=FIRST).exclude(known_on__gt=FIRST).exists()

    def test_the_state_of_a_loan_follows_from_its_payments(self) -> None:
        payments: Counter[str] = Counter(
            row["account_id"] for row in raw("trans") if row["k_symbol"] == "UVER"
        )
        for row in raw("loan"):
            if day(row["date"]) > LAST:
                continue
            loan = Loan.objects.get(number=f"L{row['loan_id']}")
            newest = LoanReading.objects.filter(loan=loan).order_by("-effective_on").first()
            assert newest is not None
            settled = payments[row["account_id"]] * Decimal(row["payments"])
            assert newest.balance == Decimal(row["amount"]) - settled
            plan = Installment.objects.filter(loan=loan).aggregate(
                x=Sum("principal"), a=Min("due_on"), z=Max("due_on")
            )
            assert plan["x"] == Decimal(row["amount"])
            assert plan["a"] > day(row["date"])
        # The one borrower who paid a single instalment of 12: due from 1993-07-12, paid once, on 1994-03-12.
        worst = LoanReading.objects.filter(loan__number="L5314").order_by("-effective_on")[0]
        assert worst.days_past_due == (LAST - date(1993, 8, 12)).days
        assert list(
            RiskEvent.objects.order_by("effective_on", "kind").values_list(
                "loan__number", "kind", "effective_on"
            )
        ) == [
            ("L5314", EventKind.DOWNGRADE, date(1993, 7, 13)),  # 正常 → 关注: one day past due
            ("L5314", EventKind.OVERDUE, date(1993, 7, 13)),
            ("L5314", EventKind.DOWNGRADE, date(1993, 10, 11)),  # 关注 → 次级: 91 days
        ]

    def test_the_same_book_again_changes_nothing(self) -> None:
        (again,) = import_folder(BERKA, layout=profile("berka"))
        assert again.status == ImportStatus.UNCHANGED
        assert Transaction.objects.count() == 49102

    @pytest.mark.heavy
    def test_every_day_of_the_book_is_closed(self) -> None:
        assert days.next_open_day() == FIRST
        on = FIRST
        while on <= LAST:
            assert close_of_day.close(on), on
            on += timedelta(days=1)
        assert days.last_closed_day() == LAST
        assert sum(1 for n in range(270) if days.is_closed(FIRST + timedelta(days=n))) == 270
        assert not Quarantined.objects.exists()
        assert not DayRun.objects.exclude(status=RunStatus.DONE).exists()

"""What falls due on one note, worked by hand: plans, maturities, interest by days over 360."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from monitoring.cash.rules.falling_due import (
    Note,
    check_day_of_interest,
    interest_due,
    principal_due,
    regular_days,
)

ON = date(2026, 11, 24)
UNTIL = date(2027, 2, 22)
NOV30, DEC20, DEC31, JAN31, MAR1 = (
    date(2026, 11, 30), date(2026, 12, 20), date(2026, 12, 31), date(2027, 1, 31), date(2027, 3, 1),
)  # fmt: skip


def note(balance: str, ends_on: date, *rows: tuple[date, str], **more) -> Note:
    plan = tuple((day, Decimal(amount)) for day, amount in rows)
    return Note(
        balance=Decimal(balance),
        overdue_principal=Decimal(more.pop("overdue", 0)),
        annual_rate=Decimal("0.0435"),
        starts_on=more.pop("starts_on", date(2026, 3, 10)),
        ends_on=ends_on,
        principal=plan,
        **{name: Decimal(value) if isinstance(value, str) else value for name, value in more.items()},
    )


PRINCIPAL = {
    "without a plan everything at maturity": (note("300", DEC20), {DEC20: "300"}),
    "what the plan does not hold at maturity": (
        note("300", DEC31, (NOV30, "50"), (DEC20, "50")), {NOV30: "50", DEC20: "50", DEC31: "200"},
    ),
    "a maturity beyond the horizon is not yet seen": (note("300", MAR1, (NOV30, "50")), {NOV30: "50"}),
    "the plan beyond the horizon is not taken for the maturity's": (
        note("300", JAN31, (NOV30, "50"), planned_after="250"), {NOV30: "50"},
    ),
    # 300 - 250 arrears = 50 left: the first row takes it, the second finds nothing.
    "arrears are not owed again by the rows to come": (
        note("300", DEC31, (NOV30, "50"), (DEC20, "50"), overdue="250"), {NOV30: "50"},
    ),
    # Today 50 and later 250 are planned; the balance is 250: today's has been paid.
    "today's row is paid when the balance holds only the later ones": (
        note("250", DEC31, (ON, "50"), (DEC31, "250")), {DEC31: "250"},
    ),
    "today's row is half paid": (note("275", DEC31, (ON, "50"), (DEC31, "250")), {ON: "25", DEC31: "250"}),
    # The plan holds 50 of 300, so the balance does not tell; the ledger says that 50 came in today.
    "where the plan does not hold all, the ledger tells what was paid today": (
        note("250", DEC31, (ON, "50"), paid_principal="50"), {DEC31: "250"},
    ),
    "past its maturity it is wanted since then": (note("300", date(2026, 11, 20)), {date(2026, 11, 20): "300"}),
    "paid off": (note("0", DEC20, (DEC20, "300")), {}),
}  # fmt: skip


@pytest.mark.parametrize("case", PRINCIPAL.values(), ids=PRINCIPAL.keys())
def test_principal_due(case) -> None:
    given, expected = case
    assert principal_due(given, ON, UNTIL) == {day: Decimal(amount) for day, amount in expected.items()}


QUARTERLY = [date(2026, month, 20) for month in (3, 6, 9, 12)] + [date(2027, 3, 20)]
MONTHLY = [date(2026, month, 20) for month in range(1, 13)] + [date(2027, 1, 20), date(2027, 2, 20)]
INTEREST = {
    # 2,800,000 × 4.35% = 121,800 a year; 09-20 to 12-20 is 91 days: 121,800 × 91 / 360 = 30,788.33.
    "a quarter": (note("2800000", date(2027, 3, 1), interest_days=QUARTERLY), {DEC20: "30788.33"}),
    # From the start on 11-02 to 12-20: 48 days: 121,800 × 48 / 360 = 16,240.
    "the first quarter from the start": (
        note("2800000", date(2027, 11, 1), starts_on=date(2026, 11, 2), interest_days=QUARTERLY),
        {DEC20: "16240.00"},
    ),
    # 11-20 to 12-20 is 30 days: 10,150; to 01-20 31 days: 10,488.33; to 02-20 the same.
    "every month": (
        note("2800000", date(2027, 3, 1), interest_days=MONTHLY),
        {DEC20: "10150.00", date(2027, 1, 20): "10488.33", date(2027, 2, 20): "10488.33"},
    ),
    # The last stretch: 12-20 to 12-31 is 11 days: 121,800 × 11 / 360 = 3,721.67 (3,721.666…).
    "the rest at maturity": (
        note("2800000", DEC31, interest_days=QUARTERLY), {DEC20: "30788.33", DEC31: "3721.67"},
    ),
    # 利随本清: 03-10 to 12-20 is 285 days: 121,800 × 285 / 360 = 96,425.
    "all of it at maturity": (note("2800000", DEC20, interest_days=()), {DEC20: "96425.00"}),
    # 800,000 leave on 11-30: 71 days (09-20 to 11-30) on 2,800,000, 20 days on 2,000,000:
    # (198,800,000 + 40,000,000) × 4.35% / 360 = 28,855.00.
    "on what the plan leaves": (
        note("2800000", date(2027, 3, 1), (NOV30, "800000"), interest_days=QUARTERLY, planned_after="2000000"),
        {DEC20: "28855.00"},
    ),
    "a plan that speaks of interest is taken at its word": (
        note("2800000", date(2027, 3, 1), interest=((DEC20, Decimal("31000")),)), {DEC20: "31000"},
    ),
    "none where none is computed": (note("2800000", DEC20), {}),
    "what came in today is not owed today": (
        note("2800000", DEC31, interest=((ON, Decimal("31000")),), paid_interest="30000"), {ON: "1000"},
    ),
    "nothing when it all came in today": (
        note("2800000", DEC31, interest=((ON, Decimal("31000")),), paid_interest="31000.5"), {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INTEREST.values(), ids=INTEREST.keys())
def test_interest_due(case) -> None:
    given, expected = case
    principal = principal_due(given, ON, UNTIL)
    assert interest_due(given, ON, UNTIL, principal) == {d: Decimal(amount) for d, amount in expected.items()}


def test_regular_days_reach_back_a_year_and_keep_to_a_short_month() -> None:
    assert regular_days(date(2027, 2, 10), date(2027, 3, 1), day=30, months=[2, 12]) == [
        date(2026, 2, 28), date(2026, 12, 30), date(2027, 2, 28),
    ]  # fmt: skip


def test_interest_is_there_by_the_twentieth_of_its_month_or_by_its_own_earlier_day() -> None:
    def same(day: date) -> date:
        return day

    assert check_day_of_interest(date(2026, 12, 31), 20, same) == DEC20
    assert check_day_of_interest(date(2026, 12, 5), 20, same) == date(2026, 12, 5)

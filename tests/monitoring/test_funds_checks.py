"""The daily look at the money: by when it must be there, from when it is looked at, what is kept of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock
from core.policy import policy_on
from credit.choices import Product
from credit.models import Collateral, LedgerEntry, LetterClaim, LoanTerms, MarginRelease, Valuation
from monitoring.cash.selectors import repayment_funds
from monitoring.choices import DebtKind
from monitoring.funds import services as funds
from monitoring.funds.services import check_day, first_look, write_checks
from monitoring.models import FundsCheck
from postloan import close_of_day
from tests import factories
from tests.monitoring.money import accept, account, bill, checks, lend, look, owe, pledge, put
from workflow.models import Quarantined, WorkItem

pytestmark = pytest.mark.usefixtures("reference")

ON = date(2026, 11, 24)  # a Tuesday
NOV25, NOV26, NOV27, NOV30 = (date(2026, 11, day) for day in (25, 26, 27, 30))

# Due day → by when the money must be there, and from when it is looked at (ten days before that).
CHECK_DAYS = {
    DebtKind.LOAN: [
        # Three days before: a Thursday; 国庆 to 10-07, so Wednesday 09-30; the make-up Saturday 10-10 and the make-up
        # Sunday 09-20, on which people work; a Saturday, so Friday; 春节 02-15 to 02-23, so the make-up 02-14.
        (date(2026, 12, 20), date(2026, 12, 17)),
        (date(2026, 10, 8), date(2026, 9, 30)),
        (date(2026, 10, 13), date(2026, 10, 10)),
        (date(2026, 9, 23), date(2026, 9, 20)),
        (date(2026, 12, 1), date(2026, 11, 27)),
        (date(2026, 2, 25), date(2026, 2, 14)),
        (date(2026, 11, 30), date(2026, 11, 27)),  # over a month's end: from the last day of November
        (date(2026, 12, 2), date(2026, 11, 27)),  # a Sunday before
    ],
    DebtKind.ACCEPTANCE: [
        (date(2026, 10, 8), date(2026, 9, 30)),
        (date(2026, 10, 13), date(2026, 10, 10)),
        (date(2026, 12, 1), date(2026, 11, 27)),
    ],
    DebtKind.INTEREST: [
        # The 20th: a Sunday, so Friday; the make-up Sunday 09-20; 端午 06-19 to 06-21, so Thursday; a Tuesday. Due on
        # the 21st or at the month's end the 20th still; due on the 5th, a Saturday, the Friday before.
        (date(2026, 12, 20), date(2026, 12, 18)),
        (date(2026, 9, 20), date(2026, 9, 20)),
        (date(2026, 6, 20), date(2026, 6, 18)),
        (date(2026, 10, 20), date(2026, 10, 20)),
        (date(2026, 12, 21), date(2026, 12, 18)),
        (date(2026, 10, 31), date(2026, 10, 20)),
        (date(2026, 12, 5), date(2026, 12, 4)),
    ],
}


@pytest.mark.obligation("GR-6.4.1b", clause="a")
@pytest.mark.obligation("GR-6.4.2", clause="b")
@pytest.mark.parametrize(
    ("kind", "due_on", "expected"),
    [(kind, *row) for kind, rows in CHECK_DAYS.items() for row in rows],
)
def test_by_when_the_money_must_be_there(reference, kind, due_on, expected) -> None:
    policy = policy_on(ON)
    assert check_day(kind, due_on, policy, "GR") == expected
    assert first_look(kind, due_on, policy, "GR") == expected - timedelta(days=10)


@pytest.mark.obligation("GR-6.4.1b", clause="f")
def test_a_debt_is_looked_at_every_day_from_ten_days_before_its_check_day_until_it_is_due(cast) -> None:
    # Due Tuesday 12-01, to be there by Friday 11-27, looked at from 11-17 on; the cast's own loan is years off.
    lend(cast, "A", "100", date(2026, 12, 1))
    for day in range(14, 31):
        look(date(2026, 11, day))
    look(date(2026, 12, 1))
    look(date(2026, 12, 2))
    seen = list(FundsCheck.objects.order_by("on").values_list("on", flat=True))
    assert seen == [date(2026, 11, day) for day in range(17, 31)] + [date(2026, 12, 1)]


@pytest.mark.obligation("GR-6.4.1b", clause="a")
def test_a_long_holiday_does_not_shorten_the_look_ahead(cast) -> None:
    # Due 10-08 after 国庆: to be there by 09-30, so looked at from 09-20 on, eighteen days before it is due.
    lend(cast, "A", "100", date(2026, 10, 8))
    look(date(2026, 9, 19))
    assert not FundsCheck.objects.filter(kind="LOAN").exists()
    look(date(2026, 9, 20))
    assert checks(date(2026, 9, 20), kind="LOAN") == [(date(2026, 10, 8), "100.00", "0.00", "0.00", "100.00")]


@pytest.mark.obligation("GR-6.4.3", clause="ac")
def test_interest_is_computed_where_no_plan_says_it(cast) -> None:
    # 2,800,000 at 4.35% from 09-20 to 12-20, 91 days: 30,788.33. To be there by Friday 12-18, seen from 12-08.
    account(cast.borrower, cast.corporate, "30000")
    look(date(2026, 12, 8))
    assert checks(date(2026, 12, 8), loan=cast.loan) == [
        (date(2026, 12, 20), "30788.33", "0.00", "30000.00", "788.33")
    ]


def test_interest_takes_the_rate_and_the_balance_in_force(cast) -> None:
    # 3.6% since 12-01 and 2,000,000 since 12-05: 2,000,000 × 3.6% × 91 / 360 = 18,200. Monthly: 30 days, 6,000.
    LoanTerms.objects.create(
        loan=cast.loan, effective_on=date(2026, 12, 1), known_on=date(2026, 12, 1),
        matures_on=cast.loan.matures_on, annual_rate=Decimal("0.036"),
    )  # fmt: skip
    factories.make_reading(cast.loan, effective_on=date(2026, 12, 5), balance=Decimal("2000000"))
    on = date(2026, 12, 8)
    look(on)
    assert checks(on, loan=cast.loan)[0][1] == "18200.00"
    cast.loan.interest_frequency = "MONTHLY"
    cast.loan.save()
    look(on + timedelta(days=1))
    assert checks(on + timedelta(days=1), loan=cast.loan)[0][1] == "6000.00"


def test_what_came_in_on_the_due_day_is_not_short_on_it(cast) -> None:
    loan = lend(cast, "A", "100", NOV30)
    owe(loan, ON, "40", "7")
    owe(loan, NOV30, "60", "3")
    for number, kind, amount in (("1", "PRINCIPAL", "40"), ("2", "INTEREST", "7")):
        LedgerEntry.objects.create(
            number=number, loan=loan, kind=kind, amount=Decimal(amount), effective_on=ON, known_on=ON
        )
    factories.make_reading(loan, effective_on=ON, balance=Decimal("60"))
    look(ON)
    assert [row[:2] for row in checks(ON)] == [(NOV30, "3.00"), (NOV30, "60.00")]


def test_a_released_margin_covers_no_claim_any_more(cast) -> None:
    account(cast.borrower, cast.corporate, "20", kind="MARGIN", number="M1")
    letter = lend(
        cast, "G", "80", NOV30, product=Product.LETTER_OF_GUARANTEE, margin=Decimal(20), margin_account="M1"
    )
    claim = LetterClaim.objects.create(number="S1", loan=letter, amount=Decimal(50), claimed_on=ON)
    (rung,) = repayment_funds([cast.borrower.pk], ON, ON, policy_on(ON))[cast.borrower.pk].ladder(ON).rungs
    assert (rung.debt.kind, rung.from_collateral, rung.short) == (DebtKind.GUARANTEE, 20, 30)
    claim.delete()
    MarginRelease.objects.create(
        loan=letter,
        amount=Decimal(20),
        effective_on=ON,
        known_on=ON,
        recorded_by="1001",
        recorded_at=clock.now(),
    )
    claim.save(force_insert=True)  # the beneficiary comes after the margin has gone back
    (rung,) = repayment_funds([cast.borrower.pk], ON, ON, policy_on(ON))[cast.borrower.pk].ladder(ON).rungs
    assert (rung.from_collateral, rung.short) == (0, 50)
    look(ON)
    assert checks(ON) == []  # a claim is due when it comes: nothing to look at beforehand


@pytest.mark.obligation("GR-6.4.1b", clause="d")
def test_a_short_check_says_what_took_the_money_before_it(cast) -> None:
    account(cast.borrower, cast.corporate, "300")
    lend(cast, "A", "200", NOV25)
    lend(cast, "B", "150", NOV26)
    look(ON)
    met, short = FundsCheck.objects.order_by("due_on")
    assert (met.made_of, short.available) == ([], 300)
    assert short.made_of == [
        {
            "reference": "A",
            "kind": "LOAN",
            "due_on": "2026-11-25",
            "amount": "200.00",
            "from_balance": "200.00",
        }
    ]


def test_only_borrowers_under_the_scheme_are_looked_at_and_all_their_debts(cast) -> None:
    cast.personal_loan.matures_on = NOV25
    cast.personal_loan.save()
    lend(cast, "M", "100", NOV25, product=Product.MICRO)  # another scheme, but it takes from the same account
    look(ON)
    assert list(FundsCheck.objects.values_list("loan__number", flat=True)) == ["M"]


def test_a_day_looked_at_later_gives_the_same_and_a_second_time_changes_nothing(cast) -> None:
    base = account(cast.borrower, cast.corporate, "60")
    lend(cast, "A", "100", NOV25)
    put(base, "100", ON, known_on=NOV25)  # arrives tomorrow
    factories.make_reading(cast.loan, effective_on=NOV25, balance=Decimal(0))
    look(ON)
    found = checks(ON)
    assert found == [(NOV25, "100.00", "0.00", "60.00", "40.00")]
    look(ON)
    assert checks(ON) == found and FundsCheck.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_borrowers(cast, django_assert_max_num_queries) -> None:
    def more(prefix: str, rows: int) -> None:
        for i in range(rows):
            borrower = factories.make_borrower(f"{prefix}{i:03d}")
            loan = factories.make_loan(
                borrower, cast.corporate, product=Product.ACCEPTANCE, matures_on=NOV25, margin=Decimal(5),
                margin_account=f"M{prefix}{i}",
            )  # fmt: skip
            account(borrower, cast.corporate, "5", kind="MARGIN", number=f"M{prefix}{i}")
            account(borrower, cast.corporate, "100")
            bill(loan, "10", NOV25)
            pledge({loan: "10"}, "10", amount="10")

    def asked(on: date) -> int:
        with CaptureQueriesContext(connection) as queries:
            write_checks(on, policy_on(on))
        return len(queries)

    more("Q", 3)
    policy_on(ON)
    few = asked(date(2026, 11, 23))
    more("R", 30)
    with django_assert_max_num_queries(20):
        assert asked(ON) <= few
    assert FundsCheck.objects.filter(on=ON).count() == 33


def test_a_borrower_that_breaks_is_set_aside_and_the_others_are_looked_at(cast, monkeypatch) -> None:
    loan = lend(cast, "A", "100", NOV25)
    factories.make_loan(cast.other_borrower, cast.corporate2, number="Z", matures_on=NOV25)
    honest = funds.checks_of

    def breaking(funds, on, policy):
        if "A" in funds.notes:
            raise ValueError("坏数据")
        return honest(funds, on, policy)

    monkeypatch.setattr(funds, "checks_of", breaking)
    look(ON)
    assert set(FundsCheck.objects.values_list("loan__number", flat=True)) == {"Z"}
    aside = Quarantined.objects.get()
    assert (aside.subject_id, aside.resolved_at) == (cast.borrower.pk, None)
    for _ in range(2):
        look(ON)
    aside.refresh_from_db()
    assert aside.attempts == 3
    monkeypatch.setattr(funds, "checks_of", honest)
    look(ON)  # given up: not touched again until somebody asks
    assert set(FundsCheck.objects.values_list("loan__number", flat=True)) == {"Z"}
    assert close_of_day.retry(ON) == 0
    assert set(FundsCheck.objects.values_list("loan__number", flat=True)) == {"A", "Z"}
    assert WorkItem.objects.get(subject_id=loan.pk).period_key == "maturity:2026-11-25"


def row(loan, **fields: Any) -> FundsCheck:
    """A sound row: 100 required, 30 from collateral, 50 from the balance, 20 short."""
    given = {
        "on": ON, "loan": loan, "kind": "LOAN", "due_on": NOV27, "check_day": ON, "required": 100,
        "from_collateral": 30, "from_balance": 50, "short": 20, "available": 60,
    }  # fmt: skip
    return FundsCheck(**given | fields)


VIOLATIONS = {
    "a_debt_is_checked_once_a_day": {},
    "what_is_checked_is_not_negative": {"due_on": NOV30, "from_collateral": -10, "short": 60},
    "what_is_required_is_met_or_short": {"due_on": NOV30, "short": 19},
    "no_more_is_taken_than_is_available": {"due_on": NOV30, "available": 49},
    "funds_are_checked_before_they_are_due": {"due_on": date(2026, 11, 23), "check_day": date(2026, 11, 20)},
    "a_claim_is_not_checked_beforehand": {"due_on": NOV30, "kind": "GUARANTEE"},
}


def test_every_constraint_of_the_checks_has_its_violation() -> None:
    assert {constraint.name for constraint in FundsCheck._meta.constraints} == set(VIOLATIONS)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses_what_the_constraint_names(cast, name) -> None:
    row(cast.loan).save()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row(cast.loan, **VIOLATIONS[name]).save()


def test_a_check_is_never_changed_or_taken_back(cast) -> None:
    row(cast.loan).save()
    for change in (lambda: FundsCheck.objects.update(short=0), lambda: FundsCheck.objects.all().delete()):
        with pytest.raises(DatabaseError, match="monitoring_fundscheck"), transaction.atomic():
            change()


def test_a_valuation_after_the_day_is_not_known_on_it(cast) -> None:
    agreement = accept(cast, "A", "100", NOV25)
    guarantee = pledge({agreement: "100"}, "40", amount="100")
    thing = Collateral.objects.get(liens__guarantee=guarantee)
    Valuation.objects.create(collateral=thing, effective_on=NOV25, known_on=NOV25, value=Decimal(90))
    look(ON)
    assert checks(ON) == [(NOV25, "100.00", "40.00", "0.00", "60.00")]

"""A small book and its duties around one day, in which every kind of figure occurs and some facts came late."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from credit.choices import Product, RiskClass
from credit.models import LoanTerms
from monitoring.models import FundsCheck
from tests import factories

ON = date(2026, 11, 20)  # a Friday of the fourth quarter; the third ended on 30 September
BEFORE = date(2026, 9, 30)


def loan(cast: SimpleNamespace, number: str, balance: str, **fields: Any) -> Any:
    """A loan of 公司部, managed by 张明, from 10 March on."""
    return factories.make_loan(
        cast.borrower,
        cast.corporate,
        contract=cast.contract,
        number=number,
        balance=Decimal(balance),
        **fields,
    )


def build(cast: SimpleNamespace) -> SimpleNamespace:
    """Loans that fell, rose, were settled, extended and are new; facts that came late; one without a manager."""
    late, fell = loan(cast, "L-LATE", "100.00"), loan(cast, "L-FELL", "200.00")
    # Effective on the day, known three days later: on the day it is not yet so.
    factories.make_class(late, RiskClass.LOSS, effective_on=ON, known_on=ON + timedelta(days=3))
    # Effective before the quarter ended, known afterwards: counts as the class of the quarter's end.
    factories.make_class(
        fell, RiskClass.SPECIAL_MENTION, effective_on=date(2026, 9, 20), known_on=date(2026, 10, 8)
    )
    factories.make_class(fell, RiskClass.SUBSTANDARD, effective_on=date(2026, 10, 15))
    factories.make_reading(fell, effective_on=date(2026, 11, 1), balance=Decimal("180.50"), days_past_due=31)
    rose = loan(cast, "L-ROSE", "300.00", risk_class=RiskClass.SUBSTANDARD)
    factories.make_class(rose, RiskClass.NORMAL, effective_on=date(2026, 11, 2))
    settled = loan(cast, "L-SETTLED", "400.00")
    factories.make_reading(settled, effective_on=date(2026, 11, 3), balance=Decimal("0"))
    loan(cast, "L-NEW", "500.00", starts_on=date(2026, 10, 12))
    loan(cast, "L-WEEK", "600.00", matures_on=ON + timedelta(days=7))  # the last day of the step
    loan(cast, "L-MONTH", "700.00", matures_on=ON + timedelta(days=8))  # the first day of the next
    loan(cast, "L-PAST", "800.00", matures_on=ON - timedelta(days=1))
    extended = loan(cast, "L-EXTENDED", "900.00", matures_on=ON + timedelta(days=1))
    LoanTerms.objects.create(
        loan=extended, effective_on=ON, known_on=ON, matures_on=ON + timedelta(days=90), annual_rate="0.05"
    )
    for days, number in ((1, "A"), (30, "B"), (60, "C"), (90, "D"), (180, "E"), (360, "F"), (361, "G")):
        overdue = loan(cast, f"L-{number}", "10.00", product=Product.MICRO)
        factories.make_reading(overdue, effective_on=ON, balance=Decimal("10.00"), days_past_due=days)
    nobody = factories.make_borrower("C100009", "无人管理有限公司")
    factories.make_loan(nobody, cast.personal, number="L-NOBODY", balance=Decimal("50.00"))
    FundsCheck.objects.create(
        on=ON, loan=rose, kind="INTEREST", due_on=ON, check_day=ON, required=9, from_collateral=0, from_balance=2,
        short=7, available=2,
    )  # fmt: skip
    duties(cast)
    return cast


def duties(cast: SimpleNamespace) -> None:
    """Raised, done in time and late, entered afterwards, void, waived, late and signing on the day and around it."""
    serial = iter(range(100))

    def duty(due: date, raised: date = date(2026, 10, 9), **fields: Any) -> None:
        if "status" in fields:
            fields |= {
                "closed_at": f"{fields['closed_on']}T10:00:00Z",
                "closed_by": "1001",
                "close_reason": "说明",
            }
        person = fields.pop("person", cast.cm)
        factories.make_duty(
            person, cast.corporate, borrower=cast.borrower, period_key=f"S{next(serial)}", due_on=due, raised_on=raised,
            counts_from=date(2026, 10, 1), **fields,
        )  # fmt: skip

    yesterday, tomorrow = ON - timedelta(days=1), ON + timedelta(days=1)
    duty(tomorrow, ON)
    duty(tomorrow, ON, obligation="GD-3.3", person=cast.cm2)
    duty(tomorrow, tomorrow)  # raised only after the day
    duty(yesterday)
    duty(yesterday, person=None)
    duty(yesterday, submitted_on=yesterday)  # its evidence was handed in by then: open, not late
    duty(yesterday, submitted_on=ON)
    duty(
        yesterday, status="DONE", closed_on=tomorrow, done_on=tomorrow
    )  # on the day it still stood, and was late
    duty(ON, status="DONE", closed_on=ON, done_on=ON)
    duty(yesterday, status="DONE", closed_on=ON, done_on=ON)
    duty(yesterday, status="DONE", closed_on=ON, done_on=yesterday, late_entry=True)
    duty(tomorrow, status="VOID", closed_on=ON)
    # the day before counts for the day before
    duty(tomorrow, yesterday)
    duty(ON, status="DONE", closed_on=yesterday, done_on=yesterday)
    duty(ON, status="DONE", closed_on=yesterday, done_on=yesterday, late_entry=True)
    duty(tomorrow, status="VOID", closed_on=yesterday)
    duty(tomorrow, status="WAIVED", closed_on=yesterday)
    duty(ON, status="DONE", closed_on=tomorrow, done_on=ON)
    duty(yesterday, status="WAIVED", closed_on=ON)

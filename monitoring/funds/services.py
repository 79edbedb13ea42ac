"""The daily look at the money for what falls due soon: one row per debt and day, written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import audit
from core.parameters import Policy
from credit.choices import InterestFrequency, Product
from credit.models import Bill, Borrower, Installment, Loan
from credit.selectors.exposures import maturity
from credit.selectors.schemes import under
from monitoring.cash.rules.falling_due import check_day_of_interest, regular_days
from monitoring.cash.rules.ladder import ZERO, Rung
from monitoring.cash.selectors import RepaymentFunds, live, repayment_funds
from monitoring.choices import DebtKind
from monitoring.models import CHECKED, FundsCheck
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.sweep import set_aside, sweep

CHECKED_ACT = audit.act("monitoring.funds.checked", _("核对到期资金"))

SCHEME = "GR"  # whose borrowers are looked at
STEP = "funds"
# From a check day to its due day at the most: from the 20th to a month's end, over a long holiday.
LONGEST_LEAD = timedelta(days=31)
# Whose parameter says how long before its check day a debt is first looked at.
AHEAD = {
    DebtKind.INTEREST: "interest_funds.ahead",
    DebtKind.LOAN: "maturity_funds.ahead",
    DebtKind.ACCEPTANCE: "acceptance_funds.ahead",
}
BEFORE = {DebtKind.LOAN: "maturity_funds.before", DebtKind.ACCEPTANCE: "acceptance_funds.before"}


def check_day(kind: DebtKind, due_on: date, policy: Policy, scheme: str) -> date:
    """By when the money must be there: so many days before (a rest day moves it forward), for interest by the 20th."""
    calendar = policy.calendar
    if kind == DebtKind.INTEREST:
        day = int(policy.get(scheme, "interest_funds.day").value)
        return check_day_of_interest(due_on, day, calendar.preceding_workday)
    ((unit, count),) = policy.get(scheme, BEFORE[kind]).value.items()
    return calendar.preceding_workday(calendar.within(due_on, {unit: -count}))


def first_look(kind: DebtKind, due_on: date, policy: Policy, scheme: str) -> date:
    """From which day on the debt is looked at, every day until it is due."""
    ahead = policy.get(scheme, AHEAD[kind]).value
    return check_day(kind, due_on, policy, scheme) - timedelta(days=int(ahead["days"]))


def horizon(on: date, policy: Policy) -> date:
    """The last due day that may have to be looked at on the day."""
    aheads = [
        policy.get(scheme, name).value["days"] for scheme in policy.parameters for name in AHEAD.values()
    ]
    return on + timedelta(days=int(max(aheads))) + LONGEST_LEAD


def watched(on: date, policy: Policy) -> QuerySet[Borrower]:
    """Borrowers with a live loan under the scheme, one of whose loans may have something to be looked at on the day.

    Those set aside that day stay among them, until they could be looked at.
    """
    loans = live(on, policy).filter(under(policy, SCHEME), borrower=OuterRef("pk"))
    ids = _looked_at(on, policy).values_list("borrower").union(
        set_aside(on, STEP).order_by().values_list("subject_id")
    )  # fmt: skip
    return Borrower.objects.filter(Exists(loans), pk__in=ids)


def _looked_at(on: date, policy: Policy) -> QuerySet[Loan]:
    """Loans of the scheme's borrowers with a due day in reach: by plan, by bill, by maturity, by regular interest."""
    days = {kind: _days_looked_at(kind, on, policy) for kind in AHEAD}
    interest, every = days[DebtKind.INTEREST], sorted(set().union(*days.values()))
    planned = Installment.objects.planned(on).filter(loan=OuterRef("pk"), due_on__in=every)
    drawn = Bill.objects.filter(loan=OuterRef("pk"), matures_on__in=every, known_on__lte=on)
    due = Q(ends_on__in=every) | Q(Exists(planned)) | Q(Exists(drawn), product=Product.ACCEPTANCE)
    for scheme in policy.parameters:
        day = int(policy.get(scheme, "interest_funds.day").value)
        quarterly = policy.get(scheme, "interest_funds.months").value
        for months, frequencies in (
            (range(1, 13), [InterestFrequency.MONTHLY]),
            (quarterly, [InterestFrequency.QUARTERLY, ""]),
        ):
            if interest.intersection(regular_days(on, horizon(on, policy), day=day, months=months)):
                due |= Q(interest_frequency__in=frequencies)
    theirs = Loan.objects.filter(under(policy, SCHEME)).order_by().values("borrower")
    return Loan.objects.filter(borrower__in=theirs).annotate(ends_on=maturity(on)).filter(due).order_by()


def _days_looked_at(kind: DebtKind, on: date, policy: Policy) -> set[date]:
    """The due days for which one of the schemes looks at the money on the day."""
    names = (*AHEAD.values(), *BEFORE.values(), "interest_funds.day")
    # Most schemes inherit these figures, and the same figures give the same days.
    schemes = {tuple(id(policy.get(scheme, name)) for name in names): scheme for scheme in policy.parameters}
    days = [on + timedelta(days=n) for n in range((horizon(on, policy) - on).days + 1)]
    return {
        day for day in days if any(first_look(kind, day, policy, scheme) <= on for scheme in schemes.values())
    }


def write_checks(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """Look at every debt that falls due soon; run again for the same day, it changes nothing.

    `only` narrows to some borrowers.
    """
    borrowers = watched(on, policy)
    if only is not None:
        borrowers = borrowers.filter(pk__in=list(only))
    ids = borrowers.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=settings.DUTY_SET_SIZE)
    return sweep(ids, lambda part: _write(part, on, policy), on=on, step=STEP, progress=progress)


def _write(ids: list[int], on: date, policy: Policy) -> Counter[str]:
    rows = [
        row
        for funds in repayment_funds(ids, on, horizon(on, policy), policy).values()
        for row in checks_of(funds, on, policy)
    ]
    FundsCheck.objects.bulk_create(rows, ignore_conflicts=True)
    return Counter(checked=len(rows), short=sum(row.short > 0 for row in rows))


def checks_of(funds: RepaymentFunds, on: date, policy: Policy) -> Iterator[FundsCheck]:
    """A row for each debt of one borrower that is to be looked at on the day."""
    ladder = funds.ladder(on)
    for place, rung in enumerate(ladder.rungs):
        debt = rung.debt
        if debt.kind not in CHECKED or debt.due_on < on or not debt.amount:
            continue
        loan = funds.notes[debt.reference]
        if first_look(debt.kind, debt.due_on, policy, loan.scheme_code) > on:
            continue
        yield FundsCheck(
            on=on,
            loan_id=loan.pk,
            kind=debt.kind,
            due_on=debt.due_on,
            check_day=check_day(debt.kind, debt.due_on, policy, loan.scheme_code),
            required=debt.amount,
            from_collateral=rung.from_collateral,
            from_balance=rung.from_balance,
            short=rung.short,
            available=max(ladder.available, ZERO),
            made_of=[_competitor(one) for one in ladder.rungs[:place] if one.from_balance and rung.short],
        )


def _competitor(rung: Rung) -> dict[str, Any]:
    """A debt that took of the balance before, as it is kept."""
    return {
        "reference": rung.debt.reference,
        "kind": rung.debt.kind.value,
        "due_on": rung.debt.due_on.isoformat(),
        "amount": str(rung.debt.amount),
        "from_balance": str(rung.from_balance),
    }


PREPARATION = Preparation(STEP, "核对到期资金", CHECKED_ACT, write_checks)

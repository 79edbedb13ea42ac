"""The daily look at the money for what falls due soon: one row per debt and day, written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from core import clock
from core.policy import Policy
from credit.choices import InterestFrequency, Product
from credit.duties import maturity, under
from credit.models import Bill, Borrower, Installment, Loan
from monitoring.choices import DebtKind
from monitoring.debts import Purse, live, purses
from monitoring.falling_due import check_day_of_interest, regular_days
from monitoring.models import CHECKED, FundsCheck
from monitoring.rules import ZERO, Rung
from workflow.choices import SubjectKind
from workflow.engine import MAX_ATTEMPTS, Progress, halving, quarantine
from workflow.models import Quarantined

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


def set_aside(on: date) -> QuerySet[Quarantined]:
    """Borrowers that could not be looked at on the day."""
    return Quarantined.objects.filter(
        on=on, step=STEP, subject_kind=SubjectKind.BORROWER, resolved_at__isnull=True
    )


def watched(on: date, policy: Policy) -> QuerySet[Borrower]:
    """Borrowers with a live loan under the scheme, one of whose loans may have something to be looked at on the day.

    Those set aside that day stay among them, until they could be looked at.
    """
    loans = live(on, policy).filter(under(policy, SCHEME), borrower=OuterRef("pk"))
    ids = _looked_at(on, policy).values_list("borrower").union(
        set_aside(on).order_by().values_list("subject_id")
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
    on: date, policy: Policy, progress: Progress | None = None, *, only: Sequence[int] | None = None
) -> Counter[str]:
    """Look at every debt that falls due soon; run again for the same day, it changes nothing.

    A borrower that was given up that day is left alone; `only` narrows to some borrowers.
    """
    progress = progress or Progress()
    counts: Counter[str] = Counter()
    given_up = set_aside(on).filter(attempts__gte=MAX_ATTEMPTS)
    borrowers = watched(on, policy).exclude(pk__in=given_up.values("subject_id"))
    if only is not None:
        borrowers = borrowers.filter(pk__in=only)
    for chunk in _sets(borrowers):
        suspects = [pk for pk in chunk if pk in progress.suspects]
        for group in [[pk] for pk in suspects] + [[pk for pk in chunk if pk not in progress.suspects]]:
            if group:
                progress.hold(group)
                _check_set(group, on, policy, counts)
                progress.hold([])
    return counts


def _sets(borrowers: QuerySet[Borrower]) -> Iterator[list[int]]:
    stream = iter(
        borrowers.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=settings.DUTY_SET_SIZE)
    )
    while chunk := list(islice(stream, settings.DUTY_SET_SIZE)):
        yield chunk


def _check_set(ids: list[int], on: date, policy: Policy, counts: Counter[str]) -> None:
    for part, outcome in halving(ids, lambda part: _write(part, on, policy)):
        if isinstance(outcome, Exception):
            cause = f"{type(outcome).__name__}: {outcome}"[:500]
            quarantine(on=on, step=STEP, kind=SubjectKind.BORROWER, subject_id=part[0], cause=cause)
            counts["quarantined"] += 1
        else:
            counts.update(outcome)
            set_aside(on).filter(subject_id__in=part).update(resolved_at=clock.now())


def _write(ids: list[int], on: date, policy: Policy) -> Counter[str]:
    rows = [
        row
        for purse in purses(ids, on, horizon(on, policy), policy).values()
        for row in checks_of(purse, on, policy)
    ]
    FundsCheck.objects.bulk_create(rows, ignore_conflicts=True)
    return Counter(checked=len(rows), short=sum(row.short > 0 for row in rows))


def checks_of(purse: Purse, on: date, policy: Policy) -> Iterator[FundsCheck]:
    """A row for each debt of one borrower that is to be looked at on the day."""
    ladder = purse.ladder(on)
    for place, rung in enumerate(ladder.rungs):
        debt = rung.debt
        if debt.kind not in CHECKED or debt.due_on < on or not debt.amount:
            continue
        loan = purse.notes[debt.reference]
        if first_look(debt.kind, debt.due_on, policy, loan.scheme_code) > on:
            continue
        yield FundsCheck(
            on=on,
            loan_id=loan.pk,
            kind=debt.kind,
            due_on=debt.due_on,
            check_day=check_day(debt.kind, debt.due_on, policy, loan.scheme_code),
            required=debt.amount,
            from_pots=rung.from_pots,
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

"""The next 30 and 90 days of every borrower (未来资金): what the ladder says, and what usually comes in beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Mod
from django.utils.translation import gettext_lazy as _

from core import audit
from core.parameters import Policy
from core.periods import add_months
from credit.models import Borrower
from credit.selectors.schemes import under
from monitoring.cash.rules.ladder import ZERO, Ladder
from monitoring.cash.selectors import RepaymentFunds, live, repayment_funds
from monitoring.models import AccountMonth, FundsOutlook
from monitoring.outlook.rules import Usual, comes_in, usual_inflow
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.sweep import sweep

WRITTEN = audit.act("monitoring.outlook.written", _("推算未来资金"))

SCHEME, STEP = "GR", "outlook"
NEAR, FAR = timedelta(days=30), timedelta(days=90)


def wanted(on: date, policy: Policy) -> QuerySet[Borrower]:
    """Borrowers with a live loan under the scheme of whom nothing was reckoned on the day yet."""
    loans = live(on, policy).filter(under(policy, SCHEME), borrower=OuterRef("pk"))
    already = FundsOutlook.objects.filter(borrower=OuterRef("pk"), on=on)
    return Borrower.objects.filter(Exists(loans), ~Exists(already))


def whose_day_it_is(borrowers: QuerySet[Borrower], on: date, policy: Policy) -> QuerySet[Borrower]:
    """Borrowers whose turn it is: each has its own among the days of policy, by its id; no day carries all."""
    every = int(policy.get("BASE", "outlook.every").value)
    return borrowers.alias(turn=Mod(F("pk") + on.toordinal(), every)).filter(turn=0)


def write_outlook(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """Reckon the next 30 and 90 days where it is time to; run again for the same day, it changes nothing.

    `only` names some borrowers instead, whatever day is theirs.
    """
    borrowers = wanted(on, policy)
    borrowers = (
        whose_day_it_is(borrowers, on, policy) if only is None else borrowers.filter(pk__in=list(only))
    )
    ids = borrowers.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=settings.DUTY_SET_SIZE)
    return sweep(ids, lambda part: _write(part, on, policy), on=on, step=STEP, progress=progress)


def _write(ids: list[int], on: date, policy: Policy) -> Counter[str]:
    usual = usual_inflows(ids, on, policy)
    rows = [
        row_of(borrower, funds, usual[borrower], on)
        for borrower, funds in repayment_funds(ids, on, on + FAR, policy).items()
    ]
    FundsOutlook.objects.bulk_create(rows, ignore_conflicts=True)
    return Counter(written=len(rows), short=sum(row.short_90 > 0 for row in rows))


def usual_inflows(ids: Collection[int], on: date, policy: Policy) -> dict[int, Usual | None]:
    """What usually comes in for each of these borrowers, from their accounts' kept months, in one query."""
    limits = policy.get("BASE", "outlook.months").value
    first = add_months(on.replace(day=1), -int(limits["of"]))
    months: dict[int, dict[date, Decimal]] = defaultdict(dict)
    kept = AccountMonth.objects.filter(
        account__borrower__in=ids, month__gte=first, month__lt=on.replace(day=1)
    )
    for borrower, month, flows in kept.order_by().values_list("account__borrower", "month", "flows"):
        months[borrower][month] = months[borrower].get(month, ZERO) + comes_in(flows)
    return {pk: usual_inflow(months[pk], on, of=int(limits["of"]), least=int(limits["least"])) for pk in ids}


def within(ladder: Ladder, until: date) -> tuple[Decimal, Decimal]:
    """What is due and what is short up to a day, arrears included, in 元."""
    rungs = [rung for rung in ladder.rungs if rung.debt.due_on <= until]
    return sum((rung.debt.amount for rung in rungs), ZERO), sum((rung.short for rung in rungs), ZERO)


def row_of(borrower: int, funds: RepaymentFunds, usual: Usual | None, on: date) -> FundsOutlook:
    """One borrower's outlook: the certain line is the ladder's, whatever usually comes in."""
    ladder = funds.ladder(on)
    (due_30, short_30), (due_90, short_90) = within(ladder, on + NEAR), within(ladder, on + FAR)
    return FundsOutlook(
        on=on,
        borrower_id=borrower,
        available=funds.available,
        due_30=due_30,
        due_90=due_90,
        short_30=short_30,
        short_90=short_90,
        first_short_on=ladder.first_short_on,
        usual_30=usual.within(NEAR.days) if usual else None,
        usual_90=usual.within(FAR.days) if usual else None,
    )


PREPARATION = Preparation(STEP, "推算未来资金", WRITTEN, write_outlook)

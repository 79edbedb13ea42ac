"""附件2's figures: on the last day of a month the month of every account and borrower is written down, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from core import audit
from core.parameters import Policy
from core.periods import Period, add_months
from core.periods import month_of as calendar_month_of
from credit.models import Account, Borrower, Transaction
from monitoring.choices import Flow
from monitoring.models import AccountMonth, BorrowerMonth
from monitoring.months.rules import marks_of
from monitoring.months.selectors import Read, as_kept, limits_of, live_loans, read, schemes
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.services.days import go_live_on
from workflow.sweep import sweep

WRITTEN = audit.act("monitoring.months.written", _("汇总账户月度资金"))

STEP = "months"


def month_of(account: Account, first_day: date) -> AccountMonth | None:
    """The kept month of an account; None where it was not written."""
    return AccountMonth.objects.filter(account=account, month=first_day).first()


def write_months(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """On the last day of a month write its figures down; on another day, or run again, it changes nothing.

    On the lender's first day the months before are written too, as far as their movements came with the opening
    extracts: what is unusual is seen against them, and nobody owes a review of them. `only` narrows to some borrowers.
    """
    month, counts = calendar_month_of(on), Counter[str]()
    if on == go_live_on():
        for n in range(_most_months(policy), 0, -1):
            earlier = calendar_month_of(add_months(month.first, -n))
            counts.update(_write_month(earlier, on, policy, progress, only))
    if on == month.last:
        counts.update(_write_month(month, on, policy, progress, only))
    return counts


def _most_months(policy: Policy) -> int:
    return max(
        int(policy.get(scheme, "account_review.own_months").value["most"]) for scheme in schemes(policy)
    )


def _write_month(
    month: Period, on: date, policy: Policy, progress: Progress | None, only: Collection[int] | None
) -> Counter[str]:
    borrowers = _to_write(month, on, policy)
    if only is not None:
        borrowers = borrowers.filter(pk__in=list(only))
    ids = borrowers.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=settings.DUTY_SET_SIZE)
    return sweep(ids, lambda part: _write(part, month, on, policy), on=on, step=STEP, progress=progress)


def _to_write(month: Period, on: date, policy: Policy) -> QuerySet[Borrower]:
    """Borrowers with a live loan under the schemes whose month is not written yet."""
    written = BorrowerMonth.objects.filter(borrower=OuterRef("pk"), month=month.first)
    live = live_loans(on, policy).filter(borrower=OuterRef("pk")).order_by()
    borrowers = Borrower.objects.filter(Exists(live), ~Exists(written))
    if on <= month.last:
        return borrowers
    moved = Transaction.objects.filter(effective_on__gte=month.first, effective_on__lte=month.last)
    return borrowers.filter(pk__in=moved.order_by().values("account__borrower"))


def _write(ids: list[int], month: Period, on: date, policy: Policy) -> Counter[str]:
    found = read(ids, month, on, policy)
    accounts = [row for one in found.values() for row in account_months(one, month)]
    borrowers = [borrower_month(pk, one, month, on, policy) for pk, one in found.items()]
    AccountMonth.objects.bulk_create(accounts, ignore_conflicts=True)
    BorrowerMonth.objects.bulk_create(borrowers, ignore_conflicts=True)
    return Counter(
        accounts=len(accounts),
        borrowers=len(borrowers),
        unusual=sum(row.is_unusual for row in borrowers),
    )


def account_months(one: Read, month: Period) -> Iterator[AccountMonth]:
    """A row for each account of one borrower."""
    for number, account in one.accounts.items():
        found = one.month.accounts[number]
        yield AccountMonth(
            account=account,
            month=month.first,
            opening=found.opening,
            inflow=found.inflow,
            inflow_count=found.inflow_count,
            outflow=found.outflow,
            outflow_count=found.outflow_count,
            closing=found.closing,
            average=found.average,
            difference=found.difference,
            flows={key: as_kept(amount) for key, amount in sorted(found.flows.items())},
        )


def borrower_month(pk: int, one: Read, month: Period, on: date, policy: Policy) -> BorrowerMonth:
    """The row of one borrower, with what is unusual."""
    found, told = one.month, one.month.book
    return BorrowerMonth(
        borrower_id=pk,
        month=month.first,
        our_credit=told.our_credit,
        syndicated_credit=told.syndicated,
        other_credit=told.other_credit,
        credit_share=found.credit_share,
        sales_receipts=found.sales,
        declared_sales=told.declared_sales,
        settlement_share=found.settlement_share,
        average_deposit=found.average,
        deposit_share=found.deposit_share,
        group_in=found.amount(Flow.GROUP, into=True),
        group_out=found.amount(Flow.GROUP, into=False),
        marks=[mark.to_json() for mark in marks_of(found, limits_of(policy, one.scheme))],
        computed_on=on,
    )


PREPARATION = Preparation(STEP, "汇总账户月度资金", WRITTEN, write_months)

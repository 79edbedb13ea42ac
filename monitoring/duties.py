"""The reminders that the book requires: before an instalment falls due, the borrower is reminded of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import DateField, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest

from accounts.choices import Role
from core.periods import add_months
from core.policy import Parameter, Policy
from credit.duties import LoanRule, products_under
from credit.models import Installment, Loan
from workflow.duties import Required, Verdict
from workflow.services.days import go_live_on

SHOWN_BEFORE = timedelta(days=10)  # how long before its own day a reminder is put before the accountant
LONGEST_HOLIDAY = timedelta(days=14)  # a reminder's day moves forward by no more than this
LEADS = ("collection_reminder.long_term", "collection_reminder.short_term")


def lead_of(row: Loan, policy: Policy) -> Parameter:
    """How many days ahead the loan is reminded: longer than a year is long-term."""
    is_long = row.ends_on > add_months(row.starts_on, 12)  # type: ignore[attr-defined]
    return policy.get(policy.scheme_for_product(row.product), LEADS[0] if is_long else LEADS[1])


class CollectionReminder(LoanRule):
    """2.3（1）: 财务按期提醒收息收本，长期提前 10 天，短期提前 5 天."""

    obligation = "FW-2.3.1"
    kind = "collection_reminder"
    post = Role.ACCOUNTANT
    scheme = "FW"

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Live loans under the scheme with an instalment coming near, or with an open duty of this rule."""
        products = products_under(policy, self.scheme)
        leads = [
            policy.get(policy.scheme_for_product(product), name).value["days"]
            for product in products
            for name in LEADS
        ]
        horizon = on + timedelta(days=max(leads, default=0)) + SHOWN_BEFORE + LONGEST_HOLIDAY
        coming = Installment.objects.planned(on).filter(
            Q(principal__gt=0) | Q(interest__gt=0), due_on__gt=on, due_on__lte=horizon
        )
        return (
            self.loans(on, products, having=coming)
            .annotate(
                begins_on=Greatest(
                    "starts_on", Coalesce(Value(go_live_on(), output_field=DateField()), "starts_on")
                )
            )
            .prefetch_related(
                Prefetch("installments", queryset=coming.order_by("due_on"), to_attr="falling_due")
            )
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One reminder for each instalment of the plan that falls due soon."""
        if not row.is_live:
            return Verdict((), "已无余额，不再需要提醒", nothing_more=True)
        if row.product not in products_under(policy, self.scheme):
            return Verdict((), "已不适用本方案", nothing_more=True)
        lead = lead_of(row, policy)
        days = int(lead.value["days"])
        # Seen first on the day after the loan or the lender began: nobody is late with what could not be done yet.
        earliest = policy.calendar.add_workdays(row.begins_on, 1)
        required = []
        for one in row.falling_due:
            due_on = max(policy.calendar.preceding_workday(one.due_on - timedelta(days=days)), earliest)
            if due_on - SHOWN_BEFORE > on or due_on >= one.due_on:
                continue
            required.append(
                Required(
                    f"due:{one.due_on}",
                    max(due_on - SHOWN_BEFORE, row.begins_on),
                    due_on,
                    f"{one.due_on} 应还本金 {one.principal:,.2f} 元、利息 {one.interest:,.2f} 元，提前 {days} 天提醒。",
                    lead.version_id,
                )
            )
        return Verdict(tuple(required), "还款计划已变更，该期不再应还")


RULES = (CollectionReminder(),)

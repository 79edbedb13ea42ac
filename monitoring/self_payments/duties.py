"""The duty to have the borrower sum up what it paid by itself in a period, and to check it (第二十条)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from core.parameters import Policy
from core.periods import Period, period_of
from credit.duties.subjects import ManagedLoanRule
from credit.models import Loan
from credit.selectors.schemes import under
from monitoring.choices import SeenAs
from monitoring.loan_money.balances import seen_uses
from monitoring.models import SeenUse
from monitoring.uses.duties import total_of, uses_as_read
from workflow.duties import Required, Verdict

SUMMARY = "self_payment_summary"
SUMMED, WITHIN = "self_payment.summary", "self_payment.within"


class SelfPaymentSummary(ManagedLoanRule):
    """第二十条: 自主支付且不需审核的，借款人定期汇总报告支付情况，客户经理核查."""

    obligation = "GR-20.1"
    kind = SUMMARY
    title = _("自主支付汇总核查")
    scheme = "GR"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme with self payments in the last period and no duty of it."""
        frequencies = {policy.get(scheme, SUMMED).value for scheme in policy.family(self.scheme)}
        periods = [_period_over(frequency, on) for frequency in sorted(frequencies)]
        paid = SeenUse.objects.filter(
            seen_as=SeenAs.SELF,
            known_on__gte=min(period.first for period in periods),
            known_on__lte=max(period.last for period in periods),
        )
        keys = [f"summary:{period.key}" for period in periods]
        raised = self.duties().filter(subject_id=OuterRef("pk"), period_key__in=keys)
        loans = Loan.objects.filter(
            under(policy, self.scheme), ~Exists(raised), Exists(paid.filter(loan=OuterRef("pk")))
        )
        return loans.order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme with self payments in the last period and no duty of it, or with an open duty."""
        uses = seen_uses(on).filter(seen_as=SeenAs.SELF, loan=OuterRef("pk"))
        return self.loans(on, policy).annotate(uses=ArraySubquery(uses_as_read(uses)))

    def schemes_of(self, row: Any, on: date, policy: Policy) -> Collection[str]:
        """Its own, repaid or not: where the money went is still to be told."""
        return [row.scheme_code]

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One summary for each period in which the borrower paid."""
        if ended := self.ended(row, on, policy):
            return ended
        period = _period_over(policy.get(row.scheme_code, SUMMED).value, on)
        paid = [use for use in row.uses if date.fromisoformat(use["known_on"]) in period]
        if not paid:
            return Verdict((), "该期没有自主支付")
        within = policy.get(row.scheme_code, WITHIN)
        reason = f"{period.key} 自主支付 {len(paid)} 笔共 {total_of(paid)} 元，请借款人汇总报告并核查。"
        due_on = policy.calendar.within(period.last, within.value)
        return Verdict((Required(f"summary:{period.key}", period.first, due_on, reason, within.version_id),))


def _period_over(frequency: str, on: date) -> Period:
    """The last period that is over on the evening of a day."""
    this = period_of(frequency, on)
    return this if on == this.last else period_of(frequency, this.before())


RULES = (SelfPaymentSummary(),)

"""The duties that follow a loan's money: 附件1 use by use, and the summary of what a borrower paid by itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast, JSONObject

from core.money import yuan
from core.parameters import Policy
from core.periods import Period, period_of
from credit.duties.subjects import ManagedLoanRule
from credit.models import Loan
from credit.selectors.schemes import under
from monitoring.choices import SeenAs
from monitoring.loan_money.balances import seen_uses
from monitoring.models import SeenUse
from monitoring.uses.selectors import unrecorded
from workflow.duties import Required, Verdict

RECORD, SUMMARY = "fund_use_record", "self_payment_summary"
WITHIN, FIRST_WITHIN = "fund_use.within", "fund_use.first_within"
SUMMED, SUMMARY_WITHIN = "self_payment.summary", "self_payment.within"


def _facts(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Uses as a rule reads them, the first known first."""
    return rows.order_by("known_on", "pk").values(
        json=JSONObject(id="pk", known_on="known_on", amount=Cast("amount", CharField()))
    )


def _total(uses: list[dict[str, str]]) -> str:
    return yuan(sum((Decimal(use["amount"]) for use in uses), Decimal(0)))


class UseRule(ManagedLoanRule):
    """Uses that are in no 附件1 yet are to be recorded: by a day of the next month, the first soon after the grant.

    The key names the first of them, so that it is one duty until all are recorded, and another one afterwards.
    """

    kind = RECORD
    scheme: ClassVar[str]

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme of which money left on the day."""
        news = SeenUse.objects.filter(known_on=on, loan=OuterRef("pk"))
        return Loan.objects.filter(under(policy, self.scheme), Exists(news)).order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme of which money left on the day, or with an open duty of this rule."""
        return self.loans(on, policy, self.scheme).annotate(
            uses=ArraySubquery(_facts(unrecorded(on).filter(loan=OuterRef("pk"))))
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for what is not recorded yet."""
        if not policy.is_under(row.scheme_code, self.scheme):
            return Verdict((), "已不适用本方案", nothing_more=True)
        if not row.uses:
            return Verdict((), "用款已逐笔登记", nothing_more=True)
        first = row.uses[0]
        known_on = date.fromisoformat(first["known_on"])
        within = policy.get(row.scheme_code, WITHIN)
        due_on = policy.calendar.within(period_of("monthly", known_on).last, within.value)
        soon = policy.calendar.within(row.starts_on, policy.get(row.scheme_code, FIRST_WITHIN).value)
        if soon > known_on:
            due_on = min(due_on, soon)
        reason = f"有 {len(row.uses)} 笔用款共 {_total(row.uses)} 元未登记，请逐笔核查用途。"
        return Verdict(
            (Required(f"use:{first['id']}", known_on, due_on, reason, within.version_id),), "用款已逐笔登记"
        )


class FundUseTracking(UseRule):
    """第二十条: 用款后及时跟踪监督用途，填写信贷资金用后跟踪表（附件1），逐笔记录."""

    obligation = "GR-20.2"
    scheme = "GR"


class RetailUseCheck(UseRule):
    """零售办法三、1: 监控贷款使用，有风险的约谈、调查."""

    obligation = "LS-3.1"
    scheme = "LS"


class SelfPaymentSummary(ManagedLoanRule):
    """第二十条: 自主支付且不需审核的，借款人定期汇总报告支付情况，客户经理核查."""

    obligation = "GR-20.1"
    kind = SUMMARY
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
        return self.loans(on, policy, self.scheme).annotate(uses=ArraySubquery(_facts(uses)))

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One summary for each period in which the borrower paid."""
        if not policy.is_under(row.scheme_code, self.scheme):
            return Verdict((), "已不适用本方案", nothing_more=True)
        period = _period_over(policy.get(row.scheme_code, SUMMED).value, on)
        paid = [use for use in row.uses if date.fromisoformat(use["known_on"]) in period]
        if not paid:
            return Verdict((), "该期没有自主支付")
        within = policy.get(row.scheme_code, SUMMARY_WITHIN)
        reason = f"{period.key} 自主支付 {len(paid)} 笔共 {_total(paid)} 元，请借款人汇总报告并核查。"
        due_on = policy.calendar.within(period.last, within.value)
        return Verdict((Required(f"summary:{period.key}", period.first, due_on, reason, within.version_id),))


def _period_over(frequency: str, on: date) -> Period:
    """The last period that is over on the evening of a day."""
    this = period_of(frequency, on)
    return this if on == this.last else period_of(frequency, this.before())


RULES = (FundUseTracking(), RetailUseCheck(), SelfPaymentSummary())

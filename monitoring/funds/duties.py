"""The reminders that the book requires before money falls due, and the money that must be there by then (本息催收)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, DateField, Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Greatest, JSONObject
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core.money import yuan
from core.parameters import Parameter, Policy
from core.periods import add_months
from credit.duties.subjects import LoanRule, ManagedLoanRule
from credit.models import Installment, Loan
from credit.selectors.schemes import schemes_under, under
from monitoring.choices import DebtKind
from monitoring.funds.services import AHEAD, SCHEME, STEP
from monitoring.models import FundsCheck
from workflow.duties import Required, Verdict
from workflow.services.days import go_live_on
from workflow.sweep import set_aside

SHOWN_BEFORE = timedelta(days=10)  # how long before its own day a reminder is put before the accountant
LONGEST_HOLIDAY = timedelta(days=14)  # a reminder's day moves forward by no more than this
LEADS = ("collection_reminder.long_term", "collection_reminder.short_term")


def lead_of(row: Loan, policy: Policy) -> Parameter:
    """How many days ahead the loan is reminded: longer than a year is long-term."""
    is_long = row.ends_on > add_months(row.starts_on, 12)  # type: ignore[attr-defined]
    name = LEADS[0] if is_long else LEADS[1]
    return policy.get(row.scheme_code, name)  # type: ignore[attr-defined]


class CollectionReminder(LoanRule):
    """2.3（1）: 财务按期提醒收息收本，长期提前 10 天，短期提前 5 天."""

    obligation = "FW-2.3.1"
    kind = "collection_reminder"
    title = _("收息收本提醒")
    post = Role.ACCOUNTANT
    scheme = "FW"
    repaid = "已无余额，不再需要提醒"

    def coming(self, on: date, policy: Policy) -> QuerySet[Installment]:
        """Instalments that come near."""
        leads = [
            policy.get(scheme, name).value["days"]
            for scheme in schemes_under(policy, self.scheme)
            for name in LEADS
        ]
        horizon = on + timedelta(days=max(leads, default=0)) + SHOWN_BEFORE + LONGEST_HOLIDAY
        return Installment.objects.planned(on).filter(
            Q(principal__gt=0) | Q(interest__gt=0), due_on__gt=on, due_on__lte=horizon
        )

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme with one of them."""
        coming = self.coming(on, policy).filter(loan=OuterRef("pk"))
        return Loan.objects.filter(under(policy, self.scheme), Exists(coming)).order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Live loans under the scheme with an instalment coming near, or with an open duty of this rule."""
        coming = self.coming(on, policy)
        return (
            self.loans(on, policy)
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
        if ended := self.ended(row, on, policy):
            return ended
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


class FundsRule(ManagedLoanRule):
    """The money for what falls due must be there some days before; owed while the day's check finds it short.

    It is void when the money has come in before its day, and owed again when it is gone. A late one stays until the
    debt is paid or its own day has passed: from then on it is arrears (GR-28.2), not funds.
    """

    kind = "funds_check"
    title = _("落实到期资金")
    scheme = SCHEME
    repaid = "已无余额，不再核对资金"
    prepared_by = STEP
    debt: ClassVar[DebtKind]
    prefix: ClassVar[str]
    words: ClassVar[str]

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans that the day's check found short."""
        return FundsCheck.objects.filter(on=on, kind=self.debt).short().order_by().values_list("loan")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans that the day's check found short, or with an open duty of this rule; their checks and their manager.

        Customers whose check was set aside that day are left as they are.
        """
        checks = FundsCheck.objects.filter(on=on, kind=self.debt)
        money = {
            name: Cast(name, CharField()) for name in ("required", "from_collateral", "from_balance", "short")
        }
        return (
            self.loans(on, policy)
            .exclude(borrower__in=set_aside(on, STEP).values("subject_id"))
            .annotate(
                checks=ArraySubquery(
                    checks.filter(loan=OuterRef("pk"))
                    .order_by("due_on")
                    .values(json=JSONObject(due_on="due_on", check_day="check_day", **money))
                ),
                owed=ArraySubquery(
                    self.standing()
                    .filter(subject_id=OuterRef("pk"))
                    .order_by("period_key")
                    .values(json=JSONObject(key="period_key", due_on="due_on"))
                ),
            )
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for each due day on which money is short; what is late stays though the money is there by now."""
        if ended := self.ended(row, on, policy):
            return ended
        late = {one["key"] for one in row.owed if date.fromisoformat(one["due_on"]) < on}
        found = {f"{self.prefix}:{check['due_on']}": check for check in row.checks}
        required = tuple(
            self._need(key, check, row, on, policy)
            for key, check in found.items()
            if Decimal(check["short"]) or key in late
        )
        met = any(one["key"] in found and one["key"] not in late for one in row.owed)
        return Verdict(
            required, "资金已足额" if met else "已归还，或已过应还日，不再核对资金", nothing_more=True
        )

    def _need(self, key: str, check: dict[str, str], row: Any, on: date, policy: Policy) -> Required:
        due_on, check_day = date.fromisoformat(check["due_on"]), date.fromisoformat(check["check_day"])
        ahead = policy.get(row.scheme_code, AHEAD[self.debt])
        return Required(
            key,
            max(check_day - timedelta(days=int(ahead.value["days"])), row.starts_on),
            # Short only after its day: there is until the next workday, but never beyond the day of the debt itself.
            min(due_on, max(check_day, policy.calendar.add_workdays(on, 1))),
            self.reason(due_on, check),
            ahead.version_id,
        )

    def reason(self, due_on: date, check: dict[str, str]) -> str:
        """What is due, what there is for it, what is short."""
        required, collateral, balance, short = (
            Decimal(check[name]) for name in ("required", "from_collateral", "from_balance", "short")
        )
        pledged = f"保证金与存单 {yuan(collateral)} 元，" if collateral else ""
        end = f"缺 {yuan(short)} 元" if short else "现已足额，检查日未足额"
        return f"{due_on:%m-%d} {self.words} {yuan(required)} 元，{pledged}可用 {yuan(balance)} 元，{end}。"


class MaturityFunds(FundsRule):
    """本息催收第1项: 贷款到期三日前，结算账户须有足额还款资金；每一期应还本金亦同."""

    obligation = "GR-6.4.1b"
    listed = _("到期前备足还款资金")
    debt = DebtKind.LOAN
    prefix = "maturity"
    words = "应还本金"


class AcceptanceFunds(FundsRule):
    """本息催收第2项: 银行承兑汇票到期前三日，账户须足额覆盖敞口（票面合计－保证金－100%存单质押）."""

    obligation = "GR-6.4.2"
    listed = _("到期前备足票据敞口")
    debt = DebtKind.ACCEPTANCE
    prefix = "bills"
    words = "到期票据"


class InterestFunds(FundsRule):
    """本息催收第3项: 每季末月 20 日前，账户须有付息资金；按月付息的按月."""

    obligation = "GR-6.4.3"
    listed = _("20 日前备足付息资金")
    debt = DebtKind.INTEREST
    prefix = "interest"
    words = "应付利息"


RULES = (CollectionReminder(), MaturityFunds(), AcceptanceFunds(), InterestFunds())

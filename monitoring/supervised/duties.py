"""The duty to have an account marked as supervised (第二十六条), while reviewed loan money on it is unpaid."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from core.money import yuan
from core.parameters import Policy
from credit.duties.subjects import ManagedLoanRule
from credit.models import Clause, Loan
from credit.selectors.schemes import under
from monitoring.loan_money.balances import may_need_review, with_unpaid
from monitoring.loan_money.rules.needs import agreed_by, need
from monitoring.supervised.services import marks_of
from workflow.duties import Required, Verdict
from workflow.services.days import go_live_on


class SupervisedAccounts(ManagedLoanRule):
    """第二十六条: 需监管的账户标识为受控账户; while reviewed loan money is unpaid on an account that is not marked."""

    obligation = "GR-26"
    kind = "supervised_account"
    title = _("登记受控账户")
    listed = _("标识受控账户")
    scheme = "GR"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans that may need review and whose account is not marked."""
        loans = (
            Loan.objects.filter(under(policy, self.scheme), may_need_review(policy), starts_on__lte=on)
            .exclude(settlement_account="")
            .exclude(Exists(marks_of("settlement_account", on)))
        )
        if first := go_live_on():
            loans = loans.filter(starts_on__gte=first)
        return loans.order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans that may need review and whose account is not marked, or with an open duty of this rule."""
        rows = self.loans(on, policy)
        clauses = Clause.objects.known(on).filter(contract=OuterRef("contract")).order_by("place")
        return with_unpaid(rows, on).annotate(
            clauses=ArraySubquery(
                clauses.values(json=JSONObject(kind="kind", payment_mode="payment_mode", place="place"))
            ),
            marked_on=Subquery(marks_of("settlement_account", on).values("marked_on")[:1]),
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for a loan: to have the account marked within so many days of the grant."""
        if not row.is_live:
            return Verdict((), self.repaid, nothing_more=True)
        if row.marked_on is not None:
            return Verdict((), "账户已标识为受控", nothing_more=True)
        asked = need(row.product, row.amount, agreed_by([Clause(**clause) for clause in row.clauses]), policy)
        if not asked.is_reviewed or row.unpaid <= 0 or not row.settlement_account:
            return Verdict((), "没有须审核支付的贷款资金", nothing_more=True)
        within = policy.get(row.scheme_code, "supervised_account.within")
        return Verdict(
            (
                Required(
                    f"account:{row.starts_on}",
                    row.starts_on,
                    policy.calendar.within(row.starts_on, within.value),
                    f"账户 {row.settlement_account} 有未付贷款资金 {yuan(row.unpaid)} 元，须通知开户行标识为受控账户。",
                    within.version_id,
                ),
            )
        )


RULES = (SupervisedAccounts(),)

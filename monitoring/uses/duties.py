"""The duties that follow a loan's money: 附件1 use by use, and the summary of what a borrower paid by itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext_lazy as _

from core.money import yuan
from core.parameters import Policy
from core.periods import period_of
from credit.duties.subjects import ManagedLoanRule
from credit.models import Loan
from credit.selectors.schemes import under
from monitoring.models import SeenUse
from monitoring.uses.selectors import unrecorded
from workflow.duties import Required, Verdict

RECORD = "fund_use_record"
WITHIN, FIRST_WITHIN = "fund_use.within", "fund_use.first_within"


def uses_as_read(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Uses as a rule reads them, the first known first."""
    return rows.order_by("known_on", "pk").values(
        json=JSONObject(id="pk", known_on="known_on", amount=Cast("amount", CharField()))
    )


def total_of(uses: list[dict[str, str]]) -> str:
    """What these uses are together, in 元 as a sentence says it."""
    return yuan(sum((Decimal(use["amount"]) for use in uses), Decimal(0)))


class UseRule(ManagedLoanRule):
    """Uses that are in no 附件1 yet are to be recorded: by a day of the next month, the first soon after the grant.

    The key names the first of them, so that it is one duty until all are recorded, and another one afterwards.
    """

    kind = RECORD
    title = _("登记用款（附件1）")

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme of which money left on the day."""
        news = SeenUse.objects.filter(known_on=on, loan=OuterRef("pk"))
        return Loan.objects.filter(under(policy, self.scheme), Exists(news)).order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme of which money left on the day, or with an open duty of this rule."""
        return self.loans(on, policy).annotate(
            uses=ArraySubquery(uses_as_read(unrecorded(on).filter(loan=OuterRef("pk"))))
        )

    def schemes_of(self, row: Any, on: date, policy: Policy) -> Collection[str]:
        """Its own, repaid or not: where the money went is still to be told."""
        return [row.scheme_code]

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for what is not recorded yet."""
        if ended := self.ended(row, on, policy):
            return ended
        if not row.uses:
            return Verdict((), "用款已逐笔登记", nothing_more=True)
        first = row.uses[0]
        known_on = date.fromisoformat(first["known_on"])
        within = policy.get(row.scheme_code, WITHIN)
        due_on = policy.calendar.within(period_of("monthly", known_on).last, within.value)
        soon = policy.calendar.within(row.starts_on, policy.get(row.scheme_code, FIRST_WITHIN).value)
        if soon > known_on:
            due_on = min(due_on, soon)
        reason = f"有 {len(row.uses)} 笔用款共 {total_of(row.uses)} 元未登记，请逐笔核查用途。"
        return Verdict(
            (Required(f"use:{first['id']}", known_on, due_on, reason, within.version_id),), "用款已逐笔登记"
        )


class FundUseTracking(UseRule):
    """第二十条: 用款后及时跟踪监督用途，填写信贷资金用后跟踪表（附件1），逐笔记录."""

    obligation = "GR-20.2"
    listed = _("逐笔登记用款")
    scheme = "GR"


class RetailUseCheck(UseRule):
    """零售办法三、1: 监控贷款使用，有风险的约谈、调查."""

    obligation = "LS-3.1"
    listed = _("零售贷款用途核查")
    scheme = "LS"


RULES = (FundUseTracking(), RetailUseCheck())

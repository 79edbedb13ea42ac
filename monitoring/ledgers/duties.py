"""The monthly look at a borrower's accounts, and the prompt where its share of business falls short of ours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import CharField, Exists, JSONField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core.parameters import Policy
from core.periods import Period, month_of
from credit.duties.subjects import BorrowerRule
from credit.models import Loan
from credit.selectors.schemes import schemes_under, under
from monitoring.models import BorrowerMonth
from monitoring.months.rules import per_cent
from monitoring.months.services import STEP
from workflow.duties import Required, Verdict

REVIEW, PROMPT = "account_ledger_review", "share_prompt"
SHORT_SHARES = ("settlement_share", "agreed_share", "deposit_share")
MARKS_NAMED = 3  # marks that a reason names; the others it counts


def month_over(on: date) -> Period:
    """The last month that is over on the evening of a day."""
    this = month_of(on)
    return this if on == this.last else month_of(this.before())


class MonthRule(BorrowerRule):
    """A rule about the last month that is over, of borrowers under a scheme whose figures were written down."""

    post = Role.CUSTOMER_MANAGER
    outside = "已不适用本方案"
    prepared_by = STEP
    prefix: ClassVar[str] = ""

    def key(self, month: Period) -> str:
        """The period key of a month."""
        return f"{self.prefix}{month.key}"

    def kept(self, on: date) -> QuerySet[BorrowerMonth]:
        """The last month that is over, as it was written down.

        What was written down later than on its last day is of the time before the lender's first day.
        """
        month = month_over(on)
        return BorrowerMonth.objects.filter(month=month.first, computed_on__lte=month.last)

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of the scheme whose month was written down and has no duty yet."""
        month, kept = month_over(on), self.kept(on)
        raised = self.duties().filter(subject_id=OuterRef("borrower"), period_key=self.key(month))
        theirs = Loan.objects.filter(under(policy, self.scheme)).order_by().values("borrower")
        new = self.concerned(kept, policy).filter(~Exists(raised), borrower__in=theirs)
        return new.order_by().values_list("borrower")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of the scheme whose month was written down and has no duty yet, or with an open one."""
        one = self.kept(on).filter(borrower=OuterRef("pk"))
        return self.borrowers(on, policy).annotate(
            marks=Subquery(one.values("marks")[:1], output_field=JSONField()),
            settled=Cast(Subquery(one.values("settlement_share")[:1]), CharField()),
            has_month=Exists(one),
        )

    def concerned(self, kept: QuerySet[BorrowerMonth], policy: Policy) -> QuerySet[BorrowerMonth]:
        """Kept months that may oblige to something."""
        return kept

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """What the month obliges to."""
        if ended := self.ended(row, on, policy):
            return ended
        own = set(self.schemes_of(row, on, policy)).intersection(schemes_under(policy, self.scheme))
        return self.of_month(row, month_over(on), policy, min(own))

    def of_month(self, row: Any, month: Period, policy: Policy, scheme: str) -> Verdict:
        """The verdict on a borrower with live loans under the scheme."""
        raise NotImplementedError


class MonthlyReview(MonthRule):
    """The month of every borrower is reviewed (附件2): a customer with nothing unusual can be confirmed in a batch."""

    kind = REVIEW
    title = _("账户资金监测台账")
    words: ClassVar[str] = "账户资金监测"

    def of_month(self, row: Any, month: Period, policy: Policy, scheme: str) -> Verdict:
        """One review of the month that is over, by the tenth workday of the next."""
        if not row.has_month:
            return Verdict((), "该月没有汇总")
        within = policy.get(scheme, "account_review.due")
        due_on = policy.calendar.within(month.last, within.value)
        reason = f"{month.key} {self.words}：{_said(row.marks)}。"
        return Verdict((Required(self.key(month), month.last, due_on, reason, within.version_id),))


def _said(marks: list[dict[str, str]]) -> str:
    if not marks:
        return "没有异动，可批量确认"
    named = "；".join(mark["text"] for mark in marks[:MARKS_NAMED])
    return f"{len(marks)} 项异动：{named}{'等' if len(marks) > MARKS_NAMED else ''}"


class AccountReview(MonthlyReview):
    """第二十一条: 至少按月监测借款人在我行账户，填写附件2."""

    obligation = "GR-21"
    listed = _("账户资金月度监测")
    scheme = "GR"


class ChangeAnalysis(MonthlyReview):
    """农信细则第四条（2）: 监督借款企业资金运动变化并分析问题."""

    obligation = "NX-4.2"
    listed = _("资金运动变化分析")
    scheme = "NX"
    words = "资金运动变化分析"


class PromptRule(MonthRule):
    """A share that falls short is a prompt to the customer; it is over when the next month's share is fine."""

    kind = PROMPT
    title = _("督促提高结算与存款份额")
    ends: ClassVar[str] = "份额已达标，不再督促"

    def short(self, row: Any, policy: Policy) -> str:
        """What falls short in the month, in one sentence; empty where nothing does."""
        raise NotImplementedError

    def of_month(self, row: Any, month: Period, policy: Policy, scheme: str) -> Verdict:
        """One prompt for a month that falls short."""
        said = self.short(row, policy) if row.has_month else ""
        if not said:
            return Verdict((), self.ends, nothing_more=row.has_month)
        within = policy.get(scheme, "account_review.prompt_within")
        due_on = policy.calendar.within(month.last, within.value)
        reason = f"{month.key} {said}，督促客户提高在我行的结算与存款。"
        return Verdict((Required(self.key(month), month.last, due_on, reason, within.version_id),))


class SharePrompt(PromptRule):
    """第二十一条: 存款份额与结算份额不低于我行信用占比，低于的督促客户."""

    obligation = "GR-21"
    part = "share"
    scheme = "GR"
    prefix = "share:"

    def concerned(self, kept: QuerySet[BorrowerMonth], policy: Policy) -> QuerySet[BorrowerMonth]:
        """Kept months with a mark that speaks of a share."""
        where = Q(pk__in=[])
        for code in SHORT_SHARES:
            where |= Q(marks__contains=[{"code": code}])
        return kept.filter(where)

    def short(self, row: Any, policy: Policy) -> str:
        """The marks that speak of shares."""
        return "；".join(mark["text"] for mark in row.marks if mark["code"] in SHORT_SHARES)


class SalesReturn(PromptRule):
    """农信细则第四条（3）: 货款回笼督促还贷，防止挪用."""

    obligation = "NX-4.3"
    listed = _("货款回笼督促")
    scheme = "NX"
    prefix = "return:"
    ends = "货款回笼率已达标，不再督促"

    def concerned(self, kept: QuerySet[BorrowerMonth], policy: Policy) -> QuerySet[BorrowerMonth]:
        """Kept months whose rate of return is below the policy's."""
        least = policy.get(self.scheme, "account_review.sales_return").decimal
        return kept.filter(settlement_share__lt=least)

    def short(self, row: Any, policy: Policy) -> str:
        """The rate of the month against the policy's."""
        least = policy.get(self.scheme, "account_review.sales_return").decimal
        rate = None if row.settled is None else Decimal(row.settled)
        if rate is None or rate >= least:
            return ""
        return f"货款回笼率 {per_cent(rate)}，低于 {per_cent(least)}"


RULES = (AccountReview(), ChangeAnalysis(), SharePrompt(), SalesReturn())

"""The duties of a confirmed misuse (第二十三条): who has it corrected, who reports it, takes note, gives an opinion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.selectors import holders_at_head_office, holders_in_branch
from core.money import yuan
from core.parameters import Policy
from credit.choices import ResponsibleRole
from credit.duties.subjects import BorrowerRule
from credit.selectors.responsible import branch_of_unit, latest_loans, responsible_for
from monitoring.choices import MisuseStatus
from monitoring.freezes import with_right
from monitoring.models import MisuseCase
from monitoring.unreviewed.duties import FROZEN, OF_A_FREEZE, ImmediateNotice
from workflow.choices import DutyStatus
from workflow.duties import EachFact, Told, as_told

KIND, REPORT, MANAGER_REPORT, LEGAL = (
    "misuse_rectification",
    "misuse_report",
    "misuse_manager_report",
    "misuse_legal",
)
SORT = "case"


def key_of(case_id: int) -> str:
    """The period key of the duty to have a case corrected."""
    return f"{SORT}:{case_id}"


def case_of(key: str) -> int:
    """The case that such a key names."""
    return int(key.removeprefix(f"{SORT}:"))


class CaseRule(EachFact, BorrowerRule):
    """A rule that requires something of each case of a borrower; of the open ones, where it does not say otherwise."""

    listed = _("挪用处置")
    sort: ClassVar[str]

    def cases(self, on: date) -> QuerySet[MisuseCase]:
        """The cases that oblige to something."""
        return MisuseCase.objects.filter(status=MisuseStatus.RECTIFYING, confirmed_on__lte=on)

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """The borrowers of these cases."""
        return self.cases(on).order_by().values_list("contract__borrower")

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """Those of the borrower."""
        cases = self.cases(on).filter(contract__borrower=OuterRef("pk")).order_by("pk")
        return [
            as_told(
                cases,
                self.sort,
                day="confirmed_on",
                due="correct_by",
                amount=Cast("amount", CharField()),
                contract="contract__number",
                facts="facts",
            )
        ]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of these cases, or with an open duty of this rule."""
        return self.with_facts(self.borrowers(on, policy), on, policy)


class MisuseRectification(CaseRule):
    """限期纠正: one duty for each open case, due on the day set for its correction.

    Owed until the risk line has accepted the correction.
    """

    obligation = "GR-23"
    clause = "f"
    kind = KIND
    title = _("限期纠正挪用")
    post = Role.CUSTOMER_MANAGER
    sort = SORT
    parameter = "misuse.correct_within"
    otherwise = "挪用的纠正已验收"

    def days(self, row: Any, fact: Told, on: date, policy: Policy) -> tuple[date, date]:
        """On the day set for its correction."""
        return fact.day, date.fromisoformat(fact.read["due"])

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What was misused."""
        case = fact.read
        return (
            f"合同 {case['contract']} 挪用 {yuan(case['amount'])} 元，已暂停用款，限期纠正：{case['facts']}"
        )


class Report(CaseRule):
    """及时报告: owed of every case until it is done, though the misuse was corrected before anybody looked."""

    parameter = "misuse.report_within"
    otherwise = "挪用认定已更正"
    nothing_more = False

    def cases(self, on: date) -> QuerySet[MisuseCase]:
        """Cases that are not reported yet, corrected or not."""
        done = self.duties().filter(
            subject_id=OuterRef("contract__borrower"),
            period_key=Concat(Value(f"{self.sort}:"), Cast(OuterRef("pk"), CharField())),
            status__in=[DutyStatus.DONE, DutyStatus.WAIVED],
        )
        return MisuseCase.objects.filter(~Exists(done), confirmed_on__lte=on)

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What was misused, and by when it is to be corrected."""
        case = fact.read
        return (
            f"报告经营主责任人：合同 {case['contract']} 挪用 {yuan(case['amount'])} 元，已暂停用款，"
            f"{case['due']} 前纠正：{case['facts']}"
        )


class MisuseReport(Report):
    """The borrower's principal is told at once and takes note of each case, discharged by 办结记录."""

    obligation = "GR-23"
    clause = "a"
    part = "report"
    kind = REPORT
    title = _("阅知挪用报告")
    post = Role.PRINCIPAL
    sort = "report"

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """With the principal of each borrower."""
        principal = responsible_for(ResponsibleRole.PRINCIPAL, "pk", on)
        return super().candidates(on, policy).annotate(duty_person=Subquery(principal.values("person")[:1]))


class ManagerReport(Report):
    """The customer manager reports each case to the principal in writing, discharged by 办结记录."""

    obligation = "GR-23"
    clause = "a"
    part = "manager_report"
    kind = MANAGER_REPORT
    title = _("报告挪用情况")
    post = Role.CUSTOMER_MANAGER
    sort = MANAGER_REPORT


class LegalOpinion(CaseRule):
    """按合同约定暂停用款: where the contract gives no such right, 法务 says on what the freeze stands."""

    obligation = "GR-23"
    clause = "e"
    part = "legal"
    kind = LEGAL
    title = _("出具暂停用款的法律意见")
    post = Role.LEGAL
    sort = LEGAL
    parameter = "misuse.legal_within"
    otherwise = "挪用的纠正已验收，或合同已登记提款暂停权条款"

    def cases(self, on: date) -> QuerySet[MisuseCase]:
        """Open cases under a contract that gives no right to suspend."""
        return with_right(super().cases(on), on).filter(has_right=False)

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open case, or with an open duty of this rule, and who is asked about each.

        The branch's own 法务, else the head office's.
        """
        branch = latest_loans("pk").annotate(b=branch_of_unit()).values("b")[:1]
        return (
            super()
            .candidates(on, policy)
            .annotate(branch=Subquery(branch))
            .annotate(
                duty_person=Coalesce(
                    Subquery(holders_in_branch(Role.LEGAL, on, "branch").values("person")[:1]),
                    Subquery(holders_at_head_office(Role.LEGAL, on).values("person")[:1]),
                )
            )
        )

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What is asked of 法务, and why."""
        case = fact.read
        return (
            f"合同 {case['contract']} 自 {fact.day} 起因挪用 {yuan(case['amount'])} 元暂停用款，但没有登记"
            f"提款暂停权条款：请就暂停用款的依据和须补签的约定出具意见。事实：{case['facts']}"
        )


class FrozenContract(ImmediateNotice):
    """第二十三条: 暂停用款; loan money of a frozen contract that would have left, that left, or that was lent."""

    obligation = "GR-23"
    clause = "c"
    part = "frozen"
    kind = FROZEN
    title = _("处理冻结后的提款与流出")
    kinds = OF_A_FREEZE
    of_a_freeze = True

    def refused_words(self, fact: Told) -> str:
        """The freeze stopped it."""
        payee, amount, text = fact.read["payee"], yuan(fact.read["amount"]), fact.read["text"]
        return f"{fact.day:%m-%d} 柜面拒办支付 {amount} 元（收款人“{payee}”）：{text}"

    def told_words(self, fact: Told) -> str:
        """What the signal says."""
        return str(fact.read["text"]).removesuffix("。")


OF_CASES = (MisuseRectification(), MisuseReport(), ManagerReport(), LegalOpinion())
RULES = (*OF_CASES, FrozenContract())

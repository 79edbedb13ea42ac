"""The duties of a confirmed misuse (第二十三条): who has it corrected, who reports it, takes note, gives an opinion."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject

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
from workflow.duties import Required, Verdict

KIND, REPORT, MANAGER_REPORT, LEGAL = (
    "misuse_rectification",
    "misuse_report",
    "misuse_manager_report",
    "misuse_legal",
)
REASON_LONGEST = 280


def key_of(case_id: int) -> str:
    """The period key of the duty to have a case corrected."""
    return f"case:{case_id}"


class CaseRule(BorrowerRule):
    """A rule about the cases of a borrower; the open ones, where it does not say otherwise."""

    def concerned(self) -> QuerySet[MisuseCase]:
        """The cases that may oblige to something."""
        return MisuseCase.objects.filter(status=MisuseStatus.RECTIFYING)

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """The borrowers of these cases."""
        cases = self.concerned().filter(confirmed_on__lte=on)
        return cases.order_by().values_list("contract__borrower")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of these cases, or with an open duty of this rule; each with all its `cases`."""
        cases = MisuseCase.objects.filter(confirmed_on__lte=on, contract__borrower=OuterRef("pk"))
        return self.borrowers(on, policy).annotate(
            cases=ArraySubquery(
                with_right(cases.order_by("pk"), on).values(
                    json=JSONObject(
                        id="pk",
                        status="status",
                        day=Cast("confirmed_on", CharField()),
                        due=Cast("correct_by", CharField()),
                        amount=Cast("amount", CharField()),
                        contract="contract__number",
                        facts="facts",
                        has_right="has_right",
                    )
                )
            )
        )


class MisuseRectification(CaseRule):
    """限期纠正: one duty for each open case, due on the day set for its correction."""

    obligation = "GR-23"
    clause = "f"
    kind = KIND
    post = Role.CUSTOMER_MANAGER

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Owed until the risk line has accepted the correction."""
        version = policy.get("BASE", "misuse.correct_within").version_id
        required = [
            Required(
                key_of(one["id"]),
                date.fromisoformat(one["day"]),
                date.fromisoformat(one["due"]),
                f"合同 {one['contract']} 挪用 {yuan(one['amount'])} 元，已暂停用款，限期纠正：{one['facts']}"[
                    :REASON_LONGEST
                ],
                version,
            )
            for one in row.cases
            if one["status"] == MisuseStatus.RECTIFYING
        ]
        return Verdict(tuple(required), "挪用的纠正已验收", nothing_more=True)


class Report(CaseRule):
    """及时报告: owed of every case until it is done, though the misuse was corrected before anybody looked."""

    key: ClassVar[str]

    def concerned(self) -> QuerySet[MisuseCase]:
        """Cases that are not reported yet, corrected or not."""
        done = self.duties().filter(
            subject_id=OuterRef("contract__borrower"),
            period_key=Concat(Value(f"{self.key}:"), Cast(OuterRef("pk"), CharField())),
            status__in=[DutyStatus.DONE, DutyStatus.WAIVED],
        )
        return MisuseCase.objects.filter(~Exists(done))

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Each case, corrected by now or not, due so many workdays after it was confirmed."""
        within = policy.get("BASE", "misuse.report_within")
        required = []
        for one in row.cases:
            day = date.fromisoformat(one["day"])
            required.append(
                Required(
                    f"{self.key}:{one['id']}",
                    day,
                    policy.calendar.within(day, within.value),
                    f"报告经营主责任人：合同 {one['contract']} 挪用 {yuan(one['amount'])} 元，已暂停用款，"
                    f"{one['due']} 前纠正：{one['facts']}"[:REASON_LONGEST],
                    within.version_id,
                )
            )
        return Verdict(tuple(required), "挪用认定已更正")


class MisuseReport(Report):
    """The borrower's principal is told at once and takes note of each case, discharged by 办结记录."""

    obligation = "GR-23"
    clause = "a"
    part = "report"
    kind = REPORT
    post = Role.PRINCIPAL
    key = "report"

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """With the principal of each borrower."""
        principal = responsible_for(ResponsibleRole.PRINCIPAL, "pk", on)
        return super().candidates(on, policy).annotate(principal=Subquery(principal.values("person")[:1]))

    def owner(self, row: Any) -> Any:
        """The borrower's principal; nobody where none is named."""
        return super().owner(row)._replace(person_id=row.principal)


class ManagerReport(Report):
    """The customer manager reports each case to the principal in writing, discharged by 办结记录."""

    obligation = "GR-23"
    clause = "a"
    part = "manager_report"
    kind = MANAGER_REPORT
    post = Role.CUSTOMER_MANAGER
    key = MANAGER_REPORT


class LegalOpinion(CaseRule):
    """按合同约定暂停用款: where the contract gives no such right, 法务 says on what the freeze stands."""

    obligation = "GR-23"
    clause = "e"
    part = "legal"
    kind = LEGAL
    post = Role.LEGAL

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
                legal=Coalesce(
                    Subquery(holders_in_branch(Role.LEGAL, on, "branch").values("person")[:1]),
                    Subquery(holders_at_head_office(Role.LEGAL, on).values("person")[:1]),
                )
            )
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One for each open case under a contract that gives no right to suspend."""
        within = policy.get("BASE", "misuse.legal_within")
        required = []
        for one in row.cases:
            if one["status"] != MisuseStatus.RECTIFYING or one["has_right"]:
                continue
            day = date.fromisoformat(one["day"])
            required.append(
                Required(
                    f"{LEGAL}:{one['id']}",
                    day,
                    policy.calendar.within(day, within.value),
                    f"合同 {one['contract']} 自 {one['day']} 起因挪用 {yuan(one['amount'])} 元暂停用款，但没有登记"
                    f"提款暂停权条款：请就暂停用款的依据和须补签的约定出具意见。事实：{one['facts']}"[
                        :REASON_LONGEST
                    ],
                    within.version_id,
                )
            )
        return Verdict(tuple(required), "挪用的纠正已验收，或合同已登记提款暂停权条款", nothing_more=True)

    def owner(self, row: Any) -> Any:
        """法务; nobody where the post is vacant."""
        return super().owner(row)._replace(person_id=row.legal)


class FrozenContract(ImmediateNotice):
    """第二十三条: 暂停用款; loan money of a frozen contract that would have left, that left, or that was lent."""

    obligation = "GR-23"
    clause = "c"
    part = "frozen"
    kind = FROZEN
    kinds = OF_A_FREEZE
    of_a_freeze = True

    def refused_words(self, fact: dict[str, Any], day: date) -> str:
        """The freeze stopped it."""
        return (
            f"{day:%m-%d} 柜面拒办支付 {yuan(fact['amount'])} 元（收款人“{fact['payee']}”）：{fact['text']}"
        )

    def told_words(self, fact: dict[str, Any], day: date) -> str:
        """What the signal says."""
        return str(fact["text"]).removesuffix("。")


OF_CASES = (MisuseRectification(), MisuseReport(), ManagerReport(), LegalOpinion())
RULES = (*OF_CASES, FrozenContract())

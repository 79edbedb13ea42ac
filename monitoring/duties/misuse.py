"""The duties of a confirmed misuse: the manager has it corrected by a day, the principal takes note (第二十三条)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, JSONObject

from accounts.choices import Role
from core.money import yuan
from core.policy import Policy
from credit.choices import ResponsibleRole
from credit.duties import BorrowerRule, responsible_for
from monitoring.choices import MisuseStatus
from monitoring.models import MisuseCase
from workflow.duties import Required, Verdict

KIND, REPORT = "misuse_rectification", "misuse_report"
REASON_LONGEST = 280


def key_of(case_id: int) -> str:
    """The period key of the duty to have a case corrected."""
    return f"case:{case_id}"


class MisuseRectification(BorrowerRule):
    """限期纠正: one duty for each open case, due on the day set for its correction."""

    obligation = "GR-23"
    kind = KIND
    post = Role.CUSTOMER_MANAGER

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open case, or with an open duty of this rule; all their cases."""
        return _with_cases(self, on, policy)

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


class MisuseReport(BorrowerRule):
    """及时报告经营主责任人: the borrower's principal takes note of each case, discharged by 办结记录."""

    obligation = "GR-23"
    part = "report"
    kind = REPORT
    post = Role.PRINCIPAL

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open case, or with an open duty of this rule, owed by their principal."""
        principal = responsible_for(ResponsibleRole.PRINCIPAL, "pk", on)
        return _with_cases(self, on, policy).annotate(principal=Subquery(principal.values("person")[:1]))

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Each case, corrected by now or not, due so many workdays after it was confirmed."""
        within = policy.get("BASE", "misuse.report_within")
        required = []
        for one in row.cases:
            day = date.fromisoformat(one["day"])
            required.append(
                Required(
                    f"report:{one['id']}",
                    day,
                    policy.calendar.within(day, within.value),
                    f"报告经营主责任人：合同 {one['contract']} 挪用 {yuan(one['amount'])} 元，已暂停用款，"
                    f"{one['due']} 前纠正：{one['facts']}"[:REASON_LONGEST],
                    within.version_id,
                )
            )
        return Verdict(tuple(required), "挪用认定已更正")

    def owner(self, row: Any) -> Any:
        """The borrower's principal; nobody where none is named."""
        return super().owner(row)._replace(person_id=row.principal)


def _with_cases(rule: BorrowerRule, on: date, policy: Policy) -> QuerySet[Any]:
    known = MisuseCase.objects.filter(confirmed_on__lte=on)
    standing = known.filter(status=MisuseStatus.RECTIFYING).order_by().values_list("contract__borrower")
    cases = known.filter(contract__borrower=OuterRef("pk")).order_by("pk")
    return rule.borrowers(on, policy, "BASE", having=standing).annotate(
        cases=ArraySubquery(
            cases.values(
                json=JSONObject(
                    id="pk",
                    status="status",
                    day=Cast("confirmed_on", CharField()),
                    due=Cast("correct_by", CharField()),
                    amount=Cast("amount", CharField()),
                    contract="contract__number",
                    facts="facts",
                )
            )
        )
    )


RULES = (MisuseRectification(), MisuseReport())

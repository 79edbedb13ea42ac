"""The meetings that the book requires: every branch that lends talks its loans over once a quarter."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role, UnitKind
from accounts.models import Unit
from accounts.selectors import holders_in_branch
from core.parameters import Policy
from core.periods import Period, period_of
from credit.selectors.exposures import exposures
from workflow.choices import SubjectKind
from workflow.duties import Owner, Required, Rule, Verdict

ORDINALS = "一二三四"


def reason_of(period: Period, frequency: str) -> str:
    """What the meeting of a period is, in one sentence."""
    if frequency == "quarterly":
        quarter = ORDINALS[(period.first.month - 1) // 3]
        return f"{period.first.year} 年第{quarter}季度贷后管理例会，季末前召开。"
    return f"{period.first} 至 {period.last} 贷后管理例会，期末前召开。"


class QuarterlyMeeting(Rule):
    """第五章: 贷后管理例会每季一次，由行长召集."""

    obligation = "GR-35"
    subject = SubjectKind.UNIT
    kind = "review_meeting"
    title = _("贷后管理例会")
    listed = _("季度贷后管理例会")
    post = Role.PRESIDENT

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Branches with a live loan of theirs or of a department, or with an open duty of this rule."""
        lent = exposures(on).filter(Q(unit=OuterRef("pk")) | Q(unit__parent=OuterRef("pk")))
        standing = self.standing().filter(subject_id=OuterRef("pk"))
        return (
            Unit.objects.filter(kind=UnitKind.BRANCH)
            .annotate(
                lends=Exists(lent),
                duty_person=Subquery(holders_in_branch(self.post, on, "pk").values("person")[:1]),
            )
            .filter(Q(lends=True) | Q(Exists(standing)))
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One meeting in the period of the day, due at its end; one that was missed stays owed."""
        if not row.lends:
            return Verdict((), "已无贷款余额，不再需要召开例会")
        parameter = policy.get("GR", "review_meeting.frequency")
        period = period_of(parameter.value, on)
        need = Required(
            period.key, period.first, period.last, reason_of(period, parameter.value), parameter.version_id
        )
        return Verdict((need,), "例会周期已调整")

    def owner(self, row: Any) -> Owner:
        """The president in office on the day; nobody where the post is vacant."""
        return Owner("", row.name, row.pk, row.duty_person)


RULES = (QuarterlyMeeting(),)

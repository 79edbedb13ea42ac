"""The visits that the book requires: periodic ones by class, and those that a risk event triggers at once."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db.models import DateField, Max, OuterRef, Prefetch, Q, QuerySet, Subquery

from accounts.choices import Role
from core.policy import Policy
from credit.choices import EventKind, RiskClass
from credit.duties import BorrowerRule, products_under
from credit.models import Borrower, RiskEvent
from inspections.rules import FREQUENCY_WORDS, begins_with, counts_from, strictest, visit_period
from workflow.choices import DutyStatus
from workflow.duties import Required, Verdict
from workflow.models import WorkItem
from workflow.services.days import go_live_on

KIND = "site_inspection"


class PeriodicVisit(BorrowerRule):
    """A borrower is visited so many times a period, by the worst class of the loans that are live."""

    kind = KIND
    post = Role.CUSTOMER_MANAGER
    scheme: ClassVar[str]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with a live loan under the scheme, or with an open duty of this rule."""
        last_visit = (
            WorkItem.objects.filter(
                obligation=self.obligation,
                subject_kind=self.subject,
                subject_id=OuterRef("pk"),
                status=DutyStatus.DONE,
                due_on__lt=on,
            )
            .order_by()
            .values("subject_id")
            .annotate(last=Max("done_on", filter=Q(done_on__lte=on)))
            .values("last")
        )
        return (
            self.borrowers(on, products_under(policy, self.scheme))
            .annotate(last_visit_on=Subquery(last_visit, output_field=DateField()))
        )  # fmt: skip

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One visit in the calendar period of the day, due at its end."""
        if row.worst is None:
            return Verdict((), "已无余额，不再需要检查", nothing_more=True)
        worst = list(RiskClass)[row.worst]
        schemes = {policy.scheme_for_product(product) for product in row.products}
        own = [scheme for scheme in schemes if policy.is_under(scheme, self.scheme)]
        if not own:
            return Verdict((), "已无本方案下的贷款", nothing_more=True)
        parameters = [policy.get(scheme, "site_inspection.frequency") for scheme in own]
        frequency = strictest([parameter.value[worst.value] for parameter in parameters])
        dropped = f"分类为{worst.label}，{FREQUENCY_WORDS.get(frequency, '不要求定期检查')}"
        if frequency == "none":
            return Verdict((), dropped)
        period = visit_period(frequency, on, in_class_since=row.in_class_since)
        if not begins_with(
            period,
            first_started_on=row.first_started_on,
            first_within=int(policy.get(self.scheme, "first_check.within").value),
            calendar=policy.calendar,
        ):
            return Verdict((), "首次检查到期后的下一期起定期检查")
        gap = int(policy.get(self.scheme, "site_inspection.min_gap").value[frequency])
        last = f"；上次检查 {row.last_visit_on}" if row.last_visit_on else ""
        return Verdict(
            (
                Required(
                    period.key,
                    counts_from(period, last_visit_on=row.last_visit_on, min_gap=gap),
                    period.last,
                    f"{worst.label}类，{FREQUENCY_WORDS[frequency]}{last}。",
                    parameters[0].version_id,
                ),
            ),
            dropped,
        )


class CorporateVisit(PeriodicVisit):
    """第二十七条: 法人客户，正常、关注每季，次级每月；可疑、损失由本行规定."""

    obligation = "GR-27"
    scheme = "GR"


class PersonalVisit(PeriodicVisit):
    """贷款贷后管理规定第三条: 关注、次级每月，可疑每月两次，损失每 12 个月一次."""

    obligation = "GD-3.3"
    scheme = "GD"


class EventVisit(BorrowerRule):
    """第二十八条: a risk event calls for a visit at once, within the days that policy gives."""

    kind = KIND
    post = Role.CUSTOMER_MANAGER
    events: ClassVar[tuple[EventKind, ...]]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an event of these kinds since go-live, or with an open duty of this rule."""
        events = RiskEvent.objects.standing(on).known(on).filter(kind__in=self.events)
        if go_live := go_live_on():  # what happened before is history that the opening extracts tell
            events = events.filter(effective_on__gte=go_live)
        if not (events.exists() or self.standing().exists()):
            return Borrower.objects.none()  # an empty day costs two small questions
        return self.borrowers(on, products_under(policy, "GR"), having=events).prefetch_related(
            Prefetch("events", queryset=events.order_by("effective_on", "pk"), to_attr="standing_events")
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One visit for each event that stands, due so many workdays after it became known."""
        if not set(row.products or ()).intersection(products_under(policy, "GR")):
            return Verdict((), "已无余额，不再需要检查", nothing_more=True)
        within = policy.get("GR", "event_visit.within")
        return Verdict(
            tuple(
                Required(
                    f"event:{event.pk}",
                    event.effective_on,
                    policy.calendar.add_workdays(event.known_on, int(within.value)),
                    f"{event.effective_on:%m-%d} {event.get_kind_display()}：{event.detail.rstrip('。；，')}，"
                    f"{within.value} 个工作日内到场。"[:300],
                    within.version_id,
                )
                for event in row.standing_events
            ),
            "触发事项已冲销",
            nothing_more=True,
        )


class DowngradeVisit(EventVisit):
    """分类向下迁徙."""

    obligation = "GR-28.1"
    events = (EventKind.DOWNGRADE,)


class ArrearsVisit(EventVisit):
    """欠息、展期、逾期、或有资产垫付."""

    obligation = "GR-28.2"
    events = (EventKind.INTEREST_ARREARS, EventKind.EXTENSION, EventKind.OVERDUE, EventKind.ADVANCE)


class StoppageVisit(EventVisit):
    """停产、半停产."""

    obligation = "GR-28.3"
    events = (EventKind.STOPPAGE, EventKind.PARTIAL_STOPPAGE)


class MajorMatterVisit(EventVisit):
    """投资活动、体制改革、债权债务纠纷、事故与赔偿等重大事项."""

    obligation = "GR-28.4"
    events = (
        EventKind.MAJOR_INVESTMENT,
        EventKind.RESTRUCTURING,
        EventKind.DEBT_DISPUTE,
        EventKind.ACCIDENT,
        EventKind.OTHER_MAJOR,
    )


EVENT_RULES = (DowngradeVisit(), ArrearsVisit(), StoppageVisit(), MajorMatterVisit())
RULES = (CorporateVisit(), PersonalVisit(), *EVENT_RULES)

"""The visits that the book requires: the first after a disbursement, periodic ones by class, those of a sample of
normal borrowers, and those that a risk event triggers at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db.models import (
    DateField,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import Post
from accounts.selectors import holders_in_branch
from core.parameters import Policy
from core.periods import Period, period_of
from credit.choices import EventKind, Product, RiskClass
from credit.duties.subjects import BorrowerRule, ManagedLoanRule, standing_of
from credit.models import Loan, PastInspection, RiskEvent
from credit.selectors.exposures import known_worse
from credit.selectors.schemes import schemes_under, under
from inspections.models import FirstCheckRecord, Sample, SampledBorrower
from inspections.rules import FREQUENCY_WORDS, begins_with, counts_from, strictest, visit_period
from monitoring.choices import MisuseStatus
from monitoring.models import MisuseCase
from workflow.choices import DocumentStatus, DutyStatus
from workflow.duties import EachFact, Required, Told, Verdict, as_told
from workflow.models import Document, WorkItem
from workflow.services.days import go_live_on

KIND = "site_inspection"
CHECK, TABLE = "first_check", "first_check_form"
REPORTS = ("use_change_to_head", "use_change_to_leader")
FORM_WITHIN = "first_check.form_within"
CLASSES = tuple(RiskClass)  # by severity
LATELY = timedelta(days=90)  # how long after a loan was paid out its first check is still raised
WITHOUT_BALANCE = "已无余额，不再需要检查"
NOT_PAID_OUT = (Product.ACCEPTANCE, Product.LETTER_OF_GUARANTEE, Product.DISCOUNT)  # nothing to follow up


class Visit(BorrowerRule):
    """A borrower is visited by its customer manager."""

    kind = KIND
    title = _("现场检查")
    start_word = _("开始检查")
    post = Role.CUSTOMER_MANAGER
    repaid = WITHOUT_BALANCE


class PeriodVisit(Visit):
    """A borrower of a scheme is visited once in a period."""

    def visited(self, rows: QuerySet[Any], on: date) -> QuerySet[Any]:
        """These borrowers with the last visit for an earlier period, and the last one before going live.

        `last_visit_on` is the later of both; `past_visit_on` the one that the opening extracts tell.
        """
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
        past = PastInspection.objects.known(on).filter(borrower=OuterRef("pk")).order_by("-effective_on")
        return rows.annotate(
            past_visit_on=Subquery(past.values("effective_on")[:1])
        ).annotate(
            last_visit_on=Greatest(Subquery(last_visit, output_field=DateField()), "past_visit_on")
        )  # fmt: skip

    def once(
        self, row: Any, period: Period, *, gap: int, why: str, otherwise: str, policy_version: int | None
    ) -> Verdict:
        """One visit in the period, due at its end; none where one was made in it before going live."""
        if row.past_visit_on and row.past_visit_on in period:
            return Verdict((), f"上线前已检查（{row.past_visit_on}）")
        last = f"；上次检查 {row.last_visit_on}" if row.last_visit_on else ""
        counts = counts_from(period, last_visit_on=row.last_visit_on, min_gap=gap)
        return Verdict(
            (Required(period.key, counts, period.last, f"{why}{last}。", policy_version),), otherwise
        )


class PeriodicVisit(PeriodVisit):
    """A borrower is visited so many times a period, by the worst class of the loans that are live."""

    def affected(self, on: date, policy: Policy) -> QuerySet[Any] | None:
        """Where 正常 calls for no visits, those that were never known to be worse are not asked about day after day."""
        frequencies = [
            policy.get(scheme, "site_inspection.frequency").value
            for scheme in schemes_under(policy, self.scheme)
        ]
        visited = [one for one in RiskClass if any(values[one.value] != "none" for values in frequencies)]
        if RiskClass.NORMAL in visited:
            return None
        return known_worse(on, visited).order_by().values_list("loan__borrower")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with a loan under the scheme, or with an open duty of this rule."""
        return self.visited(self.borrowers(on, policy), on)

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One visit in the calendar period of the day, due at its end."""
        if ended := self.ended(row, on, policy):
            return ended
        stands = standing_of(row)
        assert stands.worst is not None and stands.first_started_on is not None  # something is owed
        worst = CLASSES[stands.worst]
        own = sorted(stands.schemes.intersection(schemes_under(policy, self.scheme)))
        parameters = [policy.get(scheme, "site_inspection.frequency") for scheme in own]
        frequency = strictest([parameter.value[worst.value] for parameter in parameters])
        dropped = f"分类为{worst.label}，{FREQUENCY_WORDS.get(frequency, '不要求定期检查')}"
        if frequency == "none":
            return Verdict((), dropped)
        period = visit_period(frequency, on, in_class_since=stands.in_class_since)
        if not begins_with(
            period,
            first_started_on=stands.first_started_on,
            first_within=int(policy.get(self.scheme, "first_check.within").value),
            calendar=policy.calendar,
        ):
            return Verdict((), "首次检查到期后的下一期起定期检查")
        return self.once(
            row,
            period,
            gap=int(policy.get(self.scheme, "site_inspection.min_gap").value[frequency]),
            why=f"{worst.label}类，{FREQUENCY_WORDS[frequency]}",
            otherwise=dropped,
            policy_version=parameters[0].version_id,
        )


class CorporateVisit(PeriodicVisit):
    """第二十七条: 法人客户，正常、关注每季，次级每月；可疑、损失由本行规定."""

    obligation = "GR-27"
    listed = _("定期现场检查")
    scheme = "GR"


class PersonalVisit(PeriodicVisit):
    """贷款贷后管理规定第三条: 关注、次级每月，可疑每月两次，损失每 12 个月一次."""

    obligation = "GD-3.3"
    listed = _("个人贷款定期检查")
    scheme = "GD"


class SampledVisit(PeriodVisit):
    """贷款贷后管理规定第二条: 正常类抽查; who was drawn is visited within the period, whatever class follows."""

    obligation = "GD-2"
    listed = _("正常类抽查")
    scheme = "GD"
    prepared_by = "samples"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers drawn for the period of the day."""
        return self.drawn(on, policy).order_by().values_list("borrower")

    def drawn(self, on: date, policy: Policy) -> QuerySet[SampledBorrower]:
        """Who was drawn for the period of the day, by the day."""
        period = sampling_period(policy, self.scheme, on)
        # Their numbers first: PostgreSQL takes three conditions for one sample, where each branch has one.
        samples = Sample.objects.filter(scheme=self.scheme, period_key=period.key, drawn_on__lte=on)
        return SampledBorrower.objects.filter(sample__in=list(samples.values_list("pk", flat=True)))

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers drawn for the period of the day, or with an open duty of this rule."""
        mine = self.drawn(on, policy).filter(borrower=OuterRef("pk")).order_by("sample__drawn_on")
        rows = self.borrowers(on, policy)
        return self.visited(rows.annotate(drawn_on=Subquery(mine.values("sample__drawn_on")[:1])), on)

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One visit in the period for which the borrower was drawn; an earlier one that was missed stays owed."""
        if ended := self.ended(row, on, policy):
            return ended
        if row.drawn_on is None:
            return Verdict((), "本期未抽中")
        frequency = policy.get(self.scheme, "normal_sampling.period")
        return self.once(
            row,
            sampling_period(policy, self.scheme, on),
            gap=int(policy.get(self.scheme, "site_inspection.min_gap").value[frequency.value]),
            why=f"正常类抽查，{row.drawn_on} 抽中",
            otherwise="本期未抽中",
            policy_version=frequency.version_id,
        )


def sampling_period(policy: Policy, scheme: str, on: date) -> Period:
    """The period of the day for which normal borrowers of a scheme are sampled."""
    return period_of(policy.get(scheme, "normal_sampling.period").value, on)


class FirstCheck(ManagedLoanRule):
    """贷后管理办法（公司）第八条: 放款后 15 个工作日内首次跟踪检查."""

    obligation = "GS-8"
    clause = "ace"
    kind = CHECK
    title = listed = _("首次跟踪检查")
    scheme = "GS"
    repaid = WITHOUT_BALANCE

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans paid out lately under the scheme."""
        lately = Loan.objects.filter(under(policy, self.scheme), starts_on__gt=on - LATELY)
        return lately.order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans paid out lately under the scheme, or with an open duty of this rule."""
        past = PastInspection.objects.known(on).filter(
            borrower=OuterRef("borrower"), effective_on__gte=OuterRef("starts_on")
        )
        return (
            self.loans(on, policy)
            .exclude(product__in=NOT_PAID_OUT)
            .annotate(
                past_check_on=Subquery(past.order_by("effective_on").values("effective_on")[:1]),
            )
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One check of each loan, so many workdays after it was paid out."""
        if ended := self.ended(row, on, policy):
            return ended
        if row.past_check_on:
            return Verdict((), f"上线前已检查（{row.past_check_on}）", nothing_more=True)
        within = policy.get(row.scheme_code, "first_check.within")
        form = policy.get(row.scheme_code, FORM_WITHIN).value["workdays"]
        need = Required(
            f"first:{row.starts_on}",
            row.starts_on,
            policy.calendar.add_workdays(row.starts_on, int(within.value)),
            f"{row.starts_on} 放款，{within.value} 个工作日内首次跟踪检查，"
            f"检查后 {form} 个工作日内填《首次跟踪检查表》。",
            within.version_id,
        )
        return Verdict((need,), "放款日已更正")


class FirstCheckTable(FirstCheck):
    """The table is filled in so many workdays after the check; after the last day for one, where none is known of."""

    obligation = "GS-8"
    clause = "bf"
    part = "form"
    kind = TABLE
    title = _("填写首次跟踪检查表")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """With the day of the check, as far as the draft of the table tells it."""
        drafts = Document.objects.filter(
            form=CHECK,
            subject_kind=self.subject,
            subject_id=OuterRef("pk"),
            status=DocumentStatus.DRAFT,
        )
        told = drafts.order_by("-pk").values(day=KT("content__checked_on"))
        by_record = WorkItem.objects.filter(
            kind=CHECK, subject_kind=self.subject, subject_id=OuterRef("pk"), status=DutyStatus.DONE
        ).exclude(document__form=CHECK)
        rows = super().candidates(on, policy)
        return rows.annotate(told_day=Subquery(told[:1]), is_on_record=Exists(by_record))

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Brought forward as soon as the check is known of."""
        verdict = super().judge(row, on, policy)
        if not verdict.required:
            return verdict
        if row.is_on_record:  # until there was a table
            return Verdict((), "已按办结记录办结首次检查", nothing_more=True)
        (check,) = verdict.required
        within = policy.get(row.scheme_code, FORM_WITHIN)
        last = policy.calendar.within(check.due_on, within.value)
        days = [last, *(policy.calendar.within(day, within.value) for day in _day_of(row.told_day))]
        need = Required(
            f"form:{row.starts_on}",
            row.starts_on,
            min(days),
            f"检查后 {within.value['workdays']} 个工作日内填《首次跟踪检查表》。",
            within.version_id,
        )
        return Verdict((need,), verdict.otherwise)


def _day_of(text: str | None) -> list[date]:
    """The day that somebody typed, if it is one."""
    try:
        return [date.fromisoformat(text or "")]
    except ValueError:
        return []


class UseChangeReport(EachFact, ManagedLoanRule):
    """第八条: 改变贷款资金用途的，上报部门负责人及分管领导; each takes note of it by a 办结记录, which says when."""

    title = _("阅知贷款用途改变")
    scheme = "GS"
    parameter = "use_change.report_within"
    otherwise = "检查表已退回或更正"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans whose table tells of another use."""
        return self.told(on).order_by().values_list("loan")

    def told(self, on: date) -> QuerySet[FirstCheckRecord]:
        """What tables in force tell of another use."""
        return FirstCheckRecord.objects.in_force(on).filter(use_changed=True)

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """Each table once, however often it is corrected."""
        told = self.told(on).filter(loan=OuterRef("pk")).order_by("pk")
        return [as_told(told, self.part, day="known_on", number="document__number", text="explained")]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans of which a table tells another use, or with an open duty of this rule."""
        return self.with_facts(self.loans(on, policy), on, policy)

    def annotated(self, on: date, policy: Policy) -> QuerySet[Loan]:
        """Owed by the holder of the post, not by the manager who reports."""
        people = (Subquery(posts.values("person")[:1]) for posts in self.posts(on))
        return super().annotated(on, policy).annotate(duty_person=Coalesce(*people))

    def posts(self, on: date) -> list[QuerySet[Post]]:
        """Who holds the post in the branch; where it is vacant, the president."""
        return [holders_in_branch(role, on, "branch") for role in (Role.VICE_PRESIDENT, Role.PRESIDENT)]

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What the table says."""
        return f"借据 {row.number} 首次跟踪检查发现改变贷款用途：{fact.read['text']}"


class ReportToHead(UseChangeReport):
    """The head of the manager's own department."""

    obligation = "GS-8b"
    clause = "ce"
    part = "head"
    kind = REPORTS[0]
    post = Role.CUSTOMER_HEAD

    def posts(self, on: date) -> list[QuerySet[Post]]:
        """Of the unit that answers for the loan; where the post is vacant, who is above it."""
        own = Post.objects.current(on).filter(unit=OuterRef("duty_unit"), role=self.post)
        return [own.filter(person__is_active=True).order_by("from_on", "pk"), *super().posts(on)]


class ReportToLeader(UseChangeReport):
    """分管领导: the vice-president of the branch."""

    obligation = "GS-8b"
    clause = "de"
    part = "leader"
    kind = REPORTS[1]
    post = Role.VICE_PRESIDENT


class EventVisit(EachFact, Visit):
    """第二十八条: a risk event calls for a visit at once, within the days that policy gives."""

    scheme = "GR"
    parameter = "event_visit.within"
    otherwise = "触发事项已冲销"
    longest = 300
    events: ClassVar[tuple[EventKind, ...]]

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with such an event."""
        return standing_events(self.events, on).order_by().values_list("borrower")

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """The events of the borrower."""
        events = standing_events(self.events, on).filter(borrower=OuterRef("pk"))
        told = {"known_on": "known_on", "kind": "kind", "detail": "detail"}
        return [as_told(events.order_by("effective_on", "pk"), "event", day="effective_on", **told)]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an event of these kinds since go-live, or with an open duty of this rule."""
        return self.with_facts(self.borrowers(on, policy), on, policy)

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One visit for each event that stands."""
        return self.ended(row, on, policy) or super().judge(row, on, policy)

    def days(self, row: Any, fact: Told, on: date, policy: Policy) -> tuple[date, date]:
        """A visit counts from the event on; it is due so many workdays after that became known."""
        within = int(self.figure(row, policy).value)
        return fact.day, policy.calendar.add_workdays(date.fromisoformat(fact.read["known_on"]), within)

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What happened, and by when to be there."""
        what, detail = EventKind(fact.read["kind"]).label, fact.read["detail"].rstrip("。；，")
        within = self.figure(row, policy).value
        return f"{fact.day:%m-%d} {what}：{detail}，{within} 个工作日内到场。"


def standing_events(kinds: Collection[EventKind], on: date) -> QuerySet[RiskEvent]:
    """Events of these kinds since go-live that stand on the day."""
    events = RiskEvent.objects.standing(on).known(on).filter(kind__in=kinds)
    if go_live := go_live_on():  # what happened before is history that the opening extracts tell
        events = events.filter(effective_on__gte=go_live)
    return events


class DowngradeVisit(EventVisit):
    """分类向下迁徙."""

    obligation = "GR-28.1"
    listed = _("分类下迁即时检查")
    events = (EventKind.DOWNGRADE,)


class ArrearsVisit(EventVisit):
    """欠息、展期、逾期、或有资产垫付."""

    obligation = "GR-28.2"
    listed = _("欠息、展期、逾期、垫付即时检查")
    events = (EventKind.INTEREST_ARREARS, EventKind.EXTENSION, EventKind.OVERDUE, EventKind.ADVANCE)


class StoppageVisit(EventVisit):
    """停产、半停产."""

    obligation = "GR-28.3"
    listed = _("停产半停产即时检查")
    events = (EventKind.STOPPAGE, EventKind.PARTIAL_STOPPAGE)


class MajorMatterVisit(EventVisit):
    """投资活动、体制改革、债权债务纠纷、事故与赔偿等重大事项."""

    obligation = "GR-28.4"
    listed = _("重大事项即时检查")
    events = (
        EventKind.MAJOR_INVESTMENT,
        EventKind.RESTRUCTURING,
        EventKind.DEBT_DISPUTE,
        EventKind.ACCIDENT,
        EventKind.OTHER_MAJOR,
    )


class AtOnce(EachFact, ManagedLoanRule):
    """消费贷款: what cannot wait, by loan; each fact is one duty, done by 办结记录."""

    scheme = "XF"
    listed = _("挪用结清与失联催收")
    says: ClassVar[str]

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme with such a fact."""
        (facts,) = self.facts(on, policy)
        return Loan.objects.filter(under(policy, self.scheme), Exists(facts)).order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme with such a fact, or with an open duty of this rule."""
        return self.with_facts(self.loans(on, policy), on, policy)

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for each fact that stands."""
        return self.ended(row, on, policy) or super().judge(row, on, policy)

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What is to be done at once, and what for."""
        return f"{self.says}：{fact.read['what']}"


class EarlySettlement(AtOnce):
    """一（二）3: 挪用的第一时间要求结清."""

    obligation = "XF-2.3"
    kind = "early_settlement"
    title = _("要求提前结清")
    parameter = "misuse.settle_within"
    says = "贷款已挪用，第一时间要求借款人结清"
    otherwise = "挪用已纠正并验收"

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """Open cases of the loan, or of its contract where none is named."""
        cases = MisuseCase.objects.filter(
            Q(loan=OuterRef("pk")) | Q(loan__isnull=True, contract=OuterRef("contract")),
            status=MisuseStatus.RECTIFYING,
            confirmed_on__lte=on,
        )
        return [as_told(cases.order_by("pk"), self.kind, day="confirmed_on", what="facts")]


class StartCollection(AtOnce):
    """一（二）3: 失联立即启动催收."""

    obligation = "XF-2.3"
    part = "collection"
    kind = "start_collection"
    title = _("启动催收")
    parameter = "lost_contact.collect_within"
    says = "借款人失联，立即启动催收"
    otherwise = "失联事项已冲销"

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """Standing events of lost contact since go-live."""
        events = standing_events([EventKind.LOST_CONTACT], on).filter(borrower=OuterRef("borrower"))
        return [as_told(events.order_by("effective_on", "pk"), self.kind, day="known_on", what="detail")]


AT_ONCE_RULES = (EarlySettlement(), StartCollection())
EVENT_RULES = (DowngradeVisit(), ArrearsVisit(), StoppageVisit(), MajorMatterVisit())
USE_CHANGE_RULES = (ReportToHead(), ReportToLeader())
VISIT_RULES = (CorporateVisit(), PersonalVisit(), SampledVisit(), FirstCheck(), FirstCheckTable())
RULES = (*VISIT_RULES, *USE_CHANGE_RULES, *EVENT_RULES, *AT_ONCE_RULES)

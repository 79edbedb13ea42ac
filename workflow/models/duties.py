"""Duties: who must do what for whom by when, under which article, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.choices import Line, Role
from accounts.models import Unit, User
from core.models import SchemeVersion
from workflow.choices import DutyStatus, SubjectKind
from workflow.models.documents import Document
from workflow.querysets import WorkItemQuerySet


class WorkItem(models.Model):
    """A duty (待办). Its key is (obligation, subject, period key): raised twice is raised once.

    It carries what an inbox needs without knowing loans. `submitted_on` is the day on which the evidence went to
    signature: a duty whose evidence is being signed is not late because a signer takes his time. `done_on` is the
    day on which it was done (the visit), `closed_at` the instant at which the system knew.
    """

    obligation = models.CharField("条文", max_length=20)
    subject_kind = models.CharField("对象类型", max_length=12, choices=SubjectKind.choices)
    subject_id = models.BigIntegerField("对象")
    period_key = models.CharField("期间", max_length=60)
    kind = models.CharField("任务类型", max_length=30)  # duties of one kind for one borrower are one task
    borrower_number = models.CharField("客户编号", max_length=40, blank=True)
    borrower_name = models.CharField("客户名称", max_length=120, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    line = models.CharField("条线", max_length=12, choices=Line.choices)
    post = models.CharField("岗位", max_length=20, choices=Role.choices)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # empty: 缺岗
    raised_on = models.DateField("生成日")
    counts_from = models.DateField("起计日")  # evidence of an earlier day does not satisfy this duty
    due_on = models.DateField("到期日")
    reason = models.CharField("缘由", max_length=300)
    status = models.CharField("状态", max_length=8, choices=DutyStatus.choices, default=DutyStatus.OPEN)
    policy = models.ForeignKey(SchemeVersion, null=True, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="work_items")
    submitted_on = models.DateField("提交签字日", null=True)
    done_on = models.DateField("办理日", null=True)
    late_entry = models.BooleanField(
        "补录办结", default=False, db_default=False
    )  # its evidence came afterwards
    closed_on = models.DateField("办结日", null=True)  # the business date of the closing, for measures
    closed_at = models.DateTimeField("办结时间", null=True)
    closed_by = models.CharField("办结人", max_length=60, blank=True)
    close_reason = models.CharField("办结说明", max_length=300, blank=True)

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        verbose_name = "职责"
        ordering = ("due_on", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["obligation", "subject_kind", "subject_id", "period_key"],
                name="a_duty_is_raised_once_per_subject_and_period",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="OPEN") & Q(closed_on__isnull=True) & Q(closed_at__isnull=True) & Q(closed_by="")
                )
                | (
                    ~Q(status="OPEN")
                    & Q(closed_on__isnull=False)
                    & Q(closed_at__isnull=False)
                    & ~Q(closed_by="")
                ),
                name="a_closed_duty_says_when_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=models.F("counts_from")), name="a_duty_can_be_done_before_it_is_due"
            ),
            models.CheckConstraint(
                condition=~Q(status="DONE") | Q(done_on__isnull=False),
                name="a_done_duty_says_when_it_was_done",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["VOID", "WAIVED"]) | ~Q(close_reason=""),
                name="a_duty_is_not_dropped_without_a_reason",
            ),
        )
        indexes = (
            models.Index(
                fields=["person", "due_on"], condition=Q(status="OPEN"), name="open_duties_of_a_person"
            ),
            models.Index(fields=["unit", "due_on"], condition=Q(status="OPEN"), name="open_duties_of_a_unit"),
            models.Index(
                fields=["obligation", "subject_id"], condition=Q(status="OPEN"), name="open_duties_of_a_rule"
            ),
            models.Index(fields=["borrower_number"], name="duties_of_a_borrower"),
            models.Index(fields=["closed_on"], name="duties_closed_on_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.obligation} {self.borrower_name} {self.period_key}"


class Escalation(models.Model):
    """A late duty was shown to the next rung of its ladder; each rung once."""

    work_item = models.ForeignKey(WorkItem, on_delete=models.PROTECT, related_name="escalations")
    rung = models.PositiveSmallIntegerField("级")
    role = models.CharField("升级至", max_length=20, choices=Role.choices)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    on = models.DateField("升级日")

    class Meta:
        ordering = ("work_item", "rung")
        constraints = (models.UniqueConstraint(fields=["work_item", "rung"], name="a_rung_is_climbed_once"),)

    def __str__(self) -> str:
        return f"{self.work_item_id} → {self.get_role_display()}"

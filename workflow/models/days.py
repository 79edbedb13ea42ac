"""The close of day: its steps, what it set aside, and the measures it leaves behind."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.choices import Role
from accounts.models import Unit, User
from workflow.choices import RunStatus
from workflow.querysets import DailyMeasureQuerySet


class DayRun(models.Model):
    """One step of one day; makes the day restartable. A day is closed when all its steps are DONE."""

    on = models.DateField("业务日期")
    step = models.CharField("步骤", max_length=40)
    status = models.CharField("状态", max_length=8, choices=RunStatus.choices, default=RunStatus.PENDING)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    counts = models.JSONField("结果", default=dict)
    error = models.TextField("原因", blank=True)
    started_at = models.DateTimeField("开始", null=True)
    finished_at = models.DateTimeField("结束", null=True)

    class Meta:
        verbose_name = "日终步骤"
        ordering = ("on", "id")
        constraints = (
            models.UniqueConstraint(fields=["on", "step"], name="a_step_of_a_day_is_run_once"),
            models.CheckConstraint(
                condition=~Q(status="DONE") | Q(finished_at__isnull=False), name="a_finished_step_says_when"
            ),
        )

    def __str__(self) -> str:
        return f"{self.on} {self.step}"


class Quarantined(models.Model):
    """A row that a step could not judge: set aside with its cause, so that the rest of the day goes on."""

    on = models.DateField("业务日期")
    step = models.CharField("步骤", max_length=40)
    subject_kind = models.CharField("对象类型", max_length=12)
    subject_id = models.BigIntegerField("对象")
    cause = models.TextField("原因")
    attempts = models.PositiveSmallIntegerField("次数", default=1)
    resolved_at = models.DateTimeField("解决时间", null=True)

    class Meta:
        ordering = ("-on", "step", "subject_id")
        constraints = (
            models.UniqueConstraint(
                fields=["on", "step", "subject_kind", "subject_id"], name="a_row_is_quarantined_once_per_step"
            ),
        )

    def __str__(self) -> str:
        return f"{self.on} {self.step} {self.subject_kind} {self.subject_id}"


class DailyMeasure(models.Model):
    """One figure of one day: narrow and additive, so that later figures need no second reading of history.

    `value` counts rows, `amount` adds up 元 where the rows carry money. `key` says which of a measure's rows: a class,
    a bucket, a kind. Every measure names its rows again (`workflow.snapshots`), so that a figure can be followed.
    """

    on = models.DateField("业务日期")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # empty: 缺岗
    post = models.CharField("岗位", max_length=20, choices=Role.choices, blank=True)
    obligation = models.CharField("条文", max_length=20, blank=True)
    measure = models.CharField("指标", max_length=20)  # as registered with workflow.snapshots
    key = models.CharField("分组", max_length=40, blank=True, db_default="")
    value = models.DecimalField("数值", max_digits=20, decimal_places=2)
    amount = models.DecimalField("金额", max_digits=20, decimal_places=2, default=0, db_default=0)

    objects = DailyMeasureQuerySet.as_manager()

    class Meta:
        ordering = ("on",)
        constraints = (
            models.UniqueConstraint(
                fields=["on", "unit", "person", "post", "obligation", "measure", "key"],
                nulls_distinct=False,
                name="a_figure_of_a_day_stands_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.on} {self.measure} {self.obligation or self.key}"

"""The working calendar: years officially announced, and the days that differ from plain weekends."""

from __future__ import annotations

from django.db import models


class CalendarYear(models.Model):
    """A year whose holidays and 调休 make-up workdays the State Council has announced (or not yet)."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    announced = models.BooleanField("已正式公布", default=False)
    source = models.CharField("来源", max_length=200, blank=True)

    class Meta:
        ordering = ("year",)

    def __str__(self) -> str:
        return str(self.year)


class CalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday from Monday to Friday, or a 调休 workday at a weekend."""

    day = models.DateField("日期", primary_key=True)
    is_workday = models.BooleanField("是否工作日")
    name = models.CharField("名称", max_length=40, blank=True)

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"

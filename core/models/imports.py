"""Staged imports: what came in, when, with which result; a file is applied whole or not at all."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ImportStatus(models.TextChoices):
    """Where a batch or a file stands."""

    STAGED = "STAGED", "待处理"
    APPLIED = "APPLIED", "已入账"
    UNCHANGED = "UNCHANGED", "重复文件，未变更"
    REJECTED = "REJECTED", "已退回"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"APPLIED": "ok", "REJECTED": "doubt"}.get(self.value, "")


class ImportSource(models.TextChoices):
    """Where a batch came from; only files count as the extracts of their date."""

    EXTRACT = "extract", "数据文件"
    SCREEN = "screen", "手工录入"


class ImportBatch(models.Model):
    """The extracts of one date, applied together; applying them opens that date's close of day."""

    profile = models.CharField("映射方案", max_length=40)
    source = models.CharField(
        "来源",
        max_length=8,
        choices=ImportSource.choices,
        default=ImportSource.EXTRACT,
        db_default=ImportSource.EXTRACT,
    )
    as_of = models.DateField("数据日期")
    known_on = models.DateField("知悉日期")
    status = models.CharField(
        "状态", max_length=10, choices=ImportStatus.choices, default=ImportStatus.STAGED
    )
    received_at = models.DateTimeField("接收时间")
    received_by = models.CharField("接收人", max_length=60)
    finished_at = models.DateTimeField("完成时间", null=True)
    difference = models.JSONField("差异单", default=list)  # facts of closed dates that arrived late

    class Meta:
        verbose_name = "导入批次"
        ordering = ("-id",)
        indexes = (models.Index(fields=["as_of"], condition=Q(status="APPLIED"), name="applied_batches"),)

    def __str__(self) -> str:
        return f"{self.profile} {self.as_of}"

    @property
    def state(self) -> ImportStatus:
        """Its state with its colour."""
        return ImportStatus(self.status)


class ImportFile(models.Model):
    """One file of a batch with its fingerprint, its counts and every bad row."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField("内容", max_length=40)
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    status = models.CharField(
        "状态", max_length=10, choices=ImportStatus.choices, default=ImportStatus.STAGED
    )
    rows = models.PositiveIntegerField("行数", default=0)
    inserted = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    errors = models.JSONField("问题行", default=list)  # [{line, column, value, reason}]
    set_aside = models.JSONField(
        "搁置行", default=list
    )  # rows after a profile's cut-off date, listed, not applied

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> ImportStatus:
        """Its state with its colour."""
        return ImportStatus(self.status)

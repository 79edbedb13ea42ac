"""Pages that were sent in: the one-time key of each, and how it was answered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Submission(models.Model):
    """A page that a person sent in and that wrote a fact, known by the one-time key that was written into the page.

    The row is written in the transaction of the fact, so that neither is there without the other; a page that was
    refused leaves none. Rows are thrown away after some days (core.once), when no page can be so old.
    """

    by = models.CharField("工号", max_length=40)
    key = models.CharField("一次性编号", max_length=32)
    route = models.CharField("页面", max_length=60)
    digest = models.CharField("内容摘要", max_length=64)  # of address, fields and files
    at = models.DateTimeField("时间", db_index=True)
    status = models.PositiveSmallIntegerField("应答", default=0)
    location = models.TextField("去向", blank=True)
    content = models.TextField("应答页面", blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["by", "key"], name="a_page_is_sent_in_once"),
            models.CheckConstraint(condition=~Q(key=""), name="a_page_has_its_key"),
        )

    def __str__(self) -> str:
        return f"{self.by} {self.route}"

"""The append-only audit: one row per act, sealed in a chain. No foreign keys, so it never depends on live rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class AuditEntry(models.Model):
    """One act: who, when, from where, what, before and after. The application may insert and read, nothing else."""

    at = models.DateTimeField("时间")
    on = models.DateField("业务日期")
    actor = models.CharField("操作人", max_length=60)
    actor_name = models.CharField("姓名", max_length=60)
    on_behalf_of = models.CharField("代", max_length=60, blank=True)
    address = models.CharField("来源地址", max_length=60, blank=True)
    act = models.CharField("动作", max_length=80)
    subject = models.CharField("对象", max_length=120)
    borrower_number = models.CharField("客户编号", max_length=40, blank=True)
    before = models.JSONField("变更前", null=True)
    after = models.JSONField("变更后", null=True)
    note = models.TextField("说明", blank=True)
    xid = models.BigIntegerField("事务号")  # which transaction wrote it: two rows of one act belong together

    class Meta:
        indexes = (
            models.Index(fields=["subject", "id"]),
            models.Index(fields=["actor", "id"]),
            models.Index(fields=["borrower_number", "id"]),
        )
        constraints = (
            models.CheckConstraint(condition=~Q(actor=""), name="an_act_names_its_actor"),
            models.CheckConstraint(condition=~Q(act=""), name="an_act_has_a_name"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.act} {self.subject}"


class AuditSeal(models.Model):
    """A seal over the entries from first to last: their digest chained to the previous seal's."""

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    entries = models.BigIntegerField()
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ("last_id",)
        constraints = (
            models.CheckConstraint(condition=Q(last_id__gte=F("first_id")), name="a_seal_covers_a_range"),
        )

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}"

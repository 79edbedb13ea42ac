"""The outbox: work that must happen is a row in the same transaction as its cause; a broker only wakes workers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OutboxEntry(models.Model):
    """One thing to be done soon: a topic and the ids it is about. Delivered once, retried with its last error."""

    topic = models.CharField(max_length=60)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["id"], condition=Q(delivered_at__isnull=True), name="outbox_undelivered"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.topic}"

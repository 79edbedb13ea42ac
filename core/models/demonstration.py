"""The mark of a database that was made for the demonstration."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Demonstration(models.Model):
    """Says that this database was made for the demonstration: one row, written while nobody was in it yet.

    A lender's own database has none, and nothing of the demonstration is ever written where there is none.
    """

    only = models.BooleanField(default=True, editable=False)
    marked_at = models.DateTimeField("标记时间")
    marked_by = models.CharField("标记人", max_length=60)
    loaded_at = models.DateTimeField("装载完成", null=True)

    class Meta:
        verbose_name = "演示标记"
        constraints = (
            models.UniqueConstraint(fields=["only"], name="a_database_is_marked_once"),
            models.CheckConstraint(condition=Q(only=True), name="a_mark_is_the_only_one"),
            models.CheckConstraint(
                condition=Q(loaded_at__isnull=True) | Q(loaded_at__gte=F("marked_at")),
                name="a_demonstration_is_loaded_after_its_mark",
            ),
        )

    def __str__(self) -> str:
        return f"演示 {self.marked_at}"

"""Risk events: confirmed facts that call for somebody to go and look (第二十八条)."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

from credit.choices import EventKind
from credit.models.borrowers import Borrower, OfBorrowerQuerySet
from credit.models.loans import Loan
from credit.querysets import FactQuerySet


class RiskEventQuerySet(FactQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """Risk events."""

    def standing(self, on: date) -> RiskEventQuerySet:
        """Events that are not reversals and, as known by the day, have not been reversed."""
        return self.filter(reverses__isnull=True).exclude(reversed_by__known_on__lte=on)


class RiskEvent(models.Model):
    """Something confirmed happened to a borrower. Appended; a mistake is reversed by another row."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="events")
    loan = models.ForeignKey(Loan, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField("事项", max_length=20, choices=EventKind.choices)
    effective_on = models.DateField("发生日")
    known_on = models.DateField("知悉日期")
    detail = models.CharField("事实", max_length=300)
    reference = models.CharField(
        "来源编号", max_length=120, blank=True
    )  # natural key of an imported or derived event
    recorded_by = models.CharField("登记人", max_length=60)
    recorded_at = models.DateTimeField("登记时间")
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    objects = RiskEventQuerySet.as_manager()

    class Meta:
        verbose_name = "风险事项"
        ordering = ("-effective_on", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="an_event_with_a_reference_stands_once"
            ),
            models.CheckConstraint(condition=~Q(detail=""), name="an_event_says_what_happened"),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="an_event_is_known_afterwards"
            ),
        )
        indexes = (models.Index(fields=["borrower", "effective_on"], name="events_of_a_borrower"),)

    def __str__(self) -> str:
        return f"{self.borrower} {self.get_kind_display()}"

"""Site inspections: what the system itself counts of a signed 附件3."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from credit.choices import RiskClass
from credit.models import Borrower
from workflow.models import Document


class SiteInspection(models.Model):
    """A visit that was made: when, to whom, with which conclusion. Written when its 附件3 is locked, never edited."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")
    inspected_on = models.DateField("检查日期")
    proposed_class = models.CharField("拟风险分类", max_length=16, choices=RiskClass.choices)
    next_frequency = models.CharField("下期检查频率", max_length=20)
    overall = models.CharField("总体评价", max_length=20)

    class Meta:
        ordering = ("-inspected_on",)
        constraints = (
            models.CheckConstraint(
                condition=Q(proposed_class__in=RiskClass.values), name="a_visit_proposes_a_class"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower} {self.inspected_on}"

"""Misuse of loan money (挪用): while a case is open, nothing more is paid under its contract."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from credit.models import Contract, Loan
from monitoring.choices import MisuseStatus
from monitoring.models.signals import Signal
from monitoring.querysets import OfContractsQuerySet
from workflow.models import Document


class MisuseCase(models.Model):
    """A confirmed misuse (第二十三条): reported to the principal, payments frozen, to be corrected by a day.

    Only the risk line's acceptance of the correction thaws it; `document` is the 限期纠正单 that it accepted.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+", null=True)
    signal = models.OneToOneField(Signal, on_delete=models.PROTECT, related_name="+", null=True)
    facts = models.CharField("事实", max_length=500)
    amount = models.DecimalField("挪用金额", max_digits=18, decimal_places=2)
    confirmed_on = models.DateField("认定日")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    correct_by = models.DateField("纠正期限")
    status = models.CharField(
        "状态", max_length=10, choices=MisuseStatus.choices, default=MisuseStatus.RECTIFYING
    )
    accepted_on = models.DateField("验收日", null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True)

    objects = OfContractsQuerySet.as_manager()

    class Meta:
        verbose_name = "挪用处置"
        ordering = ("-confirmed_on", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    status="RECTIFYING",
                    accepted_on__isnull=True,
                    accepted_by__isnull=True,
                    document__isnull=True,
                )
                | Q(
                    status="ACCEPTED",
                    accepted_on__isnull=False,
                    accepted_by__isnull=False,
                    document__isnull=False,
                ),
                name="a_thawed_case_says_who_accepted_what",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_misuse_is_not_negative"),
        )
        indexes = (
            models.Index(
                fields=["contract"], condition=Q(status="RECTIFYING"), name="contracts_that_are_frozen"
            ),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.confirmed_on}"

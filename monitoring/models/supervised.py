"""Accounts whose online payments the opening unit holds for review (受控账户：第二十六条)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from credit.models import Account
from monitoring.querysets import OfAccountsQuerySet
from workflow.models import Document


class SupervisedAccount(models.Model):
    """From when to when an account was marked, and the papers by which its opening unit was told."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    notified_on = models.DateField("通知开户行日")
    marked_on = models.DateField("标识日")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField("解除日", null=True)
    ended_by_document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True)

    objects = OfAccountsQuerySet.as_manager()

    class Meta:
        verbose_name = "受控账户"
        ordering = ("account", "-marked_on")
        constraints = (
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(ended_on__isnull=True),
                name="an_account_is_supervised_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by_document__isnull=True)
                | Q(ended_on__gte=F("marked_on"), ended_by_document__isnull=False),
                name="an_end_of_supervision_has_its_paper",
            ),
            models.CheckConstraint(
                condition=Q(marked_on__gte=F("notified_on")), name="an_account_is_marked_once_told"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.marked_on}"

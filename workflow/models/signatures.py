"""Signatures: a chain is a run of ordered steps over one revision of one document."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.choices import Line, Role
from accounts.models import User
from workflow.choices import ChainStatus, StepStatus
from workflow.models.documents import Document


class Chain(models.Model):
    """One run of signatures over one content; a send-back ends it, and signing again starts the next round."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="chains")
    round = models.PositiveSmallIntegerField("轮次")
    status = models.CharField("状态", max_length=10, choices=ChainStatus.choices, default=ChainStatus.RUNNING)
    content_hash = models.CharField("内容指纹", max_length=64)
    started_on = models.DateField("发起日")
    started_at = models.DateTimeField("发起时间")
    finished_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = "签字链"
        ordering = ("document", "round")
        constraints = (
            models.UniqueConstraint(fields=["document", "round"], name="a_round_of_signatures_is_run_once"),
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(status="RUNNING"),
                name="one_running_chain_per_document",
                violation_error_message="这份文书正在签字中。",
            ),
            models.CheckConstraint(
                condition=Q(status="RUNNING", finished_at__isnull=True)
                | (~Q(status="RUNNING") & Q(finished_at__isnull=False)),
                name="a_finished_chain_says_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.document} 第{self.round}轮"


class Step(models.Model):
    """One signature: who should give it, who gave it, over which fingerprint, with which remark.

    A trigger (migrations 0002 and 0004) refuses, whoever writes: a second signature of one person in a chain, a
    signature by somebody of another line than the step's, one in a place that is not the deputy's, a step signed before
    the one ahead of it.
    """

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField("次序")
    role = models.CharField("岗位", max_length=20, choices=Role.choices)
    label = models.CharField("签字栏", max_length=40)
    line = models.CharField("条线", max_length=12, choices=Line.choices)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # who is expected
    status = models.CharField("状态", max_length=10, choices=StepStatus.choices, default=StepStatus.WAITING)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+"
    )  # who was on leave, where a deputy signed
    signed_on = models.DateField("签字日", null=True)
    signed_at = models.DateTimeField("签字时间", null=True)
    signed_hash = models.CharField("所签指纹", max_length=64, blank=True)
    remark = models.CharField("意见", max_length=500, blank=True)

    class Meta:
        verbose_name = "签字"
        ordering = ("chain", "position")
        constraints = (
            models.UniqueConstraint(fields=["chain", "position"], name="a_step_has_its_place"),
            models.UniqueConstraint(
                fields=["chain", "signed_by"],
                condition=Q(status="SIGNED"),
                name="nobody_signs_twice_in_a_chain",
                violation_error_message="同一人不能在一份文书上签两次。",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["SIGNED", "RETURNED"],
                    signed_by__isnull=False,
                    signed_on__isnull=False,
                    signed_at__isnull=False,
                )
                | Q(
                    status__in=["WAITING", "CANCELLED"],
                    signed_by__isnull=True,
                    signed_on__isnull=True,
                    signed_at__isnull=True,
                ),
                name="a_signature_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="SIGNED") | ~Q(signed_hash=""), name="a_signature_covers_a_fingerprint"
            ),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True)
                | (Q(signed_by__isnull=False) & ~Q(on_behalf_of=F("signed_by"))),
                name="a_deputy_signs_for_somebody_else",
            ),
            models.CheckConstraint(
                condition=~Q(status="RETURNED") | ~Q(remark=""),
                name="a_send_back_gives_its_reason",
                violation_error_message="退回时请写明理由。",
            ),
        )
        indexes = (models.Index(fields=["person"], condition=Q(status="WAITING"), name="signatures_waiting"),)

    def __str__(self) -> str:
        return f"{self.chain} {self.label}"

    @property
    def who(self) -> str:
        """Who signed, with both names where a deputy did; before that who is expected; empty where nobody is."""
        person = self.signed_by or self.person
        return person.standing_in_for(self.on_behalf_of) if person else ""

"""What transactions show, each with the movements, the rule and the threshold that show it. Money in 元."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from credit.models import Account, Borrower, Loan, Transaction
from monitoring.choices import Level, SignalKind, SignalStatus
from monitoring.querysets import SignalQuerySet
from workflow.models import Document


class Signal(models.Model):
    """A reading of the movements that somebody has to judge (第二十二条); never a fact before it is confirmed.

    `fingerprint` is made of the kind and the facts that show it, so that the same facts never raise a second one,
    dismissed or not. `rule` keeps the parameters and thresholds that it was raised by.
    """

    kind = models.CharField("信号", max_length=16, choices=SignalKind.choices)
    level = models.CharField("级别", max_length=6, choices=Level.choices)
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+", null=True)
    effective_on = models.DateField("发生日")
    known_on = models.DateField("识别日")
    amount = models.DecimalField("涉及金额", max_digits=18, decimal_places=2)
    text = models.CharField("内容", max_length=500)
    rule = models.JSONField("规则与阈值", default=dict)
    fingerprint = models.CharField("事实指纹", max_length=64, unique=True)
    movements: models.ManyToManyField = models.ManyToManyField(
        Transaction, through="SignalMovement", related_name="+"
    )
    status = models.CharField("状态", max_length=10, choices=SignalStatus.choices, default=SignalStatus.OPEN)
    decided_on = models.DateField("认定日", null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_why = models.CharField("认定理由", max_length=500, blank=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = "资金信号"
        ordering = ("-known_on", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(status="OPEN", decided_on__isnull=True, decided_by__isnull=True, decided_why="")
                | (
                    ~Q(status="OPEN")
                    & Q(decided_on__isnull=False, decided_by__isnull=False)
                    & ~Q(decided_why="")
                ),
                name="a_decided_signal_says_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_signal_is_known_afterwards"
            ),
        )
        indexes = (
            models.Index(fields=["borrower"], condition=Q(status="OPEN"), name="open_signals_of_a_borrower"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.effective_on}"


class SignalMovement(models.Model):
    """A movement that a signal rests on."""

    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="shown_by")
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["signal", "transaction"], name="a_movement_shows_a_signal_once"),
        )

    def __str__(self) -> str:
        return f"{self.signal_id} {self.transaction_id}"

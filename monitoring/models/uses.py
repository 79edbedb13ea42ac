"""附件1: every use of loan money, one by one. Money in 元."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from credit.models import Loan, Transaction
from monitoring.choices import Anomaly, SeenAs, UsePurpose, VerifiedBy
from monitoring.models.payments import Payment
from monitoring.querysets import FundUseQuerySet, OfLoansQuerySet
from workflow.models import Document


class SeenUse(models.Model):
    """Loan money that left: which loan's, how much, and the payment or movement that shows it. Appended.

    Of a movement that takes the money of two loans each has its part. A use is recorded when a `FundUse` in force
    names the same payment or movement of the same loan.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    seen_as = models.CharField("由来", max_length=10, choices=SeenAs.choices)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+", null=True)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+", null=True)
    used_on = models.DateField("用款日期")
    known_on = models.DateField("知悉日期")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)

    objects = OfLoansQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "used_on", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_use_that_is_seen_has_an_amount"),
            models.CheckConstraint(
                condition=Q(seen_as="PAYMENT", payment__isnull=False, transaction__isnull=True)
                | (~Q(seen_as="PAYMENT") & Q(payment__isnull=True, transaction__isnull=False)),
                name="a_use_is_seen_by_one_thing",
            ),
            models.UniqueConstraint(fields=["payment"], name="a_payment_is_one_use"),
            models.UniqueConstraint(fields=["transaction", "loan"], name="a_movement_is_one_use_of_a_loan"),
        )
        indexes = (models.Index(fields=["known_on"], name="uses_by_known_day"),)

    def __str__(self) -> str:
        return f"{self.loan_id} {self.used_on} {self.amount}"


class FundUse(models.Model):
    """One use of a loan's money with its three judgements (第二十条); written when 附件1 is locked.

    `transaction` and `payment` say where it was seen; one entered from paper has neither. `replaced_on` is the
    day on which a correction (a later revision of the document) took its place.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    used_on = models.DateField("用款日期")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    in_cash = models.BooleanField("现金", default=False)
    payee_name = models.CharField("收款人", max_length=120, blank=True)
    payee_account = models.CharField("收款账号", max_length=40, blank=True)
    payee_bank = models.CharField("收款行", max_length=80, blank=True)
    purpose = models.CharField("实际用途", max_length=12, choices=UsePurpose.choices)
    evidence = models.CharField("证明材料", max_length=200, blank=True)
    flows_back = models.BooleanField("短期内回流借款人")
    is_upstream = models.BooleanField("收款人是上游往来客户")
    as_agreed = models.BooleanField("符合约定用途")
    verified_by = models.CharField("核查方式", max_length=8, choices=VerifiedBy.choices)
    anomaly = models.CharField("异常类型", max_length=14, choices=Anomaly.choices, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+", null=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+", null=True)
    known_on = models.DateField("知悉日期")
    replaced_on = models.DateField("更正日期", null=True)

    objects = FundUseQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "used_on", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_use_has_an_amount"),
            models.UniqueConstraint(
                fields=["loan", "transaction"],
                condition=Q(replaced_on__isnull=True, transaction__isnull=False),
                name="a_movement_is_recorded_once_for_a_loan",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(replaced_on__isnull=True, payment__isnull=False),
                name="a_payment_is_recorded_once",
            ),
            models.CheckConstraint(
                condition=Q(in_cash=True) | ~Q(payee_name=""), name="a_use_by_transfer_has_a_payee"
            ),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.used_on} {self.amount}"

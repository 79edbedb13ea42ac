"""What was done before the system was used (上线前), as the opening extracts bring it: inspections, letters, uses.

These are facts of a lender's own papers, not documents of this system: rules read them, nobody signs them here.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from credit.choices import NoticeKind, Recipient, RiskClass
from credit.models.borrowers import Borrower, OfBorrowerQuerySet
from credit.models.loans import Loan, OfLoanQuerySet
from credit.querysets import FactQuerySet


class PastInspectionQuerySet(FactQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """Inspections before going live."""


class PastInspection(models.Model):
    """A visit that was made and written up on paper before going live. Appended."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="past_inspections")
    effective_on = models.DateField("检查日期")
    known_on = models.DateField("知悉日期")
    inspector = models.CharField("检查人", max_length=60)
    overall = models.CharField("总体评价", max_length=500, blank=True)
    proposed_class = models.CharField("拟风险分类", max_length=16, choices=RiskClass.choices, blank=True)
    reference = models.CharField("档案号", max_length=120, blank=True)

    objects = PastInspectionQuerySet.as_manager()

    class Meta:
        ordering = ("borrower", "-effective_on")
        constraints = (
            models.UniqueConstraint(
                fields=["borrower", "effective_on"], name="one_past_inspection_per_borrower_and_day"
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_past_inspection_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.effective_on}"


class PastLetter(models.Model):
    """A letter that was sent before going live, to whom, and what proves that it arrived. Appended."""

    number = models.CharField("函件编号", max_length=60, unique=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="past_letters")
    kind = models.CharField("函件种类", max_length=12, choices=NoticeKind.choices)
    recipient = models.CharField("收件人类型", max_length=12, choices=Recipient.choices)
    recipient_name = models.CharField("收件人", max_length=120)
    effective_on = models.DateField("发出日")
    known_on = models.DateField("知悉日期")
    method = models.CharField("送达方式", max_length=40, blank=True)
    received_on = models.DateField("签收日", null=True, blank=True)
    proof = models.CharField("送达证明", max_length=200, blank=True)

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "effective_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(received_on__isnull=True)
                | (Q(received_on__gte=F("effective_on")) & ~Q(proof="")),
                name="a_received_letter_has_a_proof",
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_past_letter_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return self.number


class PastUse(models.Model):
    """How much of a loan's money had been used before going live, in 元 (上线前已用). Appended.

    A loan of before that has none counts as used up as far as it was paid out by then.
    """

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="past_use")
    amount = models.DecimalField("上线前已用金额", max_digits=18, decimal_places=2)
    effective_on = models.DateField("截至日")
    known_on = models.DateField("知悉日期")
    reference = models.CharField("凭证", max_length=120, blank=True)

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        ordering = ("loan",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_past_use_is_not_negative"),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_past_use_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.amount}"

"""Bills under an acceptance agreement or a discount, and letters of guarantee. Money in 元."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit.choices import LetterOfGuaranteeKind, OriginalOutcome
from credit.models.borrowers import OfBorrowerQuerySet
from credit.models.loans import Loan, OfLoanQuerySet


class OfNoteQuerySet(OfBorrowerQuerySet):
    """Rows of a loan note or contingent item."""

    borrower_path = "loan__borrower"


class Bill(models.Model):
    """One bill (汇票) of an acceptance agreement (一协议多票) or of a discount."""

    number = models.CharField("票据号", max_length=60, unique=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="bills")
    amount = models.DecimalField("票面金额", max_digits=18, decimal_places=2)
    drawn_on = models.DateField("出票日")
    matures_on = models.DateField("到期日")
    drawer = models.CharField("出票人", max_length=120, blank=True)
    payee = models.CharField("收款人", max_length=120, blank=True)
    acceptor = models.CharField("承兑人", max_length=120, blank=True)
    known_on = models.DateField("知悉日期")

    objects = OfNoteQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("loan", "matures_on", "number")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_bill_has_an_amount"),
            models.CheckConstraint(
                condition=Q(matures_on__gte=F("drawn_on")), name="a_bill_matures_after_it_was_drawn"
            ),
        )

    def __str__(self) -> str:
        return self.number


class LetterOfGuarantee(models.Model):
    """What a letter of guarantee says beyond its amount and expiry; an electronic one has no original to take back."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="letter")
    kind = models.CharField("保函种类", max_length=16, choices=LetterOfGuaranteeKind.choices)
    beneficiary = models.CharField("受益人", max_length=120)
    is_electronic = models.BooleanField("电子保函", default=False)
    original_number = models.CharField("原件编号", max_length=60, blank=True)

    objects = OfNoteQuerySet.as_manager()
    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.loan_id} {self.beneficiary}"


class LetterClaim(models.Model):
    """The beneficiary claims under a letter of guarantee (索赔); until it is settled, its margin is not released."""

    number = models.CharField("索赔编号", max_length=60, unique=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="letter_claims")
    amount = models.DecimalField("索赔金额", max_digits=18, decimal_places=2)
    claimed_on = models.DateField("索赔日")
    settled_on = models.DateField("了结日", null=True, blank=True)
    outcome = models.CharField("处理结果", max_length=200, blank=True)

    objects = OfNoteQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("loan", "claimed_on")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_claim_has_an_amount"),
            models.CheckConstraint(
                condition=Q(settled_on__isnull=True) | (Q(settled_on__gte=F("claimed_on")) & ~Q(outcome="")),
                name="a_settled_claim_says_how",
            ),
        )

    def __str__(self) -> str:
        return self.number


class LetterReturn(models.Model):
    """The original of a letter of guarantee came back, or was lost and the beneficiary released the lender."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="letter_returns")
    outcome = models.CharField("结果", max_length=8, choices=OriginalOutcome.choices)
    effective_on = models.DateField("收回日")
    known_on = models.DateField("知悉日期")
    custody = models.CharField("保管位置", max_length=120, blank=True)
    reference = models.CharField("凭证", max_length=120, blank=True)  # the document that says so

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        verbose_name = "保函原件"
        ordering = ("loan", "effective_on")
        constraints = (
            models.UniqueConstraint(fields=["loan"], name="an_original_comes_back_once"),
            models.CheckConstraint(
                condition=Q(outcome="LOST") | ~Q(custody=""), name="a_returned_original_lies_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_return_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.get_outcome_display()}"


class MarginRelease(models.Model):
    """The margin of an expired letter of guarantee may go back to the customer (释放保证金). Appended."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="margin_release")
    amount = models.DecimalField("释放金额", max_digits=18, decimal_places=2)
    effective_on = models.DateField("释放日")
    known_on = models.DateField("知悉日期")
    recorded_by = models.CharField("登记人", max_length=60)
    recorded_at = models.DateTimeField("登记时间")

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        verbose_name = "保证金释放"
        ordering = ("loan",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_released_margin_has_an_amount"),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.effective_on}"

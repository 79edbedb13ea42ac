"""What a contract gives the lender, and what its approval demands. Shares as fractions."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from core.money import percent
from credit.choices import ClauseKind, PaymentMode
from credit.models.borrowers import OfBorrowerQuerySet
from credit.models.loans import Contract


class OfContractQuerySet(OfBorrowerQuerySet):
    """Rows of a contract that may be met."""

    borrower_path = "contract__borrower"

    def known(self, on: date) -> OfContractQuerySet:
        """What the lender had been told by the day."""
        return self.filter(Q(known_on__isnull=True) | Q(known_on__lte=on))

    def unmet(self, on: date) -> OfContractQuerySet:
        """What was not met by the day, as far as was known then."""
        return self.known(on).filter(Q(met_on__isnull=True) | Q(met_on__gt=on) | Q(met_known_on__gt=on))


class Clause(models.Model):
    """A right or duty that a contract agrees, one by one (第四条); `place` is its number in the contract's list."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="clauses")
    place = models.PositiveSmallIntegerField("序号")
    kind = models.CharField("约定事项", max_length=20, choices=ClauseKind.choices)
    payment_mode = models.CharField("支付方式", max_length=10, choices=PaymentMode.choices, blank=True)
    share = models.DecimalField("结算份额", max_digits=9, decimal_places=6, null=True, blank=True)
    amount = models.DecimalField("约定余额", max_digits=18, decimal_places=2, null=True, blank=True)
    due_on = models.DateField("约定期限", null=True, blank=True)
    met_on = models.DateField("履行日期", null=True, blank=True)
    known_on = models.DateField("知悉日期", null=True, blank=True)  # empty: since the contract was signed
    met_known_on = models.DateField("履行知悉日期", null=True, blank=True)  # empty: on the day itself
    text = models.CharField("约定内容", max_length=500, blank=True)

    objects = OfContractQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("contract", "place")
        constraints = (
            models.UniqueConstraint(fields=["contract", "place"], name="a_clause_has_its_own_place"),
            models.CheckConstraint(
                condition=(Q(kind="PAYMENT_MODE") & ~Q(payment_mode=""))
                | (~Q(kind="PAYMENT_MODE") & Q(payment_mode="")),
                name="a_payment_mode_belongs_to_its_clause",
            ),
            models.CheckConstraint(
                condition=(Q(kind="SETTLEMENT_SHARE") & Q(share__gt=0, share__lte=1))
                | (~Q(kind="SETTLEMENT_SHARE") & Q(share__isnull=True)),
                name="a_settlement_share_belongs_to_its_clause",
            ),
            models.CheckConstraint(
                condition=(Q(kind="AGREED_BALANCE") & Q(amount__isnull=False, amount__gt=0))
                | (~Q(kind="AGREED_BALANCE") & Q(amount__isnull=True)),
                name="an_agreed_balance_belongs_to_its_clause",
            ),
            models.CheckConstraint(
                condition=Q(met_known_on__isnull=True)
                | Q(met_on__isnull=False, met_known_on__gte=F("met_on")),
                name="a_clause_is_known_to_be_met_once_it_is",
            ),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.get_kind_display()}"

    @property
    def share_percent(self) -> str:
        """The share in per cent without trailing zeros, or empty."""
        return percent(self.share)


class ApprovalCondition(models.Model):
    """What the approval of a contract demands (批复要求), one by one; `met_on` where it has been fulfilled."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="conditions")
    place = models.PositiveSmallIntegerField("序号")
    text = models.CharField("批复要求", max_length=500)
    due_on = models.DateField("落实期限", null=True, blank=True)
    met_on = models.DateField("落实日期", null=True, blank=True)
    known_on = models.DateField("知悉日期", null=True, blank=True)  # empty: since the contract was signed
    met_known_on = models.DateField("落实知悉日期", null=True, blank=True)  # empty: on the day itself
    note = models.CharField("落实说明", max_length=300, blank=True)

    objects = OfContractQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("contract", "place")
        constraints = (
            models.UniqueConstraint(fields=["contract", "place"], name="a_condition_has_its_own_place"),
            models.CheckConstraint(condition=~Q(text=""), name="a_condition_says_what_it_demands"),
            models.CheckConstraint(
                condition=Q(met_known_on__isnull=True)
                | Q(met_on__isnull=False, met_known_on__gte=F("met_on")),
                name="a_condition_is_known_to_be_met_once_it_is",
            ),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.place}"

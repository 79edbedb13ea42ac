"""What secures a debt: guarantees (保证, 抵押, 质押), collateral and what it is worth. Money in 元."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from simple_history.models import HistoricalRecords

from accounts.models import User
from accounts.querysets import DatedQuerySet
from credit.choices import CollateralKind, GuaranteeKind, SuretyMode
from credit.models.borrowers import Borrower
from credit.models.loans import Loan
from credit.querysets import FactQuerySet


class GuaranteeQuerySet(models.QuerySet):
    """Guarantee contracts."""

    def visible_to(self, user: User) -> GuaranteeQuerySet:
        """Of borrowers that the person may read."""
        return self.filter(borrower__in=Borrower.objects.visible_to(user))


class Guarantee(models.Model):
    """A guarantee contract (担保合同) for a borrower's debts; one may secure many loans.

    `amount` is the guaranteed sum, or the cap of a 最高额 guarantee, whose claims arise from `from_on` to `to_on` and
    are fixed on `fixed_on` (债权确定日). `guarantor` where the guarantor is itself a customer.
    """

    number = models.CharField("担保合同号", max_length=60, unique=True)
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="guarantees")
    kind = models.CharField("担保方式", max_length=8, choices=GuaranteeKind.choices)
    guarantor_name = models.CharField("担保人", max_length=120)
    guarantor_id_number = models.CharField("担保人证件号", max_length=40, blank=True)
    guarantor = models.ForeignKey(
        Borrower, null=True, blank=True, on_delete=models.PROTECT, related_name="guarantees_given"
    )
    amount = models.DecimalField("担保金额", max_digits=18, decimal_places=2)
    is_maximum = models.BooleanField("最高额", default=False)
    signed_on = models.DateField("签订日")
    from_on = models.DateField("债权起", null=True, blank=True)
    to_on = models.DateField("债权止", null=True, blank=True)
    fixed_on = models.DateField("债权确定日", null=True, blank=True)
    mode = models.CharField("保证方式", max_length=8, choices=SuretyMode.choices, blank=True)
    period_months = models.PositiveSmallIntegerField(
        "保证期间", null=True, blank=True
    )  # months; empty: not agreed
    ended_on = models.DateField("终止日", null=True, blank=True)

    objects = GuaranteeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_guarantee_has_an_amount"),
            models.CheckConstraint(
                condition=Q(kind="SURETY") | Q(mode="", period_months__isnull=True),
                name="only_a_surety_has_a_mode_and_a_period",
            ),
            models.CheckConstraint(
                condition=Q(is_maximum=True)
                | Q(from_on__isnull=True, to_on__isnull=True, fixed_on__isnull=True),
                name="only_a_maximum_guarantee_has_a_term_of_claims",
            ),
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(from_on__isnull=True) | Q(to_on__gte=F("from_on")),
                name="the_term_of_claims_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(guarantor__isnull=True) | ~Q(kind="SURETY") | ~Q(guarantor=F("borrower")),
                name="nobody_is_their_own_surety",
            ),
        )

    def __str__(self) -> str:
        return self.number


class OfGuaranteeQuerySet(DatedQuerySet):
    """Dated rows of a guarantee."""

    def visible_to(self, user: User) -> OfGuaranteeQuerySet:
        """Of guarantees that the person may read."""
        return self.filter(guarantee__in=Guarantee.objects.visible_to(user))

    def known_current(self, on: date) -> OfGuaranteeQuerySet:
        """Rows that hold on the day, as known by then."""
        return self.current(on).filter(known_on__lte=on)


class LienQuerySet(OfGuaranteeQuerySet):
    """Liens."""

    def standing(self, on: date) -> LienQuerySet:
        """Liens not cancelled by the day, each with `value` and `valued_on` of what it was last found to be worth."""
        latest = Valuation.objects.known(on).filter(collateral=OuterRef("collateral")).newest_first()
        return self.filter(Q(cancelled_on__isnull=True) | Q(cancelled_on__gt=on)).annotate(
            value=Subquery(latest.values("value")[:1]), valued_on=Subquery(latest.values("effective_on")[:1])
        )


class Secured(models.Model):
    """A guarantee secures a loan with so much of its amount (担保关系), from a day to a day."""

    guarantee = models.ForeignKey(Guarantee, on_delete=models.PROTECT, related_name="secured")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="secured_by")
    amount = models.DecimalField("担保债权金额", max_digits=18, decimal_places=2)
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    known_on = models.DateField("知悉日期")

    objects = OfGuaranteeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("guarantee", "loan")
        constraints = (
            models.UniqueConstraint(fields=["guarantee", "loan"], name="a_guarantee_secures_a_loan_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="what_is_secured_has_an_amount"),
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
                name="security_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.guarantee_id} → {self.loan_id}"


class CollateralQuerySet(models.QuerySet):
    """Collateral."""

    def visible_to(self, user: User) -> CollateralQuerySet:
        """Collateral that stands for a guarantee of a borrower that the person may read."""
        liens = Lien.objects.filter(
            collateral=OuterRef("pk"), guarantee__in=Guarantee.objects.visible_to(user)
        )
        return self.filter(Exists(liens))


class Collateral(models.Model):
    """A thing or right that is mortgaged or pledged (抵质押物); one thing may stand for several guarantees, by rank."""

    number = models.CharField("押品编号", max_length=60, unique=True)
    kind = models.CharField("押品类型", max_length=12, choices=CollateralKind.choices)
    name = models.CharField("押品名称", max_length=200)
    owner_name = models.CharField("权属人", max_length=120)
    location = models.CharField("所在地", max_length=200, blank=True)
    certificate = models.CharField("权证号", max_length=120, blank=True)

    objects = CollateralQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return self.name


class Lien(models.Model):
    """A collateral stands for a guarantee in a rank, by registration (顺位与登记); `prior_amount` stands before it."""

    guarantee = models.ForeignKey(Guarantee, on_delete=models.PROTECT, related_name="liens")
    collateral = models.ForeignKey(Collateral, on_delete=models.PROTECT, related_name="liens")
    rank = models.PositiveSmallIntegerField("顺位", default=1)
    prior_amount = models.DecimalField("先顺位债权", max_digits=18, decimal_places=2, default=0)
    registered_on = models.DateField("登记日", null=True, blank=True)
    registration_number = models.CharField("登记证号", max_length=120, blank=True)
    cancelled_on = models.DateField("注销登记日", null=True, blank=True)

    objects = LienQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("guarantee", "rank", "collateral")
        constraints = (
            models.UniqueConstraint(
                fields=["guarantee", "collateral"], name="a_collateral_stands_once_for_a_guarantee"
            ),
            models.UniqueConstraint(
                fields=["collateral", "rank"],
                condition=Q(cancelled_on__isnull=True),
                name="a_rank_is_held_once",
                violation_error_message="这件押品的该顺位已有登记，请核对顺位。",
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=1) & Q(prior_amount__gte=0), name="a_rank_counts_from_one"
            ),
            models.CheckConstraint(
                condition=Q(cancelled_on__isnull=True) | Q(registered_on__isnull=False),
                name="what_is_cancelled_was_registered",
            ),
        )

    def __str__(self) -> str:
        return f"{self.collateral} 第{self.rank}顺位"


class ValuationQuerySet(FactQuerySet):
    """Valuations."""

    def visible_to(self, user: User) -> ValuationQuerySet:
        """Of collateral that the person may read."""
        return self.filter(collateral__in=Collateral.objects.visible_to(user))


class Valuation(models.Model):
    """What a collateral was found to be worth on a day (评估). Appended."""

    collateral = models.ForeignKey(Collateral, on_delete=models.PROTECT, related_name="valuations")
    effective_on = models.DateField("评估日")
    known_on = models.DateField("知悉日期")
    value = models.DecimalField("评估价值", max_digits=18, decimal_places=2)
    appraiser = models.CharField("评估机构", max_length=120, blank=True)
    correction = models.PositiveSmallIntegerField("更正序号", default=0)  # the same day, delivered again

    objects = ValuationQuerySet.as_manager()

    class Meta:
        ordering = ("collateral", "effective_on", "known_on")
        constraints = (
            models.UniqueConstraint(
                fields=["collateral", "effective_on", "known_on", "correction"],
                name="one_valuation_per_collateral_and_day",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="a_value_is_not_negative"),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_valuation_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.collateral_id} {self.effective_on}"

"""Contracts, loans and the dated facts about a loan. Money in 元, to the cent; rates as annual fractions."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, OuterRef, Q
from simple_history.models import HistoricalRecords

from accounts.models import Unit
from core.money import percent
from credit.choices import ClassSource, InterestFrequency, LedgerKind, Product, RiskClass
from credit.models.borrowers import Borrower, OfBorrowerQuerySet
from credit.querysets import FactQuerySet


class OfLoanQuerySet(FactQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """Dated facts of a loan."""

    borrower_path = "loan__borrower"

    def in_force(self, on: date) -> FactQuerySet:
        """For a Subquery over loans: what held of each on the day, as known by then, the fact in force first."""
        return self.known(on).filter(loan=OuterRef("pk")).newest_first()


class Contract(models.Model):
    """A credit contract (合同)."""

    number = models.CharField("合同号", max_length=60, unique=True)
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="contracts")
    product = models.CharField("品种", max_length=24, choices=Product.choices)
    amount = models.DecimalField("授信金额", max_digits=18, decimal_places=2)
    signed_on = models.DateField("签订日")
    ends_on = models.DateField("到期日")
    purpose = models.CharField("约定用途", max_length=200, blank=True)
    approval_number = models.CharField("批复文号", max_length=60, blank=True)
    approved_on = models.DateField("批复日期", null=True, blank=True)
    scheme = models.CharField(
        "管理方案", max_length=8, blank=True, db_default=""
    )  # code; empty: the product's
    syndicate_share = models.DecimalField(
        "我行银团份额", max_digits=9, decimal_places=6, null=True, blank=True
    )  # a fraction; empty: the lender lends alone

    objects = OfBorrowerQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "合同"
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_contract_is_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("signed_on")), name="a_contract_ends_after_signing"
            ),
            models.CheckConstraint(
                condition=Q(syndicate_share__isnull=True) | Q(syndicate_share__gt=0, syndicate_share__lt=1),
                name="a_syndicate_share_is_a_part",
            ),
        )
        indexes = (models.Index(fields=["scheme"], condition=~Q(scheme=""), name="contracts_with_a_scheme"),)

    def __str__(self) -> str:
        return self.number

    @property
    def share_percent(self) -> str:
        """The lender's part of a syndicated loan in per cent, or empty."""
        return percent(self.syndicate_share)


class Loan(models.Model):
    """A loan note (借据), or a contingent item of the same shape (银承, 保函)."""

    number = models.CharField("借据号", max_length=60, unique=True)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="loans")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="loans")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    product = models.CharField("品种", max_length=24, choices=Product.choices)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    annual_rate = models.DecimalField("年利率", max_digits=9, decimal_places=6)
    starts_on = models.DateField("发放日")
    matures_on = models.DateField("到期日")
    purpose = models.CharField("用途", max_length=200, blank=True)
    settlement_account = models.CharField("结算账号", max_length=40, blank=True)
    interest_frequency = models.CharField(
        "付息方式", max_length=16, choices=InterestFrequency.choices, blank=True, db_default=""
    )  # empty: as the schedule says, else quarterly
    margin_account = models.CharField("保证金账号", max_length=40, blank=True, db_default="")
    margin = models.DecimalField("保证金金额", max_digits=18, decimal_places=2, default=0, db_default=0)

    objects = OfBorrowerQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_loan_has_an_amount"),
            models.CheckConstraint(condition=Q(annual_rate__gte=0), name="a_rate_is_not_negative"),
            models.CheckConstraint(
                condition=Q(matures_on__gte=F("starts_on")), name="a_loan_matures_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(margin__gte=0) & Q(margin__lte=F("amount")), name="a_margin_is_within_the_amount"
            ),
        )
        indexes = (
            models.Index(fields=["starts_on"], name="loans_by_start"),
            models.Index(fields=["product", "borrower"], name="loans_of_a_product"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def agreed_purpose(self) -> str:
        """What the money was lent for: as the loan says, else its contract."""
        return self.purpose or self.contract.purpose


class LoanTerms(models.Model):
    """Maturity and rate of a loan from a day on; appended when the lender changes them (展期, 调息).

    `Loan.matures_on` and `Loan.annual_rate` are the latest of them; a rule that judges a day reads these.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="terms")
    effective_on = models.DateField("生效日")
    known_on = models.DateField("知悉日期")
    matures_on = models.DateField("到期日")
    annual_rate = models.DecimalField("年利率", max_digits=9, decimal_places=6)
    correction = models.PositiveSmallIntegerField("更正序号", default=0)  # the same day, delivered again

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "effective_on", "known_on")
        constraints = (
            models.UniqueConstraint(
                fields=["loan", "effective_on", "known_on", "correction"],
                name="one_set_of_terms_per_loan_and_day",
            ),
            models.CheckConstraint(condition=Q(annual_rate__gte=0), name="a_rate_of_terms_is_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.effective_on}"

    @property
    def rate_percent(self) -> str:
        """The annual rate in per cent without trailing zeros."""
        return percent(self.annual_rate)


class InstallmentQuerySet(OfLoanQuerySet):  # type: ignore[override]
    """Instalments."""

    def planned(self, on: date) -> InstallmentQuerySet:
        """The plan as it stood at the end of the day, as known by then."""
        return self.filter(
            Q(known_on__isnull=True) | Q(known_on__lte=on),
            Q(replaced_on__isnull=True) | Q(replaced_on__gt=on),
        )


class Installment(models.Model):
    """What falls due on a loan on a day (还款计划); a plan that is replaced stays, with the day it ended."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="installments")
    due_on = models.DateField("应还日")
    known_on = models.DateField("知悉日期", null=True)  # empty: since the loan began
    replaced_on = models.DateField("替换日", null=True)  # no longer the plan from this day on
    principal = models.DecimalField("应还本金", max_digits=18, decimal_places=2)
    interest = models.DecimalField("应还利息", max_digits=18, decimal_places=2)

    objects = InstallmentQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "due_on")
        constraints = (
            models.UniqueConstraint(
                fields=["loan", "due_on"],
                condition=Q(replaced_on__isnull=True),
                name="one_installment_per_day",
            ),
            models.CheckConstraint(
                condition=Q(principal__gte=0) & Q(interest__gte=0), name="an_installment_is_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.due_on}"


class LedgerEntry(models.Model):
    """Money that moved on a loan; appended, and reversed by an opposite row, never edited."""

    number = models.CharField("流水号", max_length=60, unique=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="ledger")
    kind = models.CharField("类型", max_length=12, choices=LedgerKind.choices)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    effective_on = models.DateField("发生日")
    known_on = models.DateField("知悉日期")
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "effective_on", "id")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_ledger_entry_has_an_amount"),
        )

    def __str__(self) -> str:
        return self.number


class LoanReading(models.Model):
    """What the core system says of a loan from a day on; a row is kept only when something changed."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="readings")
    effective_on = models.DateField("数据日期")
    known_on = models.DateField("知悉日期")
    balance = models.DecimalField("余额", max_digits=18, decimal_places=2)
    overdue_principal = models.DecimalField("逾期本金", max_digits=18, decimal_places=2, default=0)
    overdue_interest = models.DecimalField("欠息", max_digits=18, decimal_places=2, default=0)
    days_past_due = models.PositiveIntegerField("逾期天数", default=0)
    correction = models.PositiveSmallIntegerField("更正序号", default=0)  # the same day, delivered again

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        ordering = ("loan", "effective_on", "known_on")
        constraints = (
            models.UniqueConstraint(
                fields=["loan", "effective_on", "known_on", "correction"], name="one_reading_per_loan_and_day"
            ),
            models.CheckConstraint(
                condition=Q(balance__gte=0) & Q(overdue_principal__gte=0) & Q(overdue_interest__gte=0),
                name="a_reading_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_reading_is_known_afterwards"
            ),
        )
        # The balance in force is read off the index: the day asks it of every loan.
        indexes = (
            models.Index(
                fields=["loan", "-effective_on", "-known_on", "-id"],
                include=["balance"],
                name="readings_in_force",
            ),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.effective_on}"


class ClassFact(models.Model):
    """The class in force of a loan from a day on (五级分类): by the core's extract, or by a decision taken here."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="classes")
    risk_class = models.CharField("风险分类", max_length=16, choices=RiskClass.choices)
    source = models.CharField("来源", max_length=8, choices=ClassSource.choices)
    effective_on = models.DateField("生效日")
    known_on = models.DateField("知悉日期")
    correction = models.PositiveSmallIntegerField("更正序号", default=0)  # the same day, delivered again

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        verbose_name = "风险分类"
        ordering = ("loan", "effective_on", "known_on")
        constraints = (
            models.UniqueConstraint(
                fields=["loan", "effective_on", "known_on", "source", "correction"],
                name="one_class_per_loan_day_and_source",
            ),
            models.CheckConstraint(
                condition=Q(risk_class__in=RiskClass.values), name="a_class_is_one_of_five"
            ),
        )
        indexes = (
            models.Index(
                fields=["loan", "-effective_on", "-known_on", "-id"],
                include=["risk_class"],
                name="classes_in_force",
            ),
            models.Index(fields=["loan"], condition=~Q(risk_class="NORMAL"), name="loans_ever_worse"),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.risk_class} {self.effective_on}"

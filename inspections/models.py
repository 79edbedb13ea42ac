"""Inspections: what the system itself counts of a signed 附件3, and which normal borrowers were drawn to be visited."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.choices import UnitKind
from accounts.models import Unit, User
from core.money import percent
from credit.choices import RiskClass
from credit.models import Borrower, Loan
from workflow.models import Document
from workflow.querysets import SignedFactQuerySet


class SiteInspection(models.Model):
    """A visit that was made: when, to whom, with which conclusion. Written when its 附件3 is locked, never edited.

    `replaced_on` is the day on which a correction took its place.
    """

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")
    inspected_on = models.DateField("检查日期")
    proposed_class = models.CharField("拟风险分类", max_length=16, choices=RiskClass.choices)
    next_frequency = models.CharField("下期检查频率", max_length=20)
    overall = models.CharField("总体评价", max_length=20)
    known_on = models.DateField("知悉日期")
    replaced_on = models.DateField("更正日期", null=True)

    objects = SignedFactQuerySet.as_manager()

    class Meta:
        ordering = ("-inspected_on",)
        constraints = (
            models.CheckConstraint(
                condition=Q(proposed_class__in=RiskClass.values), name="a_visit_proposes_a_class"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower} {self.inspected_on}"


class FirstCheckRecord(models.Model):
    """A first check of a loan (贷后管理办法（公司）第八条): known from the day on which its table is handed in.

    `fill_by` is the day by which it had to be. Sent back or corrected, another record takes its place.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    checked_on = models.DateField("检查日期")
    fill_by = models.DateField("应填表日")
    use_changed = models.BooleanField("改变用途")
    explained = models.CharField("改变用途的说明", max_length=500, blank=True)
    conditions_met = models.BooleanField("限制性条件已落实")
    known_on = models.DateField("提交日")
    replaced_on = models.DateField("更正日期", null=True)

    objects = SignedFactQuerySet.as_manager()

    class Meta:
        ordering = ("-known_on", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(replaced_on__isnull=True),
                name="a_first_check_is_told_once",
            ),
            models.CheckConstraint(
                condition=Q(use_changed=False) | ~Q(explained=""), name="a_changed_use_is_explained"
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("checked_on")), name="a_check_is_told_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.loan} {self.checked_on}"

    @property
    def is_late(self) -> bool:
        """Whether its table was handed in too late."""
        return self.known_on > self.fill_by


class SampleQuerySet(models.QuerySet):
    """Samples."""

    def visible_to(self, user: User) -> SampleQuerySet:
        """Of the branches whose business, or a department of whose, the person reads."""
        scope = user.scope
        if scope.reads_all:
            return self
        departments = Unit.objects.filter(
            pk__in=scope.unit_ids, kind=UnitKind.DEPARTMENT, parent=OuterRef("unit")
        )
        return self.filter(Q(unit__in=scope.unit_ids) | Exists(departments))


class Sample(models.Model):
    """The draw of a branch for a period (正常类抽查: 贷款贷后管理规定第二条). Never drawn again.

    `seed`, `population` (customer numbers) and `rate` are kept, so that anybody can draw it once more
    (`inspections.rules.draw`) and find the same borrowers.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    scheme = models.CharField("管理方案", max_length=8)
    period_key = models.CharField("期间", max_length=60)
    first_on = models.DateField("期间起")
    last_on = models.DateField("期间止")
    drawn_on = models.DateField("抽取日")
    rate = models.DecimalField("抽查比例", max_digits=9, decimal_places=6)
    seed = models.CharField("种子", max_length=64)
    population = models.JSONField("总体名单")

    objects = SampleQuerySet.as_manager()

    class Meta:
        verbose_name = "抽查样本"
        ordering = ("-first_on", "unit__path")
        constraints = (
            models.UniqueConstraint(fields=["scheme", "unit", "period_key"], name="a_period_is_sampled_once"),
            models.CheckConstraint(condition=Q(rate__gt=0, rate__lte=1), name="a_sample_takes_a_share"),
            models.CheckConstraint(
                condition=Q(drawn_on__gte=F("first_on"), drawn_on__lte=F("last_on")),
                name="a_sample_is_drawn_in_its_period",
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit} {self.scheme} {self.period_key}"

    @property
    def rate_percent(self) -> str:
        """The share in per cent without trailing zeros."""
        return percent(self.rate)


class SampledBorrower(models.Model):
    """A borrower that was drawn."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="drawn")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("sample", "borrower")
        constraints = (
            models.UniqueConstraint(fields=["sample", "borrower"], name="a_borrower_is_drawn_once"),
        )

    def __str__(self) -> str:
        return f"{self.sample_id} {self.borrower_id}"

"""The money for what falls due: what was looked at day by day, and what lies ahead. Money in 元, to the cent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from credit.models import Borrower, Loan
from credit.models.borrowers import OfBorrowerQuerySet
from monitoring.choices import DebtKind
from monitoring.querysets import FundsCheckQuerySet

# A claim under a letter of guarantee is due on the day it comes: there is nothing to look at beforehand.
CHECKED = (DebtKind.INTEREST, DebtKind.LOAN, DebtKind.ACCEPTANCE)


class FundsCheck(models.Model):
    """On a day it was looked at whether the money for a debt that falls due soon is there (本息催收). Appended.

    `required` is met `from_collateral` (margin, pledged deposits), `from_balance` after everything that comes before
    it, and the rest is `short`. `made_of` names the debts that took of the balance before it. `check_day` is by when
    the money must be there.
    """

    on = models.DateField("核对日")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("债务", max_length=12, choices=DebtKind.choices)
    due_on = models.DateField("应还日")
    check_day = models.DateField("检查日")
    required = models.DecimalField("应备金额", max_digits=18, decimal_places=2)
    from_collateral = models.DecimalField(
        "保证金与存单", db_column="from_pots", max_digits=18, decimal_places=2
    )
    from_balance = models.DecimalField("账户可用", max_digits=18, decimal_places=2)
    short = models.DecimalField("缺口", max_digits=18, decimal_places=2)
    available = models.DecimalField("客户可用余额", max_digits=18, decimal_places=2)
    made_of = models.JSONField("先于本笔的债务", default=list)

    objects = FundsCheckQuerySet.as_manager()

    class Meta:
        ordering = ("on", "due_on", "loan", "kind")
        constraints = (
            models.UniqueConstraint(
                fields=["loan", "due_on", "kind", "on"], name="a_debt_is_checked_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(
                    required__gt=0,
                    from_collateral__gte=0,
                    from_balance__gte=0,
                    short__gte=0,
                    available__gte=0,
                ),
                name="what_is_checked_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(required=F("from_collateral") + F("from_balance") + F("short")),
                name="what_is_required_is_met_or_short",
            ),
            models.CheckConstraint(
                condition=Q(from_balance__lte=F("available")), name="no_more_is_taken_than_is_available"
            ),
            models.CheckConstraint(
                condition=Q(on__lte=F("due_on"), check_day__lte=F("due_on")),
                name="funds_are_checked_before_they_are_due",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in CHECKED]),
                name="a_claim_is_not_checked_beforehand",
            ),
        )
        indexes = (models.Index(fields=["on"], condition=Q(short__gt=0), name="funds_short_on_a_day"),)

    def __str__(self) -> str:
        return f"{self.loan_id} {self.due_on} {self.on}"


class FundsOutlook(models.Model):
    """What a borrower's ladder says of the next 30 and 90 days, and beside it what usually comes in. One a day.

    `usual_30` and `usual_90` are learnt from the borrower's own months, and never mixed into what is short; empty
    where there are too few months to learn from.
    """

    on = models.DateField("推算日")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")
    available = models.DecimalField("可用余额", max_digits=18, decimal_places=2)
    due_30 = models.DecimalField("30 天内应还", max_digits=18, decimal_places=2)
    due_90 = models.DecimalField("90 天内应还", max_digits=18, decimal_places=2)
    short_30 = models.DecimalField("30 天内缺口", max_digits=18, decimal_places=2)
    short_90 = models.DecimalField("90 天内缺口", max_digits=18, decimal_places=2)
    first_short_on = models.DateField("首次不足日", null=True)
    usual_30 = models.DecimalField("30 天惯常流入", max_digits=18, decimal_places=2, null=True)
    usual_90 = models.DecimalField("90 天惯常流入", max_digits=18, decimal_places=2, null=True)

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ("on", "first_short_on", "borrower")
        constraints = (
            models.UniqueConstraint(fields=["borrower", "on"], name="one_outlook_a_day"),
            models.CheckConstraint(
                condition=Q(short_30__gte=0, short_90__gte=F("short_30"), due_90__gte=F("due_30")),
                name="ninety_days_hold_the_thirty",
            ),
        )
        indexes = (models.Index(fields=["on"], condition=Q(short_90__gt=0), name="outlooks_that_fall_short"),)

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.on}"

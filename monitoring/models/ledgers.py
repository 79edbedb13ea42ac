"""附件2: what each account and borrower moved in a month, and what was said of it. Money in 元, shares as fractions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from credit.models import Account, Borrower
from credit.models.borrowers import OfBorrowerQuerySet
from monitoring.querysets import OfAccountsQuerySet, OfReviewsQuerySet
from workflow.models import Document

_MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
_SHARE: dict[str, Any] = {"max_digits": 9, "decimal_places": 6}


class AccountMonth(models.Model):
    """One account in one month, computed from its transactions when the month was over. Appended.

    `difference` is what the balances and the movements do not explain: closing - opening - inflow + outflow.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    month = models.DateField("月份")  # its first day
    opening = models.DecimalField("期初余额", **_MONEY)
    inflow = models.DecimalField("流入", **_MONEY)
    inflow_count = models.PositiveIntegerField("流入笔数")
    outflow = models.DecimalField("流出", **_MONEY)
    outflow_count = models.PositiveIntegerField("流出笔数")
    closing = models.DecimalField("期末余额", **_MONEY)
    average = models.DecimalField("日均余额", **_MONEY)
    difference = models.DecimalField("余额差异", **_MONEY)
    # By what they are: key → 元 as a string of digits (ledgers.FLOWS names the keys).
    flows = models.JSONField("分项", default=dict)

    objects = OfAccountsQuerySet.as_manager()

    class Meta:
        ordering = ("month", "account")
        constraints = (
            models.UniqueConstraint(fields=["account", "month"], name="an_account_has_one_month"),
            models.CheckConstraint(
                condition=Q(inflow__gte=0, outflow__gte=0), name="flows_of_a_month_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(difference=F("closing") - F("opening") - F("inflow") + F("outflow")),
                name="a_month_adds_up_to_its_difference",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m}"


class BorrowerMonth(models.Model):
    """One borrower in one month: shares of credit, deposits and settlement, and what is unusual. Appended.

    `other_credit` is empty where nobody has said what other lenders lend. `marks` lists what is unusual, each with
    code, sentence, value and threshold; an empty list can be confirmed in a batch.
    """

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")
    month = models.DateField("月份")
    our_credit = models.DecimalField("我行信用余额", **_MONEY)
    syndicated_credit = models.DecimalField("其中银团份额", **_MONEY)
    other_credit = models.DecimalField("他行融资余额", null=True, **_MONEY)
    credit_share = models.DecimalField("我行信用占比", null=True, **_SHARE)
    sales_receipts = models.DecimalField("销售回款", **_MONEY)
    declared_sales = models.DecimalField("申报月销售收入", null=True, **_MONEY)
    settlement_share = models.DecimalField("结算份额", null=True, **_SHARE)
    average_deposit = models.DecimalField("存款日均", **_MONEY)
    deposit_share = models.DecimalField("存款份额", null=True, **_SHARE)
    group_in = models.DecimalField("集团成员转入", **_MONEY)
    group_out = models.DecimalField("转给集团成员", **_MONEY)
    marks = models.JSONField("异动", default=list)
    computed_on = models.DateField("计算日")

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ("month", "borrower")
        constraints = (
            models.UniqueConstraint(fields=["borrower", "month"], name="a_borrower_has_one_month"),
            models.CheckConstraint(
                condition=Q(our_credit__gte=F("syndicated_credit"), syndicated_credit__gte=0),
                name="a_syndicated_part_is_part_of_the_credit",
            ),
        )
        indexes = (models.Index(fields=["month"], name="months_of_borrowers"),)

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.month:%Y-%m}"

    @property
    def is_unusual(self) -> bool:
        """Whether it has to be looked at by itself."""
        return bool(self.marks)


class AccountLedgerReview(models.Model):
    """附件2 as signed: what the customer manager says of a month (第二十一条)."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    month = models.ForeignKey(BorrowerMonth, on_delete=models.PROTECT, related_name="+")
    is_normal = models.BooleanField("往来与购销模式相符")
    reviewed_on = models.DateField("监测日期")
    in_batch = models.BooleanField("批量确认", default=False)
    known_on = models.DateField("知悉日期")
    replaced_on = models.DateField("更正日期", null=True)

    objects = OfReviewsQuerySet.as_manager()

    class Meta:
        ordering = ("month", "pk")

    def __str__(self) -> str:
        return f"{self.month_id}"

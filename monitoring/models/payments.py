"""Payments of loan money: who may review how much, what was asked for, reviewed, released, refused, let pass.

Money in 元.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.choices import Role
from accounts.models import User
from credit.choices import PaymentMode
from credit.models import Account, Counterparty, Loan, Transaction
from monitoring.choices import PaymentStatus
from monitoring.models.misuse import MisuseCase
from monitoring.querysets import (
    OfAccountsQuerySet,
    OfLoansQuerySet,
    PassedSlipQuerySet,
    PaymentAuthorityQuerySet,
)
from workflow.models import Document


class PaymentAuthority(models.Model):
    """Who reviews payments of the borrowers of one principal from a day on (第十八条). Appended: a new one replaces."""

    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="经营主责任人")
    from_on = models.DateField("生效日")
    recorded_at = models.DateTimeField("设定时间")

    objects = PaymentAuthorityQuerySet.as_manager()

    class Meta:
        verbose_name = "审核权限"
        ordering = ("set_by", "-from_on", "-pk")

    def __str__(self) -> str:
        return f"{self.set_by_id} {self.from_on}"


class PaymentTier(models.Model):
    """One step of an authority: who reviews payments up to so many 元; without a limit, every amount.

    `person` narrows the post to one of its holders.
    """

    authority = models.ForeignKey(PaymentAuthority, on_delete=models.PROTECT, related_name="tiers")
    place = models.PositiveSmallIntegerField("级次")
    role = models.CharField("审核岗位", max_length=20, choices=Role.choices)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    up_to = models.DecimalField("权限金额", max_digits=18, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ("authority", "place")
        constraints = (
            models.UniqueConstraint(fields=["authority", "place"], name="a_tier_has_its_own_place"),
            models.UniqueConstraint(fields=["authority", "role"], name="a_post_has_one_tier"),
            models.UniqueConstraint(
                fields=["authority", "up_to"], nulls_distinct=False, name="a_limit_is_given_once"
            ),
            models.CheckConstraint(
                condition=Q(up_to__isnull=True) | Q(up_to__gt=0), name="a_tier_has_a_limit"
            ),
        )

    def __str__(self) -> str:
        return f"{self.authority_id} {self.place}"


class Payment(models.Model):
    """A payment of loan money: submitted by the customer line, reviewed by the risk line, released by accounting.

    Three different people (第十六条). `transaction` is the movement that carried it out, once it has arrived.
    """

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField("支付方式", max_length=10, choices=PaymentMode.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="付款账户")
    counterparty = models.ForeignKey(
        Counterparty, on_delete=models.PROTECT, related_name="+", verbose_name="登记的交易对手"
    )
    payee_name = models.CharField("收款人", max_length=120)
    payee_account = models.CharField("收款账号", max_length=40)
    payee_bank = models.CharField("收款行", max_length=80, blank=True)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    purpose = models.CharField("用途", max_length=200)
    status = models.CharField("状态", max_length=10, choices=PaymentStatus.choices)
    submitted_on = models.DateField("提交日")
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewed_on = models.DateField("审核日", null=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    released_on = models.DateField("放行日", null=True)
    released_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+", null=True)

    objects = OfLoansQuerySet.as_manager()

    class Meta:
        verbose_name = "支付"
        ordering = ("-submitted_on", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_has_an_amount"),
            models.CheckConstraint(
                condition=Q(reviewed_on__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_on__isnull=False, reviewed_by__isnull=False),
                name="a_review_has_its_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(released_on__isnull=True, released_by__isnull=True)
                | Q(released_on__isnull=False, released_by__isnull=False),
                name="a_release_has_its_releaser",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["REVIEWED", "RELEASED"]) | Q(reviewed_on__isnull=False),
                name="nothing_is_released_without_a_review",
            ),
            models.CheckConstraint(
                condition=Q(status="RELEASED", released_on__isnull=False)
                | (~Q(status="RELEASED") & Q(released_on__isnull=True, transaction__isnull=True)),
                name="only_what_is_released_is_paid",
            ),
            models.CheckConstraint(
                condition=(Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("submitted_by")))
                & (
                    Q(released_by__isnull=True)
                    | (~Q(released_by=F("submitted_by")) & ~Q(released_by=F("reviewed_by")))
                ),
                name="a_payment_passes_three_people",
            ),
        )
        indexes = (models.Index(fields=["account", "payee_account", "amount"], name="payments_to_find"),)

    def __str__(self) -> str:
        return f"{self.loan_id} {self.amount}"


class AtCounter(models.Model):
    """What accounting answered to a slip (付款单据). Appended.

    `case`: the freeze of a contract whose loan money lies on the account (第二十三条).
    """

    on = models.DateField("日期")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="会计")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="付款账户")
    payee_name = models.CharField("收款人", max_length=120)
    payee_account = models.CharField("收款账号", max_length=40, blank=True)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    case = models.ForeignKey(MisuseCase, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        abstract = True
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount}"


class RefusedRelease(AtCounter):
    """A payment that accounting refused: nobody had reviewed it (第十九条), or its contract is frozen."""

    reason = models.CharField("拒办原因", max_length=300)

    objects = OfAccountsQuerySet.as_manager()

    class Meta(AtCounter.Meta):
        verbose_name = "拒办记录"
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_refused_release_has_an_amount"),
        )


class PassedSlip(AtCounter):
    """A payment that the counter let go as the customer's own money, beside loan money that must not go.

    `own`: the customer's own money on the account before it. One that the customer did not carry out is undone by a
    row that `reverses` it.
    """

    own = models.DecimalField("客户自有资金", max_digits=18, decimal_places=2)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, related_name="undone_by", null=True)

    objects = PassedSlipQuerySet.as_manager()

    class Meta(AtCounter.Meta):
        verbose_name = "自有资金放行"
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=F("own")),
                name="no_more_passes_than_is_the_customers_own",
            ),
        )

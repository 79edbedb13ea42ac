"""Accounts at the lender, their balances and transactions. Money in 元, to the cent."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from accounts.models import Unit
from credit.choices import AccountKind, Channel, Direction
from credit.models.borrowers import Borrower, OfBorrowerQuerySet
from credit.models.loans import Loan
from credit.querysets import FactQuerySet


class OfAccountQuerySet(FactQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """Dated facts of an account."""

    borrower_path = "account__borrower"


class Account(models.Model):
    """A borrower's account. Only a margin or overdraft-permitted account may be below zero."""

    number = models.CharField("账号", max_length=40, unique=True)
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="accounts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("账户性质", max_length=20, choices=AccountKind.choices)
    opened_on = models.DateField("开户日")
    overdraft = models.BooleanField("允许透支", default=False)

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return self.number

    @staticmethod
    def plain(number: str) -> str:
        """A number as two are compared: no blanks, no dashes."""
        return number.replace(" ", "").replace("-", "")


class AccountBalance(models.Model):
    """An account's balance at the end of a day; a row is kept only when it changed."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances")
    effective_on = models.DateField("数据日期")
    known_on = models.DateField("知悉日期")
    balance = models.DecimalField("余额", max_digits=18, decimal_places=2)
    frozen = models.DecimalField("冻结止付金额", max_digits=18, decimal_places=2, default=0)
    correction = models.PositiveSmallIntegerField("更正序号", default=0)  # the same day, delivered again

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ("account", "effective_on", "known_on")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "effective_on", "known_on", "correction"],
                name="one_balance_per_account_and_day",
            ),
            models.CheckConstraint(condition=Q(frozen__gte=0), name="a_frozen_amount_is_not_negative"),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_balance_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.effective_on}"


class Transaction(models.Model):
    """One movement on an account; appended. A reversal (冲正) names the movement that it undoes."""

    # Ten million rows: one index each is enough, for the number (below) and for an account with its days.
    number = models.CharField("流水号", max_length=60)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="transactions", db_index=False
    )
    effective_on = models.DateField("交易日")
    known_on = models.DateField("知悉日期")
    direction = models.CharField("方向", max_length=6, choices=Direction.choices)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    balance_after = models.DecimalField("交易后余额", max_digits=18, decimal_places=2, null=True)
    counterparty_name = models.CharField("对方户名", max_length=120, blank=True)
    counterparty_account = models.CharField("对方账号", max_length=40, blank=True)
    counterparty_bank = models.CharField("对方行", max_length=80, blank=True)
    summary = models.CharField("摘要", max_length=120, blank=True)
    channel = models.CharField("渠道", max_length=12, choices=Channel.choices, blank=True, db_default="")
    # Few movements have either: partial indexes, so that the others cost nothing.
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, db_index=False, verbose_name="冲正流水"
    )
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="+", null=True, db_index=False, verbose_name="借据"
    )  # whose disbursement or repayment it is, where the core system says so

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ("account", "effective_on", "id")
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_transaction_is_not_negative"),
            models.UniqueConstraint(fields=["number"], name="a_movement_has_its_own_number"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="a_movement_is_undone_once"
            ),
        )
        indexes = (
            models.Index(fields=["account", "effective_on"], name="transactions_of_an_account"),
            models.Index(fields=["loan"], condition=Q(loan__isnull=False), name="transactions_of_a_loan"),
            # Appended day by day, so that the days lie in the order of the table.
            BrinIndex(fields=["known_on"], name="transactions_by_known_day", pages_per_range=32),
        )

    def __str__(self) -> str:
        return self.number

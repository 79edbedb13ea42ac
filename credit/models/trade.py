"""Whom a borrower trades with, what it sells and buys, and what other lenders lend it. Money in 元."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q

from credit.choices import CounterpartyRelation
from credit.models.borrowers import Borrower, OfBorrowerQuerySet
from credit.models.loans import Contract
from credit.querysets import FactQuerySet


class CounterpartyQuerySet(OfBorrowerQuerySet):
    """Counterparties."""

    def standing(self, on: date) -> CounterpartyQuerySet:
        """Counterparties registered by the day and not stopped by it."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on), known_on__lte=on)


class OfTradeQuerySet(FactQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """Dated facts of a borrower."""

    def last_of_each(self, on: date, *per: str) -> Any:
        """The last one of each borrower (and of each value of `per`) by the day, as known then."""
        each = ("borrower_id", *per)
        rows: Any = self.known(on)
        return rows.order_by(*each, "-effective_on", "-known_on", "-pk").distinct(*each)


class Counterparty(models.Model):
    """Somebody with whom a borrower trades (交易对手登记); loan money is paid to nobody else (第十七条).

    Under a `contract` where it is registered for that one only.
    """

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="counterparties")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    name = models.CharField("户名", max_length=120)
    account = models.CharField("账号", max_length=40)
    bank = models.CharField("开户行", max_length=80, blank=True)
    relation = models.CharField("关系", max_length=12, choices=CounterpartyRelation.choices)
    known_on = models.DateField("登记日")
    ended_on = models.DateField("停用日", null=True, blank=True)

    objects = CounterpartyQuerySet.as_manager()

    class Meta:
        ordering = ("borrower", "name", "account")
        constraints = (
            models.UniqueConstraint(
                fields=["borrower", "account"], name="an_account_is_registered_once_for_a_borrower"
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(account=""), name="a_counterparty_has_name_and_account"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("known_on")),
                name="a_counterparty_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.account}"


class OtherDebt(models.Model):
    """What another lender lent a borrower, as a report of that day says (他行融资：征信). Zero when it is repaid."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="other_debts")
    lender = models.CharField("融资机构", max_length=80)
    effective_on = models.DateField("数据日期")
    known_on = models.DateField("知悉日期")
    balance = models.DecimalField("余额", max_digits=18, decimal_places=2)

    objects = OfTradeQuerySet.as_manager()

    class Meta:
        ordering = ("borrower", "lender", "effective_on")
        constraints = (
            models.UniqueConstraint(
                fields=["borrower", "lender", "effective_on"], name="one_debt_per_lender_and_day"
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="a_debt_elsewhere_is_not_negative"),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_debt_elsewhere_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.lender} {self.effective_on}"


class DeclaredSales(models.Model):
    """How a borrower says that it trades, from a day on (申报购销模式): what it sells and buys in a month, with tax."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="declared_sales")
    effective_on = models.DateField("起用日期")
    known_on = models.DateField("知悉日期")
    monthly_sales = models.DecimalField("月销售收入（含税）", max_digits=18, decimal_places=2)
    monthly_purchases = models.DecimalField("月采购支出（含税）", max_digits=18, decimal_places=2)
    note = models.CharField("购销模式", max_length=300, blank=True)

    objects = OfTradeQuerySet.as_manager()

    class Meta:
        ordering = ("borrower", "effective_on")
        constraints = (
            models.UniqueConstraint(
                fields=["borrower", "effective_on"], name="one_declaration_per_borrower_and_day"
            ),
            models.CheckConstraint(
                condition=Q(monthly_sales__gte=0, monthly_purchases__gte=0),
                name="declared_sales_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_declaration_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.effective_on}"

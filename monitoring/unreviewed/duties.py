"""The duties around payments: what left or would have left without review or under a freeze; accounts to be held."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, ClassVar

from django.db.models import (
    CharField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.selectors import holders_in_branch
from core.money import yuan
from core.parameters import Policy
from credit.choices import ResponsibleRole
from credit.models import Borrower
from credit.selectors.responsible import branch_of_unit, latest_loans, responsible_for
from monitoring.choices import SignalKind
from monitoring.models import RefusedRelease, Signal
from workflow.choices import SubjectKind
from workflow.duties import EachFact, Owner, Told, as_told
from workflow.models import WorkItem

REFUSED, SIGNAL = "refused", "signal"
KIND, FROZEN = "unreviewed_payment", "frozen_contract"
OF_A_FREEZE = tuple(kind for kind in SignalKind if kind.is_of_a_freeze)
WORDS_LONGEST = 270  # of a reason


class ImmediateNotice(EachFact):
    """What the risk manager has to answer at once; one duty for each refused release and each open signal."""

    subject = SubjectKind.BORROWER
    post = Role.RISK_MANAGER
    parameter = "unreviewed.within"
    otherwise = "资金信号已认定"  # what was refused is a fact for good
    kinds: ClassVar[Collection[SignalKind]]
    of_a_freeze: ClassVar[bool]

    def refused(self, on: date) -> QuerySet[RefusedRelease]:
        """What accounting refused by the day."""
        return RefusedRelease.objects.filter(on__lte=on, case__isnull=not self.of_a_freeze)

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of whom a release was refused, or with an open signal."""
        told = Signal.objects.undecided(self.kinds, on).order_by().values_list("borrower")
        return self.refused(on).order_by().values_list("account__borrower").union(told)

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """What was refused, then what a signal tells, of the borrower."""
        refused = self.refused(on).filter(account__borrower=OuterRef("pk")).order_by("pk")
        told = Signal.objects.undecided(self.kinds, on).filter(borrower=OuterRef("pk")).order_by("pk")
        amount = Cast("amount", CharField())
        return [
            as_told(refused, REFUSED, day="on", amount=amount, payee="payee_name", text="reason"),
            as_told(told, SIGNAL, day="known_on", amount=amount, account="account__number", text="text"),
        ]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of whom a release was refused, or with an open signal or an open duty of this rule."""
        ids = self.affected(on, policy).union(self.standing().order_by().values_list("subject_id"))
        own, loans = responsible_for(ResponsibleRole.RISK_MANAGER, "pk", on), latest_loans("pk")
        rows = (
            Borrower.objects.filter(pk__in=ids)
            .only("number", "name")
            .annotate(
                duty_unit=Subquery(loans.values("unit")[:1]),
                branch=Subquery(loans.annotate(b=branch_of_unit()).values("b")[:1]),
            )
            .annotate(
                duty_person=Coalesce(
                    Subquery(own.values("person")[:1]),
                    Subquery(holders_in_branch(Role.RISK_MANAGER, on, "branch").values("person")[:1]),
                )
            )
        )
        return self.with_facts(rows, on, policy)

    def days(self, row: Any, fact: Told, on: date, policy: Policy) -> tuple[date, date]:
        """What was refused is known at the counter, what a day shows on the next workday."""
        seen = fact.day if fact.sort == REFUSED else policy.calendar.add_workdays(fact.day, 1)
        return fact.day, policy.calendar.within(seen, self.figure(row, policy).value)

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What happened, and that it cannot wait."""
        what = self.refused_words(fact) if fact.sort == REFUSED else self.told_words(fact)
        return f"{what[:WORDS_LONGEST]}，请立即核实处理。"

    def refused_words(self, fact: Told) -> str:
        """What accounting refused, in a sentence without its end."""
        raise NotImplementedError

    def told_words(self, fact: Told) -> str:
        """What a signal tells, in a sentence without its end."""
        raise NotImplementedError

    def owner(self, row: Any) -> Owner:
        """The borrower's risk manager, else whoever holds the post in the branch."""
        return Owner(row.number, row.name, row.duty_unit, row.duty_person)


class UnreviewedPayment(ImmediateNotice):
    """第十九条: 未经审核的划转立即通知风险经理."""

    obligation = "GR-19"
    kind = KIND
    title = _("处理未经审核的划转")
    listed = _("未经审核划转处理")
    kinds = (SignalKind.UNREVIEWED,)
    of_a_freeze = False

    def refused_words(self, fact: Told) -> str:
        """Nobody had reviewed it."""
        payee, amount = fact.read["payee"], yuan(fact.read["amount"])
        return f"{fact.day:%m-%d} 柜面拒办未经审核的支付 {amount} 元（收款人“{payee}”）"

    def told_words(self, fact: Told) -> str:
        """A movement that left unreviewed."""
        return f"{fact.day:%m-%d} 账户 {fact.read['account']} 未经审核划付 {yuan(fact.read['amount'])} 元"


def duties_of_signals(signals: Iterable[Signal]) -> QuerySet[WorkItem]:
    """The risk manager's open duties that a decision about these signals discharges."""
    keys = [f"{SIGNAL}:{signal.pk}" for signal in signals]
    return WorkItem.objects.open().filter(kind__in=[KIND, FROZEN], period_key__in=keys)


RULES = (UnreviewedPayment(),)

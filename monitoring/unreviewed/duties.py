"""The duties around payments: what left or would have left without review or under a freeze; accounts to be held."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce, JSONObject

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
from workflow.duties import Owner, Required, Rule, Verdict
from workflow.models import WorkItem

REFUSED, SIGNAL = "refused", "signal"
KIND, FROZEN = "unreviewed_payment", "frozen_contract"
OF_A_FREEZE = tuple(kind for kind in SignalKind if kind.is_of_a_freeze)
WORDS_LONGEST = 270  # of a reason


class ImmediateNotice(Rule):
    """What the risk manager has to answer at once; one duty for each refused release and each open signal."""

    subject = SubjectKind.BORROWER
    post = Role.RISK_MANAGER
    kinds: ClassVar[Collection[SignalKind]]
    of_a_freeze: ClassVar[bool]

    def refused(self, on: date) -> QuerySet[RefusedRelease]:
        """What accounting refused by the day."""
        return RefusedRelease.objects.filter(on__lte=on, case__isnull=not self.of_a_freeze)

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of whom a release was refused, or with an open signal."""
        told = Signal.objects.undecided(self.kinds, on).order_by().values_list("borrower")
        return self.refused(on).order_by().values_list("account__borrower").union(told)

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of whom a release was refused, or with an open signal or an open duty of this rule."""
        refused, told = self.refused(on), Signal.objects.undecided(self.kinds, on)
        ids = self.affected(on, policy).union(self.standing().order_by().values_list("subject_id"))
        own, loans = responsible_for(ResponsibleRole.RISK_MANAGER, "pk", on), latest_loans("pk")
        return (
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
                ),
                refused=ArraySubquery(
                    _facts(
                        refused.filter(account__borrower=OuterRef("pk")),
                        day="on",
                        payee="payee_name",
                        text="reason",
                    )
                ),
                told=ArraySubquery(
                    _facts(
                        told.filter(borrower=OuterRef("pk")),
                        day="known_on",
                        payee="account__number",
                        text="text",
                    )
                ),
            )
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Each fact by its own: what was refused is known at the counter, what a day shows on the next workday."""
        within = policy.get("BASE", "unreviewed.within")
        required = []
        for prefix, facts in ((REFUSED, row.refused), (SIGNAL, row.told)):
            for fact in facts:
                day = date.fromisoformat(fact["day"])
                seen = day if prefix == REFUSED else policy.calendar.add_workdays(day, 1)
                words = self.refused_words(fact, day) if prefix == REFUSED else self.told_words(fact, day)
                required.append(
                    Required(
                        f"{prefix}:{fact['id']}",
                        day,
                        policy.calendar.within(seen, within.value),
                        f"{words[:WORDS_LONGEST]}，请立即核实处理。",
                        within.version_id,
                    )
                )
        # Only a signal that was decided is no longer required, late or not.
        return Verdict(tuple(required), "资金信号已认定", nothing_more=True)

    def refused_words(self, fact: dict[str, Any], day: date) -> str:
        """What accounting refused, in a sentence without its end."""
        raise NotImplementedError

    def told_words(self, fact: dict[str, Any], day: date) -> str:
        """What a signal tells, in a sentence without its end."""
        raise NotImplementedError

    def owner(self, row: Any) -> Owner:
        """The borrower's risk manager, else whoever holds the post in the branch."""
        return Owner(row.number, row.name, row.duty_unit, row.duty_person)


class UnreviewedPayment(ImmediateNotice):
    """第十九条: 未经审核的划转立即通知风险经理."""

    obligation = "GR-19"
    kind = KIND
    kinds = (SignalKind.UNREVIEWED,)
    of_a_freeze = False

    def refused_words(self, fact: dict[str, Any], day: date) -> str:
        """Nobody had reviewed it."""
        return f"{day:%m-%d} 柜面拒办未经审核的支付 {yuan(fact['amount'])} 元（收款人“{fact['payee']}”）"

    def told_words(self, fact: dict[str, Any], day: date) -> str:
        """A movement that left unreviewed."""
        return f"{day:%m-%d} 账户 {fact['payee']} 未经审核划付 {yuan(fact['amount'])} 元"


def _facts(rows: QuerySet[Any], *, day: str, payee: str, text: str) -> QuerySet[Any]:
    return rows.order_by("pk").values(
        json=JSONObject(
            id="pk", day=Cast(day, CharField()), amount=Cast("amount", CharField()), payee=payee, text=text
        )
    )


def duties_of_signals(signals: Iterable[Signal]) -> QuerySet[WorkItem]:
    """The risk manager's open duties that a decision about these signals discharges."""
    keys = [f"{SIGNAL}:{signal.pk}" for signal in signals]
    return WorkItem.objects.open().filter(kind__in=[KIND, FROZEN], period_key__in=keys)


RULES = (UnreviewedPayment(),)

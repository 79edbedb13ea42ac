"""The duties around payments: what left or would have left without review or under a freeze; accounts to be held."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Exists,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce, JSONObject

from accounts.choices import Role
from accounts.selectors import holders_in_branch
from core.money import yuan
from core.policy import Policy
from credit.choices import ResponsibleRole
from credit.duties import ManagedLoanRule, branch_of_unit, latest_loans, responsible_for, under
from credit.models import Borrower, Clause, Loan
from monitoring.choices import SignalKind, SignalStatus
from monitoring.models import RefusedRelease, Signal
from monitoring.payments.balances import may_need_review, with_unpaid
from monitoring.payments.needs import agreed_by, need
from monitoring.payments.supervised import marks_of
from workflow.choices import SubjectKind
from workflow.duties import Owner, Required, Rule, Verdict
from workflow.models import WorkItem
from workflow.services.days import go_live_on

REFUSED, SIGNAL = "refused", "signal"
KIND, FROZEN = "unreviewed_payment", "frozen_contract"
OF_A_FREEZE = tuple(kind for kind in SignalKind if kind.is_of_a_freeze)
WORDS_LONGEST = 270  # of a reason


class ToldAtOnce(Rule):
    """What the risk manager has to answer at once; one duty for each refused release and each open signal."""

    subject = SubjectKind.BORROWER
    post = Role.RISK_MANAGER
    kinds: ClassVar[Collection[SignalKind]]
    of_a_freeze: ClassVar[bool]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers of whom a release was refused, or with an open signal or an open duty of this rule."""
        refused = RefusedRelease.objects.filter(on__lte=on, case__isnull=not self.of_a_freeze)
        told = Signal.objects.filter(kind__in=self.kinds, status=SignalStatus.OPEN, known_on__lte=on)
        ids = (
            refused.order_by().values_list("account__borrower")
            .union(told.order_by().values_list("borrower"))
            .union(self.standing().order_by().values_list("subject_id"))
        )  # fmt: skip
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


class UnreviewedPayment(ToldAtOnce):
    """第十九条: 未经审核的划转立即通知风险经理."""

    obligation = "GR-19"
    kind = KIND
    kinds = (SignalKind.UNREVIEWED,)
    of_a_freeze = False

    def refused_words(self, fact: dict[str, Any], day: date) -> str:
        """Nobody had reviewed it."""
        return f"{day:%m-%d} 柜面拒办未经审核的支付 {yuan(fact['amount'])} 元（收款人“{fact['payee']}”）"

    def told_words(self, fact: dict[str, Any], day: date) -> str:
        """It left unreviewed."""
        return f"{day:%m-%d} 账户 {fact['payee']} 未经审核划付 {yuan(fact['amount'])} 元"


class FrozenContract(ToldAtOnce):
    """第二十三条: 暂停用款; loan money of a frozen contract that would have left, that left, or that was lent."""

    obligation = "GR-23"
    clause = "c"
    part = "frozen"
    kind = FROZEN
    kinds = OF_A_FREEZE
    of_a_freeze = True

    def refused_words(self, fact: dict[str, Any], day: date) -> str:
        """The freeze stopped it."""
        return (
            f"{day:%m-%d} 柜面拒办支付 {yuan(fact['amount'])} 元（收款人“{fact['payee']}”）：{fact['text']}"
        )

    def told_words(self, fact: dict[str, Any], day: date) -> str:
        """What the signal says."""
        return str(fact["text"]).removesuffix("。")


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


class SupervisedAccounts(ManagedLoanRule):
    """第二十六条: 需监管的账户标识为受控账户; while reviewed loan money is unpaid on an account that is not marked."""

    obligation = "GR-26"
    kind = "supervised_account"
    scheme = "GR"

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans that may need review and whose account is not marked, or with an open duty of this rule."""
        having = (
            Loan.objects.filter(under(policy, self.scheme), may_need_review(policy), starts_on__lte=on)
            .exclude(settlement_account="")
            .exclude(Exists(marks_of("settlement_account", on)))
        )
        if first := go_live_on():
            having = having.filter(starts_on__gte=first)
        rows = self.loans(on, policy, self.scheme, having=having.order_by().values_list("pk"))
        clauses = Clause.objects.known(on).filter(contract=OuterRef("contract")).order_by("place")
        return with_unpaid(rows, on).annotate(
            clauses=ArraySubquery(
                clauses.values(json=JSONObject(kind="kind", payment_mode="payment_mode", place="place"))
            ),
            marked_on=Subquery(marks_of("settlement_account", on).values("marked_on")[:1]),
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for a loan: to have the account marked within so many days of the grant."""
        if not row.is_live:
            return Verdict((), "已无余额，不再需要监管账户", nothing_more=True)
        if row.marked_on is not None:
            return Verdict((), "账户已标识为受控", nothing_more=True)
        asked = need(row.product, row.amount, agreed_by([Clause(**clause) for clause in row.clauses]), policy)
        if not asked.is_reviewed or row.unpaid <= 0 or not row.settlement_account:
            return Verdict((), "没有须审核支付的贷款资金", nothing_more=True)
        within = policy.get(row.scheme_code, "supervised_account.within")
        return Verdict(
            (
                Required(
                    f"account:{row.starts_on}",
                    row.starts_on,
                    policy.calendar.within(row.starts_on, within.value),
                    f"账户 {row.settlement_account} 有未付贷款资金 {yuan(row.unpaid)} 元，须通知开户行标识为受控账户。",
                    within.version_id,
                ),
            )
        )

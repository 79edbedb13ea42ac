"""The duty to look into each open signal, owed by the customer manager (第二十二条)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, ClassVar

from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core.parameters import Policy
from credit.duties.subjects import BorrowerRule
from monitoring.choices import Level, SignalKind
from monitoring.models import Signal
from workflow.duties import EachFact, Told, as_told
from workflow.models import WorkItem

KIND, SORT = "signal_check", "signal"
OF_GROUPS = tuple(kind for kind in SignalKind if kind.is_of_a_group)
# What left without review, or under a freeze, concerns the risk manager at once, by rules of their own (GR-19, GR-23).
OF_ACCOUNTS = tuple(
    kind
    for kind in SignalKind
    if not kind.is_of_a_group and not kind.is_of_a_freeze and kind != SignalKind.UNREVIEWED
)


def key_of(signal_id: int) -> str:
    """The period key of the duty to look into a signal."""
    return f"{SORT}:{signal_id}"


def duties_to_check(signal_ids: Iterable[int]) -> QuerySet[WorkItem]:
    """The customer manager's open duties to look into these signals."""
    return WorkItem.objects.open().filter(kind=KIND, period_key__in=[key_of(pk) for pk in signal_ids])


class SignalsRule(EachFact, BorrowerRule):
    """One duty for each open signal, due by its level; void when the signal is decided otherwise."""

    kind = KIND
    title = _("核查资金异动")
    post = Role.CUSTOMER_MANAGER
    parameter = "signals.within"
    otherwise = "资金信号已认定"
    kinds: ClassVar[Collection[SignalKind]]

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open signal of these kinds."""
        return Signal.objects.undecided(self.kinds, on).order_by().values_list("borrower")

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """The open signals of the borrower; decided ones are owed no more, late or not."""
        signals = Signal.objects.undecided(self.kinds, on).filter(borrower=OuterRef("pk"))
        return [as_told(signals.order_by("pk"), SORT, day="known_on", level="level", text="text")]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open signal of these kinds, or with an open duty of this rule."""
        return self.with_facts(self.borrowers(on, policy), on, policy)

    def days(self, row: Any, fact: Told, on: date, policy: Policy) -> tuple[date, date]:
        """By the signal's level."""
        workdays = int(self.figure(row, policy).value[fact.read["level"]])
        return fact.day, policy.calendar.add_workdays(fact.day, workdays)

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """What the signal tells."""
        return f"{Level(fact.read['level']).label}色信号：{fact.read['text']}"


class AccountSignals(SignalsRule):
    """第二十二条: 监测大额往来与资金异动."""

    obligation = "GR-22.1"
    listed = _("资金异动核查")
    kinds = OF_ACCOUNTS


class GroupSignals(SignalsRule):
    """第二十二条: 监控集团客户资金在成员间流动."""

    obligation = "GR-22.2"
    listed = _("集团成员间资金核查")
    kinds = OF_GROUPS


RULES = (AccountSignals(), GroupSignals())

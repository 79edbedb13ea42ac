"""The duty to look into each open signal, owed by the customer manager (第二十二条)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, QuerySet
from django.db.models.functions import Cast, JSONObject

from accounts.choices import Role
from core.parameters import Policy
from credit.duties.subjects import BorrowerRule
from monitoring.choices import Level, SignalKind
from monitoring.models import Signal
from workflow.duties import Required, Verdict
from workflow.models import WorkItem

KIND = "signal_check"
OF_GROUPS = tuple(kind for kind in SignalKind if kind.is_of_a_group)
# What left without review, or under a freeze, concerns the risk manager at once, by rules of their own (GR-19, GR-23).
OF_ACCOUNTS = tuple(
    kind
    for kind in SignalKind
    if not kind.is_of_a_group and not kind.is_of_a_freeze and kind != SignalKind.UNREVIEWED
)
REASON_LONGEST = 280


def key_of(signal_id: int) -> str:
    """The period key of the duty to look into a signal."""
    return f"signal:{signal_id}"


def duties_to_check(signal_ids: Iterable[int]) -> QuerySet[WorkItem]:
    """The customer manager's open duties to look into these signals."""
    return WorkItem.objects.open().filter(kind=KIND, period_key__in=[key_of(pk) for pk in signal_ids])


class SignalsRule(BorrowerRule):
    """One duty for each open signal, due by its level; void when the signal is decided otherwise."""

    kind = KIND
    post = Role.CUSTOMER_MANAGER
    kinds: ClassVar[Collection[SignalKind]]

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open signal of these kinds."""
        return Signal.objects.undecided(self.kinds, on).order_by().values_list("borrower")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers with an open signal of these kinds, or with an open duty of this rule; their signals."""
        told, rows = Signal.objects.undecided(self.kinds, on), self.borrowers(on, policy)
        return rows.annotate(
            told=ArraySubquery(
                told.filter(borrower=OuterRef("pk"))
                .order_by("pk")
                .values(
                    json=JSONObject(id="pk", level="level", day=Cast("known_on", CharField()), text="text")
                )
            )
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Each signal by its own day and level; decided ones are owed no more, late or not."""
        within = policy.get("BASE", "signals.within")
        required = []
        for one in row.told:
            day = date.fromisoformat(one["day"])
            required.append(
                Required(
                    key_of(one["id"]),
                    day,
                    policy.calendar.add_workdays(day, int(within.value[one["level"]])),
                    f"{Level(one['level']).label}色信号：{one['text']}"[:REASON_LONGEST],
                    within.version_id,
                )
            )
        return Verdict(tuple(required), "资金信号已认定", nothing_more=True)


class AccountSignals(SignalsRule):
    """第二十二条: 监测大额往来与资金异动."""

    obligation = "GR-22.1"
    kinds = OF_ACCOUNTS


class GroupSignals(SignalsRule):
    """第二十二条: 监控集团客户资金在成员间流动."""

    obligation = "GR-22.2"
    kinds = OF_GROUPS


RULES = (AccountSignals(), GroupSignals())

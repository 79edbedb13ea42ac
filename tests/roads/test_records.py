"""A record for each duty that has no form of its own, two of a kind at once."""

from __future__ import annotations

from datetime import date

from core.policy import policy_on
from monitoring.funds.duties import CollectionReminder
from tests.monitoring.test_reminders import SHORT, company, lend, owe  # noqa: F401  (a fixture)
from tests.roads.walking import Matter, Walker, the_later_first
from workflow.engine import reconcile


def test_of_two_instalments_of_one_loan_the_later_reminder_is_recorded_first(cast) -> None:
    loan = lend(cast, ends=SHORT)
    matters = []
    for due_on in (date(2026, 11, 30), date(2026, 12, 2)):
        owe(loan, due_on)
        told = f"{due_on} 应还本金 100,000.00 元、利息 3,625.50 元，提前 5 天提醒。"
        done = {"record": "已电话提醒财务王经理。", "done_on": "2026-11-24"}
        matters.append(Matter((told,), {"duties": told}, lambda paper, done=done: done))
    reconcile(CollectionReminder(), on=cast.today, policy=policy_on(cast.today))
    the_later_first(Walker(cast.accountant), *matters)

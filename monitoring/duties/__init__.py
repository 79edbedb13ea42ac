"""The duties that come from watching money: reminders and funds for what falls due, and the use of what was lent."""

from monitoring.duties.falling_due import (
    AcceptanceFunds,
    CollectionReminder,
    FundsRule,
    InterestFunds,
    MaturityFunds,
)
from monitoring.duties.ledgers import RULES as LEDGER_RULES
from monitoring.duties.misuse import RULES as MISUSE_RULES
from monitoring.duties.payments import FrozenContract, SupervisedAccounts, UnreviewedPayment
from monitoring.duties.signals import RULES as SIGNAL_RULES
from monitoring.duties.uses import RULES as USE_RULES
from workflow.duties import Rule

__all__ = [
    "RULES",
    "AcceptanceFunds",
    "CollectionReminder",
    "FrozenContract",
    "FundsRule",
    "InterestFunds",
    "MaturityFunds",
    "SupervisedAccounts",
    "UnreviewedPayment",
]

RULES: tuple[Rule, ...] = (
    CollectionReminder(),
    MaturityFunds(),
    AcceptanceFunds(),
    InterestFunds(),
    *LEDGER_RULES,
    UnreviewedPayment(),
    SupervisedAccounts(),
    *SIGNAL_RULES,
    *MISUSE_RULES,
    FrozenContract(),
    *USE_RULES,
)

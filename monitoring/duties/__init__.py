"""The duties that come from watching money: reminders and funds for what falls due, and the use of what was lent."""

from monitoring.funds.duties import (
    AcceptanceFunds,
    CollectionReminder,
    FundsRule,
    InterestFunds,
    MaturityFunds,
)
from monitoring.ledgers.duties import RULES as LEDGER_RULES
from monitoring.misuse.duties import RULES as MISUSE_RULES
from monitoring.signals.duties import RULES as SIGNAL_RULES
from monitoring.unreviewed.duties import FrozenContract, SupervisedAccounts, UnreviewedPayment
from monitoring.uses.duties import RULES as USE_RULES
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

"""What is watched: payments of loan money and their use, the months of accounts, signals, misuse, the funds ahead."""

from monitoring.models.funds import CHECKED, FundsCheck, FundsOutlook
from monitoring.models.ledgers import AccountLedgerReview, AccountMonth, BorrowerMonth
from monitoring.models.misuse import MisuseCase
from monitoring.models.payments import PassedSlip, Payment, PaymentAuthority, PaymentTier, RefusedRelease
from monitoring.models.signals import Signal, SignalMovement
from monitoring.models.supervised import SupervisedAccount
from monitoring.models.uses import FundUse, SeenUse

__all__ = [
    "CHECKED",
    "AccountLedgerReview",
    "AccountMonth",
    "BorrowerMonth",
    "FundUse",
    "FundsCheck",
    "FundsOutlook",
    "MisuseCase",
    "PassedSlip",
    "Payment",
    "PaymentAuthority",
    "PaymentTier",
    "RefusedRelease",
    "SeenUse",
    "Signal",
    "SignalMovement",
    "SupervisedAccount",
]

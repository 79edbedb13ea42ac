"""The book: borrowers, contracts, loans, accounts, and the dated facts about them."""

from credit.models.accounts import Account, AccountBalance, Transaction
from credit.models.borrowers import Borrower, Responsibility
from credit.models.events import RiskEvent
from credit.models.loans import ClassFact, Contract, Installment, LedgerEntry, Loan, LoanReading

__all__ = [
    "Account",
    "AccountBalance",
    "Borrower",
    "ClassFact",
    "Contract",
    "Installment",
    "LedgerEntry",
    "Loan",
    "LoanReading",
    "Responsibility",
    "RiskEvent",
    "Transaction",
]

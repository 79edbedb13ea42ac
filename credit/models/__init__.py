"""The book: borrowers and groups, contracts, loans, guarantees, accounts, and the dated facts about them."""

from credit.models.accounts import Account, AccountBalance, Transaction
from credit.models.borrowers import Borrower, Contact, Responsibility
from credit.models.contingent import Bill, LetterClaim, LetterOfGuarantee, LetterReturn, MarginRelease
from credit.models.contracts import ApprovalCondition, Clause
from credit.models.events import RiskEvent
from credit.models.groups import Group, GroupMember, RelatedParty
from credit.models.guarantees import Collateral, Guarantee, Lien, Secured, Valuation
from credit.models.loans import ClassFact, Contract, Installment, LedgerEntry, Loan, LoanReading, LoanTerms
from credit.models.opening import PastInspection, PastLetter, PastUse
from credit.models.presences import Presence
from credit.models.trade import Counterparty, DeclaredSales, OtherDebt

__all__ = [
    "Account",
    "AccountBalance",
    "ApprovalCondition",
    "Bill",
    "Borrower",
    "ClassFact",
    "Clause",
    "Collateral",
    "Contact",
    "Contract",
    "Counterparty",
    "DeclaredSales",
    "Group",
    "GroupMember",
    "Guarantee",
    "Installment",
    "LedgerEntry",
    "LetterClaim",
    "LetterOfGuarantee",
    "LetterReturn",
    "Lien",
    "Loan",
    "LoanReading",
    "LoanTerms",
    "MarginRelease",
    "OtherDebt",
    "PastInspection",
    "PastLetter",
    "PastUse",
    "Presence",
    "RelatedParty",
    "Responsibility",
    "RiskEvent",
    "Secured",
    "Transaction",
    "Valuation",
]

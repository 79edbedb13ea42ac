"""The forms of the book: originals of letters of guarantee taken back, new borrowers reached, promises met."""

from __future__ import annotations

from credit.contracts.documents import clauses as contract_clauses, terms as contract_terms
from credit.borrowers import documents as fixed_contact
from credit.security import documents as original_recovery
from workflow import registry


def register() -> None:
    """Make every form of this app known."""
    registry.register(original_recovery.KIND)
    registry.register(fixed_contact.KIND)
    registry.register(contract_terms.KIND)
    registry.register(contract_clauses.KIND)

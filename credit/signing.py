"""Who signs a paper about a customer: its manager writes it, and the chain of policy follows."""

from __future__ import annotations

from datetime import date

from accounts.choices import Role
from accounts.models import Unit
from core.policy import Policy, policy_on
from credit.choices import ResponsibleRole
from credit.models import Borrower
from credit.selectors import responsible
from workflow import rules
from workflow.models import Document
from workflow.registry import Signer, people_around, seated


def roles_of(form: str, policy: Policy, scheme: str = "BASE") -> list[Role]:
    """The posts that sign a form, in order; the first is the author's, whom the customer line sends."""
    steps = policy.get(scheme, f"signature_chain.{form}").value
    return [Role.CUSTOMER_MANAGER if step["role"] == "AUTHOR" else Role(step["role"]) for step in steps]


def chain_of(
    document: Document, borrower: Borrower, on: date, *, unit: Unit | None = None, alone: bool = False
) -> list[rules.Signer]:
    """The seats of a document's chain in the unit of the customer's manager, unless another is named.

    `alone`: the author's own word is enough.
    """
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    roles = roles_of(document.form, policy_on(on))
    people = people_around(document, unit=unit or (manager.unit if manager else document.unit), on=on)
    return rules.resolve_chain(roles[:1] if alone else roles, people)


def signers_of(
    document: Document, borrower: Borrower, on: date, *, unit: Unit | None = None, alone: bool = False
) -> list[Signer]:
    """The same with the people read."""
    return seated(chain_of(document, borrower, on, unit=unit, alone=alone))

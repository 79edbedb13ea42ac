"""Who writes and who signs a paper about a customer: its manager writes it, and the chain of policy follows."""

from __future__ import annotations

from datetime import date

from accounts.choices import Role
from accounts.models import Unit, User
from core.parameters import Policy
from core.policy import policy_on
from credit.choices import ResponsibleRole
from credit.models import Borrower
from credit.selectors.responsible import manages, responsible
from workflow import rules
from workflow.duty_forms import Signer, Subject, people_around, seated
from workflow.models import Document


def may_author(*, user: User, subject: Subject, on: date) -> bool:
    """The customer manager of the borrower whom it is about, or a head of the department; the risk line never."""
    return manages(user, Borrower.objects.get(number=subject.borrower_number), on)


def roles_of(form: str, policy: Policy, scheme: str = "BASE") -> list[Role]:
    """The posts that sign a form, in order; the first is the author's, whom the customer line sends."""
    steps = policy.get(scheme, f"signature_chain.{form}").value
    return [Role.CUSTOMER_MANAGER if step["role"] == "AUTHOR" else Role(step["role"]) for step in steps]


def chain_of(
    *, document: Document, on: date, unit: Unit | None = None, alone: bool = False
) -> list[rules.Signer]:
    """The seats of a document's chain in the unit of the customer's manager, unless another is named.

    `alone`: the author's own word is enough.
    """
    borrower = Borrower.objects.get(number=document.borrower_number)
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    roles = roles_of(document.form, policy_on(on))
    people = people_around(document, unit=unit or (manager.unit if manager else document.unit), on=on)
    return rules.resolve_chain(roles[:1] if alone else roles, people)


def signers_of(
    *, document: Document, on: date, unit: Unit | None = None, alone: bool = False
) -> list[Signer]:
    """Who signs a paper about a customer, by the chain of policy, with the people read."""
    return seated(chain_of(document=document, on=on, unit=unit, alone=alone))

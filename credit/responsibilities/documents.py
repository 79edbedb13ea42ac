"""The customer's form: a paper about a customer, filled in by its manager, signed along the chain of policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from accounts.models import Unit, User
from credit.responsibilities.selectors import may_author, signers_of
from workflow.duty_forms import DutyForm, Signer, Subject
from workflow.models import Document


class CustomerForm(DutyForm):
    """Who fills in and who signs a paper about a customer; each form says what of it differs."""

    def may_author(self, *, user: User, subject: Subject, on: date) -> bool:
        """The customer manager of the borrower, or a head of the department; the risk line never."""
        return may_author(user=user, subject=subject, on=on)

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """By the chain of policy, in the unit of the customer's manager unless the form names another."""
        return signers_of(
            document=document, on=on, unit=self.unit(document), alone=self.is_own_word(document)
        )

    def unit(self, document: Document) -> Unit | None:
        """The unit whose posts sign, where it is not that of the customer's manager."""
        return None

    def is_own_word(self, document: Document) -> bool:
        """Whether the author's own word is enough, as the paper is filled in."""
        return False

"""What 附件3 does around its signatures: who may write it, who signs it, and what its lock discharges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from accounts.choices import Line, Role
from accounts.models import User
from accounts.selectors import Holders
from core import clock
from core.errors import Refused
from core.obligations import claims
from core.policy import Policy, policy_on
from credit.choices import ResponsibleRole
from credit.models import Borrower
from credit.selectors import responsible
from inspections.models import SiteInspection
from workflow.models import Document
from workflow.registry import Subject
from workflow.rules import People, Signer, resolve_chain
from workflow.services import duties

KIND = "site_inspection"


def may_author(*, user: User, subject: Subject, on: date) -> bool:
    """The borrower's own customer manager writes 附件3, or a head of the department; the risk line never does."""
    if user.line != Line.CUSTOMER:
        return False
    borrower = Borrower.objects.visible_to(user).filter(pk=subject.id).first()
    if borrower is None:
        return False
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    return bool(manager and manager.person_id == user.pk) or user.scope.has(Role.CUSTOMER_HEAD)


@claims("GR-30")
def signers(*, document: Document, on: date) -> Sequence[Signer]:
    """客户经理 → 客户部门负责人 → 经营主责任人 (第三十条), as the policy in force on the day orders them."""
    borrower = Borrower.objects.get(pk=document.subject_id)
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    unit = manager.unit if manager else document.unit
    principal = responsible(borrower, ResponsibleRole.PRINCIPAL, on)
    if principal is None:
        raise Refused(f"“{borrower.name}”没有在任的经营主责任人，请先由部门负责人落实责任人，再提交签字。")
    people = People(
        author_id=document.author_id,
        author_line=Line(document.author.line),
        holders=Holders(on).around(unit) | {Role.PRINCIPAL: [principal.person_id]},
    )
    return resolve_chain(chain_roles(policy_on(on)), people)


def chain_roles(policy: Policy) -> list[Role]:
    """The posts that sign 附件3, in order; the first is the author's."""
    steps = policy.get("GR", "signature_chain.site_inspection").value
    return [Role.CUSTOMER_MANAGER if step["role"] == "AUTHOR" else Role(step["role"]) for step in steps]


def inspected_on(document: Document) -> date:
    """The day of the visit, as the form says."""
    return date.fromisoformat(document.content["inspected_on"])


def on_submitted(*, document: Document, by: User, on: date) -> None:
    """The visit's duties are no longer late because a signer takes his time."""
    items = duties.satisfied_by(
        kind=KIND, borrower_number=document.borrower_number, done_on=inspected_on(document)
    )
    duties.hand_in(document=document, items=items, on=on)


def on_returned(*, document: Document, by: User, on: date) -> None:
    """Sent back: the duties are owed again."""
    duties.take_back(document=document)


def on_locked(*, document: Document, by: User, on: date) -> None:
    """The last signature: write the visit down and discharge every duty that it satisfies, each on its own record."""
    content = document.content
    visit = inspected_on(document)
    SiteInspection.objects.create(
        document=document,
        borrower_id=document.subject_id,
        inspected_on=visit,
        proposed_class=content["proposed_class"],
        next_frequency=content["next_frequency"],
        overall=content["overall"],
    )
    items = duties.satisfied_by(kind=KIND, borrower_number=document.borrower_number, done_on=visit)
    duties.discharge(items=items, document=document, done_on=visit, by=by.username, on=on, at=clock.now())

"""合同约定落实登记表: which promises of a contract and demands of its approval were met, when, and how it is shown."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from core import clock
from core.errors import Conflict
from credit.contracts import services as terms
from credit.models import Contract
from credit.responsibilities.selectors import signers_of
from credit.selectors.responsible import manages
from workflow.choices import SubjectKind
from workflow.definitions import Field, FormDefinition, Kind, Section, at_most, known, not_in_the_future
from workflow.models import Document, WorkItem
from workflow.registry import FormKind, Prefill, Subject
from workflow.services import duties

DUTY = "contract_terms"
NOTE_LONGEST = 240  # with the number of the document it fits what the book keeps

CONTRACT_TERMS = FormDefinition(
    code="contract_terms",
    version=1,
    title="合同约定落实登记表",
    annex="",
    number_prefix="HT",
    sections=(
        Section(
            "contract",
            "合同",
            (
                Field("contract_number", "合同号", locked=True),
                known("duties", "所办职责", Kind.LONGTEXT),
            ),
        ),
        Section(
            "result",
            "落实情况",
            (
                Field("met", "已落实的约定和批复要求", Kind.MULTI, help="只勾选已经落实的；其余仍然待办。"),
                Field("met_on", "落实日期", Kind.DATE),
                Field("evidence", "落实情况及凭证", Kind.LONGTEXT, help="写明怎样落实、凭证名称及文号。"),
                Field("files", "附件", Kind.PHOTOS, help="凭证的照片或 PDF，没有可不传。"),
            ),
        ),
    ),
    checks=(
        not_in_the_future("result", "met_on", "落实日期晚于今天，请改为实际落实的日期。"),
        at_most("result", "evidence", NOTE_LONGEST, "落实情况及凭证"),
    ),
)


def _contract(subject_id: int) -> Contract:
    return Contract.objects.select_related("borrower").get(pk=subject_id)


def prefill(*, subject: Subject, user: User, on: date) -> Prefill:
    """The contract, what is owed about it, and the terms that are not met yet."""
    contract = _contract(subject.id)
    listed = tuple((terms.key_of(term), terms.words_of(term)) for term in terms.open_terms(contract))
    owed = list(_owed(subject.id).order_by("due_on"))
    answers = {
        "contract_number": contract.number,
        "duties": "\n".join(item.reason for item in owed),
        "met": [item.period_key for item in owed if item.period_key in dict(listed)]
        if len(owed) == 1
        else [],
        "met_on": on.isoformat(),
    }
    return Prefill(
        answers={name: answer for name, answer in answers.items() if answer}, options={"met": listed}
    )


def may_author(*, user: User, subject: Subject, on: date) -> bool:
    """The borrower's customer manager or a head of the department, while something is open."""
    contract = _contract(subject.id)
    if not terms.open_terms(contract):
        raise Conflict(f"合同 {contract.number} 的约定和批复要求均已落实，不必再填。")
    return manages(user, contract.borrower, on)


def on_submitted(*, document: Document, by: User, on: date) -> None:
    """The duties are no longer late because the head takes his time."""
    duties.hand_in(document=document, items=_satisfied(document), on=on)


def on_locked(*, document: Document, by: User, on: date) -> None:
    """Signed: the register says since when it is met, and the duties are done."""
    content = document.content
    met_on = date.fromisoformat(content["met_on"])
    items = list(_satisfied(document))
    terms.record_met(
        contract=_contract(document.subject_id),
        keys=content["met"],
        met_on=met_on,
        note=content["evidence"],
        reference=document.number,
        by=document.author,
        on=on,
    )
    duties.discharge(items=items, document=document, done_on=met_on, by=by.username, on=on, at=clock.now())


def _owed(contract_id: int) -> QuerySet[WorkItem]:
    return WorkItem.objects.about(DUTY, SubjectKind.CONTRACT, contract_id)


def _satisfied(document: Document) -> QuerySet[WorkItem]:
    """The contract's open duties about what was ticked."""
    return _owed(document.subject_id).filter(period_key__in=document.content.get("met") or [])


KIND = FormKind(
    definition=CONTRACT_TERMS,
    prefill=prefill,
    signers=signers_of,  # the manager says it, the head of the department looks at the evidence
    may_author=may_author,
    on_submitted=on_submitted,
    on_locked=on_locked,
    duty_kinds=(DUTY,),
    day_field="met_on",
)

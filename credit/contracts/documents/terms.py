"""合同约定落实登记表: which promises of a contract and demands of its approval were met, when, and how it is shown."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from core.errors import Conflict
from credit.contracts import services as terms
from credit.contracts.documents import IN_THE_REGISTER
from credit.models import Contract
from credit.responsibilities.documents import CustomerForm
from workflow.definitions import (
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    at_most,
    known,
    not_in_the_future,
)
from workflow.duty_forms import EVERYTHING, Subject
from workflow.models import Document, WorkItem

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


class ContractTerms(CustomerForm):
    """One paper may tell of several promises; it discharges those that are ticked."""

    definition = CONTRACT_TERMS
    duties = (DUTY,)
    day_field = "met_on"
    told_by = ("met",)
    correctable = False
    instead = IN_THE_REGISTER

    def matter_of(self, duty: WorkItem) -> str:
        """Whatever the contract promises."""
        return EVERYTHING

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """Those about what was ticked."""
        return duties.filter(period_key__in=document.answers.ticked("met"))

    def check_can_begin(self, *, subject: Subject, on: date) -> None:
        """While something is open."""
        contract = _contract(subject.id)
        if not terms.open_terms(contract):
            raise Conflict(f"合同 {contract.number} 的约定和批复要求均已落实，不必再填。")

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The contract, what is owed about it, and the terms that are not met yet and on no paper in signature."""
        contract = _contract(subject.id)
        in_signature = set(
            self.owed(subject).filter(submitted_on__isnull=False).values_list("period_key", flat=True)
        )
        listed = tuple(
            (key, terms.words_of(term))
            for term in terms.open_terms(contract)
            if (key := terms.key_of(term)) not in in_signature
        )
        owed = list(self.owed(subject).filter(submitted_on__isnull=True).order_by("due_on"))
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

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The register says since when they are met."""
        a = document.answers
        terms.record_met(
            contract=_contract(document.subject_id),
            keys=a.ticked("met"),
            met_on=a.day("met_on"),
            note=a.text("evidence"),
            reference=document.number,
            by=document.author,
            on=on,
        )


FORM = ContractTerms()

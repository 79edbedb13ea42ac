"""支付约定补签登记表 (第二十四条): what a contract whose payments are reviewed lacked, and what mends it."""

from __future__ import annotations

from datetime import date

from accounts.models import User
from core.errors import Conflict
from credit.choices import ClauseKind
from credit.contracts import services as terms
from credit.contracts.documents import IN_THE_REGISTER
from credit.models import Contract
from credit.responsibilities.documents import CustomerForm
from workflow.definitions import (
    YES,
    Answers,
    Background,
    Check,
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    answered,
    at_most,
    known,
    not_in_the_future,
    rows_at_most,
)
from workflow.duty_forms import EVERYTHING, Subject
from workflow.models import Document, WorkItem

DUTY = "contract_clauses"
TEXT_LONGEST, REFERENCE_LONGEST = 400, 60  # together they fit what the register keeps


def _contract(subject_id: int) -> Contract:
    return Contract.objects.select_related("borrower").get(pk=subject_id)


def _agreed(answers: Answers) -> list[Answers]:
    return [row for row in answers.get("clauses") or () if row.get("agreed") == YES]


def _none_agreed(answers: Answers, background: Background) -> bool:
    rows = answers.get("clauses") or ()
    return all(row.get("agreed") for row in rows) and not _agreed(answers)


CONTRACT_CLAUSES = FormDefinition(
    code="contract_clauses",
    version=1,
    title="支付约定补签登记表",
    annex="",
    number_prefix="BQ",
    sections=(
        Section(
            "contract",
            "合同",
            (
                Field("contract_number", "合同号", locked=True),
                Field("borrower_name", "客户名称", locked=True),
                known("duties", "所办职责", Kind.LONGTEXT),
            ),
        ),
        Section(
            "result",
            "补签情况",
            (
                Field("reference", "补充协议编号"),
                Field("signed_on", "签订日期", Kind.DATE),
                Field(
                    "clauses",
                    "缺少的约定",
                    Kind.TABLE,
                    system_rows=True,
                    least=1,
                    row_word="项",
                    columns=(
                        # Each row also keeps `kind`, the clause's, which is in no column.
                        known("item", "约定事项"),
                        Field("agreed", "协议已写明", Kind.YES_NO),
                        Field("text", "约定原文", Kind.LONGTEXT, when=answered("agreed", YES)),
                    ),
                    help="协议没有写明的选“否”，仍然待办。",
                ),
                Field("files", "附件", Kind.PHOTOS, help="补充协议的照片或 PDF，没有可不传。"),
            ),
        ),
    ),
    checks=(
        Check("result", "clauses", _none_agreed, "补充协议一项都没有写明，不必登记。"),
        rows_at_most(
            "result",
            ("clauses",),
            "text",
            TEXT_LONGEST,
            f"每项“约定原文”最多 {TEXT_LONGEST} 字，请摘录要点。",
        ),
        at_most("result", "reference", REFERENCE_LONGEST, "补充协议编号"),
        not_in_the_future("result", "signed_on", "签订日期晚于今天，请改为实际签订的日期。"),
    ),
)


class ContractClauses(CustomerForm):
    """One agreement may mend one clause or both; what it does not say stays owed."""

    definition = CONTRACT_CLAUSES
    duties = (DUTY,)
    day_field = "signed_on"
    told_by = ("contract_number",)
    correctable = False
    instead = IN_THE_REGISTER

    def matter_of(self, duty: WorkItem) -> str:
        """Whatever the contract lacks."""
        return EVERYTHING

    def check_can_begin(self, *, subject: Subject, on: date) -> None:
        """While a clause is missing."""
        contract = _contract(subject.id)
        if not terms.lacking_payment_clauses(contract):
            raise Conflict(f"合同 {contract.number} 的两条支付约定均已登记，不必再填。")

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The contract and the clauses that it lacks."""
        contract = _contract(subject.id)
        answers = {
            "contract_number": contract.number,
            "borrower_name": contract.borrower.name,
            "duties": "\n".join(item.reason for item in self.owed(subject)),
            "clauses": [
                {"kind": kind.value, "item": str(kind.label)}
                for kind in terms.lacking_payment_clauses(contract)
            ],
        }
        return Prefill(answers={name: answer for name, answer in answers.items() if answer})

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The clauses stand in the register."""
        reference = document.answers.text("reference")
        terms.add_clauses(
            contract=_contract(document.subject_id),
            texts={
                ClauseKind(row["kind"]): f"{row['text']}（补充协议 {reference}）"
                for row in _agreed(document.content)
            },
            reference=document.number,
            by=document.author,
            on=on,
        )

    def is_done(self, *, document: Document, on: date) -> bool:
        """With both; with one it is owed on."""
        return not terms.lacking_payment_clauses(_contract(document.subject_id))


FORM = ContractClauses()

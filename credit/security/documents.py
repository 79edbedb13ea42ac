"""保函原件收回单: before the expiry what was arranged, after it that the original is back or was released."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.errors import Conflict
from credit.choices import OriginalOutcome
from credit.models import LetterReturn, Loan
from credit.responsibilities.documents import CustomerForm
from credit.security import services as letters
from workflow.definitions import (
    Answers,
    Background,
    Check,
    Fact,
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    answered,
    at_most,
    known,
    not_in_the_future,
)
from workflow.duty_forms import EVERYTHING, Subject
from workflow.models import Document, WorkItem

DUTY = "original_recovery"
ARRANGED = "ARRANGED"
OUTCOMES = ((ARRANGED, "尚未到期，已约定交还"), *((one.value, str(one.label)) for one in OriginalOutcome))
CUSTODY_LONGEST = 120  # what the book keeps of the place
IS_LATER = "日期晚于今天，请改为实际的日期。"


def _arranged_too_late(answers: Answers, background: Background) -> bool:
    day, expiry = str(answers.get("done_on") or ""), str(answers.get("expires_on") or "")
    return answers.get("outcome") == ARRANGED and day > expiry


ORIGINAL_RECOVERY = FormDefinition(
    code="original_recovery",
    version=1,
    title="保函原件收回单",
    annex="",
    number_prefix="BH",
    sections=(
        Section(
            "letter",
            "保函",
            (
                Field("loan_number", "保函借据号", locked=True),
                known("beneficiary", "受益人"),
                Field("amount", "保函金额", Kind.MONEY, unit="元", locked=True),
                Field("expires_on", "到期日", Kind.DATE, locked=True),
                Field(
                    "original_number",
                    "原件编号",
                    required=answered("outcome", OriginalOutcome.RETURNED),
                    help="请与收回的原件核对。",
                ),
            ),
        ),
        Section(
            "result",
            "办理结果",
            (
                Field("outcome", "结果", Kind.CHOICE, options=OUTCOMES),
                Field("done_on", "办理日期", Kind.DATE, help="约定、收回原件或取得书面解除的日期。"),
                Field(
                    "arrangement",
                    "约定内容",
                    Kind.LONGTEXT,
                    when=answered("outcome", ARRANGED),
                    help="与谁、以什么方式约定，何时交还。",
                ),
                Field(
                    "custody",
                    "保管位置",
                    when=answered("outcome", OriginalOutcome.RETURNED),
                    help="如“营业部金库 3 号柜”。",
                ),
                Field("remark", "说明", Kind.LONGTEXT, required=False),
                Field(
                    "files",
                    "附件",
                    Kind.PHOTOS,
                    when=answered("outcome", OriginalOutcome.RETURNED),
                    help="收回原件的照片或交接清单，没有可不传。",
                ),
            ),
        ),
        Section(
            "release",
            "受益人书面解除责任",
            (
                Field("release_reference", "解除责任文件名称及文号"),
                Field("released_on", "文件日期", Kind.DATE),
                Field(
                    "release_files",
                    "解除责任文件",
                    Kind.PHOTOS,
                    least=1,
                    help="受益人盖章的文件，照片或 PDF。",
                ),
            ),
            when=answered("outcome", OriginalOutcome.LOST),
            help="原件遗失的，没有受益人解除责任的书面确认不能办结。",
        ),
    ),
    checks=(
        not_in_the_future("result", "done_on", IS_LATER),
        not_in_the_future("release", "released_on", IS_LATER),
        Check("result", "outcome", _arranged_too_late, "办理日期已过到期日，请登记收回或遗失的结果。"),
        at_most("result", "custody", CUSTODY_LONGEST, "保管位置"),
    ),
)


class OriginalRecoveryForm(CustomerForm):
    """One letter has one original: arranging its return answers the reminder, having it back answers everything."""

    definition = ORIGINAL_RECOVERY
    duties = (DUTY,)
    day_field = "done_on"
    told_by = ("loan_number", "outcome")
    correctable = False
    instead = _(
        "原件的收回或解除已在行外生效，不能另起新版；登记有误的，请报部门负责人，由数据维护人员核对保函登记。"
    )

    def matter_of(self, duty: WorkItem) -> str:
        """The original."""
        return EVERYTHING

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """An arrangement answers the reminder only."""
        return duties.filter(period_key__startswith="remind:") if self.is_own_word(document) else duties

    def check_can_begin(self, *, subject: Subject, on: date) -> None:
        """Until the original is accounted for."""
        loan = Loan.objects.get(pk=subject.id)
        if LetterReturn.objects.filter(loan=loan).exists():
            raise Conflict(f"保函 {loan.number} 的原件已登记收回或解除，不必再填，也不能更改。")

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The letter as the book has it, and today."""
        letter = letters.standing(Loan(pk=subject.id), on)
        loan, terms, claim = letter.loan, letter.letter, letter.claim
        answers = {
            "loan_number": loan.number,
            "beneficiary": terms.beneficiary if terms else "",
            "amount": f"{loan.amount:.2f}",
            "expires_on": letter.expires_on.isoformat(),
            "original_number": terms.original_number if terms else "",
            "done_on": on.isoformat(),
        }
        claimed = claim and Fact(
            f"索赔未了：{claim.claimed_on} 索赔 {claim.amount:,.2f} 元", f"索赔编号 {claim.number}"
        )
        return Prefill(
            answers={name: answer for name, answer in answers.items() if answer},
            facts=(claimed,) if claimed else (),
            facts_on=on,
        )

    def is_own_word(self, document: Document) -> bool:
        """An arrangement is the manager's own word; what became of the original is also signed by the head."""
        return document.answers.text("outcome") == ARRANGED

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """What became of the original; an arrangement is no fact of the book."""
        a = document.answers
        if self.is_own_word(document):
            return
        outcome = OriginalOutcome(a.text("outcome"))
        is_lost = outcome == OriginalOutcome.LOST
        letters.record_return(
            loan=Loan.objects.select_related("borrower").get(pk=document.subject_id),
            outcome=outcome,
            effective_on=a.day("released_on" if is_lost else "done_on"),
            custody="" if is_lost else a.text("custody"),
            reference=document.number,
            by=document.author,
            on=on,
        )


FORM = OriginalRecoveryForm()

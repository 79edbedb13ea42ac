"""首次跟踪检查表 (贷后管理办法（公司）第八条): was the money used as applied for, are the approval's conditions met."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.obligations import claims
from core.policy import policy_on
from credit.models import Guarantee, Loan
from credit.responsibilities.documents import CustomerForm
from inspections.duties import CHECK, FORM_WITHIN, TABLE, USE_CHANGE_RULES
from inspections.models import FirstCheckRecord
from monitoring.models import FundUse
from workflow.definitions import (
    NO,
    YES,
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
    options,
)
from workflow.duty_forms import EVERYTHING, Subject
from workflow.models import Document, WorkItem
from workflow.services import duties

EXPLAINED_LONGEST = 500  # what the record keeps
MET, UNMET, NONE = "已落实", "未落实", "没有限制性条件"


def _before_the_grant(answers: Answers, background: Background) -> bool:
    day = str(answers.get("checked_on") or "")
    return day[:1].isdigit() and day < str(answers.get("starts_on") or "")


def _other_use_unticked(answers: Answers, background: Background) -> bool:
    return answers.get("as_applied") == NO and answers.get("use_changed") == NO


def _ticked_but_as_applied(answers: Answers, background: Background) -> bool:
    return answers.get("as_applied") == YES and answers.get("use_changed") == YES


def _odd_uses_unticked(answers: Answers, background: Background) -> bool:
    """附件1 tells of uses that are not as agreed, and the table says that nothing changed."""
    return bool(background.figures.get("odd_uses")) and answers.get("use_changed") == NO


def _conditions_belied(answers: Answers, background: Background) -> bool:
    rows = answers.get("conditions") or ()
    unmet = any(row.get("met") == NO for row in rows)
    said = answers.get("conditions_met")
    return (said == MET and unmet) or (said == NONE and bool(rows))


FIRST_CHECK = FormDefinition(
    code="first_check",
    version=1,
    title="首次跟踪检查表",
    annex="",
    number_prefix="SC",
    sections=(
        Section(
            "customer",
            "客户基本情况",
            (
                Field("borrower_name", "客户名称", locked=True),
                known("kind", "客户类型"),
                known("industry", "行业"),
                known("legal_representative", "法定代表人"),
                known("address", "地址"),
                known("main_business", "主营业务"),
                Field("basics", "经营与基本情况", Kind.LONGTEXT, help="检查时的经营、人员、场地情况，与贷前有无变化。"),
            ),
        ),
        Section(
            "loan",
            "借款",
            (
                Field("loan_number", "借据号", locked=True),
                known("contract_number", "合同号"),
                Field("amount", "借款金额", Kind.MONEY, unit="元", locked=True),
                known("product", "业务种类"),
                Field("starts_on", "起始日", Kind.DATE, locked=True),
                known("matures_on", "到期日", Kind.DATE),
                known("guarantees", "担保种类"),
            ),
        ),
        Section(
            "use",
            "资金用途",
            (
                known("applied_use", "申请用途", Kind.LONGTEXT),
                Field("actual_use", "实际用途", Kind.LONGTEXT, help="钱付给了谁、买了什么，凭证在哪里。"),
                Field("as_applied", "实际用途与申请用途一致", Kind.YES_NO),
                Field("use_changed", "借款人改变了贷款用途", Kind.YES_NO),
                Field(
                    "change_explained",
                    "改变用途的说明",
                    Kind.LONGTEXT,
                    when=answered("use_changed", YES),
                    help="改作何用、金额、原因和拟采取的措施；提交后即报部门负责人和分管领导。",
                ),
            ),
        ),
        Section(
            "conditions",
            "限制性条件",
            (
                Field(
                    "conditions",
                    "逐条落实情况",
                    Kind.TABLE,
                    required=False,
                    system_rows=True,
                    row_word="条",
                    columns=(
                        known("item", "限制性条件"),
                        Field("met", "已落实", Kind.YES_NO),
                        Field("note", "说明", required=answered("met", NO)),
                    ),
                ),
                Field("conditions_met", "限制性条件是否落实", Kind.CHOICE, options=options(MET, UNMET, NONE)),
            ),
        ),
        Section(
            "check",
            "检查情况",
            (
                Field("checked_on", "检查日期", Kind.DATE, help="到现场或与借款人核实的日期。"),
                Field("way", "检查方式", Kind.CHOICE, options=options("现场", "电话", "调阅资料")),
                Field("remark", "其他需要说明的情况", Kind.LONGTEXT, required=False),
                Field("files", "凭证与照片", Kind.PHOTOS, help="合同、发票、入库单或现场照片，没有可不传。"),
            ),
        ),
    ),
    checks=(
        not_in_the_future("check", "checked_on", "检查日期晚于今天，请改为实际检查的日期。"),
        Check("check", "checked_on", _before_the_grant, "检查日期早于放款日，放款前的检查不能作首次跟踪检查。"),
        Check("use", "use_changed", _other_use_unticked, "实际用途与申请用途不一致，“改变了贷款用途”须选“是”并说明。"),
        Check("use", "use_changed", _ticked_but_as_applied, "已选“改变了贷款用途”，“与申请用途一致”须选“否”。"),
        Check("use", "use_changed", _odd_uses_unticked, "附件1 已登记不符合约定用途的用款，须选“是”并说明。"),
        Check("conditions", "conditions_met", _conditions_belied, "与上表逐条的落实情况不符，请核对。"),
        at_most("use", "change_explained", EXPLAINED_LONGEST, "改变用途的说明"),
    ),
)  # fmt: skip


class FirstCheckForm(CustomerForm):
    """One paper a grant: its matter is the day of the grant, and it answers for the check and for its table."""

    definition = FIRST_CHECK
    duties = (CHECK, TABLE)
    day_field = "checked_on"
    told_by = ("loan_number",)
    one_a_matter = True

    def matter_of(self, duty: WorkItem) -> str:
        """The grant, whichever of the two duties asks."""
        return duty.period_key.partition(":")[2]

    def owed(self, subject: Subject) -> QuerySet[WorkItem]:
        """The check of the grant and its table."""
        keys = [f"{prefix}:{subject.matter}" for prefix in ("first", "form")]
        return super().owed(replace(subject, matter=EVERYTHING)).filter(period_key__in=keys)

    @claims("GS-8", clause="d", does=_("首次跟踪检查表：实际用途、限制性条件必答；改变用途必须说明"))
    @claims("GS-8b", clause="ab")
    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The customer and the loan; the day of the check is not guessed, since the time for the table runs from it."""
        loan = Loan.objects.select_related("borrower", "contract").get(pk=subject.id)
        borrower, contract = loan.borrower, loan.contract
        kinds = [one.get_kind_display() for one in Guarantee.objects.filter(secured__loan=loan)]
        answers = {
            "borrower_name": borrower.name,
            "kind": borrower.get_kind_display(),
            "industry": borrower.industry,
            "legal_representative": borrower.legal_representative,
            "address": borrower.address,
            "main_business": borrower.main_business,
            "loan_number": loan.number,
            "contract_number": contract.number,
            "amount": f"{loan.amount:.2f}",
            "product": loan.get_product_display(),
            "starts_on": loan.starts_on.isoformat(),
            "matures_on": loan.matures_on.isoformat(),
            "guarantees": "、".join(dict.fromkeys(kinds)) or "信用",
            "applied_use": loan.agreed_purpose,
            "conditions": [{"item": one.text} for one in contract.conditions.all()],
        }
        odd = FundUse.objects.in_force(on).filter(loan=loan, as_agreed=False).count()
        told = (Fact(f"附件1 已登记 {odd} 笔不符合约定用途的用款", section="use"),) if odd else ()
        return Prefill(
            answers={name: answer for name, answer in answers.items() if answer},
            facts=told,
            facts_on=on,
            figures={"odd_uses": Decimal(odd)},
        )

    def handed_in(self, *, document: Document, by: User, on: date) -> None:
        """The check is known from now on; its own time was kept by its day, the table's runs from there."""
        a, policy = document.answers, policy_on(on)
        checked_on = a.day("checked_on")
        record = FirstCheckRecord.objects.create(
            document=document,
            loan_id=document.subject_id,
            checked_on=checked_on,
            fill_by=policy.calendar.within(checked_on, policy.get("GS", FORM_WITHIN).value),
            use_changed=a.yes("use_changed"),
            explained=a.text("change_explained"),
            conditions_met=a.text("conditions_met") != UNMET,
            known_on=on,
        )
        owed = WorkItem.objects.open().filter(document=document)
        owed.filter(kind=CHECK).update(submitted_on=checked_on)
        owed.filter(kind=TABLE).update(due_on=Least("due_on", record.fill_by))
        if record.use_changed:
            duties.judge_soon(rules=USE_CHANGE_RULES, subjects=[document.subject_id])

    def taken_back(self, *, document: Document, by: User, on: date) -> None:
        """What came back is not known yet."""
        FirstCheckRecord.objects.close(document, on)

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """A correction takes the place of the earlier record; the table was done when it was handed in."""
        FirstCheckRecord.objects.close(replaces, on)
        handed_in = FirstCheckRecord.objects.get(document=document, replaced_on=None).known_on
        tables = WorkItem.objects.open().filter(document=document, kind=TABLE)
        duties.discharge(
            items=tables, document=document, done_on=handed_in, by=by.username, on=on, at=clock.now()
        )


FORM = FirstCheckForm()

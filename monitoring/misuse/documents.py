"""限期纠正单 (第二十三条): what was misused, what was demanded and corrected; the risk line accepts and thaws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.choices import Line
from accounts.models import User
from core.errors import Conflict, Refused
from core.obligations import claims
from credit.responsibilities.documents import CustomerForm
from credit.responsibilities.selectors import chain_of
from monitoring import freezes
from monitoring.choices import MisuseStatus
from monitoring.misuse import services as misuse
from monitoring.misuse.duties import KIND as DUTY
from monitoring.misuse.duties import case_of
from monitoring.models import MisuseCase
from workflow.definitions import Field, FormDefinition, Kind, Prefill, Section, not_in_the_future
from workflow.duty_forms import Signer, Subject, seated
from workflow.models import Document

NO_RIGHT = "合同未登记提款暂停权条款，暂停用款依据办法第二十三条"
MISUSE_RECTIFICATION = FormDefinition(
    code="misuse_rectification",
    version=1,
    title="限期纠正单",
    annex="",
    number_prefix="JZ",
    sections=(
        Section(
            "case",
            "挪用事实",
            (
                Field("case", "挪用编号", locked=True),
                Field("contract", "合同号", locked=True),
                Field("amount", "挪用金额", Kind.MONEY, unit="元", locked=True),
                Field("confirmed_on", "认定日", Kind.DATE, locked=True),
                Field("correct_by", "纠正期限", Kind.DATE, locked=True),
                Field("right", "暂停用款依据", Kind.LONGTEXT, locked=True),
                Field("facts", "事实", Kind.LONGTEXT, locked=True),
            ),
        ),
        Section(
            "correction",
            "纠正情况",
            (
                Field("demanded", "要求借款人如何纠正", Kind.LONGTEXT),
                Field("corrected_on", "纠正日期", Kind.DATE),
                Field(
                    "corrected", "纠正结果", Kind.LONGTEXT, help="资金是否追回、改用于何处、是否提前归还。"
                ),
                Field("evidence", "核对的证据", Kind.LONGTEXT, help="流水、凭证、还款回单等。"),
                Field("files", "证明材料", Kind.PHOTOS, help="照片或 PDF，没有可不传。"),
                Field("proposal", "处理建议", Kind.LONGTEXT, help="是否恢复用款，附何条件。"),
            ),
        ),
    ),
    checks=(not_in_the_future("correction", "corrected_on", "纠正日期晚于今天，请改为实际纠正的日期。"),),
)


class MisuseRectificationForm(CustomerForm):
    """One paper a case: two misuses under one contract are corrected, signed and accepted apart."""

    definition = MISUSE_RECTIFICATION
    duties = (DUTY,)
    day_field = "corrected_on"
    told_by = ("contract", "confirmed_on", "amount")
    one_a_matter = True
    correctable = False
    instead = _("挪用已验收、用款已恢复，不能另起新版；发现纠正不实的，请重新登记挪用。")

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The case as it was confirmed."""
        case = _open_case(subject.matter)
        clause = freezes.suspension_clause(case.contract, on)
        answers = {
            "case": str(case.pk),
            "contract": case.contract.number,
            "amount": str(case.amount),
            "confirmed_on": case.confirmed_on.isoformat(),
            "correct_by": case.correct_by.isoformat(),
            "right": f"提款暂停权：{clause.text}" if clause else NO_RIGHT,
            "facts": case.facts,
        }
        return Prefill(answers=answers, facts_on=on)

    @claims("GR-23", clause="f", does=_("限期纠正单：最后一签是风险条线"))
    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """By the chain of policy; whatever it says, the last signature is the risk line's own, never a stand-in's."""
        chain = chain_of(document=document, on=on)
        if chain[-1].line != Line.RISK:
            raise Refused("挪用的纠正须由风险条线验收，本单没有可签字的风险人员，请先设置岗位。")
        return seated(chain)

    def check(self, *, document: Document, by: User, on: date) -> None:
        """The case is still open; its contract stays frozen meanwhile."""
        _open_case(document.matter)

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The risk line has signed last: the case is accepted, which thaws the contract."""
        misuse.accept(case=_open_case(document.matter), document=document, by=by, on=on)


def _open_case(matter: str) -> MisuseCase:
    case = MisuseCase.objects.select_related("contract__borrower").get(pk=case_of(matter))
    if case.status != MisuseStatus.RECTIFYING:
        raise Conflict(f"合同 {case.contract.number} 的这笔挪用已验收，不必再填；有草稿的请作废。")
    return case


FORM = MisuseRectificationForm()

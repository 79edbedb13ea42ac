"""附件1 信贷资金用后跟踪表 (第二十条): every use of a loan's money, with its three judgements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from core.errors import Conflict
from core.money import yuan
from credit.models import Loan
from credit.responsibilities.documents import CustomerForm
from monitoring.choices import Anomaly, UsePurpose, VerifiedBy
from monitoring.models import FundUse, SeenUse
from monitoring.signals.services import raise_signals
from monitoring.uses.duties import RECORD
from monitoring.uses.excess import exceeded, not_as_agreed
from monitoring.uses.paper import answers_of, judged, total
from monitoring.uses.selectors import unrecorded
from workflow.choices import DutyStatus
from workflow.definitions import (
    NO,
    YES,
    Answers,
    Background,
    Check,
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    TypedAnswers,
    amount_of,
    at_most,
    known,
    not_in_the_future,
    rows_at_most,
)
from workflow.duty_forms import EVERYTHING, Subject
from workflow.models import Document, WorkItem

PURPOSES = tuple((one.value, str(one.label)) for one in UsePurpose)
WAYS = tuple((one.value, str(one.label)) for one in VerifiedBy)
ANOMALIES = tuple((one.value, str(one.label)) for one in Anomaly)
NOTE_LONGEST, EVIDENCE_LONGEST = 300, 200  # what the book keeps
PAYEE = {"payee": ("收款人", 120), "account": ("收款人账号", 40), "bank": ("收款人开户行", 80)}  # the same


def _is_odd(row: Answers) -> bool:
    return row.get("flows_back") == YES or row.get("as_agreed") == NO


# What the manager says of each use.
JUDGEMENTS = (
    Field("purpose", "实际用途", Kind.CHOICE, options=PURPOSES),
    Field("evidence", "证明材料（合同、发票、凭证号）", required=False),
    Field("flows_back", "短期内回流借款人", Kind.YES_NO),
    Field("is_upstream", "收款人是上游往来客户", Kind.YES_NO),
    Field("as_agreed", "符合约定用途", Kind.YES_NO),
    Field("verified_by", "核查方式", Kind.CHOICE, options=WAYS),
    Field("anomaly", "异常类型", Kind.CHOICE, options=ANOMALIES, required=_is_odd),
    Field("note", "补充说明", required=_is_odd),
)


ALL_USES = ("uses", "by_hand")


def all_uses(answers: Answers) -> list[Any]:
    """Every use of this paper: those that the system saw, and those written in by hand."""
    return [row for table in ALL_USES for row in answers.get(table) or ()]


def _amount(answers: Answers, name: str) -> Decimal:
    return amount_of(answers, name) or Decimal(0)


def _this_time(answers: Answers) -> str:
    return f"{total(all_uses(answers)):.2f}"


def _so_far(answers: Answers) -> str:
    return f"{_amount(answers, 'recorded_before') + total(all_uses(answers)):.2f}"


def _unused(answers: Answers) -> str:
    left = _amount(answers, "disbursed") - Decimal(_so_far(answers))
    return f"{max(left, Decimal(0)):.2f}"


def _too_much(answers: Answers, background: Background) -> bool:
    """Whether what was written in by hand exceeds what was lent; what the system saw is recorded and told of."""
    exceeds = Decimal(_so_far(answers)) > _amount(answers, "disbursed")
    return exceeds and bool(answers.get("by_hand"))


def _nothing(answers: Answers, background: Background) -> bool:
    return not all_uses(answers)


def _by_hand_outside(answers: Answers, background: Background) -> bool:
    """Whether a use written in by hand lies before the money was paid out, or after the day of the check."""
    first = min((str(row.get("item") or "") for row in answers.get("drawdowns") or ()), default="")
    days = [str(row.get("item") or "") for row in _by_hand(answers)]
    last = background.on.isoformat() if background.on else "9999"
    return any(day and not first <= day <= last for day in days)


def _account_of_nobody(answers: Answers, background: Background) -> bool:
    return any(not row.get("payee") and (row.get("account") or row.get("bank")) for row in _by_hand(answers))


def _by_hand(answers: Answers) -> list[Any]:
    return list(answers.get("by_hand") or ())


HEAD = Section(
    "head",
    "借据与约定",
    (
        known("borrower_name", "客户名称"),
        known("unit_name", "经办机构"),
        known("contract_number", "合同编号"),
        known("loan_number", "借据编号"),
        known("product", "贷款品种"),
        known("amount", "贷款金额", Kind.MONEY, unit="元"),
        known("starts_on", "发放日", Kind.DATE),
        known("matures_on", "到期日", Kind.DATE),
        known("agreed_purpose", "约定用途", Kind.LONGTEXT),
        known("mode", "支付方式", Kind.LONGTEXT),
        known("conditions", "审批条件", Kind.LONGTEXT),
        Field(
            "proof",
            "申报用途与证明",
            Kind.LONGTEXT,
            help="客户申请的用途，提供了哪些合同、发票等证明文件。",
        ),
    ),
)
USES = Section(
    "uses",
    "提款与用款",
    (
        Field(
            "drawdowns",
            "提款记录",
            Kind.TABLE,
            required=False,
            system_rows=True,
            row_word="笔",
            columns=(
                known("item", "日期"),
                known("amount", "金额（元）", Kind.MONEY),
                known("account", "入账账号"),
                known("holder", "入账客户名称"),
            ),
        ),
        Field(
            "recorded",
            "以前登记的用款",
            Kind.TABLE,
            required=False,
            system_rows=True,
            row_word="笔",
            columns=(
                known("item", "用款日期"),
                known("amount", "金额（元）", Kind.MONEY),
                known("payee", "收款人"),
                known("purpose", "实际用途"),
                known("judged", "判断"),
                known("document", "登记表"),
            ),
        ),
        Field(
            "uses",
            "本次登记的用款",
            Kind.TABLE,
            required=False,
            system_rows=True,
            cards=True,
            row_word="笔",
            columns=(
                # Each row also keeps `use`, the id of what was seen, which is in no column.
                known("item", "用款日期", Kind.DATE),
                known("seen_as", "由来"),
                known("amount", "金额（元）", Kind.MONEY),
                known("way", "支取方式"),
                known("payee", "收款人、账号、开户行"),
                known("summary", "摘要"),
                *JUDGEMENTS,
            ),
        ),
        Field(
            "by_hand",
            "补登的用款（现金或流水以外）",
            Kind.TABLE,
            required=False,
            cards=True,
            row_word="笔",
            columns=(
                Field("item", "用款日期", Kind.DATE),
                Field("amount", "金额（元）", Kind.MONEY, minimum=Decimal("0.01")),
                Field("payee", "收款人", required=False, help="现金支取的可以不填。"),
                Field("account", "收款人账号", required=False),
                Field("bank", "收款人开户行", required=False),
                *JUDGEMENTS,
            ),
        ),
        known("disbursed", "累计发放", Kind.MONEY, unit="元"),
        known("recorded_before", "以前累计已用", Kind.MONEY, unit="元"),
        known("this_time", "本次登记", Kind.MONEY, unit="元", derive=_this_time),
        known("so_far", "累计已用", Kind.MONEY, unit="元", derive=_so_far),
        known("unused", "未用余额", Kind.MONEY, unit="元", derive=_unused),
    ),
    help="用款取自已放行的支付和账户流水；回流、上游客户由系统按流水和登记的交易对手预填，请逐笔核对。",
)
CONCLUSION = Section(
    "conclusion",
    "分析与措施",
    (
        Field("analysis", "实际用途及其合理性分析", Kind.LONGTEXT),
        Field("measures", "建议采取的措施", Kind.LONGTEXT, help="没有的，填“无”。"),
        Field("checked_on", "核查日期", Kind.DATE),
        Field("files", "证明材料", Kind.PHOTOS, help="合同、发票、凭证的照片或 PDF，没有可不传。"),
    ),
)
FUND_USE_RECORD = FormDefinition(
    code="fund_use_record",
    version=1,
    title="信贷资金用后跟踪表",
    annex="附件1",
    number_prefix="YK",
    sections=(HEAD, USES, CONCLUSION),
    checks=(
        Check("uses", "by_hand", _too_much, "累计用款超过发放额，请核对金额；确有其事的，先更正借据或流水。"),
        Check("uses", "by_hand", _nothing, "本次没有要登记的用款。"),
        Check("uses", "by_hand", _by_hand_outside, "补登的用款日期须在首次提款之后、不晚于今天，请核对。"),
        Check("uses", "by_hand", _account_of_nobody, "补登的用款写了收款人账号或开户行的，须写明收款人。"),
        *(
            rows_at_most("uses", ("by_hand",), name, longest, f"补登的“{label}”最多 {longest} 字，请精简。")
            for name, (label, longest) in PAYEE.items()
        ),
        rows_at_most("uses", ALL_USES, "note", NOTE_LONGEST, f"每笔“补充说明”最多 {NOTE_LONGEST} 字，请精简。"),
        rows_at_most("uses", ALL_USES, "evidence", EVIDENCE_LONGEST, f"每笔“证明材料”最多 {EVIDENCE_LONGEST} 字。"),
        not_in_the_future("conclusion", "checked_on", "核查日期晚于今天，请改为实际核查的日期。"),
        at_most("conclusion", "analysis", 2000, "实际用途及其合理性分析"),
    ),
)  # fmt: skip


def _loan(pk: int) -> Loan:
    return Loan.objects.select_related("borrower", "unit__parent", "contract").get(pk=pk)


class FundUseRecordForm(CustomerForm):
    """One growing paper a loan: each tells of the uses that no earlier one tells of."""

    definition = FUND_USE_RECORD
    duties = (RECORD,)
    day_field = "checked_on"
    told_by = ("loan_number",)

    def matter_of(self, duty: WorkItem) -> str:
        """Every use that is not recorded yet."""
        return EVERYTHING

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """A correction tells of the uses of the paper that it corrects, and of none that is still owed."""
        return duties.exclude(status=DutyStatus.OPEN) if document.supersedes_id else duties

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The loan and the uses that nobody has recorded yet."""
        loan = _loan(subject.id)
        answers, facts = answers_of(loan, on)
        if not answers.get("uses") and not FundUse.objects.in_force(on).filter(loan=loan).exists():
            raise Conflict("这笔借据还没有看到用款，有了支付或流水再登记。")
        return Prefill(answers=answers, facts=facts, facts_on=on)

    def check(self, *, document: Document, by: User, on: date) -> None:
        """No use is recorded twice: another paper may have told of it since this one was begun."""
        told = FundUse.objects.in_force(on).exclude(document=document.supersedes_id)
        seen = SeenUse.objects.filter(pk__in=_seen(document.answers))
        recorded = told.filter(
            Q(transaction__in=seen.values("transaction"), loan=document.subject_id)
            | Q(payment__in=seen.values("payment"))
        ).select_related("document")
        if one := recorded.first():
            raise Conflict(
                f"{one.used_on} 的用款 {yuan(one.amount)} 元已由 {one.document.number} 登记，请作废这份草稿后重新发起。"
            )

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """Each use, and what is wrong with it."""
        FundUse.objects.close(replaces, on)
        a, loan = document.answers, _loan(document.subject_id)
        seen = SeenUse.objects.select_related("payment", "transaction").in_bulk(_seen(a))
        kept = [_kept(document, row, seen.get(row.number("use")), on) for row in a.rows("uses")]
        kept += [_kept(document, row, None, on) for row in a.rows("by_hand")]
        FundUse.objects.bulk_create(kept)
        odd = [row for row in all_uses(document.content) if judged(row)]
        found = [not_as_agreed(document, loan, odd, kept)] if odd else []
        raise_signals([*found, *exceeded(document, loan, on)], on)

    def is_done(self, *, document: Document, on: date) -> bool:
        """Unless more has left meanwhile: the duty stays for the next paper."""
        return not unrecorded(on).filter(loan=document.subject_id).exists()


def _seen(a: TypedAnswers) -> list[int]:
    return [row.number("use") for row in a.rows("uses")]


def _kept(document: Document, row: TypedAnswers, seen: SeenUse | None, on: date) -> FundUse:
    payment, movement = (seen.payment, seen.transaction) if seen else (None, None)
    if payment is not None:
        name, account, bank = payment.payee_name, payment.payee_account, payment.payee_bank
    elif movement is not None:
        name, account, bank = (
            movement.counterparty_name,
            movement.counterparty_account,
            movement.counterparty_bank,
        )
    else:
        name, account, bank = (row.text(part) for part in PAYEE)
    return FundUse(
        document=document,
        loan_id=document.subject_id,
        used_on=row.day("item"),
        amount=row.money("amount"),
        in_cash=not name,
        payee_name=name,
        payee_account=account,
        payee_bank=bank,
        purpose=row.text("purpose"),
        evidence=row.text("evidence"),
        flows_back=row.yes("flows_back"),
        is_upstream=row.yes("is_upstream"),
        as_agreed=row.yes("as_agreed"),
        verified_by=row.text("verified_by"),
        anomaly=row.text("anomaly"),
        note=row.text("note"),
        transaction=movement,
        payment=payment,
        known_on=on,
    )


FORM = FundUseRecordForm()

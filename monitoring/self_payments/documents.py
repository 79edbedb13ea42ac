"""自主支付汇总核查表 (第二十条): what the borrower reports of its payments in a period, against its account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from accounts.models import User
from core import clock
from core.errors import Conflict
from core.periods import Period, month_of, quarter_of
from credit.models import Loan
from credit.responsibilities.selectors import may_author, signers_of
from monitoring.choices import SeenAs, VerifiedBy
from monitoring.loan_money.balances import seen_uses
from monitoring.self_payments.duties import SUMMARY
from monitoring.uses.paper import total
from workflow.choices import SubjectKind
from workflow.definitions import (
    NO,
    YES,
    Answers,
    Background,
    Check,
    Field,
    FormDefinition,
    Kind,
    Section,
    amount_of,
    at_most,
    known,
    not_in_the_future,
    options,
)
from workflow.models import Document, WorkItem
from workflow.registry import FormKind, Prefill, Subject
from workflow.services import duties

FORM = "self_payment_summary"
MOST = 200  # payments of one paper
AGREES, DIFFERS = "相符", "不符"


def _not_reported(row: Answers) -> bool:
    return row.get("reported") == NO


def _seen(answers: Answers) -> str:
    return f"{total(answers.get('payments')):.2f}"


def _difference(answers: Answers) -> str:
    reported = amount_of(answers, "reported_total") or Decimal(0)
    return f"{reported - Decimal(_seen(answers)):.2f}"


def _unexplained(answers: Answers) -> str:
    """What the report's total says beyond its rows: those found on the account, and those that are not there."""
    found = [row for row in answers.get("payments") or () if row.get("reported") == YES]
    rows = total(found) + total(answers.get("elsewhere"))
    return f"{(amount_of(answers, 'reported_total') or Decimal(0)) - rows:.2f}"


def _calls_a_difference_equal(answers: Answers, background: Background) -> bool:
    differs = (
        Decimal(_difference(answers)) != 0
        or Decimal(_unexplained(answers)) != 0
        or any(row.get("reported") == NO for row in answers.get("payments") or ())
    )
    return bool(answers.get("reported_total")) and differs and answers.get("conclusion") == AGREES


SELF_PAYMENT_SUMMARY = FormDefinition(
    code=FORM,
    version=1,
    title="自主支付汇总核查表",
    annex="",
    number_prefix="ZZ",
    sections=(
        Section(
            "report",
            "借款人的汇总报告",
            (
                known("borrower_name", "客户名称"),
                known("loan_number", "借据编号"),
                known("agreed_purpose", "约定用途", Kind.LONGTEXT),
                known("period", "汇总期间"),
                Field("received_on", "收到报告日期", Kind.DATE),
                Field("reported_total", "报告的支付合计", Kind.MONEY, unit="元"),
                Field("report", "报告（附件）", Kind.PHOTOS, help="借款人盖章的汇总报告，没有可不传。"),
            ),
        ),
        Section(
            "payments",
            "账户上的自主支付",
            (
                Field(
                    "payments",
                    "逐笔核对",
                    Kind.TABLE,
                    required=False,
                    system_rows=True,
                    row_word="笔",
                    columns=(
                        known("item", "日期"),
                        known("amount", "金额（元）", Kind.MONEY),
                        known("payee", "收款人"),
                        known("summary", "摘要"),
                        Field("reported", "已在报告中", Kind.YES_NO),
                        Field("note", "说明", required=_not_reported),
                    ),
                ),
                Field(
                    "elsewhere",
                    "报告中有、账户上没有的支付",
                    Kind.TABLE,
                    required=False,
                    row_word="笔",
                    help="现金、经他行账户等支付，按报告逐笔登记。",
                    columns=(
                        Field("item", "日期", Kind.DATE),
                        Field("amount", "金额（元）", Kind.MONEY, minimum=Decimal("0.01")),
                        Field("payee", "收款人"),
                        Field("note", "核查情况"),
                    ),
                ),
                known("seen_total", "账户支付合计", Kind.MONEY, unit="元", derive=_seen),
                known("difference", "报告－账户", Kind.MONEY, unit="元", minimum=None, derive=_difference),
                known(
                    "unexplained",
                    "报告合计－逐笔",
                    Kind.MONEY,
                    unit="元",
                    minimum=None,
                    derive=_unexplained,
                    help="报告合计减去“已在报告中”的各笔和上表各笔，应为零。",
                ),
            ),
        ),
        Section(
            "conclusion",
            "核查结论",
            (
                Field(
                    "verified_by",
                    "核查方式",
                    Kind.MULTI,
                    options=tuple((one.value, str(one.label)) for one in VerifiedBy),
                    help="至少选一种。",
                ),
                Field(
                    "conclusion",
                    "支付与约定用途、报告是否相符",
                    Kind.CHOICE,
                    options=options(AGREES, DIFFERS),
                    explain_on=(DIFFERS,),
                    note_label="不符的情形与措施",
                ),
                Field("findings", "核查情况", Kind.LONGTEXT),
                Field("checked_on", "核查日期", Kind.DATE),
            ),
        ),
    ),
    checks=(
        Check(
            "conclusion",
            "conclusion",
            _calls_a_difference_equal,
            "报告与账户不一致，或有支付未在报告中、与报告合计对不上，结论不能选“相符”。",
        ),
        not_in_the_future("report", "received_on", "收到报告日期晚于今天，请改为实际收到的日期。"),
        not_in_the_future("conclusion", "checked_on", "核查日期晚于今天，请改为实际核查的日期。"),
        at_most("conclusion", "findings", 2000, "核查情况"),
    ),
)


def _loan(pk: int) -> Loan:
    return Loan.objects.select_related("borrower", "unit__parent", "contract").get(pk=pk)


def _owed(loan_id: int) -> QuerySet[WorkItem]:
    """Open duties of the loan, the oldest period first."""
    return WorkItem.objects.about(SUMMARY, SubjectKind.LOAN, loan_id).order_by("period_key")


def _period(key: str) -> Period:
    """The period of a duty's key: summary:2026Q4 or summary:2026-11."""
    text = key.partition(":")[2]
    if "Q" in text:
        year, quarter = text.split("Q")
        return quarter_of(date(int(year), int(quarter) * 3, 1))
    return month_of(date.fromisoformat(f"{text}-01"))


def prefill(*, subject: Subject, user: User, on: date) -> Prefill:
    """The payments of the oldest period that is owed."""
    owed = _owed(subject.id).first()
    if owed is None:
        raise Conflict("这笔借据没有待办的自主支付汇总核查。")
    loan, period = _loan(subject.id), _period(owed.period_key)
    paid = (
        seen_uses(on)
        .filter(loan=loan, seen_as=SeenAs.SELF, known_on__gte=period.first, known_on__lte=period.last)
        .select_related("transaction")
        .order_by("used_on", "pk")
    )
    answers = {
        "borrower_name": loan.borrower.name,
        "loan_number": loan.number,
        "agreed_purpose": loan.purpose or loan.contract.purpose,
        "period": period.key,
        "payments": [
            {
                "item": one.used_on.isoformat(),
                "amount": f"{one.amount:.2f}",
                "payee": moved.counterparty_name or "现金",
                "summary": moved.summary,
            }
            for one in paid[:MOST]
            if (moved := one.transaction)
        ],
        "checked_on": on.isoformat(),
    }
    return Prefill(answers={name: answer for name, answer in answers.items() if answer}, facts_on=on)


def on_submitted(*, document: Document, by: User, on: date) -> None:
    """The duty is no longer late because the head takes his time."""
    duties.hand_in(document=document, items=_satisfied(document), on=on)


def on_locked(*, document: Document, by: User, on: date) -> None:
    """Signed: the period's duty is done."""
    done_on = date.fromisoformat(document.content["checked_on"])
    items = list(_satisfied(document))
    duties.discharge(items=items, document=document, done_on=done_on, by=by.username, on=on, at=clock.now())


def _satisfied(document: Document) -> QuerySet[WorkItem]:
    return _owed(document.subject_id).filter(period_key=f"summary:{document.content['period']}")


KIND = FormKind(
    definition=SELF_PAYMENT_SUMMARY,
    prefill=prefill,
    signers=signers_of,
    may_author=may_author,
    on_submitted=on_submitted,
    on_locked=on_locked,
    duty_kinds=(SUMMARY,),
    day_field="checked_on",
)

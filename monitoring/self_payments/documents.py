"""自主支付汇总核查表 (第二十条): what the borrower reports of its payments in a period, against its account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from accounts.models import User
from core.periods import Period, month_of, quarter_of
from credit.models import Loan
from credit.responsibilities.documents import CustomerForm
from monitoring.choices import SeenAs, VerifiedBy
from monitoring.loan_money.balances import seen_uses
from monitoring.self_payments.duties import SUMMARY
from monitoring.uses.paper import total
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
    amount_of,
    at_most,
    known,
    not_in_the_future,
    options,
)
from workflow.duty_forms import Subject

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
    code="self_payment_summary",
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


def _period(key: str) -> Period:
    """The period of a duty's key: summary:2026Q4 or summary:2026-11."""
    text = key.partition(":")[2]
    if "Q" in text:
        year, quarter = text.split("Q")
        return quarter_of(date(int(year), int(quarter) * 3, 1))
    return month_of(date.fromisoformat(f"{text}-01"))


class SelfPaymentSummaryForm(CustomerForm):
    """One paper a period: the matter is summary:2026Q4."""

    definition = SELF_PAYMENT_SUMMARY
    duties = (SUMMARY,)
    day_field = "checked_on"
    told_by = ("loan_number", "period")
    one_a_matter = True

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The payments of the period."""
        loan, period = _loan(subject.id), _period(subject.matter)
        paid = (
            seen_uses(on)
            .filter(loan=loan, seen_as=SeenAs.SELF, known_on__gte=period.first, known_on__lte=period.last)
            .select_related("transaction")
            .order_by("used_on", "pk")
        )
        answers = {
            "borrower_name": loan.borrower.name,
            "loan_number": loan.number,
            "agreed_purpose": loan.agreed_purpose,
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


FORM = SelfPaymentSummaryForm()

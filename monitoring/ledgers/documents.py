"""附件2 账户资金定期监测台账 (第二十一条): the form and its chain; the system gives figures, the manager judges."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import Unit, User
from core.errors import Conflict
from credit.responsibilities.documents import CustomerForm
from monitoring.ledgers import paper
from monitoring.ledgers.paper import CODE, NORMAL, ODD
from monitoring.models import AccountLedgerReview, BorrowerMonth
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
    options,
)
from workflow.duty_forms import Subject
from workflow.models import Document

DUTY = "account_ledger_review"


def _known(name: str, label: str, kind: Kind = Kind.TEXT, **more: Any) -> Field:
    """A field that the system fills in; balances may be below zero."""
    return known(name, label, kind, minimum=None, **more)


def _system_table(name: str, label: str, *columns: Field, help: str = "") -> Field:
    return Field(
        name, label, Kind.TABLE, required=False, system_rows=True, columns=columns, help=help, row_word="行"
    )


HEAD = Section(
    "head",
    "客户与监测期间",
    (
        _known("borrower_name", "客户名称"),
        _known("borrower_number", "客户编号"),
        _known("unit_name", "经办机构"),
        _known("customer_manager", "客户经理"),
        _known("month", "监测期间"),
        _known("computed_on", "汇总日期", Kind.DATE),
        _known("our_credit", "我行信用余额", Kind.MONEY, unit="元"),
        _known("syndicated_credit", "其中银团（另计）", Kind.MONEY, unit="元"),
        _known("other_credit", "他行融资余额"),
        _known("credit_share", "我行信用占比"),
        Field("has_marks", "有无异动", hidden=True, required=False),
    ),
)
ACCOUNTS = Section(
    "accounts",
    "账户月度汇总",
    (
        _system_table(
            "accounts",
            "各账户",
            _known("item", "账号及性质"),
            _known("opening", "期初余额", Kind.MONEY),
            _known("inflow", "流入（笔数）"),
            _known("outflow", "流出（笔数）"),
            _known("closing", "期末余额", Kind.MONEY),
            _known("average", "日均余额", Kind.MONEY),
            _known("difference", "差异", Kind.MONEY),
        ),
        _system_table(
            "flows",
            "按用途分项（全部账户）",
            _known("item", "用途"),
            _known("into", "流入", Kind.MONEY),
            _known("out", "流出", Kind.MONEY),
        ),
    ),
    help="差异＝期末－期初－流入＋流出，应为零。日均按日历日加权。",
)
SHARES = Section(
    "shares",
    "份额",
    (
        _system_table(
            "shares",
            "结算份额与存款份额",
            _known("item", "份额"),
            _known("formula", "算法"),
            _known("value", "本月"),
            _known("quarter", "本季"),
            _known("year", "本年"),
            _known("least", "达标线"),
            _known("met", "是否达标"),
        ),
    ),
    help="销售回款不含贷款入账、归还贷款、同户互转、冲正及关联方往来；银团贷款不计入占比。"
    "本季、本年自季初、年初起累计，只计已汇总的月份。",
)
LARGE = Section(
    "large",
    "大额明细与主要往来对手",
    (
        _system_table(
            "large",
            "大额明细",
            _known("item", "日期、流水号"),
            _known("way", "方向"),
            _known("amount", "金额", Kind.MONEY),
            _known("other", "对方户名、账号、开户行"),
            _known("purpose", "来源或用途"),
            _known("relation", "与借款人关系"),
            _known("after", "交易后余额", Kind.MONEY),
        ),
        _system_table(
            "partners",
            "主要往来对手",
            _known("item", "户名"),
            _known("relation", "与借款人关系"),
            _known("into", "转入", Kind.MONEY),
            _known("out", "转出", Kind.MONEY),
        ),
    ),
)
MARKS = Section(
    "marks",
    "异动及说明",
    (
        Field(
            "marks",
            "系统标出的异动",
            Kind.TABLE,
            system_rows=True,
            columns=(
                _known("item", "异动"),
                _known("threshold", "标准"),
                Field("why", "说明（原因、核实情况）"),
            ),
            row_word="项",
        ),
    ),
    when=answered("has_marks", YES),
    help="逐项说明，不得留空。",
)


def _measures_owed(answers: Answers) -> bool:
    return answers.get("has_marks") == YES or answers.get("pattern") == ODD


def _another_month(answers: Answers, background: Background) -> bool:
    day = str(answers.get("reviewed_on") or "")
    return day[:1].isdigit() and day < str(answers.get("computed_on") or "")


CONCLUSION = Section(
    "conclusion",
    "判断与措施",
    (
        Field(
            "pattern",
            "资金往来与采购销售模式是否相符",
            Kind.CHOICE,
            options=options(NORMAL, ODD),
            explain_on=(ODD,),
            note_label="不符的情形",
        ),
        Field("reviewed_on", "监测日期", Kind.DATE),
        _known("way", "确认方式"),
        Field("measures", "处理措施", Kind.LONGTEXT, required=_measures_owed),
    ),
)
ACCOUNT_LEDGER_REVIEW = FormDefinition(
    code=CODE,
    version=1,
    title="账户资金定期监测台账",
    annex="附件2",
    number_prefix="ZH",
    sections=(HEAD, ACCOUNTS, SHARES, LARGE, MARKS, CONCLUSION),
    checks=(
        not_in_the_future("conclusion", "reviewed_on", "监测日期晚于今天，请改为实际监测的日期。"),
        Check("conclusion", "reviewed_on", _another_month, "监测日期早于月度汇总的日期，请核对。"),
        at_most("conclusion", "measures", 1000, "处理措施"),
    ),
)


def _month(subject: Subject) -> BorrowerMonth:
    found = BorrowerMonth.objects.filter(borrower=subject.id, month=f"{subject.matter}-01").first()
    if found is None:
        raise Conflict("这个客户还没有月度资金汇总，月末日终后才能填写附件2。")
    return found


def prefill_of(sheet: paper.Sheet, unit: Unit, on: date, *, way: str) -> Prefill:
    """What a form of that month starts with."""
    answers = {**sheet.answers, "unit_name": unit.name, "reviewed_on": on.isoformat(), "way": way}
    return Prefill(answers=answers, facts=sheet.facts, facts_on=sheet.month.computed_on)


class AccountLedgerForm(CustomerForm):
    """One paper a month, whatever schemes ask for it: the matter is the month, 2026-10."""

    definition = ACCOUNT_LEDGER_REVIEW
    duties = (DUTY,)
    day_field = "reviewed_on"
    told_by = ("month",)
    one_a_matter = True

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The month as it was written down, today as the day of the review, and what nobody has told yet."""
        found = paper.sheets([_month(subject)])
        if not found:
            raise Conflict("这个客户的合同已改变管理方案，该月汇总不再适用，请联系系统管理员核对。")
        return prefill_of(found[0], Unit.objects.get(pk=subject.unit_id), on, way="逐户")

    def is_own_word(self, document: Document) -> bool:
        """A month with nothing unusual; anything else the head of the department reads."""
        return not document.answers.yes("has_marks") and document.answers.text("pattern") != ODD

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The review."""
        a = document.answers
        AccountLedgerReview.objects.close(replaces, on)
        AccountLedgerReview.objects.create(
            document=document,
            month=_month(Subject.of(document, document.matter)),
            is_normal=a.text("pattern") == NORMAL,
            reviewed_on=a.day("reviewed_on"),
            in_batch=a.text("way") == paper.IN_BATCH,
            known_on=on,
        )


FORM = AccountLedgerForm()

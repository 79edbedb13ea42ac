"""受控账户登记表: the opening unit is told to hold an account's online payments for review, or to let go of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from core import clock
from core.errors import Conflict, Invalid
from core.obligations import claims
from core.policy import policy_on
from credit.models import Account, Loan
from credit.responsibilities.selectors import may_author, signers_of
from monitoring.loan_money.selectors import need_of
from monitoring.supervised import services as supervised
from workflow.choices import SubjectKind
from workflow.definitions import (
    Answers,
    Background,
    Check,
    Field,
    FormDefinition,
    Kind,
    Section,
    answered,
    not_in_the_future,
)
from workflow.models import Document, WorkItem
from workflow.registry import FormKind, Prefill, Signer, Subject
from workflow.services import duties

FORM = DUTY = "supervised_account"
MARK, END = "MARK", "END"
MARKS, ENDS = answered("action", MARK), answered("action", END)
IS_LATER = "日期晚于今天，请改为实际的日期。"


def _told_afterwards(answers: Answers, background: Background) -> bool:
    notified, marked = str(answers.get("notified_on") or ""), str(answers.get("marked_on") or "")
    return answers.get("action") == MARK and bool(notified and marked) and marked < notified


SUPERVISED_ACCOUNT = FormDefinition(
    code=FORM,
    version=1,
    title="受控账户登记表",
    annex="",
    number_prefix="SK",
    sections=(
        Section(
            "account",
            "账户",
            (
                Field("loan_number", "借据号", locked=True),
                Field("account", "账号", locked=True),
                Field("holder", "户名", locked=True),
                Field("opening_unit", "开户行", locked=True),
                Field("need", "支付要求", Kind.LONGTEXT, locked=True),
                Field("state", "现状", locked=True),
            ),
        ),
        Section(
            "marking",
            "登记或解除",
            (
                Field("action", "事项", Kind.CHOICE, options=((MARK, "登记为受控账户"), (END, "解除受控"))),
                Field("notified_on", "通知开户行日", Kind.DATE, help="书面或系统通知开户行的日期。"),
                Field("marked_on", "标识日", Kind.DATE, when=MARKS, help="开户行在网银中标识受控的日期。"),
                Field("ended_on", "解除日", Kind.DATE, when=ENDS),
                Field("why", "解除原因", Kind.LONGTEXT, when=ENDS, help="如贷款资金已全部支付、贷款已结清。"),
                Field("remark", "说明", Kind.LONGTEXT, required=False),
                Field("files", "通知书或回执", Kind.PHOTOS, help="照片或 PDF，没有可不传。"),
            ),
        ),
    ),
    checks=(
        not_in_the_future("marking", "notified_on", IS_LATER),
        not_in_the_future("marking", "marked_on", IS_LATER),
        not_in_the_future("marking", "ended_on", IS_LATER),
        Check("marking", "marked_on", _told_afterwards, "标识日早于通知日，请核对。"),
    ),
)


def _account(loan: Loan) -> Account:
    account = (
        Account.objects.select_related("unit", "borrower").filter(number=loan.settlement_account).first()
    )
    if account is None:
        raise Invalid(f"借据 {loan.number} 没有登记本行结算账户，请先补录结算账号。")
    return account


def _loan(pk: int) -> Loan:
    return Loan.objects.select_related("borrower", "contract", "unit__parent").get(pk=pk)


def prefill(*, subject: Subject, user: User, on: date) -> Prefill:
    """The account, whether it is marked, and what is to be done by that."""
    loan = _loan(subject.id)
    account = _account(loan)
    mark = supervised.mark_of(account, on)
    answers = {
        "loan_number": loan.number,
        "account": account.number,
        "holder": account.borrower.name,
        "opening_unit": account.unit.name,
        "need": need_of(loan, policy_on(on)).why,
        "state": f"{mark.marked_on} 起受控" if mark else "未受控",
        "action": END if mark else MARK,
        "notified_on": on.isoformat(),
    }
    return Prefill(answers=answers, facts_on=on)


@claims("GR-26")
def signers(*, document: Document, on: date) -> Sequence[Signer]:
    """客户经理 → 会计 of the branch, as the policy orders them: accounting confirms that the account is marked."""
    return signers_of(document=document, on=on, unit=_loan(document.subject_id).unit)


def on_submitted(*, document: Document, by: User, on: date) -> None:
    """The duty is no longer late because accounting takes its time; refused where nothing is to be done."""
    account, marks = _account(_loan(document.subject_id)), document.content["action"] == MARK
    if marks == bool(supervised.mark_of(account, on)):
        raise Conflict("账户的受控状态已改变，请作废这份草稿后重新发起。")
    if marks:
        duties.hand_in(document=document, items=_owed(account), on=on)


def on_locked(*, document: Document, by: User, on: date) -> None:
    """Confirmed by accounting: the mark is written down or taken off, and the duties that it answers are done."""
    content = document.content
    account = _account(_loan(document.subject_id))
    if content["action"] == END:
        supervised.end(account=account, ended_on=date.fromisoformat(content["ended_on"]), document=document)
        return
    marked_on = date.fromisoformat(content["marked_on"])
    supervised.mark(
        account=account,
        notified_on=date.fromisoformat(content["notified_on"]),
        marked_on=marked_on,
        document=document,
    )
    duties.discharge(
        items=_owed(account), document=document, done_on=marked_on, by=by.username, on=on, at=clock.now()
    )


def _owed(account: Account) -> QuerySet[WorkItem]:
    """One mark answers for every loan that pays out through the account."""
    loans = Loan.objects.filter(settlement_account=account.number).values("pk")
    return WorkItem.objects.open().filter(kind=DUTY, subject_kind=SubjectKind.LOAN, subject_id__in=loans)


KIND = FormKind(
    definition=SUPERVISED_ACCOUNT,
    prefill=prefill,
    signers=signers,
    may_author=may_author,
    on_submitted=on_submitted,
    on_locked=on_locked,
    duty_kinds=(DUTY,),
    day_field="marked_on",
)

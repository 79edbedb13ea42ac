"""受控账户登记表: the opening unit is told to hold an account's online payments for review, or to let go of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from core.errors import Conflict, Invalid
from core.obligations import claims
from core.policy import policy_on
from credit.models import Account, Loan
from credit.responsibilities.documents import CustomerForm
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
    Prefill,
    Section,
    answered,
    not_in_the_future,
)
from workflow.duty_forms import Signer, Subject
from workflow.models import Document, WorkItem

DUTY = "supervised_account"
MARK, END = "MARK", "END"
MARKS, ENDS = answered("action", MARK), answered("action", END)
IS_LATER = "日期晚于今天，请改为实际的日期。"


def _told_afterwards(answers: Answers, background: Background) -> bool:
    notified, marked = str(answers.get("notified_on") or ""), str(answers.get("marked_on") or "")
    return answers.get("action") == MARK and bool(notified and marked) and marked < notified


SUPERVISED_ACCOUNT = FormDefinition(
    code=DUTY,
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


class SupervisedAccountForm(CustomerForm):
    """One mark answers for every loan that pays out through the account: its matter is the account's number."""

    definition = SUPERVISED_ACCOUNT
    duties = (DUTY,)
    day_field = "marked_on"
    told_by = ("account", "action")
    by_subject = False
    correctable = False
    instead = _("开户行已按通知标识或解除，不能另起新版；登记有误的，另填一份受控账户登记表。")

    def matter_of(self, duty: WorkItem) -> str:
        """The account through which the loan pays out."""
        return self.matters([duty])[0]

    def matters(self, duties: Sequence[WorkItem]) -> list[str]:
        """Asked of the book at once."""
        loans = Loan.objects.filter(pk__in={duty.subject_id for duty in duties})
        accounts = dict(loans.values_list("pk", "settlement_account"))
        return [accounts.get(duty.subject_id, "") for duty in duties]

    def owed(self, subject: Subject) -> QuerySet[WorkItem]:
        """Of every loan that pays out through the account."""
        account = subject.matter or _loan(subject.id).settlement_account
        loans = Loan.objects.filter(settlement_account=account).values("pk")
        return WorkItem.objects.open().filter(kind=DUTY, subject_kind=SubjectKind.LOAN, subject_id__in=loans)

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """All of them by a mark, none by letting go."""
        return duties if document.content.get("action") == MARK else duties.none()

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
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

    @claims("GR-26", does=_("受控账户登记表：客户经理登记，会计确认"))
    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """客户经理 → 会计 of the branch, as the policy orders them: accounting confirms that the account is marked."""
        return super().signers(document=document, on=on)

    def unit(self, document: Document) -> Unit:
        """The unit that books the loan."""
        return _loan(document.subject_id).unit

    def check(self, *, document: Document, by: User, on: date) -> None:
        """Refused where nothing is to be done any more."""
        marked = supervised.mark_of(_account(_loan(document.subject_id)), on)
        if (document.content["action"] == MARK) == bool(marked):
            raise Conflict("账户的受控状态已改变，请作废这份草稿后重新发起。")

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """Confirmed by accounting: the mark is written down or taken off."""
        a, account = document.answers, _account(_loan(document.subject_id))
        if a.text("action") == END:
            supervised.end(account=account, ended_on=a.day("ended_on"), document=document)
            return
        supervised.mark(
            account=account,
            notified_on=a.day("notified_on"),
            marked_on=a.day("marked_on"),
            document=document,
        )


FORM = SupervisedAccountForm()

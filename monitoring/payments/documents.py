"""支付审核单: a payment of loan money, with the papers that it rests on, from the customer line to the risk line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import User
from core.errors import Invalid
from core.money import yuan
from core.obligations import claims
from core.parameters import Policy
from core.policy import policy_on
from credit.choices import PaymentMode, Product, ResponsibleRole
from credit.models import Account, Counterparty, Loan
from credit.responsibilities.documents import CustomerForm
from credit.selectors.responsible import responsible
from credit.selectors.schemes import scheme_of
from monitoring import freezes
from monitoring.authority.rules import Tier, steps_for
from monitoring.authority.services import tiers_of
from monitoring.authority.together import Payee, circles, lately_to, paid_lately
from monitoring.loan_money.balances import seen_uses, underway, with_unpaid, written_in_by_hand
from monitoring.loan_money.rules.needs import SCHEME, SPLIT_WITHIN, threshold
from monitoring.loan_money.selectors import need_of
from monitoring.models import Payment
from monitoring.payments import services as requests
from monitoring.uses.selectors import payee_of
from workflow.choices import DocumentStatus
from workflow.definitions import (
    NO,
    Answers,
    Background,
    Check,
    Fact,
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    amount_of,
    at_most,
    known,
)
from workflow.duty_forms import Signer, Subject, people_around, seated
from workflow.models import Document
from workflow.rules import People, resolve_chain

MODES = tuple((mode.value, str(mode.label)) for mode in (PaymentMode.ENTRUSTED, PaymentMode.SELF))
PURPOSE_LONGEST = 200  # what the book keeps
SEPARATOR = " · "  # between the parts of a payee as listed
USES_SHOWN = 50  # the newest; the form says how many there are
# In each row of what was paid lately, and in no column: the accounts of the payees with which it counts together.
WITH = "with"


def lately_to_payee(answers: Answers) -> Decimal:
    """What went, or is on its way, to the chosen payee and its related parties within the days of the window."""
    payee = str(answers.get("payee") or "")
    mine = [row for row in answers.get("recent") or () if payee in _counts_with(row)]
    return sum((amount_of(row, "amount") or Decimal(0) for row in mine), Decimal(0))


def _counts_with(row: Answers) -> list[str]:
    """The accounts of the payees on offer with which a recent payment counts; the first version knew but its own."""
    return str(row.get(WITH, row.get("payee_account", ""))).split()


def _exceeds(answers: Answers) -> bool:
    """Whether the payment, alone or with those of late, is above the threshold from which it is entrusted."""
    limit, amount = amount_of(answers, "entrust_above"), amount_of(answers, "amount")
    if limit is None or amount is None or not answers.get("payee"):
        return False
    return amount + lately_to_payee(answers) > limit


def _split(answers: Answers) -> str:
    """What the payment and those of late to the same payee come to together."""
    limit, amount = amount_of(answers, "entrust_above"), amount_of(answers, "amount")
    if limit is None or amount is None or not answers.get("payee"):
        return ""
    lately = lately_to_payee(answers)
    whole = amount + lately
    if amount > limit:
        return f"单笔超过受托支付起点 {yuan(limit)} 元，按受托支付办理。"
    if whole > limit:
        return (
            f"疑似拆分：近期付给该收款人及其关联方 {yuan(lately)} 元，连同本笔共 {yuan(whole)} 元，"
            f"超过受托支付起点 {yuan(limit)} 元，按受托支付办理，请审核人重点核对。"
        )
    if lately:
        return (
            f"近期付给该收款人及其关联方 {yuan(lately)} 元，连同本笔共 {yuan(whole)} 元，"
            "审核权限按合并金额确定。"
        )
    return "未发现拆分。"


def _must_be_entrusted(answers: Answers, background: Background) -> bool:
    return _exceeds(answers) and answers.get("mode") == PaymentMode.SELF


def _more_than_left(answers: Answers, background: Background) -> bool:
    amount, left = amount_of(answers, "amount"), background.figures.get("free")
    return amount is not None and left is not None and amount > left


def _not_positive(answers: Answers, background: Background) -> bool:
    amount = amount_of(answers, "amount")
    return amount is not None and amount <= 0


def _payee_name(answers: Answers, background: Background) -> str:
    label = dict(background.options.get("payee", ())).get(str(answers.get("payee") or ""), "")
    return label.partition(SEPARATOR)[0]


def _other_party(name: str) -> Any:
    def fails(answers: Answers, background: Background) -> bool:
        party, payee = str(answers.get(name) or "").strip(), _payee_name(answers, background)
        return bool(party and payee) and party != payee

    return fails


def _less_than_paid(name: str) -> Any:
    def fails(answers: Answers, background: Background) -> bool:
        paper, amount = amount_of(answers, name), amount_of(answers, "amount")
        return paper is not None and amount is not None and amount > paper

    return fails


def _says_no(name: str) -> Any:
    return lambda answers, background: answers.get(name) == NO


def _without_loan(field: Field) -> Field:
    return replace(field, columns=tuple(column for column in field.columns if column is not LOAN_NUMBER))


def _without_invoice(answers: Answers) -> bool:
    return not answers.get("invoice_number")


def _with_invoice(answers: Answers) -> bool:
    return bool(answers.get("invoice_number"))


USED_BEFORE = known("used_before", "上线前已用", Kind.MONEY, unit="元")
USED = Field(
    "used",
    "已见用款",
    Kind.TABLE,
    required=False,
    when=lambda answers: bool(answers.get("used")),
    system_rows=True,
    row_word="笔",
    columns=(
        known("item", "用款日期"),
        known("seen_as", "由来"),
        known("payee", "收款人"),
        known("amount", "金额", Kind.MONEY),
    ),
)
LOAN_NUMBER = Field("loan_number", "借据号", locked=True)
LOAN = Section(
    "loan",
    "借据与合同",
    (
        Field("loan_number", "借据号", locked=True),
        Field("contract_number", "合同号", locked=True),
        Field("product", "品种", locked=True),
        known("agreed_purpose", "约定用途", Kind.LONGTEXT),
        Field("disbursed", "已发放", Kind.MONEY, unit="元", locked=True),
        USED_BEFORE,
        Field("paid_out", "已支付", Kind.MONEY, unit="元", locked=True),
        Field("unpaid", "未付贷款资金", Kind.MONEY, unit="元", locked=True),
        Field("need", "支付要求", Kind.LONGTEXT, locked=True),
        known("entrust_above", "受托支付起点", Kind.MONEY, unit="元"),
        USED,
    ),
)
PAYMENT = Section(
    "payment",
    "本次支付",
    (
        Field("mode", "支付方式", Kind.CHOICE, options=MODES),
        Field("account", "付款账户", locked=True),
        Field("payee", "收款人", Kind.CHOICE, help="只能选已登记的交易对手；没有的请先登记。"),
        Field("amount", "支付金额", Kind.MONEY, unit="元"),
        Field("purpose", "支付用途", help="与合同约定用途一致的具体用途，如“采购棉纱首批货款”。"),
        Field(
            "recent",
            "近期支付",
            Kind.TABLE,
            required=False,
            system_rows=True,
            row_word="笔",
            columns=(
                Field("submitted_on", "提交日", Kind.DATE, locked=True),
                Field("payee_name", "收款人", locked=True),
                Field("payee_account", "收款账号", locked=True),
                LOAN_NUMBER,
                Field("amount", "金额", Kind.MONEY, locked=True),
                Field("state", "状态", locked=True),
            ),
        ),
        known("split", "拆分识别", Kind.LONGTEXT, derive=_split),
    ),
)
EVIDENCE = Section(
    "evidence",
    "交易资料",
    (
        Field("trade_contract", "交易合同号"),
        Field("contract_party", "合同对手", help="合同上的收款方全称，须与收款人户名一致。"),
        Field("contract_amount", "合同金额", Kind.MONEY, unit="元"),
        Field("invoice_number", "发票号", required=False),
        Field("invoice_party", "销售方", when=_with_invoice),
        Field("invoice_amount", "发票金额", Kind.MONEY, unit="元", when=_with_invoice),
        Field("no_invoice_why", "没有发票的原因", when=_without_invoice, help="如预付款，写明何时补交发票。"),
        Field("progress", "支付进度", Kind.LONGTEXT, help="合同约定怎样付款、已付多少、本次是否到付款条件。"),
        Field("purpose_fits", "用途与合同约定相符", Kind.YES_NO),
        Field("payee_fits", "收款人与交易资料相符", Kind.YES_NO),
        Field("amount_fits", "金额与付款条件相符", Kind.YES_NO),
        Field("remark", "说明", Kind.LONGTEXT, required=False),
        Field("files", "合同、发票等资料", Kind.PHOTOS, least=1, help="照片或 PDF，至少一份。"),
    ),
)
MUST_BE_ENTRUSTED = "超过受托支付起点（或近期拆分付给同一收款人及其关联方），支付方式须选受托支付。"
MORE_THAN_LEFT = "支付金额超过未付贷款资金（已见的用款和在途的支付都已扣除），请改小。"
DOES_NOT_FIT = "与资料不符的不得支付，请退回借款人更正后再提交。"
PAYMENT_REQUEST = FormDefinition(
    code="payment_request",
    version=2,
    title="支付审核单",
    annex="",
    number_prefix="ZF",
    sections=(LOAN, PAYMENT, EVIDENCE),
    checks=(
        Check("payment", "mode", _must_be_entrusted, MUST_BE_ENTRUSTED),
        Check("payment", "amount", _not_positive, "支付金额须大于零。"),
        Check("payment", "amount", _more_than_left, MORE_THAN_LEFT),
        at_most("payment", "purpose", PURPOSE_LONGEST, "支付用途"),
        Check("evidence", "contract_party", _other_party("contract_party"), "合同对手与收款人户名不一致，不得支付。"),
        Check("evidence", "invoice_party", _other_party("invoice_party"), "发票销售方与收款人户名不一致，不得支付。"),
        Check("evidence", "contract_amount", _less_than_paid("contract_amount"), "支付金额超过合同金额，请核对。"),
        Check("evidence", "invoice_amount", _less_than_paid("invoice_amount"), "支付金额超过发票金额，请核对。"),
        Check("evidence", "purpose_fits", _says_no("purpose_fits"), f"用途{DOES_NOT_FIT}"),
        Check("evidence", "payee_fits", _says_no("payee_fits"), f"收款人{DOES_NOT_FIT}"),
        Check("evidence", "amount_fits", _says_no("amount_fits"), f"金额{DOES_NOT_FIT}"),
    ),
)  # fmt: skip
# Without what was seen of the money, and with payments of the one loan only.
FIRST_VERSION = replace(
    PAYMENT_REQUEST,
    version=1,
    sections=(
        replace(LOAN, fields=tuple(field for field in LOAN.fields if field not in (USED_BEFORE, USED))),
        replace(PAYMENT, fields=tuple(_without_loan(field) for field in PAYMENT.fields)),
        EVIDENCE,
    ),
)


def _loan(pk: int) -> Loan:
    return Loan.objects.select_related("borrower", "contract", "unit__parent").get(pk=pk)


def _recent(loan: Loan, payees: Sequence[Counterparty], on: date, policy: Policy) -> list[dict[str, str]]:
    """What was paid or asked for lately of any of the borrower's loans, and with which payees it counts."""
    paid = paid_lately(loan.borrower, on, policy)
    on_offer = {Payee(one.name, one.account): one.account for one in payees}
    found = circles(loan.borrower, list(on_offer), on, policy) if paid else {}
    return [
        {
            "submitted_on": one.on.isoformat(),
            "payee_name": one.payee.name or "现金",
            "payee_account": one.payee.account,
            "loan_number": one.loan,
            "amount": f"{one.amount:.2f}",
            "state": one.state,
            WITH: " ".join(on_offer[payee] for payee, circle in found.items() if circle.has(one.payee)),
        }
        for one in sorted(paid, key=lambda one: one.on, reverse=True)
    ]


def _used(loan: Loan, on: date) -> list[dict[str, str]]:
    """The uses of the loan's money that were seen, the newest first, for the reviewer to see too."""
    rows = (
        seen_uses(on).filter(loan=loan).select_related("payment", "transaction").order_by("-used_on", "-pk")
    )
    by_hand = written_in_by_hand(on).filter(loan=loan).order_by("-used_on", "-pk")
    lines = [
        *((row.used_on, str(row.get_seen_as_display()), payee_of(row)[0], row.amount) for row in rows[:USES_SHOWN]),
        *((use.used_on, "附件1补登", use.payee_name, use.amount) for use in by_hand[:USES_SHOWN]),
    ]  # fmt: skip
    return [
        {
            "item": day.isoformat(),
            "seen_as": seen_as,
            "payee": payee or "现金",
            "amount": f"{amount:.2f}",
        }
        for day, seen_as, payee, amount in sorted(lines, key=lambda line: line[0], reverse=True)[:USES_SHOWN]
    ]


def _facts(loan: Loan, sums: Any, on_its_way: Decimal, policy: Policy) -> tuple[Fact, ...]:
    days = int(policy.get(SCHEME, SPLIT_WITHIN).value["days"])
    left = Fact(
        f"未付贷款资金 {yuan(sums.unpaid)} 元",
        f"已发放 {yuan(sums.disbursed)} 元，上线前已用 {yuan(sums.used_before)} 元，"
        f"已支付 {yuan(sums.paid_out)} 元，在途 {yuan(on_its_way)} 元",
    )
    cut = (
        f"{days} 天内付给同一收款人及其关联方的各笔合并计算，不论哪笔借据：超过起点即按受托支付办理，"
        "审核权限也按合并金额确定。"
    )
    return (left, Fact("化整为零", cut))


def _amount_together(document: Document, loan: Loan, on: date, policy: Policy) -> Decimal:
    """The amount with what counts together with it; of a draft as far as it is filled in."""
    amount = amount_of(document.content, "amount") or Decimal(0)
    account = document.content.get("payee") or ""
    one = Counterparty.objects.filter(borrower=loan.borrower_id, account=account).first()
    if one is None:
        return amount
    return amount + lately_to(Payee(one.name, one.account), loan.borrower, on, policy, but=document.pk)


def _title(label: str, first: Tier, loan: Loan, policy: Policy) -> str:
    """How the first reviewer is called under the loan's scheme: 支付审核人 for micro loans (小微办法 第七条)."""
    scheme = (
        Loan.objects.filter(pk=loan.pk).annotate(code=scheme_of(policy)).values_list("code", flat=True).get()
    )
    title = str(policy.get(scheme, "payment.reviewer_title").value)
    return label.replace(str(Role.RISK_MANAGER.label), title, 1) if first.role == Role.RISK_MANAGER else label


def _named(people: People, steps: Sequence[Tier], loan: Loan, on: date) -> People:
    """The people around, with whom a tier names for its post, and with the borrower's own risk manager first."""
    holders = {role: list(ids) for role, ids in people.holders.items()}
    own = responsible(loan.borrower, ResponsibleRole.RISK_MANAGER, on)
    if own and own.person_id in (risk := holders.get(Role.RISK_MANAGER, [])):
        holders[Role.RISK_MANAGER] = [own.person_id, *(pk for pk in risk if pk != own.person_id)]
    for step in steps:
        if step.person_id in holders.get(step.role, ()) and step.role != Role.PRINCIPAL:
            holders[step.role] = [step.person_id] if step.person_id else []
    return replace(people, holders=holders)


def asked_of(document: Document) -> requests.Asked:
    """What the form asks for, in terms of the book."""
    loan, a = _loan(document.subject_id), document.answers
    account = Account.objects.filter(number=loan.settlement_account, borrower=loan.borrower_id).first()
    payee = Counterparty.objects.filter(borrower=loan.borrower_id, account=a.text("payee")).first()
    if account is None or payee is None:
        raise Invalid("付款账户或收款人已不在登记中，请作废这份草稿后重新发起。")
    return requests.Asked(
        loan, account, payee, PaymentMode(a.text("mode")), a.money("amount"), a.text("purpose")
    )


class PaymentRequestForm(CustomerForm):
    """A payment; people start it, no duty does, and each submission is a fact of its own."""

    definition = PAYMENT_REQUEST
    earlier = (FIRST_VERSION,)
    told_by = ("amount", "purpose")
    correctable = False
    instead = _("已审核的支付不能更正；未放行的请先撤销这笔支付，再另填一份支付审核单。")

    def check_can_begin(self, *, subject: Subject, on: date) -> None:
        """Under a frozen contract nobody pays."""
        freezes.check_not_frozen(_loan(subject.id).contract)

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The loan, what of its money was used and is left, whom it may be paid to, and what was paid lately."""
        loan, policy = _loan(subject.id), policy_on(on)
        sums = with_unpaid(Loan.objects.filter(pk=loan.pk), on).get()
        on_its_way = underway([loan]).get(loan.pk, Decimal(0))
        need, limit = need_of(loan, policy), threshold(loan.product, policy)
        payees = list(requests.payees(loan, on))
        answers = {
            "loan_number": loan.number,
            "contract_number": loan.contract.number,
            "product": str(Product(loan.product).label),
            "agreed_purpose": loan.agreed_purpose,
            "disbursed": f"{sums.disbursed:.2f}",
            "used_before": f"{sums.used_before:.2f}" if sums.used_before else "",
            "paid_out": f"{sums.paid_out:.2f}",
            "unpaid": f"{sums.unpaid:.2f}",
            "used": _used(loan, on),
            "need": need.why,
            "entrust_above": "" if limit is None else f"{limit:.2f}",
            "mode": PaymentMode.SELF if need.mode == PaymentMode.SELF else PaymentMode.ENTRUSTED,
            "account": loan.settlement_account,
            "payee": payees[0].account if len(payees) == 1 else "",
            "recent": _recent(loan, payees, on, policy),
        }
        return Prefill(
            answers={name: answer for name, answer in answers.items() if answer},
            facts=_facts(loan, sums, on_its_way, policy),
            facts_on=on,
            options={
                "payee": tuple(
                    (one.account, SEPARATOR.join(filter(None, (one.name, one.account, one.bank))))
                    for one in payees
                )
            },
            figures={"free": sums.unpaid - on_its_way},
        )

    @claims("GR-16", clause="abd", does=_("支付审核单：客户经理提交，风险条线按权限审核，提交人不审核"))
    @claims("XW-7", "XW-5.1")
    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """The author, then everybody whose limits the amount passes, the risk line first (第十六条、第十八条).

        The amount is that of the payment with what counts together with it, so that pieces pass nobody by.
        """
        loan, policy = _loan(document.subject_id), policy_on(on)
        principal = responsible(loan.borrower, ResponsibleRole.PRINCIPAL, on)
        tiers = tiers_of(loan.borrower, on, policy)
        steps = steps_for(tiers.steps, _amount_together(document, loan, on, policy))
        people = people_around(
            document, unit=loan.unit, on=on, principal=principal.person_id if principal else None
        )
        chain = seated(
            resolve_chain(
                [Role.CUSTOMER_MANAGER, *(step.role for step in steps)], _named(people, steps, loan, on)
            )
        )
        return [chain[0], replace(chain[1], label=_title(chain[1].label, steps[0], loan, policy)), *chain[2:]]

    def check(self, *, document: Document, by: User, on: date) -> None:
        """Whether it may still be passed, for every reviewer; what it asks for is checked when it is handed in."""
        if document.status == DocumentStatus.SIGNING:
            rows = Payment.objects.select_related("loan__contract", "loan__borrower", "document")
            requests.check_reviewable(rows.get(document=document), on)

    def handed_in(self, *, document: Document, by: User, on: date) -> None:
        """The payment is written down."""
        requests.submit(document=document, asked=asked_of(document), by=by, on=on)

    def taken_back(self, *, document: Document, by: User, on: date) -> None:
        """The customer line's again."""
        requests.give_back(document=document, by=by)

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """Reviewed by everybody whom the amount asks for: accounting may release it."""
        requests.pass_review(document=document, by=by, on=on)


FORM = PaymentRequestForm()

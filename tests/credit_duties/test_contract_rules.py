"""What contracts must agree and what was promised under them: dates worked out by hand from the 2026 calendar."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import AuditEntry
from core.policy import policy_on
from credit.choices import Product
from credit.duties.contracts import ContractTerms, PaymentClauses
from credit.models import ApprovalCondition, Clause, Contract
from tests import factories
from tests.credit_duties.filling import fill, gaps, submit
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, Step, WorkItem
from workflow.services import signatures

pytestmark = pytest.mark.usefixtures("reference")

# The cast's loan was granted on Tuesday 2026-03-10; ten workdays: 03-11..13, 16..20, 23, 24.
CLAUSES_DUE = date(2026, 3, 24)


def run(rule, on: date) -> None:
    reconcile(rule, on=on, policy=policy_on(on))


def clause(contract: Contract, place: int, kind: str, **fields) -> Clause:
    return Clause.objects.create(contract=contract, place=place, kind=kind, **fields)


def demand(
    contract: Contract, place: int, due_on: date | None, text: str = "追加抵押", **fields
) -> ApprovalCondition:
    return ApprovalCondition.objects.create(
        contract=contract, place=place, due_on=due_on, text=text, **fields
    )


def owed() -> dict[tuple[int, str], tuple[date, str]]:
    return {(row.subject_id, row.period_key): (row.due_on, row.status) for row in WorkItem.objects.all()}


# --- 第二十四条 ---------------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-24", clause="ab")
@pytest.mark.parametrize(("mode", "is_reviewed"), [("ENTRUSTED", True), ("MIXED", True), ("SELF", False)])
def test_a_contract_whose_payments_are_reviewed_must_have_both_clauses(cast, mode, is_reviewed):
    clause(cast.contract, 1, "PAYMENT_MODE", payment_mode=mode)
    run(PaymentClauses(), cast.today)
    if not is_reviewed:
        assert owed() == {}
        return
    row = WorkItem.objects.get()
    assert (row.subject_kind, row.subject_id, row.kind, row.due_on) == (
        "CONTRACT", cast.contract.pk, "contract_clauses", CLAUSES_DUE,
    )  # fmt: skip
    assert (row.person, row.unit, row.post, row.borrower_number) == (
        cast.cm, cast.corporate, "CUSTOMER_MANAGER", "C100001",
    )  # fmt: skip
    assert row.reason == (
        "合同 HT2026-0101 的支付须经审核，合同约定中还没有登记“支付须经我行审核同意”、"
        "“禁止票据交换被动扣款”，请补签并登记。"
    )


@pytest.mark.obligation("GR-24", clause="a")
def test_a_product_that_is_always_reviewed_must_have_them_whatever_the_way_of_payment(cast):
    loan = factories.make_loan(cast.borrower, cast.corporate, product=Product.FIXED_ASSET)
    clause(loan.contract, 1, "PAYMENT_MODE", payment_mode="SELF")
    clause(loan.contract, 2, "PASSIVE_DEBIT_BAN")
    run(PaymentClauses(), cast.today)
    row = WorkItem.objects.get()
    assert row.subject_id == loan.contract_id
    assert "“支付须经我行审核同意”" in row.reason and "被动扣款" not in row.reason


@pytest.mark.obligation("GR-24", clause="b")
def test_what_is_registered_even_late_is_not_owed_any_more(cast):
    clause(cast.contract, 1, "PAYMENT_MODE", payment_mode="ENTRUSTED")
    clause(cast.contract, 2, "PAYMENT_CONSENT")
    run(PaymentClauses(), cast.today)
    clause(cast.contract, 3, "PASSIVE_DEBIT_BAN")
    run(PaymentClauses(), cast.today)
    assert list(WorkItem.objects.values_list("status", "close_reason")) == [
        (DutyStatus.VOID, "两条约定均已登记")
    ]


@pytest.mark.obligation("GR-24", clause="ab")
def test_a_contract_that_is_repaid_or_not_yet_drawn_needs_none(cast):
    drawn = factories.make_contract(cast.borrower)
    clause(drawn, 1, "PAYMENT_MODE", payment_mode="ENTRUSTED")
    clause(cast.contract, 1, "PAYMENT_MODE", payment_mode="ENTRUSTED")
    run(PaymentClauses(), date(2026, 11, 23))
    assert set(owed()) == {(cast.contract.pk, "clauses")}
    factories.make_reading(cast.loan, effective_on=cast.today, balance=Decimal(0))
    run(PaymentClauses(), cast.today)
    assert WorkItem.objects.get().close_reason == "合同项下已无余额"


def added(document: Document, *agreed: str, **answers) -> Document:
    """A supplementary agreement that writes down the first clauses of the sheet, one answer each."""
    rows = [
        {**row, "agreed": answer, "text": "经贷款人同意" if answer == "yes" else ""}
        for row, answer in zip(document.content["clauses"], agreed, strict=True)
    ]
    return fill(document, **{"clauses": rows, "reference": "BC-1", "signed_on": "2026-11-23", **answers})


def sign_as_head(document: Document, cast) -> None:
    step = Step.objects.get(chain__document=document, person=cast.head, signed_at=None)
    signatures.sign(step=step, by=cast.head, password=factories.PASSWORD, on=clock.today(), at=clock.now())


@pytest.mark.obligation("GR-24", clause="abd")
def test_a_supplementary_agreement_is_registered_and_the_duty_done_once_nothing_is_lacking(cast):
    clause(cast.contract, 1, "PAYMENT_MODE", payment_mode="ENTRUSTED")
    run(PaymentClauses(), cast.today)
    document = start(cast, "contract_clauses")
    assert [row["item"] for row in document.content["clauses"]] == [
        "支付须经我行审核同意", "禁止票据交换被动扣款"
    ]  # fmt: skip
    assert gaps(added(document, "no", "no")) == {"clauses"}  # nothing to register
    assert gaps(added(document, "yes", "no", signed_on="2026-11-25")) == {"signed_on"}
    submit(added(document, "yes", "no"))
    assert not Clause.objects.filter(kind="PAYMENT_CONSENT").exists()  # not before the head has signed
    sign_as_head(document, cast)
    kept = Clause.objects.get(kind="PAYMENT_CONSENT")
    assert (kept.place, kept.text, kept.known_on) == (9001, "经贷款人同意（补充协议 BC-1）", cast.today)
    run(PaymentClauses(), cast.today)
    duty = WorkItem.objects.get()
    assert (duty.status, duty.submitted_on) == (DutyStatus.OPEN, None)  # the other is still owed
    second = start(cast, "contract_clauses")
    assert [row["kind"] for row in second.content["clauses"]] == ["PASSIVE_DEBIT_BAN"]
    submit(added(second, "yes"))
    sign_as_head(second, cast)
    duty.refresh_from_db()
    assert (duty.status, duty.done_on, duty.document) == (DutyStatus.DONE, date(2026, 11, 23), second)
    assert Clause.objects.get(kind="PASSIVE_DEBIT_BAN").place == 9002
    told = AuditEntry.objects.filter(act="credit.clauses.added").order_by("pk").last()
    assert (told.borrower_number, told.after["reference"]) == ("C100001", second.number)
    client = Client()
    client.force_login(cast.cm)
    assert "禁止票据交换被动扣款" in client.get(reverse("agreements")).content.decode()


# --- 第四条 -------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("GR-4", clause="b")
def test_a_demand_and_a_promise_are_told_ten_days_before_their_day(cast):
    demand(cast.contract, 1, date(2026, 12, 4))
    clause(cast.contract, 1, "OTHER", due_on=date(2026, 12, 5), text="办妥押品保险")
    demand(cast.contract, 2, None)  # without a day
    demand(cast.contract, 3, date(2026, 12, 4), met_on=date(2026, 11, 20))  # met
    run(ContractTerms(), date(2026, 11, 23))
    assert owed() == {}
    run(ContractTerms(), date(2026, 11, 24))
    assert owed() == {(cast.contract.pk, "condition:1"): (date(2026, 12, 4), DutyStatus.OPEN)}
    run(ContractTerms(), date(2026, 11, 25))
    assert owed()[cast.contract.pk, "clause:1"] == (date(2026, 12, 5), DutyStatus.OPEN)
    reasons = set(WorkItem.objects.values_list("reason", flat=True))
    assert reasons == {
        "合同 HT2026-0101 批复要求“追加抵押”，2026-12-04 前须落实。",
        "合同 HT2026-0101 约定“其他约定：办妥押品保险”，2026-12-05 前须落实。",
    }
    assert {item.person for item in WorkItem.objects.all()} == {cast.cm}


@pytest.mark.obligation("GR-4", clause="b")
def test_what_is_late_stays_owed_and_what_is_met_does_not(cast):
    one, two = demand(cast.contract, 1, date(2026, 11, 20)), demand(cast.contract, 2, date(2026, 11, 20))
    for on in (date(2026, 11, 20), cast.today):
        run(ContractTerms(), on)
    assert {status for _, status in owed().values()} == {DutyStatus.OPEN}
    ApprovalCondition.objects.filter(pk=one.pk).update(met_on=cast.today)
    run(ContractTerms(), cast.today)
    assert {key[1]: status for key, (_, status) in owed().items()} == {
        "condition:1": DutyStatus.VOID, "condition:2": DutyStatus.OPEN,
    }  # fmt: skip
    factories.make_reading(cast.loan, effective_on=cast.today, balance=Decimal(0))
    run(ContractTerms(), cast.today)
    assert owed()[two.contract_id, "condition:2"][1] == DutyStatus.VOID


@pytest.mark.obligation("GR-4", clause="b")
def test_a_missed_day_is_judged_by_what_its_evening_knew(cast):
    told, told_met = date(2026, 11, 23), date(2026, 11, 25)
    demand(cast.contract, 1, date(2026, 11, 20), known_on=told)
    clause(
        cast.contract, 1, "OTHER", due_on=date(2026, 11, 20), met_on=date(2026, 11, 19), met_known_on=told_met
    )
    run(ContractTerms(), date(2026, 11, 22))
    assert set(owed()) == {(cast.contract.pk, "clause:1")}
    run(ContractTerms(), date(2026, 11, 24))
    assert {status for _, status in owed().values()} == {DutyStatus.OPEN} and len(owed()) == 2
    run(ContractTerms(), told_met)
    assert {key[1]: status for key, (_, status) in owed().items()} == {
        "clause:1": DutyStatus.VOID, "condition:1": DutyStatus.OPEN,
    }  # fmt: skip


@pytest.mark.obligation("GR-4", clause="b")
def test_a_contract_whose_loan_was_granted_later_was_live_on_the_missed_day(cast):
    demand(cast.contract, 1, date(2026, 3, 9))  # signed on 03-02, the loan granted on 03-10
    run(ContractTerms(), date(2026, 3, 5))
    assert owed() == {(cast.contract.pk, "condition:1"): (date(2026, 3, 9), DutyStatus.OPEN)}


@pytest.mark.obligation("GR-24", clause="a")
def test_a_clause_told_later_was_lacking_on_the_day(cast):
    clause(cast.contract, 1, "PAYMENT_MODE", payment_mode="ENTRUSTED")
    clause(cast.contract, 2, "PAYMENT_CONSENT", known_on=cast.today)
    clause(cast.contract, 3, "PASSIVE_DEBIT_BAN")
    run(PaymentClauses(), date(2026, 11, 23))
    assert "“支付须经我行审核同意”" in WorkItem.objects.get().reason
    run(PaymentClauses(), cast.today)
    assert WorkItem.objects.get().status == DutyStatus.VOID


def start(cast, form: str = "contract_terms") -> Document:
    client = Client()
    client.force_login(cast.cm)
    client.post(reverse("document_start", args=[WorkItem.objects.order_by("period_key").first().pk]))
    return Document.objects.filter(form=form).latest("pk")


@pytest.mark.obligation("GR-4", clause="b")
def test_the_manager_says_what_was_met_and_the_head_signs(cast):
    met, late = demand(cast.contract, 1, date(2026, 11, 27)), demand(cast.contract, 2, date(2026, 11, 28))
    promise = clause(cast.contract, 1, "OTHER", due_on=date(2026, 11, 30), text="办妥押品保险")
    run(ContractTerms(), cast.today)
    document = start(cast)
    assert gaps(document) == {"met", "evidence"}
    content = {
        **document.content,
        "met": ["condition:1", "clause:1"],
        "met_on": "2026-11-23",
        "evidence": "保单 B-7 已入库",
    }
    Document.objects.filter(pk=document.pk).update(content=content)
    document.refresh_from_db()
    submit(document)
    assert document.status == DocumentStatus.SIGNING
    met.refresh_from_db()
    assert met.met_on is None  # not before the head has signed
    sign_as_head(document, cast)
    for row in (met, late, promise):
        row.refresh_from_db()
    assert (met.met_on, met.note) == (date(2026, 11, 23), f"保单 B-7 已入库（{document.number}）")
    assert met.met_known_on == cast.today
    assert (promise.met_on, late.met_on) == (date(2026, 11, 23), None)
    assert {key[1]: status for key, (_, status) in owed().items()} == {
        "condition:1": DutyStatus.DONE, "clause:1": DutyStatus.DONE, "condition:2": DutyStatus.OPEN,
    }  # fmt: skip
    kept = AuditEntry.objects.get(act="credit.terms.met")
    assert (kept.borrower_number, kept.after["reference"]) == ("C100001", document.number)
    run(ContractTerms(), cast.today)
    assert owed()[cast.contract.pk, "condition:1"][1] == DutyStatus.DONE


# --- the register -------------------------------------------------------------------------------------------------


@pytest.fixture
def listed(cast):
    """Four rows of the cast's contract and one of another branch's."""
    demand(cast.contract, 1, date(2026, 11, 20), "追加抵押")
    demand(cast.contract, 2, date(2026, 12, 4), "办妥保险")
    clause(cast.contract, 1, "AGREED_BALANCE", amount=Decimal("500000"))
    clause(
        cast.contract,
        2,
        "SETTLEMENT_SHARE",
        share=Decimal("0.6"),
        due_on=date(2026, 12, 4),
        met_on=date(2026, 11, 2),
    )
    demand(cast.other_loan.contract, 1, date(2026, 12, 1), "他行的事")

    def texts(query: str = "", who=None) -> str:
        client = Client()
        client.force_login(who or cast.cm)
        answer = client.get(reverse("agreements") + query)
        assert answer.status_code == 200
        return answer.content.decode()

    return texts


def test_the_register_lists_what_the_reader_sees_with_its_state(cast, listed):
    page = listed()
    order = [page.index(word) for word in ("追加抵押", "办妥保险", "不低于 500,000.00 元", "60%")]
    assert order == sorted(order)  # by day, what has no day behind; what is met at the end
    assert "他行的事" not in page and "共 4 条" in page
    assert "他行的事" in listed(who=cast.other_cm)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?state=late", ["追加抵押"]),
        ("?state=open", ["办妥保险"]),
        ("?state=met", ["60%"]),
        ("?state=standing", ["500,000.00"]),
        ("?kind=condition", ["追加抵押", "办妥保险"]),
        ("?kind=AGREED_BALANCE", ["500,000.00"]),
        ("?q=HT2026-0101&state=late", ["追加抵押"]),
        ("?q=城东", []),
    ],
)
def test_the_register_is_narrowed(listed, query, found):
    page = listed(query)
    assert [word for word in ("追加抵押", "60%", "办妥保险", "500,000.00") if word in page] == [
        word for word in ("追加抵押", "60%", "办妥保险", "500,000.00") if word in found
    ]
    assert found or "没有符合条件的约定" in page


def test_the_register_is_read_a_page_at_a_time_and_nothing_is_missed(cast, monkeypatch):
    monkeypatch.setattr("credit.contracts.views.PAGE", 3)
    for place in range(1, 5):
        demand(cast.contract, place, date(2026, 12, 4), f"要求{place}号")
        clause(cast.contract, place, "OTHER", due_on=date(2026, 12, 4), text=f"约定{place}号")
    for place in (5, 6):
        demand(cast.contract, place, date(2026, 1, place), f"已办{place}号", met_on=date(2026, 1, 4))
    client = Client()
    client.force_login(cast.cm)
    seen, after = [], ""
    for _ in range(5):
        context = client.get(reverse("agreements"), {"after": after}).context
        seen += [row.line.text for row in context["lines"]]
        after = context["following"]
        if not after:
            break
    assert seen == [f"约定{n}号" for n in range(1, 5)] + [
        *(f"要求{n}号" for n in range(1, 5)), "已办5号", "已办6号",
    ]  # fmt: skip


def test_the_register_is_taken_out_as_filtered_and_that_is_written_down(cast, listed):
    client = Client()
    client.force_login(cast.cm)
    answer = client.get(reverse("agreements_export") + "?state=late")
    assert answer.status_code == 200 and answer["Content-Type"].endswith("sheet")
    kept = AuditEntry.objects.get(act="credit.agreements.exported")
    assert (kept.note, kept.after["rows"]) == ("state=late", 1)

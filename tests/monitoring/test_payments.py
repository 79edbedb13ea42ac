"""支付审核单 from the customer line to release: three people, tiers of authority, gates; money adds up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from core import clock
from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from credit.choices import Product
from credit.models import LedgerEntry
from monitoring.loan_money.balances import unpaid
from monitoring.models import FundUse, MisuseCase, Payment, RefusedRelease
from monitoring.payments import services as requests
from monitoring.payments.documents import PAYMENT_REQUEST
from monitoring.release import services as release
from tests import factories
from tests.monitoring.paying import (
    PAYEE,
    chain,
    draft,
    lend_on_account,
    move,
    payment_of,
    register,
    reviewed,
    send_back,
    sign,
    step,
    submit,
)
from workflow.services import documents

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def loan(cast):
    """300 万元 on account 620001, to be paid to 华东棉业."""
    register(cast.borrower)
    return lend_on_account(cast)


def release_now(payment: Payment, by) -> Payment:
    return release.release(payment=payment, by=by, on=clock.today(), at=clock.now())


def sentences(document) -> str:
    return " ".join(gap.sentence for gap in documents.gaps_of(document, on=clock.today()))


def freeze(cast) -> None:
    MisuseCase.objects.create(
        contract=cast.contract, facts="挪用", amount=1, confirmed_on=cast.today, confirmed_by=cast.risk,
        correct_by=cast.today,
    )  # fmt: skip


# --- three people, one paper (第十六条) ---------------------------------------------------------------------------


@pytest.mark.obligation("GR-16", clause="b")
@pytest.mark.obligation("GR-17.1", clause="d")
def test_the_manager_submits_the_risk_manager_reviews_the_accountant_releases(cast, loan) -> None:
    document = submit(draft(loan, cast.cm))
    payment = payment_of(document)
    assert (payment.status, payment.submitted_by, payment.payee_account) == ("SUBMITTED", cast.cm, PAYEE)
    assert chain(document) == [("客户经理", "张明"), ("风险经理", "孙磊")]
    sign(document, cast.risk)
    payment.refresh_from_db()
    assert (payment.status, payment.reviewed_by, payment.reviewed_on) == ("REVIEWED", cast.risk, cast.today)
    released = release_now(payment, cast.accountant)
    assert (released.status, released.released_by) == ("RELEASED", cast.accountant)
    assert unpaid([loan], cast.today) == {loan.pk: Decimal("2000000.00")}
    acts = list(AuditEntry.objects.filter(act__startswith="monitoring.payment").values_list("act", flat=True))
    assert sorted(acts) == [f"monitoring.payment.{what}" for what in ("released", "reviewed", "submitted")]


def test_what_is_sent_back_is_the_managers_again_and_may_be_handed_in_anew(cast, loan) -> None:
    document = submit(draft(loan, cast.cm))
    send_back(document, cast.risk)
    assert payment_of(document).status == "RETURNED"
    document.refresh_from_db()
    documents.save(
        document=document, answers={"amount": "900000"}, version=document.version, by=cast.cm, at=clock.now()
    )
    submit(document)
    assert (payment_of(document).status, payment_of(document).amount) == ("SUBMITTED", Decimal(900000))
    assert Payment.objects.count() == 1


@pytest.mark.obligation("GR-16", clause="cd")
def test_neither_submitter_nor_reviewer_releases(cast, loan) -> None:
    payment = reviewed(loan, cast)
    factories.make_post(cast.accountant, Role.ACCOUNTANT, cast.corporate)
    for column, sentence in (("submitted_by", "提交人不能放行"), ("reviewed_by", "审核人不能放行")):
        was = getattr(payment, column)
        Payment.objects.filter(pk=payment.pk).update(**{column: cast.accountant})
        with pytest.raises(Refused, match=sentence):
            release_now(payment, cast.accountant)
        Payment.objects.filter(pk=payment.pk).update(**{column: was})
    with pytest.raises(Refused, match="由借据所在支行的会计放行"):
        release_now(payment, cast.risk_head)


@pytest.mark.obligation("GR-16", clause="cd")
@pytest.mark.obligation("GR-17.1", clause="d")
@pytest.mark.obligation("GR-18", clause="f")
@pytest.mark.obligation("GR-19", clause="d")
@pytest.mark.obligation("XW-7", clause="bc")
@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("a_payment_passes_three_people", lambda cast: {"reviewed_by": cast.cm}),
        (
            "a_payment_passes_three_people",
            lambda cast: {"status": "RELEASED", "released_on": cast.today, "released_by": cast.risk},
        ),
        ("nothing_is_released_without_a_review", lambda cast: {"reviewed_on": None, "reviewed_by": None}),
        ("a_review_has_its_reviewer", lambda cast: {"reviewed_by": None}),
        ("a_release_has_its_releaser", lambda cast: {"status": "RELEASED", "released_on": cast.today}),
        ("only_what_is_released_is_paid", lambda cast: {"status": "RELEASED"}),
        ("a_payment_has_an_amount", lambda cast: {"amount": 0}),
    ],
)
def test_the_database_refuses_a_payment_that_passed_fewer(cast, loan, constraint, columns) -> None:
    payment = reviewed(loan, cast)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(**columns(cast))


# --- what a request must show (第十七条) --------------------------------------------------------------------------


@pytest.mark.obligation("GR-17.1", clause="bc")
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"contract_party": "华南棉业有限公司"}, "合同对手与收款人户名不一致"),
        ({"contract_amount": "999999.99"}, "支付金额超过合同金额"),
        (
            {"invoice_number": "F1", "invoice_party": "华东棉业有限公司", "invoice_amount": "999999"},
            "支付金额超过发票金额",
        ),
        (
            {"invoice_number": "F1", "invoice_party": "某某", "invoice_amount": "1000000"},
            "发票销售方与收款人户名不一致",
        ),
        ({"purpose_fits": "no"}, "用途与资料不符的不得支付"),
        ({"amount": "3000000.01", "contract_amount": "9000000"}, "超过未付贷款资金"),
        ({"amount": "0"}, "支付金额须大于零"),
        ({"payee": "6230009"}, "收款人"),  # registered nowhere
    ],
)
def test_papers_payee_purpose_and_amount_are_compared(cast, loan, answers, sentence) -> None:
    document = draft(loan, cast.cm, **answers)
    assert sentence in sentences(document)
    with pytest.raises(Invalid):
        submit(document)
    assert not Payment.objects.exists()


def test_a_request_needs_its_papers(cast, loan) -> None:
    assert "至少 1 张" in sentences(draft(loan, cast.cm, paper=False))
    assert sentences(draft(loan, cast.cm, paper=True)) == ""


@pytest.mark.obligation("GR-17.1", clause="c")
def test_the_payee_is_registered_and_one_of_another_contract_is_none(cast, loan) -> None:
    other = factories.make_contract(cast.borrower, number="HT-9")
    bound = register(cast.borrower, "6230002", "只限他合同", contract=other)
    ended = register(cast.borrower, "6230003", "已停用", ended_on=cast.today)
    mine = register(cast.borrower, "6230004", "本合同", contract=cast.contract)
    register(cast.other_borrower, "6230005", "别人的")
    assert [one.account for one in requests.payees(loan, cast.today)] == [PAYEE, mine.account]
    # One that ended between the draft and its submission is refused by the gate itself.
    document = draft(loan, cast.cm)
    loan.borrower.counterparties.filter(account=PAYEE).update(ended_on=cast.today)
    with pytest.raises(Refused, match="不是这笔贷款登记的交易对手"):
        submit(document)
    assert bound.pk and ended.pk


@pytest.mark.obligation("GR-17.2", clause="abc")
def test_a_fixed_asset_loan_under_self_payment_goes_through_the_same_review(cast) -> None:
    register(cast.borrower)
    loan = lend_on_account(cast, product=Product.FIXED_ASSET)
    for answers, sentence in (
        ({"contract_party": "华南棉业有限公司"}, "合同对手与收款人户名不一致"),
        ({"purpose_fits": "no"}, "用途与资料不符的不得支付"),
    ):
        assert sentence in sentences(draft(loan, cast.cm, mode="SELF", **answers))
    document = draft(loan, cast.cm, mode="SELF")
    assert "自主支付，对外支付前也须审核" in document.content["need"]
    assert [role for role, _who in chain(submit(document))] == ["客户经理", "风险经理"]
    with pytest.raises(Refused, match="未经审核同意的不得放行"):
        release_now(payment_of(document), cast.accountant)


def test_pieces_for_one_payee_are_put_together_and_shown(cast) -> None:
    # 流动资金 20,000,000: the first piece of 6,000,000 is below the threshold of 10,000,000, and so is the second of
    # 4,000,000.01 alone; together they are above it.
    register(cast.borrower)
    loan = lend_on_account(cast, "20000000")
    big = {"mode": "SELF", "contract_amount": "20000000"}
    submit(draft(loan, cast.cm, amount="6000000", **big))
    second = draft(loan, cast.cm, amount="4000000.01", **big)
    assert "须选受托支付" in sentences(second)
    documents.save(
        document=second, answers={"mode": "ENTRUSTED"}, version=second.version, by=cast.cm, at=clock.now()
    )
    submit(second)
    second.refresh_from_db()
    assert (
        "疑似拆分：近期付给该收款人及其关联方 6,000,000.00 元，连同本笔共 10,000,000.01 元"
        in PAYMENT_REQUEST.field("split").derive(second.content)
    )


def test_what_is_on_its_way_may_not_be_asked_for_again(cast, loan) -> None:
    submit(draft(loan, cast.cm, amount="2000000"))
    assert "超过未付贷款资金" in sentences(draft(loan, cast.cm, amount="1000000.01"))
    document = draft(loan, cast.cm, amount="1000000")  # the same draft, with less
    submit(document)
    assert requests.free(loan, cast.today) == 0
    assert "没有未付的贷款资金" in requests.reason_not_to_start(loan, cast.cm, cast.today)


@pytest.mark.obligation("GR-23", clause="b")
def test_a_frozen_contract_neither_asks_reviews_nor_releases(cast, loan) -> None:
    waiting = submit(draft(loan, cast.cm, amount="100"))
    passed = reviewed(loan, cast, amount="200")
    begun = draft(loan, cast.cm, amount="300")
    freeze(cast)
    with pytest.raises(Refused, match="暂停用款"):
        submit(begun)
    with pytest.raises(Refused, match="暂停用款"):
        sign(waiting, cast.risk)
    with pytest.raises(Refused, match="暂停用款"):
        release_now(passed, cast.accountant)
    released = {"status": "RELEASED", "released_on": cast.today, "released_by": cast.accountant}
    with pytest.raises(IntegrityError, match="暂停用款"), transaction.atomic():
        Payment.objects.filter(pk=passed.pk).update(**released)  # nor past the code
    assert "暂停用款" in requests.reason_not_to_start(loan, cast.cm, cast.today)


def test_a_reviewed_payment_is_not_corrected_but_given_up(cast, loan) -> None:
    payment = reviewed(loan, cast)
    with pytest.raises(Conflict, match="不能更正"):
        submit(documents.revise(document=payment.document, by=cast.cm, on=cast.today))
    with pytest.raises(Invalid, match="撤销原因"):
        requests.cancel(payment=payment, why=" ", by=cast.cm, on=cast.today)
    with pytest.raises(Refused, match="管户客户经理"):
        requests.cancel(payment=payment, why="不买了", by=cast.cm2, on=cast.today)
    requests.cancel(payment=payment, why="不买了", by=cast.cm, on=cast.today)
    assert requests.free(loan, cast.today) == Decimal(3000000)
    with pytest.raises(Refused, match="已撤销"):
        release_now(payment, cast.accountant)


@pytest.mark.obligation("XW-7", clause="a")
def test_a_micro_loan_goes_through_its_payment_reviewer(cast) -> None:
    register(cast.borrower)
    loan = lend_on_account(cast, product=Product.MICRO)
    document = submit(draft(loan, cast.cm))
    assert chain(document) == [("客户经理", "张明"), ("支付审核人", "孙磊")]
    sign(document, cast.risk)
    assert payment_of(document).status == "REVIEWED"


# --- what is left (累计) ------------------------------------------------------------------------------------------


def test_a_loan_from_before_the_lenders_first_day_has_nothing_to_be_paid_out(cast, loan, monkeypatch) -> None:
    monkeypatch.setattr("monitoring.loan_money.balances.go_live_on", lambda: date(2026, 3, 11))
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(0)}  # paid out on 03-10
    monkeypatch.setattr("monitoring.loan_money.balances.go_live_on", lambda: date(2026, 3, 10))
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(3000000)}


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    drawn=st.lists(st.integers(1, 500), max_size=3),
    acts=st.lists(
        st.tuples(st.sampled_from(["released", "reviewed", "undone", "use", "use of payment", "old use"]),
                  st.integers(1, 300)),
        max_size=8,
    ),
)  # fmt: skip
def test_the_running_total_is_what_was_lent_less_what_was_paid_and_used(cast, loan, drawn, acts) -> None:
    with transaction.atomic():
        document = draft(loan, cast.cm)
        payee, left = requests.payees(loan, cast.today).get(), sum(drawn) if drawn else 3000000
        for place, amount in enumerate(drawn):
            LedgerEntry.objects.create(
                number=f"F{place}", loan=loan, kind="DISBURSEMENT", amount=amount, effective_on=loan.starts_on,
                known_on=loan.starts_on,
            )  # fmt: skip
        for place, (what, amount) in enumerate(acts):
            use = {
                "document": document, "loan": loan, "used_on": cast.today, "amount": amount, "payee_name": "某",
                "purpose": "GOODS", "flows_back": False, "is_upstream": True, "as_agreed": True,
                "verified_by": "VOUCHER", "known_on": cast.today,
            }  # fmt: skip
            if what in ("use", "old use"):
                replaced = {"replaced_on": cast.today} if what == "old use" else {}
                FundUse.objects.create(**use, **replaced)
                left -= amount if what == "use" else 0
                continue
            paper = type(document).objects.get(pk=document.pk)
            paper.pk, paper.number, paper._state.adding = None, f"ZF-{place}", True
            paper.save()
            paid = Payment.objects.create(
                document=paper, loan=loan, mode="ENTRUSTED", account=_account(loan), counterparty=payee,
                payee_name=payee.name, payee_account=payee.account, amount=amount, purpose="货款",
                status="REVIEWED" if what == "reviewed" else "RELEASED", submitted_on=cast.today,
                submitted_by=cast.cm, reviewed_on=cast.today, reviewed_by=cast.risk,
                **({} if what == "reviewed" else {"released_on": cast.today, "released_by": cast.accountant}),
            )  # fmt: skip
            if what == "undone":  # it left, and the core system took it back
                paid.transaction = move("620001", f"-{amount}", cast.today)
                paid.save()
                move("620001", f"{amount}", cast.today, reverses=paid.transaction)
            elif what == "use of payment":  # 附件1 records it: the same money, once
                FundUse.objects.create(**use, payment=paid)
            left -= amount if what in ("released", "use of payment") else 0
        assert unpaid([loan], cast.today)[loan.pk] == max(left, 0)
        transaction.set_rollback(True)


def _account(loan):
    return loan.borrower.accounts.get(number=loan.settlement_account)


@pytest.mark.obligation("GR-20.2", clause="c")
def test_no_more_is_released_than_was_lent(cast, loan) -> None:
    payment = reviewed(loan, cast, amount="2000000")
    FundUse.objects.create(
        document=payment.document, loan=loan, used_on=cast.today, amount=1000001, payee_name="某", purpose="GOODS",
        flows_back=False, is_upstream=True, as_agreed=True, verified_by="VOUCHER", known_on=cast.today,
    )  # fmt: skip
    with pytest.raises(Refused, match="超过发放额"):
        release_now(payment, cast.accountant)
    assert not RefusedRelease.objects.exists() and step(payment.document) is None

"""The accountant's counter: what was reviewed leaves, what was not is refused, and the risk manager owes an answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core import clock, outbox
from core.models import AuditEntry, OutboxEntry
from core.policy import policy_on
from credit.models import Account, Responsibility
from monitoring.models import Payment, RefusedRelease
from monitoring.unreviewed.duties import UnreviewedPayment
from postloan.jobs import HANDLERS
from tests import factories
from tests.monitoring.paying import PAYEE, lend_on_account, register, reviewed
from tests.pages import one_time
from workflow.engine import reconcile
from workflow.models import WorkItem
from workflow.pages.editing import start_from
from workflow.services import documents

pytestmark = pytest.mark.usefixtures("reference")
SLIP = {"account": "620001", "payee_name": "华东棉业有限公司", "payee_account": PAYEE, "amount": "1,000,000"}


@pytest.fixture
def loan(cast):
    register(cast.borrower)
    Responsibility.objects.filter(borrower=cast.borrower, role="RISK_MANAGER").update(person=cast.risk_head)
    return lend_on_account(cast, contract=_entrusted(cast))


def _entrusted(cast):
    cast.contract.clauses.create(place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    return cast.contract


def at(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.obligation("GR-19", clause="e")
def test_a_slip_with_a_reviewed_payment_is_released(cast, loan) -> None:
    payment = reviewed(loan, cast)
    answer = at(cast.accountant).post("/counter/", SLIP | one_time() | {"payee_account": "623 0001"})
    assert answer.status_code == 200 and "查到支付审核单" in answer.content.decode()
    assert not RefusedRelease.objects.exists()
    answer = at(cast.accountant).post(f"/counter/{payment.pk}/release/", follow=True)
    assert "已放行：付“华东棉业有限公司”1,000,000.00 元" in answer.content.decode()
    payment.refresh_from_db()
    assert (payment.status, payment.released_by) == ("RELEASED", cast.accountant)
    # It is good for one payment: neither the same slip nor the same button finds it again.
    assert at(cast.accountant).post("/counter/", SLIP | one_time()).status_code == 403
    assert at(cast.accountant).post(f"/counter/{payment.pk}/release/").status_code == 403


def test_a_slip_that_is_sent_in_twice_is_refused_once_and_answered_alike(cast, loan) -> None:
    client, slip = at(cast.accountant), SLIP | one_time()
    first, second = (client.post("/counter/", slip) for _ in range(2))
    assert first.status_code == 403 and "不得办理" in first.content.decode()
    assert (second.status_code, second.content) == (403, first.content)
    assert RefusedRelease.objects.count() == 1


@pytest.mark.obligation("GR-17.1", clause="c")
@pytest.mark.obligation("GR-19", clause="ab")
@pytest.mark.parametrize("differs", [{"amount": "1000000.01"}, {"payee_account": "6230002"}])
def test_a_slip_without_one_is_refused_and_the_risk_manager_told_at_once(cast, loan, differs) -> None:
    reviewed(loan, cast)
    answer = at(cast.accountant).post("/counter/", SLIP | one_time() | differs)
    assert answer.status_code == 403
    assert "不得办理" in answer.content.decode() and "已通知风险经理" in answer.content.decode()
    refused = RefusedRelease.objects.get()
    assert (refused.by, refused.account.number) == (cast.accountant, "620001")
    assert AuditEntry.objects.filter(act="monitoring.payment.refused").count() == 1
    assert OutboxEntry.objects.get(topic="refused_release").payload == {"refused": refused.pk}
    assert outbox.deliver(HANDLERS) == 1
    duty = WorkItem.objects.get(obligation="GR-19")
    assert (duty.period_key, duty.person, duty.due_on) == (
        f"refused:{refused.pk}",
        cast.risk_head,
        cast.today,
    )
    assert duty.borrower_number == "C100001" and "柜面拒办未经审核的支付" in duty.reason


@pytest.mark.obligation("GR-16", clause="c")
@pytest.mark.obligation("GR-17.1", clause="d")
@pytest.mark.obligation("GR-19", clause="d")
def test_an_unreviewed_payment_is_never_released(cast, loan) -> None:
    payment = reviewed(loan, cast)
    Payment.objects.filter(pk=payment.pk).update(status="SUBMITTED", reviewed_on=None, reviewed_by=None)
    assert at(cast.accountant).post(f"/counter/{payment.pk}/release/").status_code == 403
    payment.refresh_from_db()
    assert payment.status == "SUBMITTED"


def test_the_duty_is_done_by_the_risk_managers_own_record(cast, loan) -> None:
    at(cast.accountant).post("/counter/", SLIP | one_time())
    outbox.deliver(HANDLERS)
    duty = WorkItem.objects.get(obligation="GR-19")
    document = start_from(duty, user=cast.risk_head, on=cast.today)
    documents.save(
        document=document, answers={"record": "已通知客户补交审核单"}, version=document.version, by=cast.risk_head,
        at=clock.now(),
    )  # fmt: skip
    documents.submit(
        document=document, by=cast.risk_head, password=factories.PASSWORD, on=cast.today, at=clock.now()
    )
    duty.refresh_from_db()
    assert duty.status == "DONE"
    reconcile(UnreviewedPayment(), on=cast.today, policy=policy_on(cast.today))
    duty.refresh_from_db()
    assert duty.status == "DONE" and WorkItem.objects.filter(obligation="GR-19").count() == 1


@pytest.mark.obligation("GR-19", clause="b")
def test_without_a_risk_manager_of_its_own_the_branchs_owes_it(cast, loan) -> None:
    Responsibility.objects.filter(borrower=cast.borrower, role="RISK_MANAGER").update(
        to_on=cast.today - timedelta(days=1)
    )
    at(cast.accountant).post("/counter/", SLIP | one_time())
    outbox.deliver(HANDLERS)
    assert WorkItem.objects.get(obligation="GR-19").person == cast.risk


def test_an_account_without_loan_money_under_review_is_ordinary_business(cast, loan) -> None:
    Account.objects.create(
        number="620777", borrower=cast.borrower, unit=cast.corporate, kind="GENERAL", opened_on=cast.today
    )
    answer = at(cast.accountant).post("/counter/", SLIP | one_time() | {"account": "620777"})
    assert answer.status_code == 200 and "没有须经审核的未付贷款资金" in answer.content.decode()
    assert not RefusedRelease.objects.exists()


def test_a_loan_that_needs_no_review_or_is_paid_out_is_ordinary_business_too(cast, loan) -> None:
    free = factories.make_contract(cast.borrower, number="HT-SELF")
    lend_on_account(cast, number="620778", contract=free)  # 流动资金, self payment
    payment = reviewed(loan, cast, amount="3000000", contract_amount="3000000")
    at(cast.accountant).post(f"/counter/{payment.pk}/release/")
    for account in ("620778", "620001"):
        answer = at(cast.accountant).post("/counter/", SLIP | one_time() | {"account": account})
        assert answer.status_code == 200 and "没有须经审核的未付贷款资金" in answer.content.decode()
    assert not RefusedRelease.objects.exists()


@pytest.mark.parametrize(
    ("slip", "sentence"),
    [
        ({"account": "1"}, "没有账号 1"),
        ({"amount": "一百"}, "不是金额"),
        ({"amount": "0"}, "金额须大于零"),
        ({"payee_account": ""}, "必填"),
    ],
)
def test_a_slip_that_cannot_be_read_says_what_is_wrong(cast, loan, slip, sentence) -> None:
    answer = at(cast.accountant).post("/counter/", SLIP | one_time() | slip)
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not RefusedRelease.objects.exists()


@pytest.mark.obligation("GR-16", clause="c")
def test_the_counter_lists_what_waits_in_the_accountants_branch(cast, loan) -> None:
    payment = reviewed(loan, cast)
    page = at(cast.accountant).get("/counter/").content.decode()
    assert payment.document.number in page and "1,000,000.00" in page
    other = factories.make_person("2010", "外行会计", role="ACCOUNTANT", unit=cast.br2)
    page = at(other).get("/counter/").content.decode()
    assert payment.document.number not in page and "没有待放行的支付" in page
    assert at(other).post(f"/counter/{payment.pk}/release/").status_code == 404
    assert "没有账号" in at(other).post("/counter/", SLIP | one_time()).content.decode()
    assert at(cast.cm).get("/counter/").status_code == 403


def test_a_refused_release_has_an_amount(cast, loan) -> None:
    with pytest.raises(IntegrityError, match="a_refused_release_has_an_amount"), transaction.atomic():
        RefusedRelease.objects.create(
            on=cast.today, at=clock.now(), by=cast.accountant, account=Account.objects.get(number="620001"),
            payee_name="某", amount=Decimal(0), reason="拒办",
        )  # fmt: skip

"""支付审核, 审核权限 and the panel on the loan page: who sees what, what the buttons say, what is taken out."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from core.models import AuditEntry
from credit.models import Account, Borrower, Loan
from monitoring.models import Payment, PaymentAuthority
from tests.monitoring.paying import draft, lend_on_account, register, reviewed, submit
from tests.pages import one_time
from workflow import measures
from workflow.models import DailyMeasure, Document

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def loan(cast):
    register(cast.borrower)
    return lend_on_account(cast)


def at(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person, where: str = "/payments/") -> str:
    answer = at(person).get(where)
    assert answer.status_code == 200
    return answer.content.decode()


def somebody_else(loan: Loan) -> Borrower:
    return Borrower.objects.exclude(pk=loan.borrower_id).order_by("pk")[0]


def test_the_list_shows_each_line_its_own_customers_and_adds_up(cast, loan) -> None:
    first, second = submit(draft(loan, cast.cm)), reviewed(loan, cast, amount="500000.5")
    for person in (cast.cm, cast.head, cast.risk, cast.president, cast.auditor):
        text = page(person)
        assert first.number in text and second.document.number in text
        assert "共 2 笔，金额合计 1,500,000.50 元" in text
    for person in (cast.cm2, cast.head_personal, cast.other_cm, cast.other_risk):
        assert "还没有支付审核单" in page(person)
    assert at(cast.accountant).get("/payments/").status_code == 403


def test_the_list_is_narrowed_and_comes_in_pages(cast, loan, monkeypatch) -> None:
    first, second = submit(draft(loan, cast.cm)), reviewed(loan, cast, amount="500000.5")
    assert second.document.number not in page(cast.risk, "/payments/?status=SUBMITTED")
    assert first.number not in page(cast.risk, f"/payments/?status=REVIEWED&unit={cast.corporate.pk}")
    assert first.number in page(cast.risk, "/payments/?status=nonsense&unit=x&after=y")
    assert "没有符合条件的支付" in page(cast.risk, f"/payments/?unit={cast.corporate2.pk}")
    # Booked by the branch, looked after by its department: it is found where its manager is.
    Loan.objects.filter(pk=loan.pk).update(unit=cast.br1)
    assert first.number in page(cast.risk, f"/payments/?unit={cast.corporate.pk}")
    assert first.number not in page(cast.risk, f"/payments/?unit={cast.br1.pk}")
    monkeypatch.setattr("monitoring.payments.register.Payments.size", 1)
    text = page(cast.risk)
    assert second.document.number in text and first.number not in text
    assert first.number in page(cast.risk, f"/payments/?after={second.pk}")


def test_the_workbook_is_exactly_what_is_filtered(cast, loan) -> None:
    submit(draft(loan, cast.cm))
    second = reviewed(loan, cast, amount="500000.5")
    answer = at(cast.risk).get("/payments/export/?status=REVIEWED")
    (row,) = list(load_workbook(BytesIO(answer.getvalue())).active.iter_rows(min_row=2, values_only=True))
    assert row[0] == second.document.number and Decimal(str(row[9])) == Decimal("500000.5")
    assert AuditEntry.objects.get(act="monitoring.payments.exported").after == {"rows": 1}


def test_a_payment_begins_on_the_loan_page(cast, loan) -> None:
    text = page(cast.cm, f"/loans/{loan.number}/")
    assert "发起支付" in text and "未付贷款资金" in text and "3,000,000.00" in text
    answer = at(cast.cm).post(f"/loans/{loan.number}/payments/new/")
    document = Document.objects.get(form="payment_request")
    assert answer.url == f"/documents/{document.pk}/edit/"
    assert "华东棉业有限公司" in page(cast.cm, f"{answer.url}payment/")
    at(cast.cm).post(f"/loans/{loan.number}/payments/new/")  # goes on with the same draft
    assert Document.objects.filter(form="payment_request").count() == 1


@pytest.mark.obligation("GR-17.1", clause="c")
@pytest.mark.parametrize(
    ("who", "spoil", "sentence"),
    [
        ("risk", lambda loan: None, "由管户客户经理或部门负责人发起"),
        ("cm", lambda loan: loan.borrower.counterparties.all().delete(), "没有登记交易对手"),
        ("cm", lambda loan: Account.objects.update(number="1"), "没有登记本行结算账户"),
        ("cm", lambda loan: Account.objects.update(borrower=somebody_else(loan)), "没有登记本行结算账户"),
    ],
)
def test_the_button_says_why_it_may_not_be_pressed(cast, loan, who, spoil, sentence) -> None:
    spoil(loan)
    assert sentence in page(cast.people[who], f"/loans/{loan.number}/")
    answer = at(cast.people[who]).post(f"/loans/{loan.number}/payments/new/")
    assert answer.status_code == 403 and not Document.objects.exists()


def test_a_reviewed_payment_is_given_up_on_its_page(cast, loan) -> None:
    payment = reviewed(loan, cast)
    assert f"/payments/{payment.pk}/cancel/" in page(cast.cm)
    where = f"/payments/{payment.pk}/cancel/"
    assert at(cast.cm).post(where, {"why": ""}).status_code == 422
    assert at(cast.cm).post(where, {"why": "合同解除"}).url == "/payments/"
    payment.refresh_from_db()
    assert payment.status == "CANCELLED"
    assert at(cast.risk).get(where).status_code == 403 and at(cast.other_cm).get(where).status_code == 404


@pytest.mark.obligation("GR-18", clause="a")
def test_a_principal_sets_the_tiers_on_their_page(cast) -> None:
    form = {
        "from_on": "2026-11-25", "role_1": "RISK_MANAGER", "up_to_1": "1,000,000", "role_2": "RISK_HEAD",
        "person_2": str(cast.risk_head.pk), "up_to_2": "",
    }  # fmt: skip
    assert at(cast.president).post("/payments/authority/", form | one_time()).url == "/payments/authority/"
    authority = PaymentAuthority.objects.get()
    tiers = list(authority.tiers.values_list("role", "person", "up_to"))
    assert tiers == [("RISK_MANAGER", None, Decimal(1000000)), ("RISK_HEAD", cast.risk_head.pk, None)]
    text = page(cast.cm, "/payments/authority/")
    assert "1,000,000.00" in text and "周敏" in text and "未生效" in text
    assert "2026-11-25" not in page(cast.other_cm, "/payments/authority/")


@pytest.mark.obligation("GR-18", clause="a")
@pytest.mark.parametrize(
    ("who", "change", "status", "sentence"),
    [
        ("president", {"from_on": "2026-11-23"}, 422, "早于今天"),
        ("president", {"up_to_1": "一百万"}, 422, "第 1 级"),
        ("president", {"up_to_2": "2000000"}, 422, "末级不限金额"),
        ("risk_head", {}, 403, "由经营主责任人"),
    ],
)
def test_what_cannot_be_set_says_why(cast, who, change, status, sentence) -> None:
    form = {"from_on": "2026-11-25", "role_1": "RISK_MANAGER", "up_to_1": "1000000", "role_2": "RISK_HEAD"}
    answer = at(cast.people[who]).post("/payments/authority/", form | change | one_time())
    assert answer.status_code == status and sentence in answer.content.decode()
    assert not PaymentAuthority.objects.exists()


def test_what_waits_is_counted_every_day(cast, loan) -> None:
    submit(draft(loan, cast.cm))
    reviewed(loan, cast, amount="500000.5")
    measures.write(cast.today)
    rows = DailyMeasure.objects.filter(measure="payments_waiting").order_by("key")
    found = [(row.key, row.value, row.amount, row.unit, row.person) for row in rows]
    assert found == [
        ("REVIEWED", 1, Decimal("500000.50"), cast.corporate, cast.cm),
        ("SUBMITTED", 1, Decimal("1000000.00"), cast.corporate, cast.cm),
    ]
    assert Payment.objects.count() == 2


def test_what_waits_is_on_the_dashboard_and_leads_to_its_rows(cast, loan) -> None:
    document = submit(draft(loan, cast.cm))
    measures.write(cast.today)
    assert "1 笔支付待审核或待放行，共 100.00 万元" in page(cast.risk, f"/dashboard/?on={cast.today}")
    rows = page(cast.risk, f"/dashboard/rows/?on={cast.today}&measure=payments_waiting&key=SUBMITTED")
    assert document.number in rows

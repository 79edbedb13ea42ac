"""受控账户: owed while reviewed loan money is unpaid, marked and released by signed papers, listed for each line."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from openpyxl import load_workbook

from core import clock
from core.errors import Conflict
from core.models import AuditEntry
from core.policy import policy_on
from credit.choices import Product
from credit.models import Account
from monitoring.models import SupervisedAccount
from monitoring.payments.views import start_about
from monitoring.supervised.duties import SupervisedAccounts
from tests import factories
from tests.monitoring.paying import lend_on_account, sign, submit
from workflow.engine import reconcile
from workflow.models import WorkItem
from workflow.pages.editing import start_from
from workflow.services import documents

pytestmark = pytest.mark.usefixtures("reference")
STARTED = date(2026, 11, 20)  # a Friday


@pytest.fixture
def loan(cast):
    """A fixed-asset loan of the Friday before on account 620001: every payment is reviewed."""
    return lend_on_account(cast, product=Product.FIXED_ASSET, starts_on=STARTED)


def look(on: date) -> list[tuple[str, date, str]]:
    reconcile(SupervisedAccounts(), on=on, policy=policy_on(on))
    rows = WorkItem.objects.filter(obligation="GR-26").order_by("pk")
    return [(row.status, row.due_on, row.person.name) for row in rows]


def fill(document, **answers: str):
    documents.save(
        document=document, answers=answers, version=document.version, by=document.author, at=clock.now()
    )
    document.refresh_from_db()
    return document


def marked(cast, loan):
    document = start_about("supervised_account", loan, by=cast.cm, on=cast.today)
    sign(submit(fill(document, notified_on="2026-11-23", marked_on="2026-11-24")), cast.accountant)
    return SupervisedAccount.objects.get()


@pytest.mark.obligation("GR-26", clause="a")
def test_the_account_of_reviewed_unpaid_money_is_to_be_marked_and_accounting_confirms_it(cast, loan) -> None:
    # Paid out on Friday 11-20: three workdays later is Wednesday 11-25.
    assert look(cast.today) == [("OPEN", date(2026, 11, 25), "张明")]
    document = start_from(WorkItem.objects.get(), user=cast.cm, on=cast.today)
    assert (document.form, document.content["account"]) == ("supervised_account", "620001")
    submit(fill(document, notified_on="2026-11-23", marked_on="2026-11-24"))
    assert not SupervisedAccount.objects.exists()
    sign(document, cast.accountant)
    row = SupervisedAccount.objects.get()
    assert (row.account.number, row.notified_on, row.marked_on) == ("620001", date(2026, 11, 23), cast.today)
    duty = WorkItem.objects.get()
    assert (duty.status, duty.done_on, duty.document) == ("DONE", cast.today, document)
    assert look(cast.today) == [("DONE", date(2026, 11, 25), "张明")]


@pytest.mark.obligation("GR-26", clause="a")
@pytest.mark.parametrize(
    "fields",
    [
        {"product": Product.WORKING_CAPITAL},  # self payment of 流动资金 is not reviewed
        {"balance": 0},
        {"settlement_account": ""},
    ],
)
def test_where_nothing_is_reviewed_or_left_nothing_is_owed(cast, fields) -> None:
    lend_on_account(cast, **({"product": Product.FIXED_ASSET, "starts_on": STARTED} | fields))
    assert look(cast.today) == []


def test_a_duty_is_dropped_once_the_loan_is_repaid(cast, loan) -> None:
    look(cast.today)
    factories.make_reading(loan, effective_on=cast.today, balance=0)
    assert [status for status, _due, _who in look(cast.today + timedelta(days=9))] == ["VOID"]


@pytest.mark.obligation("GR-26", clause="c")
def test_the_mark_is_taken_off_by_the_same_paper_and_the_register_keeps_both(cast, loan) -> None:
    marked(cast, loan)
    document = start_about("supervised_account", loan, by=cast.cm, on=cast.today)
    assert document.content["action"] == "END"
    assert {gap.field for gap in documents.gaps_of(document, on=cast.today)} == {"ended_on", "why"}
    sign(submit(fill(document, ended_on="2026-11-24", why="资金已全部支付")), cast.accountant)
    row = SupervisedAccount.objects.get()
    assert (row.ended_on, row.ended_by_document) == (cast.today, document)
    document.refresh_from_db()
    assert (document.author, document.content["why"]) == (cast.cm, "资金已全部支付")
    acts = AuditEntry.objects.filter(act__startswith="monitoring.supervised_account").order_by("pk")
    assert [act.act.rsplit(".", 1)[1] for act in acts] == ["marked", "ended"]


def test_a_paper_overtaken_by_another_is_refused(cast, loan) -> None:
    draft = fill(
        start_about("supervised_account", loan, by=cast.head, on=cast.today),
        notified_on="2026-11-23", marked_on="2026-11-24",
    )  # fmt: skip
    marked(cast, loan)
    with pytest.raises(Conflict, match="受控状态已改变"):
        submit(draft)


def test_an_account_is_marked_after_its_unit_was_told(cast, loan) -> None:
    document = fill(
        start_about("supervised_account", loan, by=cast.cm, on=cast.today),
        notified_on="2026-11-24", marked_on="2026-11-23",
    )  # fmt: skip
    assert [gap.sentence for gap in documents.gaps_of(document, on=cast.today)] == [
        "标识日早于通知日，请核对。"
    ]


def test_the_accountant_reads_and_signs_what_waits_for_them_and_nothing_else(cast, loan) -> None:
    document = start_about("supervised_account", loan, by=cast.cm, on=cast.today)
    submit(fill(document, notified_on="2026-11-23", marked_on="2026-11-24"))
    client = Client()
    client.force_login(cast.accountant)
    assert document.number in client.get("/documents/inbox/").content.decode()
    page = client.get(f"/documents/{document.pk}/").content.decode()
    seen = page.split('name="seen" value="')[1].split('"')[0] if 'name="seen"' in page else ""
    answer = client.post(
        f"/documents/{document.pk}/sign/", {"password": factories.PASSWORD, "seen": seen}, follow=True
    )
    assert answer.status_code == 200 and SupervisedAccount.objects.exists()
    unseen = start_about("payment_request", loan, by=cast.cm, on=cast.today)
    assert client.get(f"/documents/{unseen.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("an_account_is_marked_once_told", {"notified_on": date(2026, 11, 25)}),
        ("an_end_of_supervision_has_its_paper", {"ended_on": date(2026, 11, 25)}),
    ],
)
def test_the_database_refuses_a_mark_that_makes_no_sense(cast, loan, constraint, columns) -> None:
    row = marked(cast, loan)
    row.pk = None
    for name, value in columns.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_an_account_is_marked_once_at_a_time(cast, loan) -> None:
    row = marked(cast, loan)
    again = {"account": row.account, "notified_on": row.notified_on, "marked_on": row.marked_on}
    with pytest.raises(IntegrityError, match="an_account_is_supervised_once_at_a_time"), transaction.atomic():
        SupervisedAccount.objects.create(document=row.document, **again)


def test_the_register_is_narrowed_scoped_and_taken_out(cast, loan) -> None:
    marked(cast, loan)

    def page(person, query: str = "") -> str:
        client = Client()
        client.force_login(person)
        return client.get(f"/supervised-accounts/{query}").content.decode()

    for person in (cast.cm, cast.head, cast.risk, cast.president, cast.auditor):
        assert ">620001<" in page(person)
    for person in (cast.other_cm, cast.other_risk, cast.cm2):
        assert "还没有登记受控账户" in page(person)
    assert ">620001<" in page(cast.risk, "?state=standing&q=6200")
    # Kept by the branch, looked after by its department: it is found where its manager is.
    Account.objects.filter(number="620001").update(unit=cast.br1)
    assert ">620001<" in page(cast.risk, f"?unit={cast.corporate.pk}")
    assert ">620001<" not in page(cast.risk, f"?unit={cast.br1.pk}")
    assert "没有符合条件的账户" in page(cast.risk, "?state=ended") and "没有符合" in page(cast.risk, "?q=99")
    client = Client()
    client.force_login(cast.risk)
    sheet = load_workbook(BytesIO(client.get("/supervised-accounts/export/").getvalue())).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["620001"]
    assert AuditEntry.objects.get(act="monitoring.supervised_accounts.exported").after == {"rows": 1}

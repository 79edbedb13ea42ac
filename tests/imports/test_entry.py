"""The book entered by hand: one screen over the kinds of the extracts, for whose customers they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Timer
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Deputy, Unit, User
from core.models import AuditEntry, ImportBatch
from core.models.imports import ImportSource, ImportStatus
from core.policy import policy_on
from credit.choices import AccountKind
from credit.entry.kinds import SECTIONS, by_hand
from credit.imports import run
from credit.imports.kinds import KINDS
from credit.models import (
    Account,
    AccountBalance,
    Borrower,
    Contract,
    Guarantee,
    Installment,
    Loan,
    Responsibility,
    Secured,
)
from tests import factories
from tests.imports.extracts import BOOK, load_only
from tests.pages import one_time
from workflow.models import WorkItem
from workflow.services import days

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


@pytest.fixture
def browse() -> Browse:
    """Somebody of the cast, signed in."""

    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in


def post(client: Client, kind: str, *rows: Mapping[str, str], query: str = "", **more: str) -> Any:
    """Send rows of a kind as the page does."""
    data = {"rows": str(len(rows)), **one_time(), **more}
    for number, row in enumerate(rows):
        data |= {f"{number}-{name}": text for name, text in row.items()}
    return client.post(f"{reverse('entry_kind', args=[kind])}{query}", data)


def make_account(borrower: Borrower, unit: Unit, *, number: str) -> Account:
    """A basic account, opened in 2020."""
    return Account.objects.create(
        number=number, borrower=borrower, unit=unit, kind=AccountKind.BASIC, opened_on=date(2020, 5, 6)
    )


def seen(client: Client, kind: str, query: str) -> str:
    """What the page remembers of what stood when it was opened."""
    page = client.get(f"{reverse('entry_kind', args=[kind])}{query}")
    assert page.status_code == 200
    return str(page.context["page"].seen)


CUSTOMER = {"number": "C900001", "name": "新桥五金有限公司", "kind": "CORPORATE", "industry": "五金"}
CONTRACT = {
    "number": "HT900001", "borrower": "C900001", "product": "WORKING_CAPITAL", "amount": "5,000,000.00",
    "signed_on": "2026-11-20", "ends_on": "2027-11-19", "purpose": "采购钢材",
}  # fmt: skip
LOAN = {
    "number": "JJ900001", "contract": "HT900001", "unit": "BR1-C", "product": "WORKING_CAPITAL",
    "amount": "3000000", "annual_rate": "4.35", "starts_on": "2026-11-23", "matures_on": "2027-11-19",
}  # fmt: skip
GUARANTEE = {
    "number": "DB900001", "borrower": "C900001", "kind": "SURETY", "guarantor_name": "新桥钢材市场",
    "amount": "3000000", "signed_on": "2026-11-20", "mode": "JOINT", "period_months": "36",
}  # fmt: skip
SECURED = {"guarantee": "DB900001", "loan": "JJ900001", "amount": "3000000", "from_on": "2026-11-23"}


def test_a_customer_a_contract_a_loan_and_a_guarantee_are_entered_by_hand_one_leading_to_the_next(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.cm)
    answer = post(client, "customers", CUSTOMER)
    assert answer.status_code == 302 and answer.url == reverse("borrower", args=["C900001"])
    borrower = Borrower.objects.get(number="C900001")
    mine = Responsibility.objects.get(borrower=borrower)
    assert (mine.person, mine.role, mine.unit, mine.from_on) == (
        cast.cm, "CUSTOMER_MANAGER", cast.corporate, cast.today
    )  # fmt: skip
    assert borrower.initials == "xqwjyxgs"
    page = client.get(answer.url).content.decode()
    assert f'href="{reverse("entry_kind", args=["contracts"])}?borrower=C900001"' in page

    form = client.get(reverse("entry_kind", args=["contracts"]) + "?borrower=C900001").content.decode()
    assert 'value="C900001"' in form and "授信金额（元）" in form
    assert post(client, "contracts", CONTRACT).status_code == 302
    assert post(client, "loans", LOAN).status_code == 302
    assert post(client, "guarantees", GUARANTEE).status_code == 302
    assert post(client, "secured", SECURED).status_code == 302

    loan = Loan.objects.get(number="JJ900001")
    assert (loan.borrower, loan.contract.amount) == (borrower, Decimal("5000000.00"))
    assert loan.annual_rate == Decimal("0.0435")  # typed as 4.35 %
    assert Guarantee.objects.get(number="DB900001").period_months == 36
    assert Secured.objects.get(loan=loan).known_on == cast.today
    batches = ImportBatch.objects.all()
    assert {(b.source, b.status, b.as_of, b.received_by) for b in batches} == {
        (ImportSource.SCREEN, ImportStatus.APPLIED, cast.today, "1001")
    }
    assert len(batches) == 5
    kept = AuditEntry.objects.filter(act="credit.entry.added", borrower_number="C900001")
    assert kept.filter(subject="book:合同 HT900001", actor="1001", after__约定用途="采购钢材").exists()
    assert kept.count() == 6  # customer with its manager, contract, loan, guarantee, what it secures
    assert Contract.history.get(number="HT900001").history_user == cast.cm


def test_what_is_refused_comes_back_as_typed_with_the_imports_reason_beside_the_field(
    cast: SimpleNamespace, browse: Browse
) -> None:
    wrong = {
        **CONTRACT,
        "number": "HT900002",
        "borrower": "C100001",
        "ends_on": "2026-11-01",
        "amount": "五百万",
    }
    good = {**CONTRACT, "number": "HT900003", "borrower": "C100001"}
    answer = post(browse(cast.cm), "contracts", good, wrong)
    assert answer.status_code == 422
    first, second = answer.context["page"].forms
    assert first.errors == {}
    assert second.errors == {"amount": ["不是数字（不写千分位和单位）"]}
    page = answer.content.decode()
    for text in ("HT900003", "HT900002", "五百万", "2026-11-01"):
        assert f'value="{text}"' in page
    assert not Contract.objects.filter(number="HT900003").exists()  # one bad row, no row
    assert ImportBatch.objects.count() == 0  # a form that is sent back is no batch

    strange = {**wrong, "number": "HT900004", "borrower": "C300001"}
    both = post(browse(cast.cm), "contracts", wrong, strange).context["page"].forms
    assert [set(form.errors) for form in both] == [
        {"amount"},
        {"borrower"},
    ]  # each row is told what is wrong with it
    early = post(browse(cast.cm), "contracts", {**wrong, "amount": "5000000"})
    assert early.context["page"].forms[0].errors == {"ends_on": ["早于签订日 2026-11-20"]}


def test_a_row_is_added_without_saving_and_an_empty_page_is_not_saved(
    cast: SimpleNamespace, browse: Browse
) -> None:
    answer = post(browse(cast.cm), "contracts", {"purpose": "采购钢材"}, _add="1")
    assert answer.status_code == 200 and len(answer.context["page"].forms) == 2
    assert "采购钢材" in answer.content.decode() and answer.context["page"].forms[0].errors == {}
    nothing = post(browse(cast.cm), "contracts", {}, {})
    assert nothing.status_code == 422 and "还没有填写任何内容。" in nothing.content.decode()


# Of other people's customers, whatever the row hangs on; each is told as if it did not exist.
STRANGE: list[tuple[str, str, dict[str, str], str]] = [
    ("cm", "contracts", {**CONTRACT, "borrower": "P200001"}, "borrower"),  # of another department
    ("cm", "contracts", {**CONTRACT, "borrower": "C300001"}, "borrower"),  # of another branch
    ("cm2", "contracts", {**CONTRACT, "borrower": "C100001"}, "borrower"),  # of a colleague
    ("cm2", "loans", {**LOAN, "contract": "HT2026-0101"}, "contract"),
    ("cm2", "bills", {"number": "P1", "loan": "JJ2026-0101", "amount": "1", "drawn_on": "2026-11-20",
                      "matures_on": "2026-12-20"}, "loan"),
    ("cm", "loans", {**LOAN, "contract": "HT2026-0101", "unit": "BR2-C"}, "unit"),  # of another branch
    ("head", "contracts", {**CONTRACT, "borrower": "P200001"}, "borrower"),
    ("accountant", "balances", {"account": "6222009", "balance": "1"}, "account"),  # of another branch
]  # fmt: skip


@pytest.mark.parametrize(("who", "kind", "row", "column"), STRANGE)
def test_nobody_enters_anything_about_somebody_elses_customer(
    cast: SimpleNamespace, browse: Browse, who: str, kind: str, row: dict[str, str], column: str
) -> None:
    make_account(cast.other_borrower, cast.corporate2, number="6222009")
    answer = post(browse(cast.people[who]), kind, row)
    assert answer.status_code == 422
    (reason,) = answer.context["page"].forms[0].errors[column]
    assert "不在您可以录入的范围内" in reason
    missing = post(browse(cast.people[who]), kind, {**row, column: "NOBODY"})
    assert missing.context["page"].forms[0].errors[column] == [reason]
    assert ImportBatch.objects.count() == 0


def test_a_head_enters_for_the_whole_department(cast: SimpleNamespace, browse: Browse) -> None:
    row = {**CONTRACT, "borrower": "C100001"}
    assert post(browse(cast.head), "contracts", row).status_code == 302
    nobody = post(browse(cast.head), "customers", CUSTOMER)
    assert nobody.status_code == 422 and "请选择由谁管理这些客户（办法 第八条）。" in nobody.content.decode()
    assert post(browse(cast.head), "customers", CUSTOMER, manager="1002").status_code == 302
    assert Responsibility.objects.get(borrower__number="C900001").person == cast.cm2


@pytest.mark.obligation("GR-3", clause="a")
@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("contracts", {"cm", "head"}),
        ("responsibilities", {"head", "risk_head", "vp", "president"}),
        ("loan_states", {"accountant"}),
        ("class_history", {"accountant"}),
        ("past_uses", {"accountant"}),
        ("balances", {"accountant"}),
        ("transactions", {"accountant"}),
        ("repayments", {"accountant"}),
        ("units", {"admin"}),
        ("people", {"admin"}),
    ],
)
def test_each_kind_is_entered_by_its_posts_and_the_risk_line_enters_no_facts(
    cast: SimpleNamespace, browse: Browse, kind: str, allowed: set[str]
) -> None:
    for who in ("cm", "head", "risk", "risk_head", "president", "vp", "accountant", "auditor", "admin"):
        client = browse(cast.people[who])
        expected = 200 if who in allowed else 403
        assert client.get(reverse("entry_kind", args=[kind])).status_code == expected, who
        if who not in allowed:
            assert post(client, kind, {}).status_code == 403, who
        listed = client.get(reverse("entry")).content.decode()
        assert (reverse("entry_kind", args=[kind]) in listed) == (who in allowed), who


def test_the_accountant_enters_what_is_owed_and_what_lies_on_the_accounts_of_the_branch(
    cast: SimpleNamespace, browse: Browse
) -> None:
    state = {
        "loan": "JJ2026-0101", "balance": "2700000", "overdue_principal": "0", "overdue_interest": "0",
        "days_past_due": "0", "risk_class": "SPECIAL_MENTION",
    }  # fmt: skip
    assert post(browse(cast.accountant), "loan_states", state).status_code == 302
    reading = cast.loan.readings.order_by("-effective_on").first()
    assert (reading.effective_on, reading.balance) == (cast.today, Decimal("2700000.00"))
    assert cast.loan.classes.order_by("-effective_on").first().risk_class == "SPECIAL_MENTION"


def test_the_administrator_enters_a_unit_a_person_and_a_deputy(cast: SimpleNamespace, browse: Browse) -> None:
    client = browse(cast.admin)
    unit = {"code": "BR1-M", "name": "小微部", "kind": "DEPARTMENT", "parent": "BR1"}
    assert post(client, "units", unit).status_code == 302
    person = {
        "username": "1099", "name": "施敏", "line": "CUSTOMER", "unit": "BR1-M", "role": "CUSTOMER_MANAGER",
        "from_on": "2026-11-24",
    }  # fmt: skip
    assert post(client, "people", person).status_code == 302
    taken = post(client, "people", person)
    assert "工号已有登记" in taken.context["page"].forms[0].errors["username"][0]
    leave = {"person": "1099", "deputy": "1001", "from_on": "2026-11-25", "to_on": "2026-11-27"}
    assert post(client, "deputies", leave).status_code == 302

    query = "?key=1099&key=BR1-M&key=CUSTOMER_MANAGER&key=2026-11-24"
    page = client.get(reverse("entry_kind", args=["people"]) + query).context["page"]
    row = {**page.forms[0].texts, "to_on": "2026-12-31"}
    assert row["name"] == "施敏"
    assert post(client, "people", row, query=query, seen=page.seen).status_code == 302
    post_held = User.objects.get(username="1099").posts.get()
    assert (post_held.unit.path, post_held.to_on) == (f"{cast.br1.path}BR1-M/", date(2026, 12, 31))
    assert Deputy.objects.get(person__username="1099").deputy == cast.cm


def test_what_belongs_to_nobody_yet_is_anybodys_and_then_the_customers(
    cast: SimpleNamespace, browse: Browse
) -> None:
    mine, other = browse(cast.cm), browse(cast.cm2)
    thing = {"number": "YP1", "kind": "HOUSE", "name": "城西厂房", "owner_name": "江南纺织有限公司"}
    group = {"number": "JT1", "name": "江南集团", "lead_manager": "1001"}
    pledge = {**GUARANTEE, "borrower": "C100001", "kind": "MORTGAGE", "mode": "", "period_months": ""}
    assert post(mine, "collateral", thing).status_code == 302
    assert post(mine, "groups", group).status_code == 302
    for kind, key in (("collateral", "YP1"), ("groups", "JT1")):
        assert other.get(f"{reverse('entry_kind', args=[kind])}?key={key}").status_code == 200
    assert post(mine, "guarantees", pledge).status_code == 302
    lien = {"guarantee": "DB900001", "collateral": "YP1", "rank": "1", "registered_on": "2026-11-20"}
    assert post(mine, "liens", lien).status_code == 302
    member = {"group": "JT1", "borrower": "C100001", "role": "PARENT", "from_on": "2026-11-20"}
    assert post(mine, "group_members", member).status_code == 302
    for kind, key in (("collateral", "YP1"), ("groups", "JT1")):
        assert other.get(f"{reverse('entry_kind', args=[kind])}?key={key}").status_code == 404
        assert mine.get(f"{reverse('entry_kind', args=[kind])}?key={key}").status_code == 200
    value = {"collateral": "YP1", "effective_on": "2026-11-20", "value": "8000000"}
    assert post(other, "valuations", value).status_code == 422
    assert post(mine, "valuations", value).status_code == 302


def test_a_number_that_is_taken_is_not_overwritten_by_a_new_row(
    cast: SimpleNamespace, browse: Browse
) -> None:
    row = {**CONTRACT, "number": "HT2026-0201", "borrower": "C100001"}  # another customer's contract
    answer = post(browse(cast.cm), "contracts", row)
    assert "合同号已有登记" in answer.context["page"].forms[0].errors["number"][0]
    assert Contract.objects.get(number="HT2026-0201").borrower == cast.personal_borrower


def test_a_correction_opens_with_what_stands_and_is_kept_field_by_field(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client, query = browse(cast.cm), "?key=HT2026-0101"
    page = client.get(reverse("entry_kind", args=["contracts"]) + query)
    form = page.context["page"].forms[0]
    assert form.texts["amount"] == "5000000.00" and form.texts["signed_on"] == "2026-03-02"
    row = {
        **form.texts,
        "number": "HT2026-0201",
        "ends_on": "2027-06-30",
    }  # the key is not the form's to choose
    answer = post(client, "contracts", row, query=query, seen=page.context["page"].seen)
    assert answer.status_code == 302
    contract = Contract.objects.get(number="HT2026-0101")
    assert (contract.ends_on, contract.amount) == (date(2027, 6, 30), Decimal("5000000.00"))
    entry = AuditEntry.objects.get(act="credit.entry.corrected")
    assert (entry.before, entry.after) == ({"到期日": "2027-03-01"}, {"到期日": "2027-06-30"})
    assert contract.history.latest().ends_on == date(2027, 6, 30)

    strange = client.get(reverse("entry_kind", args=["contracts"]) + "?key=HT2026-0201")
    assert strange.status_code == 404 and "没有找到这一行" in strange.content.decode()
    assert post(client, "contracts", row, query="?key=HT2026-0201").status_code == 404


def test_nobody_overwrites_what_they_have_not_seen(cast: SimpleNamespace, browse: Browse) -> None:
    client, query = browse(cast.cm), "?key=HT2026-0101"
    page = client.get(reverse("entry_kind", args=["contracts"]) + query).context["page"]
    Contract.objects.filter(number="HT2026-0101").update(purpose="归还他行贷款")
    row = {**page.forms[0].texts, "ends_on": "2027-06-30"}
    answer = post(client, "contracts", row, query=query, seen=page.seen)
    assert answer.status_code == 422 and "又被改动过" in answer.content.decode()
    assert 'value="2027-06-30"' in answer.content.decode()
    again = post(client, "contracts", row, query=query, seen=answer.context["page"].seen)
    assert again.status_code == 302


def test_a_plan_is_shown_and_saved_as_a_whole(cast: SimpleNamespace, browse: Browse) -> None:
    client, query = browse(cast.cm), "?loan=JJ2026-0101"
    first = {"due_on": "2026-12-20", "principal": "1000000", "interest": "10000"}
    second = {"due_on": "2027-03-01", "principal": "1800000", "interest": "8000"}
    assert (
        post(client, "schedules", first, query=query, seen=seen(client, "schedules", query)).status_code
        == 302
    )

    page = client.get(reverse("entry_kind", args=["schedules"]) + query).context["page"]
    assert [form.texts["due_on"] for form in page.forms] == [
        "2026-12-20",
        "",
    ]  # what stands, and room for more
    answer = post(client, "schedules", first, second, {}, query=query, seen=page.seen)
    assert answer.status_code == 302
    standing = Installment.objects.filter(loan=cast.loan, replaced_on__isnull=True)
    assert list(standing.values_list("due_on", flat=True)) == [date(2026, 12, 20), date(2027, 3, 1)]

    again = seen(client, "schedules", query)
    assert post(client, "schedules", {}, second, query=query, seen=again).status_code == 302
    assert list(standing.values_list("due_on", flat=True)) == [
        date(2027, 3, 1)
    ]  # an emptied row is cancelled
    other = client.get(reverse("entry_kind", args=["schedules"]) + "?loan=JJ2026-0201")
    assert other.status_code == 404 and other.context["page"].asks_owner


def test_rows_from_the_screen_are_not_the_extracts_of_the_day(
    cast: SimpleNamespace, browse: Browse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(browse(cast.cm), "customers", CUSTOMER).status_code == 302
    assert days.go_live_on() is None
    expected = policy_on(cast.today)
    monkeypatch.setattr(days, "policy_on", lambda on: Expecting(expected))
    assert not days.facts_arrived(cast.today)

    file = [BOOK["customers"][0], ("C900001", "新桥五金有限公司", "法人", "", "五金")]
    assert load_only(tmp_path / "a", as_of=cast.today, customers=file).status == ImportStatus.APPLIED
    assert days.facts_arrived(cast.today) and days.go_live_on() == cast.today
    # What is typed after the file does not make the same file new, nor the file's facts late.
    row = {**CUSTOMER, "number": "C900002"}
    assert post(browse(cast.cm), "customers", row).status_code == 302
    assert load_only(tmp_path / "a", as_of=cast.today, customers=file).status == ImportStatus.UNCHANGED


def test_a_person_who_saves_waits_for_the_one_before_and_is_told_where_it_takes_too_long(
    cast: SimpleNamespace, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [0x696D706F727473])
        with monkeypatch.context() as patch:
            patch.setattr(run, "PATIENCE", "20ms")
            answer = post(browse(cast.cm), "customers", CUSTOMER)
        assert answer.status_code == 422 and "另一批数据正在导入" in answer.content.decode()
        assert "新桥五金有限公司" in answer.content.decode()
        release = Timer(0.3, lambda: cursor.execute("SELECT pg_advisory_unlock_all()"))
        release.start()
        saved = post(browse(cast.cm), "customers", CUSTOMER)
        release.join()
    other.close()
    assert saved.status_code == 302


class Expecting:
    """A policy of a lender who sends extracts every day."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy

    def get(self, scheme: str, name: str) -> Any:
        """Everything as it is, but that extracts are expected."""
        if name == "extracts.expected":
            return SimpleNamespace(value=True)
        return self.policy.get(scheme, name)


def test_facts_of_yesterday_are_not_late_because_something_was_typed_today(
    cast: SimpleNamespace, browse: Browse, tmp_path: Path
) -> None:
    account = make_account(cast.borrower, cast.corporate, number="6222010")
    make_account(cast.borrower, cast.corporate, number="6222011")
    first = date(2026, 11, 2)
    AccountBalance.objects.create(
        account=account, effective_on=first, known_on=first, balance=Decimal("100.00")
    )
    assert (
        post(browse(cast.accountant), "balances", {"account": "6222011", "balance": "500"}).status_code == 302
    )
    head = BOOK["balances"][0]
    batch = load_only(tmp_path, as_of=date(2026, 11, 23), balances=[head, ("6222010", "900", "0")])
    assert batch.status == ImportStatus.APPLIED
    # An extract of the 24th would have confirmed 100 for that day; what was typed about another account has not.
    assert list(account.balances.order_by("effective_on").values_list("effective_on", "balance")) == [
        (first, Decimal("100.00")),
        (date(2026, 11, 23), Decimal("900.00")),
    ]


def test_what_the_core_system_brings_is_not_entered_where_the_lender_says_so(
    cast: SimpleNamespace, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit.entry.kinds.by_hand", lambda on: ["customers"])
    answer = browse(cast.cm).get(reverse("entry_kind", args=["contracts"]))
    assert answer.status_code == 403 and "由核心系统的数据带入" in answer.content.decode()
    listed = browse(cast.cm).get(reverse("entry")).content.decode()
    assert reverse("entry_kind", args=["customers"]) in listed
    assert reverse("entry_kind", args=["contracts"]) not in listed


def test_every_kind_of_the_book_has_its_screen_with_a_field_for_every_column(
    cast: SimpleNamespace, browse: Browse
) -> None:
    placed = [name for _title, kinds in SECTIONS for name in kinds]
    assert set(KINDS) - set(placed) == {"events"}  # which has a form of its own
    assert set(by_hand(cast.today)) == set(placed) & set(KINDS)
    for name in by_hand(cast.today):
        kind = KINDS[name]
        assert len({column.label for column in kind.columns}) == len(kind.columns)
        person = next(
            p for p in (cast.cm, cast.head, cast.accountant, cast.admin)
            if browse(p).get(reverse("entry_kind", args=[name])).status_code == 200
        )  # fmt: skip
        query = "?loan=JJ2026-0101" if name == "schedules" else ""
        page = browse(person).get(reverse("entry_kind", args=[name]) + query).context["page"]
        assert list(page.forms[0].fields) == [column.name for column in kind.columns]
        # A key that is not there is looked for in the database, column by column.
        lookup = urlencode([("key", "1" if column == "place" else "2026-11-24") for column in kind.key])
        answer = browse(person).get(f"{reverse('entry_kind', args=[name])}?{lookup}")
        assert answer.status_code == (200 if name == "schedules" else 404), name


def test_a_head_hands_customers_over_with_the_duties_that_are_open(
    cast: SimpleNamespace, browse: Browse
) -> None:
    second = factories.make_borrower("C100002", "江北印染有限公司")
    factories.make_responsibility(second, cast.cm, cast.corporate)
    duty = factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower)
    kept = factories.make_duty(cast.cm, cast.corporate, borrower=second)
    client = browse(cast.head)
    page = client.get(reverse("entry_handover") + "?from=1001")
    offered = {row.borrower.number: row.pk for row in page.context["form"].fields["customers"].queryset}
    assert set(offered) == {"C100001", "C100002"}
    data = {"from": "1001", "customers": [offered["C100001"]], "to": "1002", "from_on": "2026-11-24"}
    refused = client.post(reverse("entry_handover"), data | one_time())
    assert refused.status_code == 422 and refused.context["form"].errors.keys() == {"reason"}
    assert (
        client.post(reverse("entry_handover"), {**data, **one_time(), "reason": "岗位轮换"}).status_code
        == 302
    )

    terms = Responsibility.objects.filter(borrower=cast.borrower, role="CUSTOMER_MANAGER").order_by("from_on")
    assert [(row.person, row.from_on, row.to_on) for row in terms] == [
        (cast.cm, date(2026, 1, 5), date(2026, 11, 23)),
        (cast.cm2, date(2026, 11, 24), None),
    ]
    assert Responsibility.objects.get(borrower=second).to_on is None
    duty.refresh_from_db()
    kept.refresh_from_db()
    assert (duty.person, kept.person) == (cast.cm2, cast.cm)
    assert AuditEntry.objects.filter(
        act="credit.customer.handed_over", borrower_number="C100001", note="岗位轮换"
    ).exists()


@pytest.mark.obligation("GR-3", clause="b")
@pytest.mark.parametrize("to", ["1003", "2001", "1006"])
def test_customers_are_not_handed_to_another_department_branch_or_line(
    cast: SimpleNamespace, browse: Browse, to: str
) -> None:
    mine = Responsibility.objects.get(borrower=cast.borrower, role="CUSTOMER_MANAGER")
    data = {"from": "1001", "customers": [mine.pk], "to": to, "from_on": "2026-11-24", "reason": "岗位轮换"}
    answer = browse(cast.head).post(reverse("entry_handover"), data | one_time())
    assert answer.status_code == 422 and "to" in answer.context["form"].errors
    mine.refresh_from_db()
    assert mine.to_on is None and not WorkItem.objects.exists()


def test_a_head_does_not_hand_over_what_another_department_manages(
    cast: SimpleNamespace, browse: Browse
) -> None:
    answer = browse(cast.head).get(reverse("entry_handover") + "?from=1003")
    assert answer.status_code == 404
    row = {
        "borrower": "C100001", "role": "CUSTOMER_MANAGER", "person": "1003", "unit": "BR1-P", "from_on": "2026-11-24",
    }  # fmt: skip
    answer = post(browse(cast.head), "responsibilities", row)
    assert "不是本部门的客户经理" in answer.context["page"].forms[0].errors["person"][0]


@pytest.mark.parametrize(
    ("who", "role", "person", "unit", "accepted"),
    [
        ("head", "RISK_MANAGER", "1006", "BR1-R", False),
        ("head", "PRINCIPAL", "1009", "BR1", False),
        ("risk_head", "CUSTOMER_MANAGER", "1002", "BR1-C", False),
        ("risk_head", "RISK_MANAGER", "1006", "BR1-R", True),
        ("president", "RISK_MANAGER", "1006", "BR1-R", False),
        ("president", "PRINCIPAL", "1009", "BR1", True),
    ],
)
def test_who_answers_for_a_customer_is_named_by_the_head_of_that_line(
    cast: SimpleNamespace, browse: Browse, who: str, role: str, person: str, unit: str, accepted: bool
) -> None:
    Responsibility.objects.filter(borrower=cast.borrower, role=role).delete()
    row = {"borrower": "C100001", "role": role, "person": person, "unit": unit, "from_on": "2026-11-24"}
    answer = post(browse(cast.people[who]), "responsibilities", row)
    assert answer.status_code == (302 if accepted else 422)
    if not accepted:
        assert "不归您的岗位" in answer.context["page"].forms[0].errors["role"][0]

"""A loan note and an account on pages of their own: each as it was known on the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.models import User
from core.models import AuditEntry
from credit.models import (
    Account,
    AccountBalance,
    Bill,
    Installment,
    LetterClaim,
    LetterOfGuarantee,
    LetterReturn,
    Loan,
    LoanTerms,
    Transaction,
)
from tests import factories

pytestmark = pytest.mark.django_db


def panel_of(page, anchor: str):
    return next(panel for panel in page.context["panels"] if panel.anchor == anchor).context


def test_a_plan_that_was_replaced_is_not_shown_and_the_next_instalment_is_marked(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    def due(on: date, principal: int, **fields: date) -> None:
        Installment.objects.create(loan=cast.loan, due_on=on, principal=principal, interest=100, **fields)

    due(date(2026, 9, 20), 1)
    due(date(2026, 12, 20), 2, replaced_on=date(2026, 11, 1))
    due(date(2026, 12, 20), 3, known_on=date(2026, 11, 1))
    due(date(2027, 3, 1), 4)
    plan = panel_of(browse(cast.people["risk"]).get(f"/loans/{cast.loan.number}/"), "plan")
    assert [line.row.principal for line in plan["lines"]] == [1, 3, 4]
    assert plan["upcoming"].total == Decimal(103)


def test_an_extension_stands_beside_the_terms_before_it(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    LoanTerms.objects.filter(loan=cast.loan).delete()
    for effective, known, end in (
        (date(2026, 3, 10), date(2026, 3, 10), date(2027, 3, 1)),
        (date(2026, 11, 2), date(2026, 11, 3), date(2027, 9, 1)),
        (date(2026, 11, 25), date(2026, 11, 25), date(2028, 9, 1)),  # not known yet
    ):
        LoanTerms.objects.create(
            loan=cast.loan, effective_on=effective, known_on=known, matures_on=end, annual_rate="0.043500"
        )
    page = browse(cast.people["risk"]).get(f"/loans/{cast.loan.number}/")
    assert [row.matures_on for row in panel_of(page, "terms")["terms"]] == [
        date(2027, 9, 1),
        date(2027, 3, 1),
    ]
    assert "4.35%" in page.content.decode()


def test_the_page_wears_the_class_in_force(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    factories.make_class(cast.loan, "SUBSTANDARD", effective_on=date(2026, 11, 2))
    assert "次级" in browse(cast.people["risk"]).get(f"/loans/{cast.loan.number}/").content.decode()


def test_the_bills_of_an_agreement_are_added_up(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    note = factories.make_loan(cast.borrower, cast.corporate, product="ACCEPTANCE", amount=Decimal(700))
    for number, amount in (("P1", 300), ("P2", 400)):
        Bill.objects.create(
            number=number, loan=note, amount=amount, drawn_on=date(2026, 9, 1), matures_on=date(2027, 3, 1),
            known_on=date(2026, 9, 1),
        )  # fmt: skip
    bills = panel_of(browse(cast.people["risk"]).get(f"/loans/{note.number}/"), "bills")
    assert bills["total"] == Decimal(700)


def test_a_letter_of_guarantee_shows_its_open_claim_and_where_its_original_is(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    note = factories.make_loan(cast.borrower, cast.corporate, product="LETTER_OF_GUARANTEE")
    LetterOfGuarantee.objects.create(loan=note, kind="PERFORMANCE", beneficiary="城建公司")
    LetterClaim.objects.create(number="SP1", loan=note, amount=900, claimed_on=date(2026, 11, 2))
    LetterReturn.objects.create(
        loan=note,
        outcome="RETURNED",
        effective_on=date(2026, 11, 20),
        known_on=date(2026, 11, 20),
        custody="库 3 柜",
    )
    page = browse(cast.people["risk"]).get(f"/loans/{note.number}/")
    letter = panel_of(page, "letter")
    assert (letter["letter"].beneficiary, letter["returned"].custody) == ("城建公司", "库 3 柜")
    assert "未了" in page.content.decode()
    with pytest.raises(StopIteration):
        panel_of(page, "bills")


@pytest.fixture
def account(cast: SimpleNamespace) -> Account:
    """An account with the balances of three months and four movements."""
    row = Account.objects.create(
        number="6222001",
        borrower=cast.borrower,
        unit=cast.corporate,
        kind="BASIC",
        opened_on=date(2020, 1, 1),
    )
    for on, balance in ((date(2026, 8, 20), 10), (date(2026, 10, 5), 20), (date(2026, 10, 30), 30)):
        AccountBalance.objects.create(account=row, effective_on=on, known_on=on, balance=balance)
    for serial, (on, way, name) in enumerate(
        (
            (date(2026, 10, 9), "CREDIT", "百货公司"),
            (date(2026, 10, 12), "DEBIT", "棉纺厂"),
            (date(2026, 11, 2), "DEBIT", "百货公司"),
            (date(2026, 11, 25), "DEBIT", "百货公司"),  # tomorrow's is not known today
        )
    ):
        Transaction.objects.create(
            number=f"T{serial}", account=row, effective_on=on, known_on=on, direction=way, amount=5,
            counterparty_name=name,
        )  # fmt: skip
    return row


def test_the_month_ends_of_an_account_carry_the_balance_that_stood_then(
    cast: SimpleNamespace, browse: Callable[[User], Client], account: Account
) -> None:
    page = browse(cast.people["risk"]).get("/accounts/6222001/")
    told = [(last, row.balance) for last, row in page.context["months"]]
    # October ended with 30; September had no row of its own, so what stood since 08-20.
    assert told == [(date(2026, 10, 31), 30), (date(2026, 9, 30), 10), (date(2026, 8, 31), 10)]


def test_movements_are_narrowed_on_the_page_and_in_the_workbook_alike(
    cast: SimpleNamespace, browse: Callable[[User], Client], account: Account
) -> None:
    client = browse(cast.people["risk"])
    query = {"q": "百货", "from_on": "2026-10-01"}
    shown = [row.number for row in client.get("/accounts/6222001/", query).context["movements"]]
    assert shown == ["T2", "T0"]
    sheet = load_workbook(BytesIO(client.get("/accounts/6222001/export/", query).getvalue())).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == shown
    entry = AuditEntry.objects.filter(act="credit.export").latest("pk")
    assert (entry.subject, entry.borrower_number) == ("movements", cast.borrower.number)


def test_a_loan_of_another_branch_does_not_exist(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.people["other_risk"])
    assert client.get(f"/loans/{cast.loan.number}/").status_code == 404
    assert Loan.objects.filter(number=cast.loan.number).exists()

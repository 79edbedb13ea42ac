"""The margin of a letter of guarantee goes back after the expiry, with the original back and no claim open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from credit.choices import LetterOfGuaranteeKind, Product
from credit.models import LetterClaim, LetterOfGuarantee, LetterReturn, Loan, LoanTerms, MarginRelease
from credit.security import services as letters
from tests import factories

EXPIRY = date(2026, 11, 20)
MARGIN = Decimal("600000.00")


def letter(cast, *, expires: date = EXPIRY, electronic: bool = False, margin: Decimal = MARGIN) -> Loan:
    loan = factories.make_loan(
        cast.borrower, cast.corporate, product=Product.LETTER_OF_GUARANTEE, starts_on=date(2026, 1, 5),
        matures_on=expires, margin=margin, number="BH2026-0001",
    )  # fmt: skip
    LetterOfGuarantee.objects.create(
        loan=loan, kind=LetterOfGuaranteeKind.PERFORMANCE, beneficiary="江州建设局", is_electronic=electronic
    )
    return loan


def back(loan: Loan, *, outcome: str = "RETURNED", on: date = date(2026, 11, 23)) -> None:
    LetterReturn.objects.create(
        loan=loan, outcome=outcome, effective_on=on, known_on=on, custody="金库", reference="BH-2026-11-0001"
    )


def claim(loan: Loan, **fields) -> LetterClaim:
    return LetterClaim.objects.create(
        number="SP-1", loan=loan, amount=Decimal("100000"), claimed_on=date(2026, 11, 16), **fields
    )


def release(loan: Loan, by, amount: str = "600000.00", on: date | None = None) -> MarginRelease:
    return letters.release_margin(
        loan=loan, amount=Decimal(amount), by=by, on=on or clock.today(), at=clock.now()
    )


@pytest.mark.parametrize("outcome", ["RETURNED", "LOST"])
def test_the_accountant_releases_the_margin_once_the_original_is_accounted_for(cast, outcome):
    loan = letter(cast)
    back(loan, outcome=outcome)
    row = release(loan, cast.accountant, "400000")
    assert (row.amount, row.effective_on, row.known_on, row.recorded_by) == (
        Decimal("400000"), cast.today, cast.today, "1010",
    )  # fmt: skip
    assert AuditEntry.objects.get(act="credit.margin.released").borrower_number == "C100001"
    with pytest.raises(Conflict, match="的保证金已于 2026-11-24 释放"):
        release(loan, cast.accountant)


def test_an_electronic_letter_has_no_original_to_wait_for(cast):
    assert release(letter(cast, electronic=True), cast.accountant).amount == MARGIN


def test_nothing_is_released_while_the_original_is_out(cast):
    loan = letter(cast)
    back(loan, on=date(2026, 11, 25))  # known tomorrow
    with pytest.raises(Refused, match="签发原件还没有收回"):
        release(loan, cast.accountant)


def test_nothing_is_released_up_to_the_expiry_in_force(cast):
    loan = letter(cast)
    back(loan)
    with pytest.raises(Refused, match="保函 2026-11-20 到期"):
        release(loan, cast.accountant, on=EXPIRY)
    LoanTerms.objects.create(
        loan=loan, effective_on=EXPIRY, known_on=EXPIRY, matures_on=date(2026, 11, 24), annual_rate=0
    )
    with pytest.raises(Refused, match="保函 2026-11-24 到期"):
        release(loan, cast.accountant)
    assert release(loan, cast.accountant, on=date(2026, 11, 25))


@pytest.mark.obligation("GR-6.4.4", clause="e")
def test_nothing_is_released_while_a_claim_is_open(cast):
    loan = letter(cast)
    back(loan)
    open_claim = claim(loan)
    with pytest.raises(Refused, match=r"索赔未了，不得释放保证金：2026-11-16 索赔 100,000\.00 元（SP-1）"):
        release(loan, cast.accountant)
    open_claim.settled_on, open_claim.outcome = date(2026, 11, 25), "受益人撤回"
    open_claim.save()
    with pytest.raises(Refused, match="索赔未了"):  # it is settled tomorrow
        release(loan, cast.accountant)
    assert release(loan, cast.accountant, on=date(2026, 11, 25))


@pytest.mark.obligation("GR-6.4.4", clause="e")
def test_the_database_holds_the_margin_while_a_claim_is_open(cast):
    loan = letter(cast)
    fields = {"loan": loan, "amount": MARGIN, "known_on": cast.today, "recorded_by": "1010"}
    open_claim = claim(loan)
    for settled_on in (None, date(2026, 11, 25)):
        LetterClaim.objects.filter(pk=open_claim.pk).update(settled_on=settled_on, outcome="撤回")
        with pytest.raises(IntegrityError, match="索赔未了，不得释放保证金"), transaction.atomic():
            MarginRelease.objects.create(effective_on=cast.today, recorded_at=clock.now(), **fields)
    MarginRelease.objects.create(effective_on=date(2026, 11, 25), recorded_at=clock.now(), **fields)


def test_no_more_than_the_stated_margin_is_released_and_by_the_accountant_only(cast):
    loan = letter(cast)
    back(loan)
    for amount in ("600000.01", "0", "-1"):
        with pytest.raises(Invalid, match=r"不超过保函约定的保证金 600,000\.00 元"):
            release(loan, cast.accountant, amount)
    for person in (cast.cm, cast.head, cast.risk_head, cast.president, cast.auditor):
        with pytest.raises(Refused, match="释放保证金由会计登记"):
            release(loan, person)
    assert not MarginRelease.objects.exists()


def test_a_letter_without_a_margin_has_nothing_to_release(cast):
    loan = letter(cast, margin=Decimal(0))
    back(loan)
    with pytest.raises(Refused, match="没有保证金"):
        release(loan, cast.accountant)


# --- the page ---------------------------------------------------------------------------------------------------


def page(person, name: str = "letters", **kwargs) -> str:
    client = Client()
    client.force_login(person)
    return client.get(reverse(name, kwargs=kwargs)).content.decode()


@pytest.mark.obligation("GR-6.4.4", clause="e")
def test_the_button_says_why_it_cannot_be_pressed(cast):
    loan = letter(cast)
    why = "签发原件还没有收回，受益人也没有书面解除责任，请客户经理先办原件收回。"
    where = reverse("margin_release", args=[loan.number])
    assert why in page(cast.accountant)
    assert where not in page(cast.accountant)
    back(loan)
    assert why not in page(cast.accountant)
    assert where in page(cast.accountant)
    claim(loan)
    assert "索赔未了，不得释放保证金" in page(cast.accountant, "margin_release", number=loan.number)


def test_the_accountant_releases_it_on_the_page_and_it_leaves_the_list(cast):
    loan = letter(cast)
    back(loan)
    client = Client()
    client.force_login(cast.accountant)
    where = reverse("margin_release", args=[loan.number])
    refused = client.post(where, {"amount": "700000"})
    assert "不超过保函约定的保证金 600,000.00 元" in refused.content.decode()
    client.post(where, {"amount": "600000.00"})
    assert MarginRelease.objects.get().loan == loan
    assert loan.number not in page(cast.accountant)


def test_each_sees_the_letters_of_their_own(cast):
    loan = letter(cast)
    outsider = factories.make_person("2010", "吕安", role="ACCOUNTANT", unit=cast.br2)
    seeing = [p.name for p in (cast.cm, cast.head, cast.accountant, cast.president, cast.auditor, cast.cm2,
                               cast.cm_personal, outsider, cast.other_president)
              if loan.number in page(p)]  # fmt: skip
    assert seeing == ["张明", "赵强", "冯丽", "吴刚", "陈涛"]

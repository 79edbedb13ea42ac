"""What secures a borrower's debts, what its contracts agree and with whom it is connected, on the borrower page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from credit.models import (
    ApprovalCondition,
    Clause,
    Collateral,
    Group,
    GroupMember,
    Guarantee,
    Lien,
    LoanReading,
    RelatedParty,
    Secured,
    Valuation,
)
from tests import factories

pytestmark = pytest.mark.django_db
SINCE = date(2026, 1, 5)


def test_the_page_shows_the_use_of_a_maximum_guarantee_and_the_latest_valuation(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    other = factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
    settled = factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
    LoanReading.objects.create(loan=settled, effective_on=cast.today, known_on=cast.today, balance=0)
    guarantee = Guarantee.objects.create(
        number="高抵001", borrower=cast.borrower, kind="MORTGAGE", guarantor_name="江南置业", amount=5_000_000,
        is_maximum=True, signed_on=SINCE, fixed_on=date(2028, 1, 5),
    )  # fmt: skip
    for loan, amount in ((cast.loan, 2_000_000), (other, 1_200_000), (settled, 900_000)):
        Secured.objects.create(guarantee=guarantee, loan=loan, amount=amount, from_on=SINCE, known_on=SINCE)
    house = Collateral.objects.create(number="YP1", kind="HOUSE", name="标准厂房", owner_name="江南置业")
    Lien.objects.create(guarantee=guarantee, collateral=house, registered_on=SINCE)
    for on, value in ((date(2026, 1, 4), 9_000_000), (date(2026, 7, 1), 8_000_000)):
        Valuation.objects.create(collateral=house, effective_on=on, known_on=on, value=value)
    Valuation.objects.create(  # not known yet
        collateral=house, effective_on=date(2026, 7, 2), known_on=date(2099, 1, 1), value=1
    )

    page = browse(cast.people["risk"]).get("/borrowers/C100001/")

    panel = next(panel for panel in page.context["panels"] if panel.anchor == "guarantees")
    (line,) = panel.context["lines"]
    # 200 万 + 120 万; the settled loan uses nothing. 500 万 - 320 万 = 180 万.
    assert (line.used, line.left) == (Decimal(3_200_000), Decimal(1_800_000))
    text = page.content.decode()
    assert "8,000,000.00" in text and "9,000,000.00" not in text
    assert "第 1 顺位" in text and "债权确定日 2028-01-05" in text


def test_the_page_shows_what_contracts_agree_and_who_is_connected(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    Clause.objects.create(contract=cast.contract, place=1, kind="SETTLEMENT_SHARE", share=Decimal("0.30"))
    Clause.objects.create(contract=cast.contract, place=2, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    ApprovalCondition.objects.create(contract=cast.contract, place=1, text="追加实际控制人保证", due_on=SINCE)
    group = Group.objects.create(number="JT1", name="江南集团", lead_manager=cast.cm)
    sister = factories.make_borrower("C100099", "江南物流有限公司")
    factories.make_loan(sister, cast.corporate)
    stranger = factories.make_borrower("C300099", "别处化工有限公司")
    for borrower, role in ((cast.borrower, "PARENT"), (sister, "SUBSIDIARY"), (stranger, "AFFILIATE")):
        GroupMember.objects.create(group=group, borrower=borrower, role=role, from_on=SINCE, known_on=SINCE)
    RelatedParty.objects.create(
        borrower=cast.borrower, relation="CONTROLLER", name="钱江", share=Decimal("0.515")
    )

    text = browse(cast.people["risk"]).get("/borrowers/C100001/").content.decode()

    for words in ("结算份额：30%", "支付方式：受托支付", "追加实际控制人保证", "2026-01-05 前落实",
                  "江南集团", "江南物流有限公司", "钱江", "51.5%"):  # fmt: skip
        assert words in text, words
    # A member whose customer file the reader may not open is counted, not named.
    assert "别处化工有限公司" not in text and "另有 1 个成员不在您可以查看的范围内" in text

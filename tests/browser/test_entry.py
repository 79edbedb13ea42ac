"""In a browser: a customer, a contract, a loan and a guarantee entered by hand, one page leading to the next."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from credit.models import Contract, Guarantee, Loan, Responsibility, Secured

pytestmark = pytest.mark.browser

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def fill(page: Page, row: int, **texts: str) -> None:
    """Fill the fields of a row; a choice by its word."""
    for name, text in texts.items():
        field = page.locator(f"[name='{row}-{name}']")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=text)
        else:
            field.fill(text)


def save(page: Page) -> None:
    page.get_by_role("button", name="保存").click()


@pytest.mark.parametrize("width", [1366, 390])
def test_a_customer_a_contract_a_loan_and_a_guarantee_are_entered_by_hand(
    world: SimpleNamespace, sign_in: Callable[..., Page], width: int
) -> None:
    page = sign_in(world.cm, width=width)
    page.goto("/entry/")
    page.get_by_role("link", name="客户", exact=True).last.click()
    fill(page, 0, number="C900001", name="新桥五金有限公司", kind="法人")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("新桥五金有限公司")

    page.get_by_role("status").get_by_role("link", name="录入合同").click()
    fill(page, 0, number="HT900001", product="流动资金贷款", amount="五百万", signed_on="2025-11-20")
    page.get_by_role("button", name="加一行").click()
    expect(page.locator("[name='1-number']")).to_be_focused()
    assert page.locator("[name='0-amount']").input_value() == "五百万"  # a new row loses nothing
    save(page)
    expect(page.get_by_text("不是数字")).to_be_visible()
    assert not Axe().run(page, options=AXE).response["violations"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    fill(page, 0, amount="5,000,000", ends_on="2035-11-19")
    save(page)

    page.get_by_role("status").get_by_role("link", name="录入借据").click()
    expect(page.locator("[name='0-contract']")).to_have_value("HT900001")
    expect(page.locator("[name='0-unit']")).to_have_value("BR1-C")
    fill(page, 0, number="JJ900001", amount="3000000", annual_rate="4.35", starts_on="2025-11-23")
    fill(page, 0, matures_on="2035-11-19")
    save(page)
    expect(page.locator("#loans")).to_contain_text("JJ900001")
    page.locator("#guarantees").get_by_role("link", name="录入担保合同").click()
    fill(page, 0, number="DB900001", kind="保证", guarantor_name="新桥钢材市场", amount="3000000")
    fill(page, 0, signed_on="2025-11-20", mode="连带责任保证", period_months="36")
    save(page)
    page.get_by_role("status").get_by_role("link", name="录入担保关系").click()
    fill(page, 0, loan="JJ900001", amount="3000000", from_on="2025-11-23")
    save(page)
    expect(page.locator("#guarantees")).to_contain_text("JJ900001")

    loan = Loan.objects.get(number="JJ900001")
    assert Responsibility.objects.get(borrower=loan.borrower).person == world.cm
    assert Contract.objects.get(number="HT900001").borrower == loan.borrower
    assert Secured.objects.get(guarantee=Guarantee.objects.get(number="DB900001")).loan == loan

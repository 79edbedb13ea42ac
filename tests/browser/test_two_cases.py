"""Two misuses under one contract, as their people meet them: the second is corrected first, each ends on its own."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from core import clock
from monitoring import freezes
from monitoring.misuse import services as misuse
from monitoring.models import MisuseCase
from postloan.jobs import deliver_outbox
from tests.browser.test_account_funds import write
from tests.browser.test_story import give_password
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.browser
FIRST, SECOND = "转入证券公司", "又转去购房"


def task(page: Page, facts: str) -> Locator:
    """The row on the home page that asks for the correction of a misuse."""
    page.goto("/")
    return page.locator("#duty-rows .duty").filter(has_text="限期纠正挪用").filter(has_text=facts)


def take(page: Page, facts: str) -> Document:
    """Press the button of its row; the form that opens is about it."""
    task(page, facts).get_by_role("button").click()
    page.wait_for_url(re.compile(r"/documents/\d+/edit/$"))
    expect(page.get_by_role("heading", name=re.compile("限期纠正单"))).to_be_visible()
    other = FIRST if facts == SECOND else SECOND
    expect(page.locator("#section-case")).to_contain_text(facts)
    expect(page.locator("#section-case")).not_to_contain_text(other)
    return Document.objects.get(pk=page.url.split("/")[-3])


def correct(page: Page, sheet: Document, how: str) -> None:
    """Fill it in and hand it in."""
    write(
        page, sheet,
        {
            "demanded": "书面要求三日内归还", "corrected_on": clock.today().isoformat(), "corrected": how,
            "evidence": "回单", "proposal": "恢复用款",
        },
    )  # fmt: skip


def sign(page: Page, sheet: Document) -> None:
    """Find it in the inbox, read it, sign it."""
    page.goto("/documents/inbox/")
    page.locator(".duty").filter(has_text=sheet.number).get_by_role("link", name="打开").click()
    give_password(page, "签字")
    page.wait_for_url("**/documents/inbox/**")


def standing(case: MisuseCase) -> tuple[Any, ...]:
    case.refresh_from_db()
    duty = WorkItem.objects.get(kind="misuse_rectification", period_key=f"case:{case.pk}")
    return case.status, duty.status, duty.document


@pytest.mark.obligation("GR-23", clause="f")
def test_of_two_cases_under_one_contract_the_second_is_corrected_first_and_each_ends_on_its_own(
    world, site, sign_in
):
    first, second = (
        misuse.register(
            contract=world.contract, facts=facts, amount=Decimal(800000), by=world.cm, on=clock.today()
        )
        for facts in (FIRST, SECOND)
    )
    deliver_outbox()

    # The manager takes the second one; while that is being signed, the first is opened too.
    manager, head, risk = sign_in(world.cm), sign_in(world.head), sign_in(world.risk)
    expect(task(manager, FIRST)).to_have_count(1)
    later = take(manager, SECOND)
    correct(manager, later, "购房款已退回")
    expect(task(manager, SECOND)).to_have_count(0)
    assert standing(first) == ("RECTIFYING", DutyStatus.OPEN, None)
    earlier = take(manager, FIRST)
    assert earlier != later and Document.objects.get(pk=later.pk).status == DocumentStatus.SIGNING

    # The chain signs the second: the first stays owed, and the contract frozen.
    sign(head, later)
    sign(risk, later)
    assert standing(second) == ("ACCEPTED", DutyStatus.DONE, later)
    assert standing(first) == ("RECTIFYING", DutyStatus.OPEN, earlier)
    assert freezes.of([world.contract.pk])
    expect(task(manager, FIRST).get_by_role("button")).to_have_text("继续填写")

    # The first goes the same way, and with it the contract thaws.
    correct(manager, earlier, "已归还至监管账户")
    sign(head, earlier)
    sign(risk, earlier)
    assert standing(first) == ("ACCEPTED", DutyStatus.DONE, earlier)
    assert standing(second) == ("ACCEPTED", DutyStatus.DONE, later)
    assert not freezes.of([world.contract.pk])
    for sheet, how in ((later, "购房款已退回"), (earlier, "已归还至监管账户")):
        risk.goto(f"/documents/{sheet.pk}/")
        expect(risk.locator("main")).to_contain_text("已锁定归档")
        expect(risk.locator("main")).to_contain_text(how)

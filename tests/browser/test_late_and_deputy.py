"""A visit made on paper is entered afterwards with consent, and a deputy signs in the place of the head on leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from core import clock
from tests.browser.test_story import close_yesterday, give_password, write_up
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, Step, WorkItem

pytestmark = pytest.mark.browser


@pytest.mark.obligation("GR-5", clause="b")
def test_a_paper_visit_is_entered_with_consent_and_signed_by_the_deputy_of_the_head(
    world: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    close_yesterday()
    duty = WorkItem.objects.get(obligation="GR-27", subject_id=world.borrower.pk)
    made_on = clock.today() - timedelta(days=20)

    # The form of a visit of twenty days ago does not go to signature like any other.
    manager = sign_in(world.cm)
    manager.get_by_role("button", name="开始检查").click()
    document = Document.objects.get()
    write_up(manager, document, f"{made_on}T10:00")
    expect(manager.locator("main")).to_contain_text("补录")
    assert not manager.locator("input[type=password]:visible").count()

    # Declared with its day and reason, it waits for the head, who consents.
    manager.goto(f"/documents/{document.pk}/edit/")
    manager.locator("[name=_actual_on]").fill(f"{made_on}")
    manager.locator("[name=_late_reason]").fill("当日系统停机，检查在纸面完成。")
    manager.get_by_role("button", name="申请补录").click()
    expect(manager.locator("#late-entry")).to_contain_text("待同意")
    head = sign_in(world.head)
    head.goto("/late-entries/")
    expect(head.locator("main")).to_contain_text("当日系统停机")
    head.get_by_role("button", name="同意", exact=True).click()
    manager.goto(f"/documents/{document.pk}/submit/")
    give_password(manager, "签字并提交")

    # The head goes on leave; the deputy finds the signature among their own, and signs with both names.
    head.goto("/leaves/new/")
    head.locator("[name=deputy]").select_option(str(world.cm2.pk))
    head.locator("[name=from_on]").fill(f"{clock.today()}")
    head.locator("[name=to_on]").fill(f"{clock.today() + timedelta(days=3)}")
    head.get_by_role("button", name="登记", exact=True).click()
    expect(head.locator("main")).to_contain_text(world.cm2.name)
    deputy = sign_in(world.cm2)
    expect(deputy.locator("main")).to_contain_text(f"今日代 {world.head.name}")
    deputy.goto(f"/documents/{document.pk}/")
    give_password(deputy, "签字")
    president = sign_in(world.president)
    president.goto(f"/documents/{document.pk}/")
    expect(president.locator("main")).to_contain_text(f"{world.cm2.name}（代{world.head.name}）")
    give_password(president, "签字")

    document.refresh_from_db()
    assert document.status == DocumentStatus.LOCKED
    step = Step.objects.get(chain__document=document, role="CUSTOMER_HEAD")
    assert (step.signed_by, step.on_behalf_of) == (world.cm2, world.head)
    duty.refresh_from_db()
    # Whether the quarter counts it depends on the day: a visit of another quarter leaves the duty owed.
    if duty.counts_from <= made_on:
        assert (duty.status, duty.done_on, duty.late_entry) == (DutyStatus.DONE, made_on, True)

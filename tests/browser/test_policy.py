"""A change of policy is typed by one, looked at, approved by another, and moves the duties on its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core import clock
from credit.choices import EventKind
from postloan import close_of_day, jobs
from tests.browser.test_story import close_yesterday
from tests.day.test_close_of_day import happened
from workflow.models import WorkItem

pytestmark = pytest.mark.browser


def sound(page: Page) -> None:
    """Nothing serious for axe, and nothing off the edge."""
    found = Axe().run(page).response["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")], found
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def close_until(last: date) -> None:
    """Close the days up to one, as if they were over."""
    with clock.travelling_to(last + timedelta(days=1)):
        assert [done.on for done in close_of_day.catch_up(until=last)][-1] == last


def test_a_change_is_looked_at_approved_by_another_and_moves_the_duties_on_its_day(
    world: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    close_yesterday()
    today = clock.today()
    effective = today + timedelta(days=1)
    happened(world.borrower, EventKind.STOPPAGE, today)

    head = sign_in(world.risk_head)
    head.locator(".frame-more > summary").click()
    head.get_by_role("link", name="管理", exact=True).click()
    head.get_by_role("link", name="管理方案").click()
    sound(head)
    head.get_by_role("link", name="法人客户贷后管理方案").click()
    sound(head)
    head.get_by_role("link", name="提出变更").click()
    sound(head)
    head.get_by_label("风险事项到场期限（工作日）", exact=True).fill("两天")
    head.get_by_label("变更理由").fill("从严管理")
    head.get_by_role("button", name="下一步").click()
    expect(head.get_by_role("alert")).to_contain_text("“两天”须为整数")
    sound(head)
    head.get_by_label("风险事项到场期限（工作日）", exact=True).fill("2")
    head.get_by_label("生效日").fill(f"{effective}")
    head.get_by_role("button", name="下一步").click()
    expect(head.locator("#outcome")).to_contain_text("等待推演")
    jobs.preview()
    expect(head.locator("#outcome")).to_contain_text("改期 1 项")  # without a click
    expect(head.locator("#outcome")).to_contain_text("江南纺织有限公司")
    sound(head)
    head.get_by_role("button", name="提交批准").click()
    expect(head.locator("main")).to_contain_text("等待分管行长或行长批准")
    assert not head.get_by_role("button", name="批准", exact=True).count()

    president = sign_in(world.president, width=390, height=844)
    president.goto("/policy/")
    president.get_by_role("link", name="查看").click()
    expect(president.locator("main")).to_contain_text("改期 1 项")
    sound(president)
    president.get_by_role("button", name="批准", exact=True).click()
    expect(president.locator("main")).to_contain_text("已批准")
    president.goto("/policy/GR/")
    sound(president)

    # Under the policy of today three workdays; from its day on two.
    close_until(today)
    visit = WorkItem.objects.get(obligation="GR-28.3")
    in_three = visit.due_on
    close_until(effective)
    visit.refresh_from_db()
    assert visit.due_on < in_three
    with clock.travelling_to(effective):
        assert "2 个工作日内到场" in visit.reason


def test_the_calendar_is_read_on_a_phone_and_a_year_is_registered_after_a_look(
    world: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    year = clock.today().year + 1
    holiday = next(day for n in range(1, 8) if (day := date(year, 5, n)).weekday() < 5)
    admin = sign_in(world.admin, width=390, height=844)
    admin.goto(f"/calendar/?year={year}")
    sound(admin)
    admin.goto(f"/calendar/change/?year={year}")
    admin.get_by_label("来源").fill("国务院办公厅通知")
    admin.get_by_label("放假与调休").fill(f"{holiday},休,劳动节")
    sound(admin)
    admin.get_by_role("button", name="下一步").click()
    jobs.preview()
    expect(admin.locator("#outcome")).to_contain_text("不会影响任何职责")
    sound(admin)
    admin.get_by_role("button", name="确认登记").click()
    expect(admin.locator("main")).to_contain_text("放假安排已登记")
    expect(admin.locator("td.special")).to_contain_text("休")

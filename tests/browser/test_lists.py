"""Every declared list in a real browser: accessible at the desk and on a phone, and used as people use it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.project.test_query_budgets import fill
from workflow.registers.lists import registers

pytestmark = pytest.mark.browser


@pytest.fixture
def filled(world: SimpleNamespace) -> SimpleNamespace:
    """Something in nearly every list."""
    fill(world, 3)
    return world


@pytest.mark.heavy
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_every_list_passes_axe_with_its_menus_open_and_nothing_runs_off_the_edge(
    filled: SimpleNamespace, sign_in: Callable[..., Page], width: int, height: int
) -> None:
    wrong: list[Any] = []
    reverse("home")  # the registry is complete once the addresses are read
    left = dict(registers())
    for who in ("risk", "president", "auditor"):
        person = User.objects.get(pk=filled.people[who].pk)
        page = sign_in(person, width=width, height=height)
        for route in [one for one in left if person.scope.has(*left[one].roles)]:
            del left[route]
            page.goto(reverse(route))
            violations = Axe().run(page).response["violations"]
            for menu in page.locator("#list details.menu > summary").all():
                menu.click()
                violations += Axe().run(page).response["violations"]
            wrong += [(route, one["id"], [n["target"] for n in one["nodes"]][:3]) for one in violations]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append((route, "runs off the edge"))
    assert left == {} and wrong == []


def test_a_list_is_narrowed_kept_under_a_name_and_shown_with_the_columns_that_are_wanted(
    filled: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(filled.risk)
    page.goto("/borrowers/")
    rows = page.locator("table.list tbody tr")
    everybody = rows.count()
    page.get_by_role("searchbox", name="名称、拼音首字母或客户编号").fill("江南纺织")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    page.locator("summary", has_text="常用筛选").click()
    page.get_by_label("筛选名称").fill("江南")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存筛选。")).to_be_visible()
    expect(rows).to_have_count(1)

    page.get_by_role("link", name="清除").click()
    expect(rows).to_have_count(everybody)
    page.locator("summary", has_text="常用筛选").click()
    page.get_by_role("link", name="江南", exact=True).click()
    expect(rows).to_have_count(1)

    page.locator("summary", has_text="栏目").click()
    page.get_by_role("checkbox", name="类型").uncheck()
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("columnheader", name="类型")).to_have_count(0)
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="万元").click()
    expect(page.get_by_role("columnheader", name="余额（万元）")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出 Excel").click()
    assert taken.value.suggested_filename.startswith("客户")

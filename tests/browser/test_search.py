"""The search box under the fingers: lines as one types, walked with the arrows, opened with Enter."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_lines_come_as_one_types_and_the_arrows_walk_them(
    world: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(world.cm)
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("南纺")
    line = page.get_by_role("option", name="江南纺织有限公司").first
    line.wait_for()
    violations = [
        one for one in Axe().run(page).response["violations"] if one["impact"] in {"serious", "critical"}
    ]
    assert violations == []
    page.keyboard.press("ArrowDown")
    assert line.get_attribute("aria-selected") == "true"
    page.keyboard.press("Escape")
    expect(page.locator("#search-found")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/borrowers/C100001/")

"""看板 in a real browser: charts drawn under the CSP, a red figure followed to its customer and back, paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from core import clock
from credit.choices import RiskClass
from tests import factories
from workflow import measures

pytestmark = pytest.mark.browser


@pytest.fixture
def days(world: SimpleNamespace) -> SimpleNamespace:
    """The cast with a loan that went down and a late duty, and the figures of two days."""
    yesterday = clock.today() - timedelta(days=1)
    factories.make_class(world.loan, RiskClass.SUBSTANDARD, effective_on=yesterday - timedelta(days=5))
    factories.make_duty(
        world.cm, world.corporate, borrower=world.borrower, raised_on=yesterday - timedelta(days=30),
        due_on=yesterday - timedelta(days=3),
    )  # fmt: skip
    for on in (yesterday - timedelta(days=10), yesterday):
        measures.write(on)
    return world


def drawn(page: Page) -> None:
    """Wait until every chart of the page is drawn."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-chart]')].every((one) => one.dataset.drawn === 'yes')"
    )


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_the_charts_are_drawn_and_the_page_passes_axe(
    days: SimpleNamespace, sign_in: Callable[..., Page], width: int, height: int
) -> None:
    page = sign_in(days.president, width=width, height=height)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wrong = []
    for path in ("/dashboard/", "/loans/", "/dashboard/rows/?measure=late"):
        page.goto(path)
        drawn(page)
        if path == "/dashboard/":
            assert page.locator("[data-chart] svg").count() >= 4
            page.evaluate(
                "document.querySelectorAll('details.board-table').forEach((one) => (one.open = true))"
            )
        wrong += [
            (path, violation["id"], [node["target"] for node in violation["nodes"]][:3])
            for violation in Axe().run(page).response["violations"]
        ]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wrong.append((path, "runs off the edge", []))
    assert wrong == []
    assert {url.split("/")[2] for url in asked} == {page.url.split("/")[2]}  # nothing but our own server


@pytest.mark.obligation("GR-7.1", clause="b")
def test_a_red_figure_leads_to_its_customer_and_back(
    days: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(days.risk)
    page.get_by_role("link", name="看板").click()
    people = page.locator("#people")
    people.get_by_text("数据表").click()
    people.get_by_role("row", name="张明").locator("a.late").click()
    assert page.get_by_role("heading", level=1).inner_text() == "逾期的职责 1"
    page.get_by_role("link", name="江南纺织有限公司").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("江南纺织有限公司")
    page.go_back()
    page.get_by_label("位置").get_by_role("link", name="看板").click()
    assert page.get_by_role("heading", level=1).inner_text() == "看板"


def test_without_scripts_the_tables_are_there(
    days: SimpleNamespace, sign_in: Callable[..., Page], site: str
) -> None:
    signed_in = sign_in(days.risk)
    browser = signed_in.context.browser
    assert browser
    context = browser.new_context(
        base_url=site, java_script_enabled=False, storage_state=signed_in.context.storage_state()
    )
    page = context.new_page()
    page.goto("/dashboard/")
    page.locator("#class summary").click()
    assert page.locator("#class").get_by_role("row", name="次级").locator("td").nth(0).inner_text() == "1"
    context.close()


def test_the_president_prints_the_branch(days: SimpleNamespace, sign_in: Callable[..., Page]) -> None:
    page = sign_in(days.president)
    page.goto("/dashboard/")
    link = page.get_by_role("link", name="打印一页（PDF）").get_attribute("href")
    assert link
    response = page.request.get(link)
    assert response.headers["content-type"] == "application/pdf"
    assert response.body().startswith(b"%PDF")

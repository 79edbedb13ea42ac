"""The form in a real browser: it saves itself, survives a lost connection, and grows with what is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core import clock
from tests import factories
from tests.conftest import build_cast
from workflow.models import Document
from workflow.pages import editing

pytestmark = pytest.mark.browser

NOW = datetime(2026, 11, 24, 6, 3, tzinfo=UTC)  # 14:03 in Shanghai


@pytest.fixture
def world(own_database: str, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The cast and a draft of the customer manager's; every thread stands on the same moment."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    cast = build_cast()
    duty = factories.make_duty(
        cast.cm, cast.corporate, borrower=cast.borrower, counts_from=cast.today.replace(day=1)
    )
    document = editing.start_from(duty, user=cast.cm, on=cast.today)
    kept = document.prefilled
    kept["last"] = {"workers": "188", "trend": "一般"}
    kept["facts"] = [
        {"title": "电费降 58%", "detail": "", "section": "", "target": "focus", "value": "电费降 58%。"}
    ]
    Document.objects.filter(pk=document.pk).update(prefilled=kept)
    return SimpleNamespace(cast=cast, document=document)


@pytest.fixture
def page(world: SimpleNamespace, sign_in: Callable[..., Page]) -> Page:
    """The customer manager's browser, signed in."""
    return sign_in(world.cast.cm)


def edit(page: Page, world: SimpleNamespace, section: str) -> None:
    page.goto(f"/documents/{world.document.pk}/edit/{section}/")


def content(world: SimpleNamespace) -> dict[str, Any]:
    return Document.objects.get(pk=world.document.pk).content


def test_what_is_typed_saves_itself_and_the_marks_follow(page, world):
    edit(page, world, "operations")
    expect(page.locator("[data-note-of=workers]")).to_be_hidden()
    page.fill("#workers", "１２６")
    expect(page.locator("[data-saved]")).to_have_text("已自动保存 14:03", timeout=8000)
    assert content(world)["workers"] == "126"
    expect(page.locator("[data-field=workers] .fld-last")).to_contain_text("减 62")
    expect(page.locator("#workers_note")).to_have_attribute("placeholder", "必填：“工人数量”较上次减少")
    expect(page.locator("[data-note-of=workers]")).to_be_visible()
    page.locator("[data-field=trend] label", has_text="恶化").click()
    expect(page.locator("[data-note-of=trend]")).to_be_visible()


def test_a_lost_connection_is_made_good_when_it_is_back(page, world):
    edit(page, world, "operations")
    page.context.set_offline(True)
    page.fill("#workers", "126")
    expect(page.locator("[data-saved]")).to_contain_text("连接中断", timeout=8000)
    assert "workers" not in content(world)
    page.context.set_offline(False)
    expect(page.locator("[data-saved]")).to_have_text("已自动保存 14:03", timeout=8000)
    assert content(world)["workers"] == "126"


def test_what_was_typed_without_a_connection_outlives_the_window(page, world):
    edit(page, world, "operations")
    page.context.set_offline(True)
    page.fill("#workers", "126")
    expect(page.locator("[data-saved]")).to_contain_text("连接中断", timeout=8000)
    page.close()
    page.context.set_offline(False)
    assert "workers" not in content(world)
    later = page.context.new_page()
    edit(later, world, "operations")
    expect(later.locator("#workers")).to_have_value("126")
    expect(later.locator("[data-saved]")).to_have_text("已自动保存 14:03", timeout=8000)
    assert content(world)["workers"] == "126"


def test_another_kind_of_visit_brings_its_blocks_and_a_fact_is_inserted(page, world):
    edit(page, world, "overview")
    expect(page.locator("[data-section=collateral]")).to_have_count(0)
    page.locator("[data-target=focus]").click()
    expect(page.locator("#focus")).to_have_value("电费降 58%。")
    page.locator("[data-field=types] label", has_text="抵质押品").click()
    expect(page.locator("[data-section=collateral]")).to_be_visible(timeout=8000)
    assert content(world)["focus"] == "电费降 58%。"
    assert content(world)["types"] == ["BORROWER", "COLLATERAL"]


def test_rows_are_added_and_a_hidden_field_appears_with_its_answer(page, world):
    edit(page, world, "approval")
    expect(page.locator("[data-field=conditions]")).to_be_hidden()
    page.locator("[data-field=has_conditions] label", has_text="是").click()
    expect(page.locator("[data-field=conditions]")).to_be_visible(timeout=8000)
    page.fill("[name=conditions-0-condition]", "资产负债率不高于 65%")
    page.locator("[data-add=conditions]").click()
    page.fill("[name=conditions-1-condition]", "结算份额不低于信用占比")
    expect(page.locator("[data-saved]")).to_have_text("已自动保存 14:03", timeout=8000)
    page.wait_for_timeout(300)
    assert [row["condition"] for row in content(world)["conditions"]] == [
        "资产负债率不高于 65%",
        "结算份额不低于信用占比",
    ]


def test_two_windows_of_one_draft_are_told_and_shown_both(page, world):
    edit(page, world, "operations")
    other = page.context.new_page()
    edit(other, world, "operations")
    other.fill("#workers", "130")
    expect(other.locator("[data-saved]")).to_have_text("已自动保存 14:03", timeout=8000)
    page.fill("#workers", "126")
    expect(page.locator("[data-refused]")).to_contain_text("已在另一处保存过", timeout=8000)
    page.locator("[data-refused] a").click()
    expect(page.locator("tbody")).to_contain_text("130 人")
    expect(page.locator("tbody")).to_contain_text("126 人")


@pytest.mark.parametrize("width", [390, 1366])
def test_the_form_fits_the_screen_and_its_gaps_lead_to_their_fields(page, world, width):
    page.set_viewport_size({"width": width, "height": 844})
    for section in ("overview", "finance", "all"):
        edit(page, world, section)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("details.gaps summary").click()
    page.locator("[data-gap-list] a", has_text="请填写“生产线”").click()
    page.wait_for_url("**/edit/operations/#lines")
    expect(page.locator("#lines")).to_be_visible()
    expect(page.locator("[data-submit]")).to_have_attribute("aria-disabled", "true")

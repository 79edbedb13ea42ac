"""The frame and its pages in a real browser: accessible, nothing off the edge, at the desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from core import clock
from credit.choices import RiskClass
from credit.models import Group, GroupMember, Guarantee
from inspections.models import Sample, SampledBorrower
from tests import factories

pytestmark = pytest.mark.browser

PAGES: dict[str, tuple[str, ...]] = {
    "cm": (
        "/",
        "/borrowers/",
        "/borrowers/C100001/",
        "/borrowers/C100001/events/new/",
        "/search/?q=JJ",
        "/password/",
    ),
    "risk": (
        "/groups/",
        "/groups/JT1/",
        "/samples/",
        "/samples/{sample}/",
        "/",
        "/duties/",
        "/duties/?when=late",
        "/borrowers/",
        "/borrowers/?q=nobody",
    ),
    "president": ("/", "/documents/inbox/"),
    "auditor": ("/", "/audit/", "/audit/verify/"),
    "admin": ("/", "/imports/"),
}


def seen_as_one(world: SimpleNamespace) -> None:
    """江南集团 with a sub-group, a member of the other branch and guarantees among the members."""
    day = date(2026, 1, 5)
    group = Group.objects.create(number="JT1", name="江南控股集团", lead_manager=world.cm)
    below = Group.objects.create(number="JT2", name="江南物流板块", parent=group)
    carrier = factories.make_borrower("C100099", "江南物流供应链管理有限责任公司")
    factories.make_loan(carrier, world.corporate)
    for of, member in ((group, world.borrower), (below, carrier), (below, world.other_borrower)):
        GroupMember.objects.create(group=of, borrower=member, role="SUBSIDIARY", from_on=day, known_on=day)
    for number, to, giver in (("BZ1", world.borrower, carrier), ("BZ2", carrier, world.borrower)):
        Guarantee.objects.create(
            number=number, borrower=to, guarantor=giver, guarantor_name=giver.name, kind="SURETY",
            amount=3_000_000, signed_on=day,
        )  # fmt: skip


@pytest.fixture
def busy(world: SimpleNamespace) -> SimpleNamespace:
    """The cast with duties in every group and a loan that went down."""
    today = clock.today()
    for i, days in enumerate((-3, 0, 2, 20)):
        factories.make_duty(
            world.cm,
            world.corporate,
            borrower=world.borrower if i == 0 else factories.make_borrower(name=f"江州第{i}机械有限责任公司"),
            raised_on=today - timedelta(days=30),
            due_on=today + timedelta(days=days),
        )
    factories.make_class(world.loan, RiskClass.SUBSTANDARD, effective_on=today - timedelta(days=5))
    seen_as_one(world)
    sample = Sample.objects.create(
        unit=world.br1, scheme="GD", period_key="2026Q4", first_on=date(2026, 10, 1), last_on=today,
        drawn_on=date(2026, 10, 1), rate="0.1", seed="7e57" * 16, population=["P200001", "C100099"],
    )  # fmt: skip
    SampledBorrower.objects.create(sample=sample, borrower=world.personal_borrower)
    return world


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_every_page_passes_axe_and_nothing_runs_off_the_edge(
    busy: SimpleNamespace, sign_in: Callable[..., Page], width: int, height: int
) -> None:
    wrong: list[Any] = []
    for who, pages in PAGES.items():
        page = sign_in(busy.people[who], width=width, height=height)
        for path in pages:
            page.goto(path.format(sample=Sample.objects.values_list("pk", flat=True).first()))
            for violation in Axe().run(page).response["violations"]:
                wrong.append((who, path, violation["id"], [n["target"] for n in violation["nodes"]][:3]))
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append((who, path, "runs off the edge"))
    assert wrong == []


def test_a_group_opened_by_keyboard_stays_open_and_the_phone_has_the_whole_of_it_behind_one_mark(
    busy: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    """One group is open at a time and twelve entries are seen; on the phone nothing lies under the bar."""
    desk = sign_in(busy.president)
    column = desk.locator(".frame-groups")
    entries = column.locator(":is(a, .frame-more > summary):visible")
    desk.goto("/documents/inbox/")
    desk.goto("/rulebook/")
    assert column.locator("details[open]").get_attribute("data-group") == "today"
    for group in column.locator(".group > details").all():
        if group.get_attribute("open") is None:
            group.locator("summary").press("Enter")
        assert column.locator("details[open]").count() == 1
        assert entries.count() <= 12
    desk.goto("/rulebook/")
    assert column.locator("details[open]").get_attribute("data-group") == "checks"
    column.locator(".frame-more > summary").press("Enter")
    assert not column.get_by_role("link", name="正常类抽查").is_visible()
    assert column.get_by_role("link", name="管理").is_visible() and entries.count() <= 12
    assert Axe().run(desk).response["violations"] == []

    phone = sign_in(busy.president, width=390, height=844)
    phone.goto("/uses/")
    assert phone.locator(".tabs a").all_inner_texts() == ["支付审核", "用款跟踪", "账户台账", "受控账户"]
    column = phone.locator(".frame-groups")
    assert not column.is_visible()
    phone.locator(".frame-all > summary").press("Enter")
    assert column.get_by_role("link", name="受控账户").is_visible()
    assert Axe().run(phone).response["violations"] == []
    phone.keyboard.press("Escape")
    assert not column.is_visible()
    phone.emulate_media(media="print")
    assert not phone.locator(".frame-nav").is_visible() and not phone.locator(".tabs").is_visible()
    phone.emulate_media(media="screen")
    phone.goto("/rulebook/")
    phone.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    bar, main = (
        phone.locator(".frame-bar").bounding_box(),
        phone.locator("#main > :last-child").bounding_box(),
    )
    assert bar and main and 0 < main["y"] + main["height"] <= bar["y"]


def test_a_slash_goes_to_the_search_box_and_enter_opens_the_customer(
    busy: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(busy.cm)
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("C100001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/borrowers/C100001/")
    assert page.get_by_role("heading", level=1).inner_text().startswith("江南纺织有限公司")


def test_a_filter_swaps_the_rows_and_keeps_the_address(
    busy: SimpleNamespace, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(busy.cm)
    assert page.locator(".duty").count() == 4
    page.get_by_label("客户", exact=True).select_option(label="江南纺织有限公司")
    page.wait_for_url("**customer=C100001**")
    page.locator(".duty").nth(1).wait_for(state="detached")
    assert page.locator(".duty").count() == 1
    page.reload()
    assert page.locator(".duty").count() == 1

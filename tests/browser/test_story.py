"""One duty all the way, as its people meet it: raised, filled in, sent back, signed, filed, read, verified."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core import clock, sealing
from core.models import ImportBatch
from core.models.imports import ImportStatus
from inspections.models import SiteInspection
from postloan import close_of_day
from tests import factories
from tests.forms.answers import complete, posted
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.browser


def close_yesterday() -> None:
    yesterday = clock.today() - timedelta(days=1)
    ImportBatch.objects.create(
        profile="native", as_of=yesterday, known_on=yesterday, status=ImportStatus.APPLIED,
        received_at=clock.now(), received_by="1012", finished_at=clock.now(),
    )  # fmt: skip
    list(close_of_day.catch_up(until=yesterday))


def fill(page: Page, answers: dict[str, list[str]]) -> None:
    """Answer the questions that the page asks, by mouse and keyboard."""
    for name, values in answers.items():
        inputs = page.locator(f'[name="{name}"]')
        if not inputs.count() or not values[0]:
            continue
        kind = inputs.first.evaluate("e => e.type")
        if kind in {"radio", "checkbox"}:
            for value in values:
                option = page.locator(f'[name="{name}"][value="{value}"]')
                label = page.locator(f'label:has([name="{name}"][value="{value}"])')
                if label.is_visible() and not option.is_checked():
                    label.click()
        elif inputs.is_visible():
            inputs.select_option(values[0]) if kind.startswith("select") else inputs.fill(values[0])


def photograph() -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (120, 130, 140)).save(out, "JPEG")
    return {"name": "车间.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def write_up(page: Page, document: Document, made_at: str) -> None:
    """Fill in the whole form of a visit, with a photograph, and go on to where it is signed."""
    answers = posted(complete(inspected_at=made_at, inspected_on=made_at.partition("T")[0]))
    page.goto(f"/documents/{document.pk}/edit/all/")
    fill(page, answers)
    fill(page, answers)  # some answers asked for others
    for cell in page.locator("[aria-label^=担保检查情况]").all():
        cell.fill("保证人经营正常")
    page.get_by_role("button", name="保存", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(photograph())
    expect(page.get_by_text("车间.jpg").first).to_be_visible()
    page.goto(f"/documents/{document.pk}/submit/")


def give_password(page: Page, button: str) -> None:
    page.locator("input[type=password]:visible").fill(factories.PASSWORD)
    page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.obligation("GR-30", clause="a")
def test_a_visit_goes_from_the_duty_to_the_filed_form(world, site, sign_in):
    close_yesterday()
    duty = WorkItem.objects.get(obligation="GR-27", subject_id=world.borrower.pk)

    # The customer manager: from sign-in to the open form in two clicks.
    manager = sign_in(world.cm)
    expect(manager.get_by_role("link", name="江南纺织有限公司")).to_be_visible()
    manager.get_by_role("button", name="开始检查").click()
    expect(manager.get_by_role("heading", name=re.compile("信贷业务现场检查表"))).to_be_visible()
    document = Document.objects.get()
    write_up(manager, document, f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}")
    expect(manager.get_by_text(re.compile("没有填好"))).to_have_count(0)
    give_password(manager, "签字并提交")
    duty.refresh_from_db()
    assert duty.submitted_on == clock.today()

    # The head sends it back with a reason; the customer manager sees why, mends it and signs again.
    head = sign_in(world.head)
    head.goto(f"/documents/{document.pk}/")
    head.locator("[name=reason]").fill("请补充开工率变化的原因。")
    head.get_by_role("button", name="退回", exact=True).click()
    manager.goto("/")
    expect(manager.get_by_text("请补充开工率变化的原因。").first).to_be_visible()
    manager.goto(f"/documents/{document.pk}/edit/conclusion/")
    manager.locator("[name=measures]").fill("按季检查，跟踪开工率。")
    manager.get_by_role("button", name="保存", exact=True).first.click()
    manager.goto(f"/documents/{document.pk}/submit/")
    give_password(manager, "签字并提交")

    # The head signs, then the principal; the risk manager, meanwhile, can read and not touch.
    head.goto(f"/documents/{document.pk}/")
    give_password(head, "签字")
    risk = sign_in(world.risk)
    assert risk.goto(f"/documents/{document.pk}/").status == 200
    expect(risk.get_by_text("按季检查，跟踪开工率。").first).to_be_visible()
    assert not risk.locator("main form:has(input[type=password])").count()
    risk.goto(f"/documents/{document.pk}/edit/")  # leads back to the page for reading
    assert risk.url.endswith(f"/documents/{document.pk}/") and not risk.locator("form[data-draft]").count()
    president = sign_in(world.president)
    expect(president.get_by_role("link", name=re.compile("江南纺织有限公司")).first).to_be_visible()
    president.goto(f"/documents/{document.pk}/")
    give_password(president, "签字")

    # Locked, filed, discharged; the PDF opens for the risk line too; the audit verifies.
    document.refresh_from_db()
    assert document.status == DocumentStatus.LOCKED
    duty.refresh_from_db()
    assert (duty.status, duty.done_on, duty.document) == (DutyStatus.DONE, clock.today(), document)
    assert SiteInspection.objects.get().document == document
    rounds = [[(step.role, step.status) for step in chain.steps.all()] for chain in document.chains.all()]
    assert rounds == [
        [("CUSTOMER_MANAGER", "SIGNED"), ("CUSTOMER_HEAD", "RETURNED"), ("PRINCIPAL", "CANCELLED")],
        [("CUSTOMER_MANAGER", "SIGNED"), ("CUSTOMER_HEAD", "SIGNED"), ("PRINCIPAL", "SIGNED")],
    ]
    paper = risk.request.get(f"/documents/{document.pk}/pdf/")
    assert paper.status == 200 and paper.body().startswith(b"%PDF")
    sealing.seal_all()
    auditor = sign_in(world.auditor)
    auditor.goto("/audit/verify/")
    auditor.get_by_role("button", name="开始核验").click()
    expect(auditor.locator("main")).to_contain_text("核验通过")

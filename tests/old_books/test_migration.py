"""A book that old code wrote is migrated by the code as it is: nothing lost, every fingerprint and signature valid."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import clock, sealing
from credit.models import Contact
from inspections.models import SiteInspection
from monitoring.models import AccountLedgerReview, FundUse
from tests import factories
from tests.databases import BARE
from tests.old_books.told import TOLD, told
from workflow import registry
from workflow.models import Document, Step, WorkItem
from workflow.services import documents, signatures

HERE = Path(__file__).parent
TODAY = date(2026, 11, 25)  # the day after the last one of the book
pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("old_books")]

SIGNING = [
    "BH-2026-11-0003", "BQ-2026-11-0002", "HT-2026-11-0002", "JC-2026-11-0004", "JC-2026-11-0006", "JZ-2026-11-0003",
    "SK-2026-11-0002", "YD-2026-11-0002", "YK-2026-11-0003", "ZF-2026-11-0006", "ZH-2026-11-0002", "ZZ-2026-10-0002",
]  # fmt: skip
# Complete drafts: those never handed in, those that came back, and corrections that were begun.
DRAFTS = [
    "BH-2026-11-0004", "BJ-2026-11-0005", "BJ-2026-11-0008", "BQ-2026-11-0003", "LX-2026-11-0001", "JC-2026-11-0010",
    "JZ-2026-11-0004", "SK-2026-11-0003", "YD-2026-11-0003", "YK-2026-11-0002", "ZF-2026-11-0008", "ZH-2026-11-0003",
    "ZZ-2026-11-0001",
]  # fmt: skip
CAME_BACK = ["HT-2026-11-0003", "JC-2026-11-0005", "SK-2026-11-0004", "ZF-2026-11-0007", "ZH-2026-11-0004"]
# Open duties that hung on a paper about another matter, by its number and their period: they get one of their own.
FREED = {
    ("ZH-2026-11-0003", "2026-10"),
    ("JZ-2026-11-0004", "case:5"),
    ("BJ-2026-11-0007", "report:3"),
}
CORRECTIONS = ["JC-2026-11-0001", "LX-2026-03-0001", "YK-2026-08-0002", "ZH-2026-10-0003"]


@pytest.fixture(scope="module")
def migrated(new_database: Any) -> Iterator[str]:
    """The book in a database of its own, brought up as an upgrade brings it up."""
    with new_database(of=BARE) as name:
        with connection.cursor() as cursor:
            cursor.execute(gzip.decompress((HERE / "book_2026_11.sql.gz").read_bytes()).decode())
        connections.close_all()  # the dump leaves its session without a search path
        call_command("migrate", verbosity=0)
        call_command("load_reference", verbosity=0)
        connections.close_all()
        yield name


@pytest.fixture
def book(migrated: str, new_database: Any, settings: Any) -> Iterator[dict[str, Any]]:
    """A copy of the migrated book with its files, on the day after its last one; yields what it was before."""
    for path in (HERE / "files").iterdir():
        kept = Path(settings.MEDIA_ROOT) / "attachments" / path.name[:2] / path.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kept)
    with new_database(of=migrated), clock.travelling_to(TODAY):
        yield json.loads((HERE / "as_it_was.json").read_text())


def lock(document: Document) -> Document:
    """Hand a draft in, and have it signed by everybody whose turn comes."""
    now = {"password": factories.PASSWORD, "on": TODAY, "at": clock.now()}
    if document.status == "DRAFT":
        documents.submit(document=document, by=document.author, **now)
    waiting = Step.objects.filter(chain__document=document, status="WAITING").order_by("position")
    while step := waiting.select_related("chain__document", "person").first():
        signatures.sign(step=step, by=step.person, **now)
    document.refresh_from_db()
    return document


def taken_on(status: str, numbers: list[str]) -> dict[str, tuple[str, list[str]]]:
    """How each of these papers stands, and what is wrong with its signatures, once it is signed to its end."""
    User.objects.update(password=make_password(factories.PASSWORD))
    found = Document.objects.select_related("author").filter(status=status, number__in=numbers)
    papers = [lock(document) for document in found.order_by("number")]
    return {paper.number: (paper.status, signatures.verify(paper)) for paper in papers}


def test_the_book_has_every_form_and_papers_in_every_state(book: dict[str, Any]) -> None:
    forms: dict[str, set[str]] = {}
    for _number, _revision, form, status, *_ in book["documents"]:
        forms.setdefault(status, set()).add(form)
    assert len(forms["LOCKED"]) == 13 and forms["LOCKED"] <= set(registry.forms())
    assert forms["DRAFT"] == forms["LOCKED"]
    by_one_person = {"completion_record", "fixed_contact"}  # locked as soon as they are handed in
    assert forms["SIGNING"] == forms["LOCKED"] - by_one_person
    corrected = {"account_ledger_review", "fixed_contact", "fund_use_record", "site_inspection"}
    assert forms["SUPERSEDED"] == corrected
    assert forms["DISCARDED"] == {"completion_record", "payment_request", "site_inspection"}
    matters = yaml.safe_load((HERE / "matters.yaml").read_text())
    assert set(matters) == {number for number, *_ in book["documents"]}


def test_no_paper_no_signature_no_file_and_no_duty_is_lost_or_altered(book: dict[str, Any]) -> None:
    now = told()
    duties = book["duties"]
    book["duties"] = [[None, None, *row[2:]] if (row[0], row[5]) in FREED else row for row in duties]
    assert sum(row[0] is None for row in book["duties"]) - sum(row[0] is None for row in duties) == len(FREED)
    for name in TOLD:
        assert now[name] == book[name], name
    grown = {"core_auditentry", "core_calendarday", "core_calendaryear", "core_scheme", "core_schemeversion"}
    for table, rows in book["counts"].items():
        found = now["counts"].get(table, 0)
        assert found >= rows if table in grown else found == rows, (table, rows, found)


def test_each_paper_knows_its_matter_and_how_it_was_hashed(book: dict[str, Any]) -> None:
    matters = yaml.safe_load((HERE / "matters.yaml").read_text())
    told_of = Document.objects.order_by("number", "revision").values_list(
        "number", "revision", "matter", "canon"
    )
    assert list(told_of) == [
        (number, revision, matters[number], 1) for number, revision, *_ in book["documents"]
    ]
    taken_on("SIGNING", SIGNING)
    assert set(Document.objects.filter(number__in=SIGNING).values_list("canon", flat=True)) == {1}
    handed_in = [*DRAFTS, *CAME_BACK]
    taken_on("DRAFT", handed_in)
    again = Document.objects.filter(number__in=handed_in).values_list("number", "matter", "canon")
    assert set(again) == {(number, matters[number], 2) for number in handed_in}
    assert all(signatures.verify(paper) == [] for paper in Document.objects.all())


def test_what_a_correction_of_before_replaced_is_closed_on_its_day(book: dict[str, Any]) -> None:
    for model in (SiteInspection, AccountLedgerReview, FundUse):
        for fact in model.objects.select_related("document"):
            later = Document.objects.filter(supersedes=fact.document, status="LOCKED").first()
            assert fact.known_on == fact.document.locked_on, fact
            assert fact.replaced_on == (later.locked_on if later else None), fact
        assert model.objects.filter(replaced_on__isnull=False).exists()
    contacts = Contact.objects.order_by("pk").values_list("known_on", "replaced_on")
    (first, replaced), (second, current) = contacts
    assert (replaced, current) == (second, None) and first <= second


def test_every_signature_fingerprint_and_seal_is_valid(book: dict[str, Any]) -> None:
    papers = Document.objects.order_by("pk")
    signed = [paper for paper in papers if paper.chains.exclude(status="RETURNED").exists()]
    assert len(signed) == sum(
        status != "RETURNED" for _number, _revision, _round, status, *_ in book["chains"]
    )
    assert {str(paper): wrong for paper in papers if (wrong := signatures.verify(paper))} == {}
    report = sealing.verify()
    assert report.ok and report.entries == book["counts"]["core_auditentry"]


def test_a_locked_paper_of_each_form_can_be_read(book: dict[str, Any]) -> None:
    papers = Document.objects.filter(status="LOCKED").select_related("author").order_by("form", "-pk")
    for paper in papers.distinct("form"):
        client = Client()
        client.force_login(paper.author)
        page = client.get(reverse("document", args=[paper.pk]))
        assert page.status_code == 200 and paper.number in page.content.decode(), paper


def test_what_was_being_signed_is_signed_to_its_end(book: dict[str, Any]) -> None:
    assert [row[0] for row in book["documents"] if row[3] == "SIGNING"] == SIGNING
    assert taken_on("SIGNING", SIGNING) == dict.fromkeys(SIGNING, ("LOCKED", []))
    assert not WorkItem.objects.open().filter(document__status="LOCKED").exists()


@pytest.mark.parametrize("numbers", [DRAFTS, CAME_BACK, CORRECTIONS], ids=["new", "came back", "corrections"])
def test_what_was_begun_is_handed_in_and_signed(book: dict[str, Any], numbers: list[str]) -> None:
    assert taken_on("DRAFT", numbers) == dict.fromkeys(numbers, ("LOCKED", []))
    if numbers is CORRECTIONS:
        replaced = Document.objects.filter(number__in=numbers, superseded_by__isnull=False)
        assert set(replaced.values_list("status", flat=True)) == {"SUPERSEDED"}

"""The demonstration goes in through the import that a bank uses, once, and only where there is no book."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import StringIO
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from accounts.models import User
from core import clock
from core.models import ImportBatch, ImportFile, SchemeVersion
from credit.choices import EventKind
from credit.models import Borrower, LedgerEntry, LoanReading, RiskEvent
from postloan.demo import loading
from workflow.services import days

TODAY = date(2026, 11, 24)  # a Tuesday; the story ends on the day before


@pytest.fixture
def morning(db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Stand on the morning after the story, with a folder of its own for the files."""
    settings.VAR_DIR = tmp_path
    with clock.travelling_to(TODAY):
        yield


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def books() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (Borrower, LedgerEntry, LoanReading, RiskEvent, ImportBatch)
    )


@pytest.mark.usefixtures("morning")
def test_every_date_is_applied_without_one_bad_row() -> None:
    said("load_demo")
    batches = ImportBatch.objects.order_by("as_of")
    assert [batch.status for batch in batches] == ["APPLIED"] * 11
    assert [(batch.as_of, batch.known_on) for batch in batches] == [(b.as_of, b.as_of) for b in batches]
    assert batches[0].as_of == date(2026, 9, 30)
    assert batches[10].as_of == date(2026, 11, 23)
    assert ImportFile.objects.exclude(errors=[]).count() == 0
    assert days.go_live_on() == date(2026, 10, 1)
    assert Borrower.objects.count() == 42
    assert set(RiskEvent.objects.values_list("kind", flat=True)) == set(EventKind)
    version = SchemeVersion.objects.filter(scheme="BASE").latest("number")
    assert (version.status, version.proposed_by, version.decided_by) == ("APPROVED", "10061", "10001")


@pytest.mark.usefixtures("morning")
def test_a_second_load_says_so_and_changes_nothing() -> None:
    said("load_demo")
    before = books()
    assert "已装载" in said("load_demo")
    assert books() == before
    assert "重复文件" in said("load_demo", "--force")
    assert books()[:-1] == before[:-1]


@pytest.mark.usefixtures("morning")
def test_a_load_that_was_cut_short_goes_on_with_the_same_extracts() -> None:
    list(islice(loading.load(as_of=date(2026, 11, 23), folder=loading_folder()), 4))
    assert said("demo_accounts", "--json").strip() == "[]"
    with clock.travelling_to(date(2026, 11, 25)):
        out = said("load_demo")
    assert "截至 2026-11-23" in out
    assert out.count("重复文件") == 4
    assert out.count("已入账") == 7
    assert loading.is_loaded()


def loading_folder() -> Path:
    return Path(django_settings.VAR_DIR) / "demo"


def test_a_bank_that_has_its_book_is_left_alone(cast: SimpleNamespace, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    assert "已有业务数据" in said("load_demo")
    assert not User.objects.filter(username="10021").exists()
    assert not (tmp_path / "demo").exists()


@pytest.mark.usefixtures("morning")
def test_the_accounts_listed_can_sign_in_and_see_their_own() -> None:
    said("load_demo")
    accounts = json.loads(said("demo_accounts", "--json"))
    assert 10 <= len(accounts) <= 12
    assert set(accounts[0]) == {"username", "password", "name", "role", "unit"}
    assert accounts[0]["role"] == "客户经理"
    for account in accounts:
        assert User.objects.get(username=account["username"]).check_password(account["password"]), account
    seen = {
        account["username"]: Borrower.objects.visible_to(
            User.objects.get(username=account["username"])
        ).count()
        for account in accounts
    }
    # 陈晓岚 7 firms; both branch lines their departments (22 and 15); risk, presidents and audit more.
    assert seen["10021"] == 7
    assert (seen["10011"], seen["10012"]) == (22, 15)
    assert (seen["10001"], seen["10031"], seen["10051"]) == (37, 37, 42)
    assert seen["20021"] == 2


@pytest.mark.usefixtures("morning")
def test_nobody_imported_can_sign_in_before_the_passwords_are_set() -> None:
    list(islice(loading.load(as_of=date(2026, 11, 23), folder=loading_folder()), 1))
    assert User.objects.filter(username="10021").exists()
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not User.objects.get(username="10021").check_password("Daihou-2026")

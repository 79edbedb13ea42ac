"""A bank's first day: whatever starts the demonstration leaves the bank's people, passwords and name alone."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import Post, Unit, User
from core import clock
from core.models import ImportBatch, SchemeVersion
from core.parameters import BASE
from core.policy import policy_on
from credit.models import Borrower
from postloan.demo.cast import PASSWORD
from roads import prepare
from tests.demo.test_load import said
from tests.imports.extracts import write

TODAY = date(2026, 11, 24)
OWN_PASSWORD = "江州-Only-Ours-2026"
PEOPLE = (  # with the numbers that the demonstration's president and its first customer manager have
    ("工号", "姓名", "条线", "机构号", "岗位", "起", "止"),
    ("10001", "方志远", "管理层", "0101", "行长", "2024-01-01", ""),
    ("10021", "沈若兰", "客户线", "0101", "客户经理", "2024-01-01", ""),
)
UNITS = (
    ("机构号", "名称", "类型", "上级机构号"),
    ("01", "江州农村商业银行", "总行", ""),
    ("0101", "工人支行", "支行", "01"),
)


@pytest.fixture
def bank(own_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A lender that has done what the README says, up to the first two passwords; yields its database's name."""
    monkeypatch.setenv("POSTLOAN_VAR", str(tmp_path))
    for folder in ("run", "log"):
        (tmp_path / folder).mkdir()
    with connection.cursor() as cursor:  # as it was before anything was loaded
        cursor.execute("ALTER TABLE core_schemeversion DISABLE TRIGGER core_schemeversion_kept")
        SchemeVersion.objects.all().delete()
        cursor.execute("ALTER TABLE core_schemeversion ENABLE TRIGGER core_schemeversion_kept")
    with clock.travelling_to(TODAY):
        settings = {"lender.name": "江州农商行", "lender.go_live_on": TODAY, "extracts.expected": "true"}
        call_command(
            "load_reference", *(f"--set={name}={value}" for name, value in settings.items()), verbosity=0
        )
        said("import_extracts", str(write(tmp_path / "2026-11-23", {"units": UNITS, "people": PEOPLE})))
        monkeypatch.setattr(getpass, "getpass", lambda **_: OWN_PASSWORD)
        for number in ("10001", "10021"):
            said("changepassword", number)
        yield own_database


def everything() -> dict[str, list[Any]]:
    """What the bank brought, down to the encoded passwords."""
    return {
        model.__name__: list(model.objects.order_by("pk").values_list())
        for model in (Unit, User, Post, Borrower, ImportBatch, SchemeVersion)
    }


def test_nothing_of_a_bank_changes_whoever_asks_for_the_demonstration(
    bank: str, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    before = everything()
    reasons = {
        (): "这个数据库不是为演示建立的，不装载演示支行，没有作任何改动",
        (
            "--database",
            bank,
        ): "已有机构 2 个、人员 2 人、行名“江州农商行”、上线设定 2 项，不能用来演示，没有作任何改动",
    }
    for asked, reason in reasons.items():
        out = StringIO()
        with pytest.raises(CommandError, match=reason):
            call_command("load_demo", *asked, stdout=out)
        assert not out.getvalue()
        assert everything() == before, asked
    for asked in ((), ("--embedded",), ("--demo", bank), ("--demo", "postloan_demo")):
        code = prepare.main(asked)
        assert everything() == before, asked
        assert code == (1 if "--demo" in asked else 0)
    told = capsys.readouterr().err
    assert "不能用来演示，没有作任何改动" in told and "不是“postloan_demo”" in told
    people = User.objects.in_bulk(["10001", "10021"], field_name="username")
    assert all(person.check_password(OWN_PASSWORD) for person in people.values())
    assert policy_on(TODAY).get(BASE, "lender.name").value == "江州农商行"
    settings.DEMO = True  # however it came to be set
    page = Client().get("/login/").content.decode()
    assert PASSWORD not in page and "演示" not in page

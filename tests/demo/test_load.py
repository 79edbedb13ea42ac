"""The demonstration goes in through the import that a bank uses, once, and only into a database made for it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, override_settings

from accounts.models import User
from core import clock
from core.actor import acting_as
from core.models import Demonstration, ImportBatch, ImportFile, SchemeVersion
from credit.choices import EventKind
from credit.models import AccountBalance, Borrower, LedgerEntry, LoanReading, RiskEvent
from monitoring.models import MisuseCase, Payment, Signal
from postloan.close_of_day import close
from postloan.demo import loading, mark
from postloan.demo.cast import PASSWORD
from tests.imports.extracts import write
from workflow.models import Document, Quarantined, Step, WorkItem
from workflow.services import days

TODAY = date(2026, 11, 24)  # a Tuesday; the story ends on the day before
PEOPLE = (
    ("工号", "姓名", "条线", "机构号", "岗位", "起", "止"),
    ("10022", "本行的人", "客户线", "360101", "客户经理", "2024-01-01", ""),
)


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def load() -> str:
    """Ask for the demonstration by the name of this database."""
    return said("load_demo", "--database", connection.settings_dict["NAME"])


def begin(folder: Path, batches: int) -> None:
    """A load that is cut short after so many batches."""
    with acting_as(mark.LOADER):
        mark.write_by_name(connection.settings_dict["NAME"])
        list(islice(loading.load(as_of=date(2026, 11, 23), folder=folder), batches))


def book() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Borrower, LedgerEntry, LoanReading, RiskEvent))


def everybody() -> list[Any]:
    return list(User.objects.order_by("pk").values_list("username", "name", "password"))


class TheLoadedBranch(TestCase):
    """Loaded once; every test stands on the morning after the story."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(override_settings(VAR_DIR=Path(folder)))
        cls.enterClassContext(clock.travelling_to(TODAY))
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        load()

    def test_every_date_is_applied_without_one_bad_row(self) -> None:
        batches = list(ImportBatch.objects.order_by("as_of"))
        assert [batch.status for batch in batches] == ["APPLIED"] * 10
        assert all(batch.known_on == batch.as_of for batch in batches)
        assert (batches[0].as_of, batches[9].as_of) == (date(2026, 11, 10), date(2026, 11, 23))
        assert ImportFile.objects.exclude(errors=[]).count() == 0
        assert Borrower.objects.count() == 300
        assert set(RiskEvent.objects.values_list("kind", flat=True)) == set(EventKind)

    def test_the_first_day_is_set_by_a_policy_that_one_proposed_and_another_approved(self) -> None:
        assert days.go_live_on() == date(2026, 11, 11)
        version = SchemeVersion.objects.filter(scheme="BASE").latest("number")
        assert (version.status, version.proposed_by, version.decided_by) == ("APPROVED", "10061", "10001")
        assert version.parameters["lender.name"]["value"] == "工人支行"

    def test_a_second_load_says_so_and_changes_nothing(self) -> None:
        before, batches = book(), ImportBatch.objects.count()
        assert "已装载" in said("load_demo")
        assert "已装载" in load()
        assert ImportBatch.objects.count() == batches
        assert book() == before

    def test_who_chose_another_password_keeps_it_and_is_offered_no_longer(self) -> None:
        person = User.objects.get(username="10021")
        person.set_password("江州-Only-Mine-2026")
        person.save()
        for start in ({}, {"embedded": True}):
            call_command("load_demo", stdout=StringIO(), **start)
        person.refresh_from_db()
        assert person.check_password("江州-Only-Mine-2026")
        offered = {account["username"] for account in json.loads(said("demo_accounts", "--json"))}
        assert "10021" not in offered and len(offered) == 11

    def test_a_demonstration_from_before_there_were_marks_is_known_again_as_it_stands(self) -> None:
        """The embedded database of an earlier version: what first came in was the demonstration."""
        Demonstration.objects.all().delete()
        before = everybody()
        assert json.loads(said("demo_accounts", "--json")) == []
        with pytest.raises(CommandError, match="不是为演示建立的"):
            said("load_demo")
        with pytest.raises(CommandError, match="已有机构 12 个、人员 28 人"):
            load()
        out = StringIO()
        call_command("load_demo", embedded=True, stdout=out)
        assert "已装载，未作改动" in out.getvalue()
        assert len(json.loads(said("demo_accounts", "--json"))) == 12
        assert everybody() == before

    def test_the_accounts_listed_can_sign_in_and_see_their_own(self) -> None:
        accounts = json.loads(said("demo_accounts", "--json"))
        assert 10 <= len(accounts) <= 12
        assert set(accounts[0]) == {"username", "password", "name", "role", "unit"}
        assert accounts[0]["role"] == "客户经理"
        people = {account["username"]: User.objects.get(username=account["username"]) for account in accounts}
        assert all(people[account["username"]].check_password(account["password"]) for account in accounts)
        seen = {number: Borrower.objects.visible_to(person).count() for number, person in people.items()}
        assert (seen["10021"], seen["20021"]) == (21, 17)  # the customers they manage
        assert (seen["10011"], seen["10012"]) == (83, 155)  # their department's
        assert (seen["10001"], seen["10031"], seen["10032"]) == (238, 238, 238)  # their branch's
        assert seen["10051"] == 300  # 审计: everything

    def test_two_years_of_readings_are_dated_as_they_were_and_known_from_the_opening(self) -> None:
        opening = date(2026, 11, 10)
        past = LoanReading.objects.filter(effective_on__lt=opening)
        assert past.count() > 2000
        assert set(past.values_list("known_on", flat=True)) == {opening}
        assert past.order_by("effective_on").first().effective_on == date(2024, 11, 30)
        assert AccountBalance.objects.filter(effective_on=date(2025, 3, 31)).count() > 250

    def test_papers_are_there_at_each_stage_signed_by_whom_they_wait_for(self) -> None:
        papers = Document.objects.order_by("pk")
        assert [paper.status for paper in papers] == ["LOCKED", "SIGNING", "DRAFT"]
        assert set(Payment.objects.values_list("status", flat=True)) == {"REVIEWED", "SUBMITTED"}
        waiting = Step.objects.get(status="WAITING").person
        assert waiting is not None and waiting.line == "RISK"

    @pytest.mark.heavy
    def test_the_morning_after_is_a_working_day_and_not_a_wreck(self) -> None:
        day = days.go_live_on()
        assert day is not None
        while day < TODAY:
            assert close(day), day
            day += timedelta(days=1)
        assert not Quarantined.objects.exists()
        duties = WorkItem.objects.open()
        late = duties.overdue(TODAY)
        assert duties.count() > 100
        assert 1 <= late.count() <= duties.count() * 0.05
        assert max(Counter(late.values_list("person", flat=True)).values()) <= 5
        # The draft of 亿通 fell due on 11-17, the branch paid on 11-18: three workdays are 11-19, 11-20, 11-23.
        assert late.filter(borrower_name="南昌亿通汽车销售服务有限公司", obligation="GR-28.2").count() == 1
        # Due today: three workdays after 11-19 are 11-20, 11-23, 11-24.
        today = set(duties.filter(due_on=TODAY).values_list("borrower_name", "obligation"))
        assert {("鄱阳湖水产股份有限公司", "GR-28.1"), ("南昌锦绣纺织有限公司", "GR-28.3")} <= today
        assert {"GR-27", "GD-3.3", "GR-28.1", "GR-28.2", "GR-28.3", "GR-28.4", "GR-35"} <= set(
            duties.values_list("obligation", flat=True)
        )
        assert duties.filter(due_on__range=(date(2026, 11, 25), date(2026, 11, 30))).count() >= 10
        assert duties.filter(person__isnull=True).count() == 0
        # Two contracts are frozen since the last day of the story. Loan money left one of them that day, and 法务 is
        # asked about it, since it gives no right to suspend.
        for product, rights in (("CONSUMER", 0), ("WORKING_CAPITAL", 1)):
            case = MisuseCase.objects.get(contract__product=product)
            assert (case.status, case.confirmed_on) == ("RECTIFYING", date(2026, 11, 23))
            assert case.contract.clauses.filter(kind="SUSPENSION_RIGHT").count() == rights
        outflow = Signal.objects.get(kind="FROZEN_OUTFLOW", loan__product="CONSUMER")
        assert (outflow.level, outflow.known_on, outflow.amount) == ("RED", date(2026, 11, 23), 80000)
        asked = duties.filter(obligation="GR-23", borrower_number=outflow.borrower.number)
        assert dict(asked.values_list("kind", "due_on")) == {
            "frozen_contract": TODAY,
            "misuse_manager_report": TODAY,
            "misuse_report": TODAY,
            "misuse_legal": date(2026, 11, 25),
            "misuse_rectification": date(2026, 12, 7),
        }
        assert asked.get(kind="misuse_legal").person.name == "彭律"
        # Nobody of the customer line is idle or drowned: each has a handful, none more than its customers.
        counts = Counter(duties.values_list("person__username", flat=True))
        assert 10 <= counts["10021"] <= 30


@pytest.fixture
def morning(db: None, settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Stand on the morning after the story, with an empty system and a folder for the files."""
    settings.VAR_DIR = tmp_path
    with clock.travelling_to(TODAY):
        yield tmp_path / "demo"


def test_a_load_that_was_cut_short_goes_on_with_the_same_extracts(morning: Path) -> None:
    begin(morning, 4)
    assert said("demo_accounts", "--json").strip() == "[]"
    with clock.travelling_to(date(2026, 11, 25)):
        out = said("load_demo")
    assert "截至 2026-11-23" in out
    assert (out.count("重复文件"), out.count("已入账")) == (4, 6)
    assert mark.is_loaded()
    assert len(json.loads(said("demo_accounts", "--json"))) == 12


def test_nobody_imported_can_sign_in_before_the_passwords_are_set(morning: Path) -> None:
    begin(morning, 1)
    assert User.objects.filter(username="10021").exists()
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not User.objects.get(username="10021").check_password(PASSWORD)


def test_a_load_that_was_cut_short_does_not_go_on_over_what_others_brought_in_since(morning: Path) -> None:
    begin(morning, 1)
    write(morning.parent / "own" / "2026-11-23", {"people": PEOPLE})
    said("import_extracts", str(morning.parent / "own" / "2026-11-23"))
    before = everybody()
    with pytest.raises(CommandError, match="期间另有数据导入或录入"):
        said("load_demo")
    assert everybody() == before and not mark.is_loaded()


def test_the_database_that_run_made_is_marked_while_it_is_empty_and_loaded(morning: Path) -> None:
    call_command("load_demo", embedded=True, stdout=StringIO())
    assert mark.is_loaded()
    assert User.objects.get(username="10021").check_password(PASSWORD)


def test_the_name_that_is_asked_for_is_the_name_of_the_database(morning: Path) -> None:
    with pytest.raises(CommandError, match="不是“postloan_demo”。请核对 DATABASE_URL"):
        said("load_demo", "--database", "postloan_demo")
    assert not Demonstration.objects.exists()


def test_build_demo_writes_one_folder_for_each_date_up_to_yesterday(tmp_path: Path) -> None:
    with clock.travelling_to(TODAY):
        out = said("build_demo", str(tmp_path))
    folders = sorted(folder.name for folder in tmp_path.iterdir())
    assert (len(folders), folders[0], folders[-1]) == (10, "2026-11-10", "2026-11-23")
    assert len(out.splitlines()) == 10
    assert len(list((tmp_path / "2026-11-10").glob("*.csv"))) == 35

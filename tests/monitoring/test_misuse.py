"""Misuse: a confirmed case freezes the contract, is owed by the manager and told to the principal; risk thaws it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core import clock, outbox
from core.errors import Invalid, Refused
from core.models import AuditEntry
from core.policy import policy_on
from credit.models import Clause
from monitoring import freezes
from monitoring.misuse import services as misuse
from monitoring.misuse.duties import MisuseRectification, MisuseReport
from monitoring.models import MisuseCase
from postloan.jobs import HANDLERS
from tests import factories
from tests.monitoring.paying import sign, submit
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem
from workflow.pages.editing import start_from
from workflow.services import documents

pytestmark = pytest.mark.usefixtures("reference")
ANSWERS = {
    "demanded": "书面要求三日内归还挪用资金",
    "corrected_on": "2026-11-24",
    "corrected": "已归还至监管账户",
    "evidence": "回单 HD-1",
    "proposal": "恢复用款",
}


@pytest.fixture
def case(cast) -> MisuseCase:
    """80 万元 of the cast's contract misused, confirmed on Tuesday 11-24."""
    factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
    return misuse.register(
        contract=cast.contract, facts="转入证券公司", amount=Decimal(800000), by=cast.cm, on=cast.today
    )


def judge(on: date) -> None:
    for rule in (MisuseRectification(), MisuseReport()):
        reconcile(rule, on=on, policy=policy_on(on))


def sheet(cast, **answers: str):
    """The 限期纠正单, filled in by the manager from the duty and handed in."""
    judge(cast.today)
    document = start_from(WorkItem.objects.get(kind="misuse_rectification"), user=cast.cm, on=cast.today)
    documents.save(
        document=document, answers=ANSWERS | answers, version=document.version, by=cast.cm, at=clock.now()
    )
    document.refresh_from_db()
    return submit(document)


@pytest.mark.obligation("GR-23", clause="bf")
def test_a_confirmed_misuse_freezes_its_contract_is_written_down_and_given_ten_workdays(cast, case) -> None:
    # Ten workdays after Tuesday 11-24: Tuesday 12-08.
    assert (case.correct_by, case.confirmed_by, case.status) == (date(2026, 12, 8), cast.cm, "RECTIFYING")
    assert freezes.of([cast.contract.pk])
    with pytest.raises(Refused, match="因挪用已暂停用款"):
        freezes.check_not_frozen(cast.contract)
    entry = AuditEntry.objects.get(act="monitoring.misuse.confirmed")
    assert entry.borrower_number == cast.borrower.number and entry.after["correct_by"] == "2026-12-08"


@pytest.mark.obligation("GR-23", clause="aef")
def test_the_principal_is_told_and_the_correction_is_owed_as_soon_as_the_outbox_is_delivered(
    cast, case
) -> None:
    assert outbox.deliver(HANDLERS) == 1
    rows = WorkItem.objects.filter(obligation="GR-23").order_by("kind")
    assert [(row.kind, row.period_key, row.person, row.post, row.due_on) for row in rows] == [
        ("misuse_legal", f"misuse_legal:{case.pk}", None, "LEGAL", date(2026, 11, 26)),
        (
            "misuse_manager_report",
            f"misuse_manager_report:{case.pk}",
            cast.cm,
            "CUSTOMER_MANAGER",
            date(2026, 11, 25),
        ),
        ("misuse_rectification", f"case:{case.pk}", cast.cm, "CUSTOMER_MANAGER", date(2026, 12, 8)),
        ("misuse_report", f"report:{case.pk}", cast.president, "PRINCIPAL", date(2026, 11, 25)),
    ]


@pytest.mark.obligation("GR-23", clause="af")
def test_the_principal_takes_note_by_a_completion_record_of_their_own(cast, case) -> None:
    judge(cast.today)
    document = start_from(WorkItem.objects.get(kind="misuse_report"), user=cast.president, on=cast.today)
    documents.save(
        document=document, answers={"record": "已阅，责成追回"}, version=document.version, by=cast.president,
        at=clock.now(),
    )  # fmt: skip
    document.refresh_from_db()
    submit(document)
    assert WorkItem.objects.get(kind="misuse_report").status == DutyStatus.DONE
    assert freezes.of([cast.contract.pk])


@pytest.mark.obligation("GR-23", clause="f")
def test_the_contract_thaws_when_the_risk_line_accepts_and_not_a_signature_earlier(cast, case) -> None:
    document = sheet(cast)
    assert freezes.of([cast.contract.pk])
    sign(document, cast.head)
    assert freezes.of([cast.contract.pk])
    sign(document, cast.risk)
    assert not freezes.of([cast.contract.pk])
    case.refresh_from_db()
    assert (case.status, case.accepted_by, case.document) == ("ACCEPTED", cast.risk, document)
    assert WorkItem.objects.get(kind="misuse_rectification").status == DutyStatus.DONE
    judge(cast.today)
    assert WorkItem.objects.filter(kind="misuse_rectification").count() == 1


@pytest.mark.obligation("GR-23", clause="f")
@pytest.mark.parametrize("who", ["cm", "head", "president", "accountant", "other_cm"])
def test_nobody_outside_the_risk_line_thaws(cast, case, who) -> None:
    with pytest.raises(Refused, match="风险条线"):
        misuse.accept(case=case, document=sheet(cast), by=cast.people[who], on=cast.today)
    assert freezes.of([cast.contract.pk])


@pytest.mark.obligation("GR-23", clause="f")
def test_a_contract_with_two_cases_thaws_with_the_second(cast, case) -> None:
    misuse.register(contract=cast.contract, facts="又转购房", amount=Decimal(1), by=cast.risk, on=cast.today)
    judge(cast.today)
    for still in (True, False):
        first = WorkItem.objects.open().filter(kind="misuse_rectification").order_by("pk").first()
        document = start_from(first, user=cast.cm, on=cast.today)
        documents.save(
            document=document, answers=ANSWERS, version=document.version, by=cast.cm, at=clock.now()
        )
        document.refresh_from_db()
        submit(document)
        sign(document, cast.head)
        sign(document, cast.risk)
        assert bool(freezes.of([cast.contract.pk])) == still == freezes.frozen_on(cast.today).exists()
        open_ones = WorkItem.objects.open().filter(kind="misuse_rectification")
        waiting = MisuseCase.objects.filter(status="RECTIFYING")
        assert [item.period_key for item in open_ones] == [f"case:{one.pk}" for one in waiting]


@pytest.mark.parametrize(
    ("who", "may"),
    [("cm", True), ("head", True), ("risk", True), ("accountant", False), ("other_cm", False),
     ("other_risk", False), ("president", False)],
)  # fmt: skip
def test_who_may_register_a_misuse(cast, who, may) -> None:
    assert (not misuse.reason_not_to_register(cast.borrower, cast.people[who], cast.today)) == may


@pytest.mark.parametrize(("facts", "amount"), [(" ", "1"), ("甲" * 501, "1"), ("转出", "0"), ("转出", "-1")])
def test_a_misuse_needs_facts_and_an_amount(cast, facts, amount) -> None:
    with pytest.raises(Invalid):
        misuse.register(
            contract=cast.contract, facts=facts, amount=Decimal(amount), by=cast.cm, on=cast.today
        )


@pytest.mark.obligation("GR-23", clause="e")
def test_the_sheet_names_the_right_that_the_freeze_rests_on(cast, case) -> None:
    assert sheet(cast).content["right"] == "合同未登记提款暂停权条款，暂停用款依据办法第二十三条"
    Clause.objects.create(contract=cast.contract, place=9, kind="SUSPENSION_RIGHT", text="发现挪用可停止放款")
    assert freezes.suspension_clause(cast.contract, cast.today).text == "发现挪用可停止放款"


def test_a_thawed_case_without_its_paper_is_refused_by_the_database(cast, case) -> None:
    with pytest.raises(IntegrityError, match="a_thawed_case"), transaction.atomic():
        MisuseCase.objects.filter(pk=case.pk).update(status="ACCEPTED")

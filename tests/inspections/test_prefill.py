"""附件3 starts with what the book says of security and of the approval's demands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from credit.models import ApprovalCondition, Collateral, Guarantee, Lien, Secured, Valuation
from inspections.documents.site_inspection import SITE_INSPECTION
from inspections.documents.site_inspection import prefill as module
from tests import factories
from workflow.definitions import Background, Prefill, gaps
from workflow.duty_forms import Subject

pytestmark = pytest.mark.usefixtures("reference")
SINCE = date(2026, 3, 2)


def secure(cast, number: str, name: str, *, kind: str = "SURETY", loan=None, **fields) -> Guarantee:
    guarantee = Guarantee.objects.create(
        number=number, borrower=cast.borrower, kind=kind, guarantor_name=name, signed_on=SINCE,
        amount=fields.pop("amount", 3_000_000), **fields,
    )  # fmt: skip
    if loan:
        Secured.objects.create(
            guarantee=guarantee, loan=loan, amount=1_000_000, from_on=SINCE, known_on=SINCE
        )
    return guarantee


def pledge(guarantee: Guarantee, number: str, name: str, *values: tuple[date, int], **fields) -> Collateral:
    thing = Collateral.objects.create(
        number=number,
        kind="HOUSE",
        name=name,
        owner_name="江南置业",
        certificate=fields.pop("certificate", ""),
    )
    Lien.objects.create(guarantee=guarantee, collateral=thing, **{"registered_on": SINCE, **fields})
    for on, value in values:
        Valuation.objects.create(collateral=thing, effective_on=on, known_on=on, value=value)
    return thing


def demand(cast, place: int, text: str, **fields) -> ApprovalCondition:
    return ApprovalCondition.objects.create(contract=cast.contract, place=place, text=text, **fields)


def start(cast) -> Prefill:
    subject = Subject("BORROWER", cast.borrower.pk, "C100001", cast.borrower.name, cast.corporate.pk)
    return module.prefill(subject=subject, user=cast.cm, on=cast.today)


def inspected(monkeypatch, **content) -> None:
    """Last time's form, signed through."""
    was = {
        "inspected_on": "2026-08-20",
        "overall": "正常",
        "problems": "无",
        "measures": "无",
        "types": ["BORROWER"],
    }
    last = SimpleNamespace(content=was | content)
    monkeypatch.setattr(module, "last_inspection", lambda borrower: last)


def test_collateral_and_sureties_of_the_live_loans_stand_in_their_lists(cast):
    secure(cast, "保1", "江南置业有限公司", loan=cast.loan, mode="JOINT")
    secure(
        cast, "保2", "江南置业有限公司", is_maximum=True
    )  # the same guarantor again, and a cap not used yet
    secure(cast, "保3", "从前担保公司", loan=cast.loan, ended_on=date(2026, 11, 23))
    settled = factories.make_loan(cast.borrower, cast.corporate, balance=Decimal(0))
    secure(cast, "保4", "已还清的担保人", loan=settled)
    mortgage = secure(cast, "抵1", "江南置业有限公司", kind="MORTGAGE", loan=cast.loan)
    pledge(
        mortgage, "YP1", "标准厂房", (date(2026, 1, 8), 9_000_000), (date(2026, 7, 1), 8_000_000),
        certificate="江房字 7 号",
    )  # fmt: skip
    released = pledge(mortgage, "YP2", "旧仓库", rank=2)
    Lien.objects.filter(collateral=released).update(cancelled_on=date(2026, 11, 24))
    pledge(
        secure(cast, "质1", "何俊", kind="PLEDGE", loan=cast.loan), "YP3", "存单", (date(2026, 3, 2), 500_000)
    )
    answers = start(cast).answers
    assert [row["item"] for row in answers["sureties"]] == ["江南置业有限公司"]
    assert answers["guarantor_names"] == "江南置业有限公司"
    assert [(row["item"], row["pledge"], row["value"]) for row in answers["collateral"]] == [
        ("标准厂房（江房字 7 号）", "抵押", "8000000.00"),
        ("存单", "质押", "500000.00"),
    ]
    # 800 万 + 50 万; the deposit was looked at last in March.
    assert (answers["revalued"], answers["revalued_on"]) == ("8500000.00", "2026-03-02")
    # What the visitor himself must find is left to him.
    answers = {**answers, "types": ["COLLATERAL", "GUARANTOR"]}
    asked = [gap.sentence for gap in gaps(SITE_INSPECTION, answers, Background(on=cast.today))]
    assert "“抵质押物清单”第 1 项：请填写“形态与占管”。" in asked
    assert "“保证人清单”第 1 户：请填写“担保能力”。" in asked
    assert not any("名称" in sentence or "评估价值" in sentence for sentence in asked if "第 1" in sentence)


def test_a_sum_is_not_given_while_a_value_is_missing_and_the_visitor_is_told(cast):
    mortgage = secure(cast, "抵1", "江南置业有限公司", kind="MORTGAGE", loan=cast.loan)
    pledge(mortgage, "YP1", "标准厂房", (date(2026, 7, 1), 8_000_000))
    pledge(mortgage, "YP2", "土地", rank=2, registered_on=None)
    filled = start(cast)
    assert "revalued" not in filled.answers
    told = {fact.title: fact.section for fact in filled.facts}
    assert told["押品“土地”尚未登记"] == "collateral"
    assert told["押品“土地”没有评估价值"] == "insurance"
    assert not any("标准厂房" in title for title in told)


@pytest.mark.obligation("GR-29", clause="b")
def test_what_the_approval_demands_is_asked_one_by_one_and_what_is_overdue_is_told(cast):
    demand(
        cast, 1, "追加实际控制人保证", due_on=date(2026, 4, 1), met_on=date(2026, 3, 30), note="已签保证合同"
    )
    demand(cast, 2, "结算份额不低于信用占比", due_on=date(2026, 11, 23))
    demand(cast, 3, "年末前办妥保险", due_on=date(2026, 12, 31))
    filled = start(cast)
    assert filled.answers["has_conditions"] == "yes"
    assert filled.answers["conditions"] == [
        {"condition": "追加实际控制人保证", "state": "", "note": "2026-03-30 登记已落实：已签保证合同"},
        {"condition": "结算份额不低于信用占比", "state": "", "note": ""},
        {"condition": "年末前办妥保险", "state": "", "note": ""},
    ]
    overdue = [fact for fact in filled.facts if "逾期未落实" in fact.title]
    assert [(fact.title, fact.section) for fact in overdue] == [
        ("批复要求逾期未落实：结算份额不低于信用占比", "approval")
    ]


def test_last_times_demands_come_first_and_the_book_adds_only_what_is_new(cast, monkeypatch):
    inspected(
        monkeypatch,
        conditions=[
            {"condition": "资产负债率不高于 65%", "state": "已落实", "note": ""},
            {"condition": "追加保证", "state": "部分落实", "note": "还差一户"},
        ],
    )
    demand(cast, 1, "追加保证")
    demand(cast, 2, "办妥保险")
    rows = start(cast).answers["conditions"]
    assert [row["condition"] for row in rows] == ["资产负债率不高于 65%", "追加保证", "办妥保险"]
    assert {(row["state"], row["note"]) for row in rows} == {("", "")}  # answered anew each time


def test_without_demands_the_question_is_left_open(cast, monkeypatch):
    inspected(monkeypatch)
    answers = start(cast).answers
    assert "has_conditions" not in answers and "conditions" not in answers


def test_margin_and_sureties_are_facts_of_their_own_sections(cast):
    secure(cast, "保1", "江南置业有限公司", is_maximum=True, mode="JOINT")
    cast.loan.margin, cast.loan.margin_account = Decimal("300000.00"), "6001"
    cast.loan.save()
    told = {fact.title: (fact.section, fact.detail) for fact in start(cast).facts}
    assert told["江南置业有限公司最高额保证 300.00 万元"] == ("sureties", "担保合同 保1，连带责任保证")
    assert told["借据 JJ2026-0101 保证金 30.00 万元"] == ("margin", "保证金账户 6001")

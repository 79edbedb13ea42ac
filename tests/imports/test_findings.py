"""What does not add up in the book after an import is refused or listed with its row, as the policy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core import clock
from core.models import ImportBatch, Scheme
from core.models.imports import ImportStatus
from credit.imports import findings
from credit.models import Guarantee, Secured
from tests.imports.extracts import BOOK, Rows, load_book, load_only, said
from tests.imports.test_book_kinds import LOAN, WHOLE

pytestmark = pytest.mark.django_db

D23, D24 = date(2026, 11, 23), date(2026, 11, 24)

Told = tuple[int | None, str, str, str]
OVER = "担保债权金额合计 3,000,000.01 元，超过担保金额 3,000,000.00 元"
LEAVES = (*BOOK["responsibilities"][1][:5], "2026-11-22")
CASES: Mapping[str, tuple[str, Mapping[str, Rows], str, Told]] = {
    "a guarantee secures more than its cap": (
        "over_cap",
        {"secured": [*WHOLE["secured"], ("DB1", "BH1", "0.01", "2026-03-02", "")]},
        "secured",
        (2, "担保债权金额", "2000000", OVER),
    ),
    "the bills of an agreement do not add up": (
        "bills_do_not_add_up",
        {"bills": WHOLE["bills"][:2]},
        "bills",
        (2, "票面金额", "600000", "票面金额合计 600,000.00 元，与借据金额 1,000,000.00 元不符"),
    ),
    "a collateral was valued before it was registered": (
        "valued_before_registered",
        {},
        "valuations",
        (2, "评估日", "2026-02-20", "早于押品的登记日 2026-03-02，请核实这次评估是否仍可采用"),
    ),
    "nobody answers for a loan": (
        "loan_without_responsible",
        {"responsibilities": [BOOK["responsibilities"][0], LEAVES]},
        "loan_states",
        (2, "借据号", "JJ1", "客户 C1 没有客户经理，请在责任人文件中补齐"),
    ),
}
DEFAULT = {"over_cap": False, "bills_do_not_add_up": False,
           "valued_before_registered": True, "loan_without_responsible": True,
           "running_balance_broken": True, "day_end_balance_differs": True}  # fmt: skip


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    Scheme.objects.create(code="S9", name="试行方案")
    with clock.travelling_to(D24):
        yield


def listed(batch: ImportBatch, kind: str) -> list[Told]:
    """What is listed with a file without stopping it."""
    errors: Sequence[dict[str, Any]] = batch.files.get(kind=kind).errors
    return [(e["line"], e["column"], e["value"], e["reason"]) for e in errors if e.get("notice")]


def test_the_policy_of_the_base_scheme_says_which_are_listed(db: None) -> None:
    assert findings.listed(D23) == {name for name, verdict in DEFAULT.items() if verdict}


@pytest.mark.parametrize("lists", [True, False], ids=["listed", "refused"])
@pytest.mark.parametrize("case", CASES)
def test_a_finding_is_listed_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, lists: bool
) -> None:
    name, changes, kind, told = CASES[case]
    others = {other for other in DEFAULT if other != name}
    monkeypatch.setattr(findings, "listed", lambda on: frozenset(others | ({name} if lists else set())))
    batch = load_book(tmp_path, **{**WHOLE, **changes})
    assert batch.status == (ImportStatus.APPLIED if lists else ImportStatus.REJECTED)
    assert told in (listed if lists else said)(batch, kind)
    assert told not in (said if lists else listed)(batch, kind)
    assert Guarantee.objects.exists() is lists


def test_a_cap_that_is_lowered_alone_is_found(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **WHOLE)
    head, first, _ = WHOLE["guarantees"]
    batch = load_only(tmp_path / "b", D24, guarantees=[head, (*first[:5], "2999999.99", *first[6:])])
    assert said(batch, "guarantees") == [
        (2, "担保金额", "2999999.99", "担保债权金额合计 3,000,000.00 元，超过担保金额 2,999,999.99 元")
    ]


def test_an_agreement_that_changes_without_its_bills_is_found(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **WHOLE)
    row = WHOLE["loans"][2]
    batch = load_only(tmp_path / "b", D24, loans=[LOAN, (*row[:4], "1200000", *row[5:])])
    assert said(batch, "loans") == [
        (2, "金额", "1200000", "票面金额合计 1,000,000.00 元，与借据金额 1,200,000.00 元不符")
    ]


def test_a_registration_after_the_valuation_is_found_at_the_lien(tmp_path: Path) -> None:
    late = [WHOLE["liens"][0], ("DB2", "YP1", "1", "", "", "")]
    load_book(tmp_path / "a", **{**WHOLE, "liens": late})
    batch = load_only(tmp_path / "b", D24, liens=WHOLE["liens"])
    assert listed(batch, "liens") == [
        (2, "登记日", "2026-03-02", "晚于押品的评估日 2026-02-20，请核实这次评估是否仍可采用")
    ]


def test_a_manager_who_leaves_nobody_behind_is_found(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **WHOLE)
    batch = load_only(tmp_path / "b", D24, responsibilities=[BOOK["responsibilities"][0], LEAVES])
    assert listed(batch, "responsibilities") == [
        (2, "止", "2026-11-22", "客户 C1 没有客户经理，请在责任人文件中补齐")
    ]
    loan = load_only(tmp_path / "c", D24, loans=[LOAN, WHOLE["loans"][1]])
    assert listed(loan, "loans") == [(2, "借据号", "JJ1", "客户 C1 没有客户经理，请在责任人文件中补齐")]


@pytest.mark.parametrize(
    ("kind", "rows", "told"),
    [
        ("letters", [("JJ1", "履约保函", "江州水务局", "否")], (2, "借据号", "JJ1", "这笔借据不是保函")),
        ("letter_claims", [("SP1", "CD1", "1", "2026-10-01", "", "")], (2, "借据号", "CD1", "这笔借据不是保函")),
    ],
)  # fmt: skip
def test_a_letter_belongs_to_a_letter_of_guarantee(tmp_path: Path, kind: str, rows: Rows, told: Told) -> None:
    batch = load_book(tmp_path, **{**WHOLE, kind: [WHOLE[kind][0], *rows]})
    assert told in said(batch, kind)


def test_a_guarantee_secures_the_debts_of_its_own_borrower(tmp_path: Path) -> None:
    head, first, second = WHOLE["guarantees"]
    batch = load_book(tmp_path, **{**WHOLE, "guarantees": [head, first, (second[0], "C2", *second[2:])]})
    assert said(batch, "secured") == [(4, "借据号", "JJ1", "这笔借据不是该担保合同的客户的")]
    assert not Secured.objects.exists()


def test_a_group_that_contains_itself_and_an_overlapping_responsibility_are_always_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "listed", lambda on: frozenset(DEFAULT))
    groups = [WHOLE["groups"][0], ("G1", "江南控股集团", "G1", "")]
    people = [*BOOK["responsibilities"], ("C1", "客户经理", "1002", "0101", "2026-02-01", "")]
    batch = load_book(tmp_path, **{**WHOLE, "groups": groups, "responsibilities": people})
    assert batch.status == ImportStatus.REJECTED
    assert (2, "上级集团编号", "G1", "集团成环，集团不能包含自己") in said(batch, "groups")
    assert said(batch, "responsibilities") == [
        (3, "起", "2026-02-01", "与文件中该客户同一岗位的另一行任期重叠")
    ]


def test_a_file_of_responsibilities_without_ends_keeps_them(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **WHOLE)
    batch = load_only(tmp_path / "b", D24, responsibilities=[row[:5] for row in BOOK["responsibilities"]])
    assert batch.status == ImportStatus.APPLIED
    late = [BOOK["responsibilities"][0][:5], ("C1", "客户经理", "1002", "0101", "2026-02-01")]
    assert said(load_only(tmp_path / "c", D24, responsibilities=late), "responsibilities") == [
        (2, "起", "2026-02-01", "与张明的任期重叠，请一并给出其止日")
    ]

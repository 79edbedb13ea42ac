"""The canonical content and who sits where in a chain: pure, so each case is one line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts.choices import Line, Role
from core.errors import Invalid, Refused
from workflow.rules import (
    LADDER,
    AttachedFile,
    Paper,
    People,
    canonical,
    check_exact,
    fingerprint,
    resolve_chain,
)

FILE = AttachedFile("aa", "a.jpg", "main", "", "image/jpeg", 10, "", 1, "2026-11-24T02:00:00+00:00")
PAPER = Paper(
    form="note",
    form_version=1,
    number="CS-2026-11-0001",
    revision=1,
    supersedes=None,
    subject_kind="BORROWER",
    subject_id=7,
    borrower_number="C100001",
    borrower_name="江南纺织有限公司",
    unit=2,
    author=3,
    created_on="2026-11-24",
    content={"b": "2", "a": ["1", {"y": "1.50", "x": ""}]},
    prefilled={},
    attachments=(FILE, replace(FILE, sha256="bb")),
)


def test_the_canonical_content_is_one_sorted_line_of_json() -> None:
    small = replace(PAPER, content={"乙": "2", "甲": "1"}, attachments=())
    assert canonical(small).decode() == (
        '{"attachments":[],"author":3,"borrower_name":"江南纺织有限公司","borrower_number":"C100001",'
        '"content":{"乙":"2","甲":"1"},"created_on":"2026-11-24","form":"note","form_version":1,'
        '"number":"CS-2026-11-0001","prefilled":{},"revision":1,"subject_id":7,"subject_kind":"BORROWER",'
        '"supersedes":null,"unit":2}'
    )


def test_the_order_of_answers_and_files_does_not_matter() -> None:
    other = replace(
        PAPER,
        content={"a": ["1", {"x": "", "y": "1.50"}], "b": "2"},
        attachments=tuple(reversed(PAPER.attachments)),
    )
    assert fingerprint(other) == fingerprint(PAPER)


@pytest.mark.parametrize(
    "change",
    [
        {"content": {"b": "2", "a": ["1", {"y": "1.5", "x": ""}]}},
        {"attachments": (FILE,)},
        {"attachments": (replace(FILE, name="b.jpg"), replace(FILE, sha256="bb"))},
        {"attachments": (replace(FILE, section="other"), replace(FILE, sha256="bb"))},
        {"revision": 2},
        {"number": "CS-2026-11-0002"},
    ],
)
def test_any_difference_gives_another_fingerprint(change: dict[str, Any]) -> None:
    assert fingerprint(replace(PAPER, **change)) != fingerprint(PAPER)


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({"amount": 0.1}, "“amount”是浮点数"),
        ({"rows": [{"amount": "1"}, {"amount": 2.0}]}, "“rows 第 2 项.amount”是浮点数"),
        ({"amount": float("nan")}, "“amount”是浮点数"),
        ({"name": "a\x00"}, "“name”含有无法保存的字符"),
        ({"name": object()}, "“name”的内容无法保存"),
    ],
)
def test_what_cannot_be_hashed_exactly_is_refused_by_its_place(answer: Any, where: str) -> None:
    with pytest.raises(Invalid, match=where):
        check_exact(answer)
    with pytest.raises(Invalid, match=where):
        canonical(replace(PAPER, content=answer))


CM, HEAD, HEAD2, VP, PRESIDENT, RISK, RISK_HEAD = 1, 2, 3, 4, 5, 6, 7
POSTS = {
    Role.CUSTOMER_MANAGER: [CM, HEAD],
    Role.CUSTOMER_HEAD: [HEAD, HEAD2],
    Role.VICE_PRESIDENT: [VP],
    Role.PRESIDENT: [PRESIDENT],
    Role.RISK_MANAGER: [RISK],
    Role.RISK_HEAD: [RISK_HEAD],
    Role.PRINCIPAL: [PRESIDENT],
}
INSPECTION = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.PRINCIPAL)


def chain(
    author: int, roles: tuple[Role, ...] = INSPECTION, **posts: list[int]
) -> list[tuple[str, int | None]]:
    holders = POSTS | {Role[name]: people for name, people in posts.items()}
    people = People(author_id=author, author_line=roles[0].line, holders=holders)
    return [(signer.label, signer.person_id) for signer in resolve_chain(roles, people)]


@pytest.mark.obligation("GR-30", clause="a")
def test_the_customer_manager_s_chain_is_the_one_of_article_30() -> None:
    assert chain(CM) == [("客户经理", CM), ("客户部门负责人", HEAD), ("经营主责任人", PRESIDENT)]


def test_a_head_s_own_visit_moves_up_to_the_vice_president_and_never_to_a_peer() -> None:
    assert chain(HEAD) == [
        ("客户经理", HEAD),
        ("客户部门负责人（分管行长）", VP),
        ("经营主责任人", PRESIDENT),
    ]


def test_where_the_vice_president_is_the_principal_the_head_s_step_moves_on_to_the_president() -> None:
    assert chain(HEAD, PRINCIPAL=[VP]) == [
        ("客户经理", HEAD),
        ("客户部门负责人（行长）", PRESIDENT),
        ("经营主责任人", VP),
    ]


def test_a_vacant_post_moves_its_step_up() -> None:
    assert chain(CM, CUSTOMER_HEAD=[])[1] == ("客户部门负责人（分管行长）", VP)


def test_a_moved_step_carries_the_line_of_the_post_that_signs() -> None:
    people = People(author_id=HEAD, author_line=Line.CUSTOMER, holders=POSTS)
    moved = resolve_chain(INSPECTION, people)[1]
    assert (moved.role, moved.line) == (Role.VICE_PRESIDENT, Line.MANAGEMENT)


def test_nobody_left_is_refused_by_the_name_of_the_missing_post() -> None:
    with pytest.raises(Refused, match="没有可以在“客户部门负责人”栏签字的人"):
        chain(HEAD, VICE_PRESIDENT=[])  # the president already signs as the principal
    with pytest.raises(Refused, match="没有在任的经营主责任人"):
        chain(CM, PRINCIPAL=[])


def test_the_risk_line_has_its_own_chain() -> None:
    roles = (Role.RISK_MANAGER, Role.RISK_HEAD, Role.PRESIDENT)
    assert chain(RISK, roles) == [("风险经理", RISK), ("风险部负责人", RISK_HEAD), ("行长", PRESIDENT)]
    assert chain(RISK_HEAD, roles)[1] == ("风险部负责人（分管行长）", VP)


def test_the_other_line_does_not_begin_the_chain() -> None:
    people = People(author_id=RISK, author_line=Line.RISK, holders=POSTS)
    with pytest.raises(Refused, match="须由客户线填写，您属风险线"):
        resolve_chain(INSPECTION, people)


@pytest.mark.parametrize("role", list(Role))
def test_every_post_says_where_its_step_moves_and_never_to_the_other_line(role: Role) -> None:
    assert {post.line for post in LADDER[role]} <= {role.line, Line.MANAGEMENT}

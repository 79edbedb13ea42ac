"""What is signed and who signs it: the canonical content, its fingerprint, and who sits at each step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from accounts.choices import Line, Role
from core.errors import Invalid, Refused


@dataclass(frozen=True)
class AttachedFile:
    """What a signature says of one attachment; the fingerprint stands for its bytes."""

    sha256: str
    name: str
    section: str
    note: str
    content_type: str
    size: int
    taken_at: str  # ISO 8601 in UTC, or empty
    uploaded_by: int
    uploaded_at: str


@dataclass(frozen=True)
class Paper:
    """Everything that a signature covers of one revision of a document."""

    form: str
    form_version: int
    number: str
    revision: int
    supersedes: int | None
    subject_kind: str
    subject_id: int
    borrower_number: str
    borrower_name: str
    unit: int
    author: int
    created_on: str
    content: Mapping[str, Any]
    prefilled: Mapping[str, Any]
    attachments: Sequence[AttachedFile] = ()


def canonical(paper: Paper) -> bytes:
    """The one way to write a paper down, whatever order its answers and files come in."""
    check_exact(paper.content)
    check_exact(paper.prefilled)
    payload = asdict(paper)
    payload["attachments"] = sorted(
        payload["attachments"], key=lambda one: (one["sha256"], one["section"], one["name"])
    )
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def fingerprint(paper: Paper) -> str:
    """SHA-256 of the canonical content: this is what is signed."""
    return hashlib.sha256(canonical(paper)).hexdigest()


def check_exact(answer: Any, where: str = "") -> None:
    """Raise Invalid where an answer cannot be kept and hashed exactly: a float, a NUL, a half character."""
    if isinstance(answer, Mapping):
        for name, inner in answer.items():
            if not isinstance(name, str):
                raise Invalid(f"“{where}”的名称不是文字，没有保存。")
            check_exact(name, where)
            check_exact(inner, f"{where}.{name}" if where else name)
    elif isinstance(answer, list | tuple):
        for position, inner in enumerate(answer, start=1):
            check_exact(inner, f"{where} 第 {position} 项")
    elif isinstance(answer, str):
        # PostgreSQL keeps neither in JSON.
        if "\x00" in answer or any("\ud800" <= letter <= "\udfff" for letter in answer):
            raise Invalid(f"“{where}”含有无法保存的字符，请删去后重新输入。")
    elif isinstance(answer, float):
        # A float is not an amount: 0.1 + 0.2 is not 0.3.
        raise Invalid(f'“{where}”是浮点数；金额和比率请用数字文字，如 "1234.50"。')
    elif not (answer is None or isinstance(answer, bool | int)):
        raise Invalid(f"“{where}”的内容无法保存。")


@dataclass(frozen=True)
class Signer:
    """One step of a chain: the role that signs, the label of its box, its line, and who is expected."""

    role: Role
    label: str
    line: Line
    person_id: int


@dataclass(frozen=True)
class People:
    """Who stands around a document on a day: its author, and who holds each post (PRINCIPAL: by name)."""

    author_id: int
    author_line: Line
    holders: Mapping[Role, Sequence[int]] = field(default_factory=dict)


_TOP = (Role.VICE_PRESIDENT, Role.PRESIDENT)
# Where a step moves when its own post would review its own work, or is vacant.
LADDER: dict[Role, tuple[Role, ...]] = {
    Role.CUSTOMER_MANAGER: (Role.CUSTOMER_HEAD, *_TOP),
    Role.CUSTOMER_HEAD: _TOP,
    Role.RISK_MANAGER: (Role.RISK_HEAD, *_TOP),
    Role.RISK_HEAD: _TOP,
    Role.VICE_PRESIDENT: (Role.PRESIDENT,),
    Role.PRINCIPAL: (Role.PRESIDENT,),
    Role.PRESIDENT: (),
    Role.ACCOUNTANT: (),
    Role.LEGAL: (),
    Role.ARCHIVIST: (),
    Role.AUDITOR: (),
    Role.ADMIN: (),
}

# Who may sit in a step's seat, by the posts of the day; a principal is a president or vice-president.
POSTS_FOR: dict[Role, frozenset[Role]] = {
    role: frozenset(_TOP) if role is Role.PRINCIPAL else frozenset({role}) for role in Role
}


def resolve_chain(roles: Sequence[Role], people: People) -> list[Signer]:
    """Who signs at each step, the author first; nobody twice, nobody over their own work (第三条).

    Where the author is the head, the head's step moves up to the vice-president, and on up to the president
    where that would make two steps one person, so that small branches do not deadlock. A principal is a named
    person, so their seat is settled before anybody moves up into it.
    """
    first, *later = roles
    if first.line != people.author_line:
        raise Refused(f"这份文书须由{first.line.label}填写，您属{people.author_line.label}。")
    seats = {0: Signer(first, str(first.label), first.line, people.author_id)}
    taken = {people.author_id}
    places = range(1, len(later) + 1)
    for place in sorted(places, key=lambda place: roles[place] is not Role.PRINCIPAL):
        seats[place] = _find_seat(roles[place], people, taken)
        taken.add(seats[place].person_id)
    return [seats[place] for place in sorted(seats)]


def _find_seat(role: Role, people: People, taken: set[int]) -> Signer:
    if role is Role.PRINCIPAL and not people.holders.get(role):
        # 第八条: a principal is appointed for each borrower, not derived from a post.
        raise Refused("这个客户没有在任的经营主责任人，请先指定后再提交签字。")
    for post in (role, *LADDER[role]):
        held = people.holders.get(post, ())
        if people.author_id in held:
            continue  # neither a peer nor a subordinate signs for the author: the step moves up
        for person_id in held:
            if person_id not in taken:
                label = str(role.label) if post is role else f"{role.label}（{post.label}）"
                return Signer(post, label, post.line, person_id)
    above = "".join(f"、{post.label}" for post in LADDER[role])
    raise Refused(
        f"没有可以在“{role.label}”栏签字的人（{role.label}{above}均缺岗或已在本单签字），请先设置岗位。"
    )

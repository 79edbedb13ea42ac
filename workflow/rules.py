"""What is signed and who signs it: the canonical content, its fingerprint, and who sits at each step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from datetime import date
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
    on_behalf_of: int | None = None
    late_entry: Mapping[str, Any] | None = None  # actual day, reason, who consented and when
    matter: str = ""
    canon: int = 1


# Left out of what is hashed where it is empty, so that papers signed before it existed still verify.
_LATER = ("on_behalf_of", "late_entry")


def canonical(paper: Paper) -> bytes:
    """The one way to write a paper down, whatever order its answers and files come in."""
    check_exact(paper.content)
    check_exact(paper.prefilled)
    payload = asdict(paper)
    payload = {name: value for name, value in payload.items() if name not in _LATER or value is not None}
    if paper.canon == 1:  # before papers were about a matter
        del payload["matter"], payload["canon"]
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
    """Who stands around a document on a day: its author, who holds each post (PRINCIPAL: by name), who is on leave.

    `on_behalf_of` is whose work it is where a deputy wrote it; `absent` names the deputy of everybody on leave.
    """

    author_id: int
    author_line: Line
    holders: Mapping[Role, Sequence[int]] = field(default_factory=dict)
    on_behalf_of: int | None = None
    absent: Mapping[int, int] = field(default_factory=dict)

    @property
    def authors(self) -> frozenset[int]:
        """Whose work it is: neither of them reviews it."""
        return frozenset({self.author_id, self.on_behalf_of or self.author_id})

    def hands(self, person_id: int) -> frozenset[int]:
        """Whoever may sign in a person's seat: the person, and on leave the deputy."""
        return frozenset({person_id, self.absent.get(person_id, person_id)})


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
    person, so their seat is settled before anybody moves up into it. Whoever is on leave is passed over where their
    deputy signs elsewhere already; if nobody else is left, the step waits for them.
    """
    first, *later = roles
    if first.line != people.author_line:
        raise Refused(f"这份文书须由{first.line.label}填写，您属{people.author_line.label}。")
    seats = {0: Signer(first, str(first.label), first.line, people.author_id)}
    taken = set(people.authors)
    places = range(1, len(later) + 1)
    for place in sorted(places, key=lambda place: roles[place] is not Role.PRINCIPAL):
        seats[place] = _find_seat(roles[place], people, taken)
        taken |= people.hands(seats[place].person_id)
    return [seats[place] for place in sorted(seats)]


def _find_seat(role: Role, people: People, taken: Set[int]) -> Signer:
    if role is Role.PRINCIPAL and not people.holders.get(role):
        # 第八条: a principal is appointed for each borrower, not derived from a post.
        raise Refused("这个客户没有在任的经营主责任人，请先指定后再提交签字。")
    free = [
        (post, person_id)
        for post in (role, *LADDER[role])
        for person_id in people.holders.get(post, ())
        # Neither a peer nor a subordinate signs for the author: the step moves up.
        if person_id not in taken and not people.authors & set(people.holders[post])
    ]
    at_hand = [(post, person_id) for post, person_id in free if not people.hands(person_id) & taken]
    for post, person_id in at_hand or free:
        label = str(role.label) if post is role else f"{role.label}（{post.label}）"
        return Signer(post, label, post.line, person_id)
    above = "".join(f"、{post.label}" for post in LADDER[role])
    raise Refused(
        f"没有可以在“{role.label}”栏签字的人（{role.label}{above}均缺岗或已在本单签字），请先设置岗位。"
    )


# Who consents to a late entry, by the line of its author (第五条: 负责人); the next where a post is vacant.
_CONSENT: dict[Line, tuple[Role, ...]] = {
    Line.CUSTOMER: (Role.CUSTOMER_HEAD, *_TOP),
    Line.RISK: (Role.RISK_HEAD, *_TOP),
    Line.MANAGEMENT: (Role.PRESIDENT, Role.VICE_PRESIDENT),
    Line.SUPPORT: _TOP,
}


def consenters(
    people: People, *, not_by: Collection[int], away: Mapping[int, int]
) -> tuple[Role, dict[int, int]] | None:
    """The post that consents to a late entry, and who may do it: person → who holds the post (another for a deputy).

    A post of the author's own is passed over.

    `not_by` may not consent: the author, and whoever the author stands in for. `away` is person → deputy of those on
    leave: either of the two may. None where nobody is left.
    """
    for post in _CONSENT[people.author_line]:
        held = people.holders.get(post, ())
        if people.author_id in held:
            continue  # neither a peer nor a subordinate consents
        heads = [person for person in held if person not in not_by]
        either = {away[person]: person for person in heads if person in away}
        either |= {person: person for person in heads}
        if free := {one: head for one, head in either.items() if one not in not_by}:
            return post, free
    return None


def days_late(done_on: date, *, first_handed_in_on: date | None, on: date) -> int:
    """How many days after the work its evidence reached the system.

    What was handed in and came back counts from the first time, unless the work is younger than that.
    """
    reached = first_handed_in_on if first_handed_in_on and first_handed_in_on >= done_on else on
    return (reached - done_on).days

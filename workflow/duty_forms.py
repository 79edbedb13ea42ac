"""What a form does around its definition: which matter it is about, who fills it in and signs it, what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from django.db.models import Q, QuerySet

from accounts.choices import Line, Role
from accounts.models import Unit, User
from accounts.selectors import Holders, absent
from workflow import rules as signing
from workflow.definitions import FormDefinition, Prefill
from workflow.models import Document, WorkItem

EVERYTHING = ""  # the matter of a paper that answers everything about its subject


@dataclass(frozen=True)
class Subject:
    """What a paper is about, as a document carries it; `matter` tells it from other papers about the same subject."""

    kind: str
    id: int
    borrower_number: str
    borrower_name: str
    unit_id: int
    matter: str = EVERYTHING

    @classmethod
    def of(cls, row: Document | WorkItem, matter: str = EVERYTHING) -> Subject:
        """What a duty or a document is about."""
        return cls(
            row.subject_kind, row.subject_id, row.borrower_number, row.borrower_name, row.unit_id, matter
        )


@dataclass(frozen=True)
class Signer:
    """One step of a chain: the role that signs, its line, the label of its box, and who is expected."""

    role: Role
    line: Line
    label: str
    person: User | None


def seated(seats: Iterable[signing.Signer]) -> list[Signer]:
    """A chain resolved by ids, with its people read at once."""
    seats = list(seats)
    people = User.objects.in_bulk([seat.person_id for seat in seats])
    return [Signer(seat.role, seat.line, seat.label, people[seat.person_id]) for seat in seats]


def people_around(
    document: Document, *, unit: Unit, on: date, principal: int | None = None
) -> signing.People:
    """Everybody around a document on a day, for `signing.resolve_chain`: posts of the unit, leaves, the principal."""
    named = {} if principal is None else {Role.PRINCIPAL: [principal]}
    return signing.People(
        author_id=document.author_id,
        author_line=Line(document.author.line),
        holders=Holders(on).around(unit) | named,
        on_behalf_of=document.on_behalf_of_id,
        absent=absent(on),
    )


class DutyForm:
    """A form as an app registers it. Handing in, discharging and taking back its duties is workflow's own.

    A paper is about a subject and, where papers about one subject come several at once, a matter of it. Hooks with
    `by` run inside the transaction of the verb.
    """

    definition: ClassVar[FormDefinition]
    earlier: ClassVar[tuple[FormDefinition, ...]] = ()  # versions that documents were filled in with
    duties: ClassVar[tuple[str, ...]] = ()  # the kinds of duties that it discharges
    day_field: ClassVar[str] = (
        ""  # the answer that says on which day the work was done; empty: it tells of none
    )
    told_by: ClassVar[tuple[str, ...]] = ()  # the answers that tell its papers about one subject apart
    one_a_matter: ClassVar[bool] = False  # refused at submission while another one is being signed or locked
    by_subject: ClassVar[bool] = True  # False: a matter is the same for several subjects, and so is its paper
    correctable: ClassVar[bool] = True
    instead: ClassVar[object] = ""  # what to do where it is not: its act took effect outside
    print_template: ClassVar[str] = "print/document.html"

    @property
    def code(self) -> str:
        """The form's name in the book."""
        return self.definition.code

    # --- what a paper is about --------------------------------------------------------------------------------------

    def matter_of(self, duty: WorkItem) -> str:
        """The matter of the paper that discharges a duty."""
        return duty.period_key

    def matters(self, duties: Sequence[WorkItem]) -> list[str]:
        """`matter_of` for many; a form that has to ask the book asks it once."""
        return [self.matter_of(duty) for duty in duties]

    def owed(self, subject: Subject) -> QuerySet[WorkItem]:
        """Open duties of the matter, and of every matter where it is empty."""
        items = WorkItem.objects.open().filter(
            kind__in=self.duties, subject_kind=subject.kind, subject_id=subject.id
        )
        return items.filter(period_key=subject.matter) if subject.matter else items

    def papers(self, subject: Subject) -> Q:
        """Documents of this form about the same matter."""
        mine = Q(form=self.code, matter=subject.matter)
        if subject.matter and not self.by_subject:
            return mine
        return mine & Q(subject_kind=subject.kind, subject_id=subject.id)

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """Which duties of the matter a paper answers, where that depends on its day or its answers."""
        return duties

    # --- who has to do with it --------------------------------------------------------------------------------------

    def may_author(self, *, user: User, subject: Subject, on: date) -> bool:
        """Whether the person may fill it in."""
        raise NotImplementedError

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """Who signs it, the author first."""
        raise NotImplementedError

    # --- its way ----------------------------------------------------------------------------------------------------

    def check_can_begin(self, *, subject: Subject, on: date) -> None:
        """Raise Refused where there is nothing to fill in."""

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """What it starts with."""
        raise NotImplementedError

    def check(self, *, document: Document, by: User, on: date) -> None:
        """Raise Refused where it may not be signed as things stand: at submission and before every later signature.

        The button shows the sentence.
        """

    def handed_in(self, *, document: Document, by: User, on: date) -> None:
        """It was handed to signature, where something else hangs on that."""

    def taken_back(self, *, document: Document, by: User, on: date) -> None:
        """It was sent back or withdrawn, where something else hangs on that."""

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The last signature: write down what the system computes with; a correction closes what it `replaces`."""

    def is_done(self, *, document: Document, on: date) -> bool:
        """Whether nothing is left for another paper once it is written; otherwise its duties stay owed."""
        return True

"""What a rule is: it says which subjects may owe something on a day, and what exactly one of them owes.

An app declares its rules in its own `duties` as objects of a subclass of `Rule`, and registers them in
`workflow.registry`; `postloan` orders them; the engine reconciles what they require with the duties that stand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, NamedTuple

from django.db.models import QuerySet

from accounts.choices import Role
from core import obligations
from core.parameters import Policy
from workflow.choices import DutyStatus, SubjectKind
from workflow.models import WorkItem


@dataclass(frozen=True)
class Required:
    """One duty that the day requires: its period, from when evidence counts, when it is due, and why."""

    period_key: str
    counts_from: date
    due_on: date
    reason: str
    policy_version: int | None = None


@dataclass(frozen=True)
class Verdict:
    """Everything that a rule requires of one subject on a day.

    An open duty that is not among `required` is dropped with `otherwise` as its reason, unless its day has passed:
    what was already late stays owed, except where `nothing_more` says that nothing is owed at all (repaid).
    """

    required: tuple[Required, ...]
    otherwise: str = ""
    nothing_more: bool = False


class Owner(NamedTuple):
    """Whom a duty is about and who owes it; `person_id` is empty where the post is vacant (缺岗)."""

    borrower_number: str
    borrower_name: str
    unit_id: int
    person_id: int | None


class Rule(ABC):
    """One obligation as an object. `kind` joins duties that one piece of evidence can discharge into one task.

    Where one article obliges to two things, each is a rule of its own: with a `kind` of its own and a `part` that
    tells their steps and their period keys apart. `prepared_by` is the step of the preparation whose figures the rule
    reads, where it reads any.
    """

    prepared_by: ClassVar[str] = ""
    part: ClassVar[str] = ""
    obligation: ClassVar[str] = ""
    clause: ClassVar[str] = ""  # letters of the clauses that it keeps, where it does not keep the whole row
    subject: ClassVar[SubjectKind]
    kind: ClassVar[str]
    post: ClassVar[Role]

    def __init_subclass__(cls) -> None:
        """A rule that names its obligation claims it."""
        super().__init_subclass__()
        if "obligation" in cls.__dict__:
            obligations.claim(
                cls.obligation, f"{cls.__module__}.{cls.__qualname__}", cls.__dict__.get("clause", "")
            )

    @property
    def code(self) -> str:
        """The name of the rule among all rules."""
        return f"{self.obligation}/{self.part}" if self.part else self.obligation

    def duties(self) -> QuerySet[WorkItem]:
        """Every duty of this rule, whatever became of it."""
        return WorkItem.objects.filter(obligation=self.obligation, subject_kind=self.subject, kind=self.kind)

    def standing(self) -> QuerySet[WorkItem]:
        """Open duties of this rule."""
        return self.duties().filter(status=DutyStatus.OPEN)

    def of_borrowers(self, ids: Sequence[int]) -> Sequence[int] | None:
        """The subjects of this rule that are about these borrowers; None where a subject is about no borrower."""
        return ids if self.subject == SubjectKind.BORROWER else None

    def affected(self, on: date, policy: Policy) -> QuerySet[Any] | None:
        """Ids of the subjects that the day may oblige to something, by a small question; None where all may be.

        Where there are none and no duty of the rule is open, a day asks nothing more.
        """
        return None

    @abstractmethod
    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Subjects that may owe something on the day, or that have an open duty of this rule; `pk` is the subject."""

    @abstractmethod
    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """What the subject owes on the day; pure."""

    @abstractmethod
    def owner(self, row: Any) -> Owner:
        """Whom it is about and who owes it."""

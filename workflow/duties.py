"""What a rule is: it says which subjects may owe something on a day, and what exactly one of them owes.

An app declares its rules in its own `duties` as objects of a subclass of `Rule`, and registers them in
`workflow.registry`; `postloan` orders them; the engine reconciles what they require with the duties that stand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, ClassVar, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core import obligations
from core.parameters import BASE, Parameter, Policy
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
    scheme: ClassVar[str] = BASE  # whose figures it goes by
    title: ClassVar[object] = ""  # what a task of its kind is called
    listed: ClassVar[object] = ""  # its obligation in the words of a list, where the title does not say it
    start_word: ClassVar[object] = _("办理")  # on the button that starts a task of its kind
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


class Told(NamedTuple):
    """A fact as `EachFact` reads it: of which sort, its number among those, its day, and what else was read of it."""

    sort: str
    number: Any
    day: date
    read: dict[str, Any]


def as_told(
    facts: QuerySet[Any], sort: str, /, *, day: str, number: str = "pk", **read: Any
) -> QuerySet[Any]:
    """Facts in their order, as `EachFact` reads them: which fields are their day, their number and the rest."""
    return facts.values(
        told=JSONObject(sort=Value(sort), number=F(number), day=F(day), read=JSONObject(**read))
    )


class EachFact(Rule):
    """A rule that requires one duty for each fact that stands: which facts, by when, in which words.

    The duty's period key is the fact's sort and number. When the fact no longer stands, neither does the duty, with
    `otherwise` as its reason; `nothing_more`: a late one as well.
    """

    parameter: ClassVar[str]  # says by when
    otherwise: ClassVar[str]
    nothing_more: ClassVar[bool] = True
    longest: ClassVar[int] = 280  # characters of a reason; a duty keeps 300

    @abstractmethod
    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """The facts that stand of the subject that is the outer row, sort by sort, each `as_told`."""

    @abstractmethod
    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """Why the fact obliges to something."""

    def figure(self, row: Any, policy: Policy) -> Parameter:
        """The figure that says by when."""
        return policy.get(self.scheme, self.parameter)

    def days(self, row: Any, fact: Told, on: date, policy: Policy) -> tuple[date, date] | None:
        """From when evidence counts, and when the duty is due; None where it is too early for one."""
        return fact.day, policy.calendar.within(fact.day, self.figure(row, policy).value)

    def with_facts(self, rows: QuerySet[Any], on: date, policy: Policy) -> QuerySet[Any]:
        """These subjects, each with its facts."""
        sorts: list[Any] = [ArraySubquery(facts) for facts in self.facts(on, policy)]
        return rows.annotate(facts=reduce(lambda some, more: Func(some, more, function="ARRAY_CAT"), sorts))

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for each fact."""
        version = self.figure(row, policy).version_id
        required = []
        for one in row.facts:
            fact = Told(**one | {"day": date.fromisoformat(one["day"])})
            if days := self.days(row, fact, on, policy):
                words = self.words(row, fact, policy)[: self.longest]
                required.append(Required(f"{fact.sort}:{fact.number}", *days, words, version))
        return Verdict(tuple(required), self.otherwise, nothing_more=self.nothing_more)

"""What a preview shows: how many duties of which article and of whom are added, dropped and moved, with examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from core.citations import Citation, citation
from core.models import Preview
from reviews.policy.rehearsal import ADDED, CHANGES, DROPPED, MOVED, Difference, Outcome, visible_to
from workflow import titles

EXAMPLES = 20


@dataclass
class Tally:
    """One line of a table: an article or a person with a count per kind of change."""

    label: str
    note: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def cells(self) -> list[int]:
        """Added, dropped, moved."""
        return [self.counts[kind] for kind in CHANGES]

    @property
    def total(self) -> int:
        """All three."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Example:
    """A difference in words."""

    one: Difference
    word: str
    title: str
    cite: Citation


@dataclass(frozen=True)
class Shown:
    """Everything that the page shows of a finished preview to one person."""

    outcome: Outcome
    total: Tally
    by_article: list[Tally]
    by_person: list[Tally]
    examples: list[Example]
    seen: int
    late_at_once: int
    headers: list[str]

    @property
    def hidden(self) -> int:
        """Differences about customers whom the person does not see."""
        return len(self.outcome.differences) - self.seen


def show(preview: Preview, user: User) -> Shown | None:
    """A preview as a person sees it: counts by article of the whole lender, people and customers as far as they see."""
    if preview.result is None:
        return None
    outcome = Outcome.of(preview.result)
    seen = visible_to(outcome.differences, user)
    total = Tally(_("合计"), "", Counter(one.change for one in outcome.differences))
    return Shown(
        outcome,
        total,
        _tallies(outcome.differences, lambda one: one.obligation, _article),
        _tallies(seen, lambda one: f"{one.person}\0{one.unit}", _person),
        [example_of(one) for one in _samples(seen)],
        len(seen),
        sum(bool(one.due_after) and one.due_after < outcome.since for one in outcome.differences
            if one.change != DROPPED and not (one.due_before and one.due_before < outcome.since)),
        [str(word) for word in CHANGES.values()],
    )  # fmt: skip


def _article(key: str) -> Tally:
    return Tally(titles.of_obligation(key), str(citation(key)))


def _person(key: str) -> Tally:
    person, _sep, unit = key.partition("\0")
    return Tally(person or _("缺岗（无人负责）"), unit)


def _tallies(
    found: Iterable[Difference], key: Callable[[Difference], str], label: Callable[[str], Tally]
) -> list[Tally]:
    lines: dict[str, Tally] = {}
    for one in found:
        lines.setdefault(key(one), label(key(one))).counts[one.change] += 1
    return sorted(lines.values(), key=lambda line: (-line.total, line.label))


def _samples(found: list[Difference]) -> Iterator[Difference]:
    """Some of each kind."""
    for kind in (MOVED, ADDED, DROPPED):
        yield from [one for one in found if one.change == kind][:EXAMPLES]


def example_of(one: Difference) -> Example:
    """A difference with its words."""
    return Example(
        one, str(CHANGES[one.change]), titles.of_obligation(one.obligation), citation(one.obligation)
    )


def sheet_rows(found: Iterable[Difference]) -> Iterator[tuple[Any, ...]]:
    """The differences as lines of a sheet."""
    for one in found:
        line = example_of(one)
        yield (
            line.word, one.borrower_number, one.borrower_name, line.title, line.cite.full, one.person or _("缺岗"),
            one.unit, one.due_before, one.due_after, one.reason,
        )  # fmt: skip


def sheet_headers() -> list[str]:
    """Above them."""
    return [
        _("变化"), _("客户编号"), _("客户名称"), _("职责"), _("依据"), _("责任人"), _("机构"), _("现到期日"),
        _("变更后到期日"), _("缘由"),
    ]  # fmt: skip

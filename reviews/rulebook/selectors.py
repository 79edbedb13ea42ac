"""The rulebook: every obligation with its state, what keeps it, its parameters in force and what became of its duties.

Read-only. Figures come from the daily measures, never from the duties themselves, so that a year costs one reading.
"""

from __future__ import annotations

import pkgutil
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from core.models import SchemeVersion
from core.models.policy import VersionStatus
from core.obligations import Obligation, catalogue, claimed, what_does
from core.parameters import Parameter, Policy
from core.rulebook import Honoured, shipped_marks, states
from reviews.policy import values
from workflow.duties import Rule
from workflow.models import DailyMeasure

_ID = re.compile(r" ?\b([A-Z]{2}-\w+(?:\.\w+)*) ?", re.ASCII)


@dataclass(frozen=True)
class Claim:
    """Code that keeps an obligation: in words for a reader, by its name for whoever reads the code."""

    label: str
    code: str
    summary: str  # the first line of its docstring
    raises: bool = False  # a rule: its duties stand in the lists


@dataclass(frozen=True)
class Figure:
    """A parameter in force that an article speaks of."""

    name: str
    value: str
    note: str
    scheme: str
    since: date | None  # none: since the scheme began
    ours: bool  # the text gives no figure, or not all of it: 本系统设定


@dataclass(frozen=True)
class Duties:
    """What became of the duties of an obligation in a period; `late` and `open` as they stood at its end."""

    raised: int = 0
    done: int = 0
    on_time: int = 0
    late: int = 0
    open: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.raised or self.done or self.open)


@dataclass(frozen=True)
class Clause:
    """One clause of a row: what keeps it, and the tests that show it kept."""

    letter: str
    words: str
    claims: tuple[Claim, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def state(self) -> Honoured:
        """Kept where code claims it and a test shows it; there is no half of a clause."""
        return Honoured.WHOLE if self.claims and self.tests else Honoured.NOT_YET

    @property
    def kept(self) -> bool:
        """Whether it is kept."""
        return self.state == Honoured.WHOLE

    def as_data(self) -> dict[str, Any]:
        """As plain data, for a program."""
        return {
            "clause": self.letter,
            "words": self.words,
            "state": str(self.state),
            "claims": [claim.code for claim in self.claims],
            "tests": list(self.tests),
        }


@dataclass(frozen=True)
class Row:
    """One row of the rulebook."""

    obligation: Obligation
    state: Honoured
    claims: tuple[Claim, ...] = ()
    clauses: tuple[Clause, ...] = ()
    figures: tuple[Figure, ...] = ()
    same_as: tuple[Obligation, ...] = ()
    duties: Duties = field(default_factory=Duties)

    @property
    def id(self) -> str:
        """The row's id in the catalogue; for addresses and code, never printed on a page."""
        return self.obligation.id

    @property
    def document(self) -> str:
        """The key of the regulation."""
        return self.id.partition("-")[0]

    @property
    def kept(self) -> tuple[Clause, ...]:
        """The clauses that are kept."""
        return tuple(one for one in self.clauses if one.kept)

    @property
    def missing(self) -> tuple[Clause, ...]:
        """The clauses that are not, or not yet."""
        return tuple(one for one in self.clauses if not one.kept)

    @property
    def share(self) -> str:
        """How many of its clauses are kept: 4/6; nothing where others carry the row."""
        return f"{len(self.kept)}/{len(self.clauses)}" if self.clauses else ""

    @property
    def tests(self) -> tuple[str, ...]:
        """Every test that shows a clause kept, once."""
        return tuple(sorted({test for one in self.clauses for test in one.tests}))

    @property
    def room(self) -> str:
        """Whose work it is."""
        return rooms()[self.obligation.app]

    @property
    def system(self) -> str:
        """What the software does for it; other rows that it speaks of by their articles, not by their ids."""
        return _ID.sub(self._cited, self.obligation.system)

    def _cited(self, found: re.Match[str]) -> str:
        other = catalogue().get(found[1])
        if other is None:
            return found[0]
        same = other.document == self.obligation.document
        return other.cite if same else f"《{other.document}》{other.cite}"

    @property
    def texts(self) -> str:
        """Everything that a search looks through."""
        one = self.obligation
        told = [
            one.cite,
            one.duty,
            self.system,
            *one.clauses.values(),
            *(claim.label for claim in self.claims),
        ]
        return plain(" ".join(told + [f"{figure.name} {figure.value}" for figure in self.figures]))

    def as_data(self) -> dict[str, Any]:
        """As plain data, for a program."""
        one = self.obligation
        told = {
            "id": one.id,
            "document": one.document,
            "cite": one.cite,
            "duty": one.duty,
            "system": one.system,
        }
        return told | {
            "room": one.app,
            "state": str(self.state),
            "same_as": list(one.same_as),
            "claims": [asdict(claim) for claim in self.claims],
            "clauses": [clause.as_data() for clause in self.clauses],
            "parameters": [asdict(figure) for figure in self.figures],
            "duties": asdict(self.duties),
        }


@lru_cache(maxsize=1)
def rooms() -> dict[str, str]:
    """The apps that own a row, by their names, as a reader knows them; in their order."""
    owners = {row.app for row in catalogue().values()}
    return {one.name: str(one.verbose_name) for one in apps.get_app_configs() if one.name in owners}


def rulebook(policy: Policy, duties: Mapping[str, Duties] | None = None) -> list[Row]:
    """Every row of the catalogue, in its order."""
    known, by, marks = catalogue(), claimed(), shipped_marks()
    state, figures, counts = states(known, by, marks), figures_by_obligation(policy), duties or {}
    return [
        Row(
            row,
            state[row.id],
            tuple(claim_of(code) for code in sorted(by.get(row.id, ()))),
            clauses_of(row, by.get(row.id, {}), marks.get(row.id, {})),
            figures.get(row.id, ()),
            tuple(known[other] for other in row.same_as),
            counts.get(row.id, Duties()),
        )
        for row in known.values()
    ]


def clauses_of(
    row: Obligation, by: Mapping[str, Collection[str]], tests: Mapping[str, tuple[str, ...]]
) -> tuple[Clause, ...]:
    """The clauses of a row. What no code names in particular is kept by the code that claims the row as such."""
    whole = [code for code, letters in by.items() if not letters]
    return tuple(
        Clause(
            letter,
            words_of,
            tuple(
                claim_of(code)
                for code in sorted([code for code, letters in by.items() if letter in letters] or whole)
            ),
            tests.get(letter, ()),
        )
        for letter, words_of in row.clauses.items()
    )


def by_state(rows: Iterable[Row]) -> dict[Honoured, int]:
    """How many rows stand in each state."""
    counts = Counter(row.state for row in rows)
    return {state: counts[state] for state in Honoured}


def claim_of(code: str) -> Claim:
    """What stands behind a claim. A rule is named by the duty that it raises, anything else by its claim."""
    thing = pkgutil.resolve_name(code)
    summary = (thing.__doc__ or "").strip().partition("\n")[0]
    if isinstance(thing, type) and issubclass(thing, Rule):
        label = str(_("生成职责：%(kind)s")) % {"kind": thing.title}
        return Claim(label if thing.title else summary, code, summary, raises=True)
    return Claim(str(what_does(code) or summary), code, summary)


# --- parameters --------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """One way of writing: half-width brackets, no spaces, lower case."""
    return re.sub(r"\s", "", text).replace("（", "(").replace("）", ")").lower()


@lru_cache(maxsize=16384)
def speaks_of(article: str, cite: str) -> bool:
    """Whether a parameter's article is the row's: the same one, a sub-item of it, or the article that it is part of.

    A parameter may name several articles: 第五条（六）、第六条（六）.
    """
    row = plain(cite).rstrip("、")
    return any(
        one == row or one.startswith(f"{row}(") or row.startswith(f"{one}(")
        for one in re.split(r"、(?=第)", plain(article))
    )


def figures_by_obligation(policy: Policy) -> dict[str, tuple[Figure, ...]]:
    """The parameters in force by obligation: matched by the regulation that they name and by its article."""
    documents = _documents()
    rows: dict[str, list[Obligation]] = defaultdict(list)
    for row in catalogue().values():
        rows[row.document].append(row)
    names, since = _history(policy.on)
    found: dict[str, list[Figure]] = defaultdict(list)
    for code, parameters in policy.parameters.items():
        for parameter in parameters.values():
            for row in rows.get(documents.get(plain(parameter.source), ""), ()):
                if speaks_of(parameter.article, row.cite):
                    figure = _figure(parameter, names[code], since.get((code, parameter.name)))
                    found[row.id].append(figure)
    return {
        obligation: tuple(sorted(figures, key=lambda one: (one.name, one.scheme)))
        for obligation, figures in found.items()
    }


def _documents() -> dict[str, str]:
    """A regulation's title by every way in which a scheme may name it; its short form only where one bears it."""
    titles = {row.document for row in catalogue().values()}
    short = Counter(title.partition("（")[0] for title in titles)
    return {plain(title): title for title in titles} | {
        plain(title.partition("（")[0]): title for title in titles if short[title.partition("（")[0]] == 1
    }


def _figure(parameter: Parameter, scheme: str, since: date | None) -> Figure:
    return Figure(
        parameter.label,
        values.in_words(parameter.value, parameter.name),
        parameter.note,
        scheme,
        since,
        values.is_ours(parameter),
    )


def _history(on: date) -> tuple[dict[str, str], dict[tuple[str, str], date | None]]:
    """The schemes' names, and since when each parameter has its value; None where it never had another."""
    names: dict[str, str] = {}
    values: dict[tuple[str, str], Any] = {}
    since: dict[tuple[str, str], date | None] = {}
    approved = SchemeVersion.objects.filter(status=VersionStatus.APPROVED, effective_on__lte=on)
    for version in approved.select_related("scheme").order_by("scheme", "effective_on"):
        first = version.scheme_id not in names
        names[version.scheme_id] = version.scheme.name
        for name, entry in version.parameters.items():
            key = (version.scheme_id, name)
            if first:
                since[key] = None
            elif key not in values or values[key] != entry["value"]:
                since[key] = version.effective_on
            values[key] = entry["value"]
    return names, since


# --- duties ------------------------------------------------------------------------------------------------

ON_TIME = ("done_in_time", "late_entry_in_time")  # done on paper in time is in time, whenever it was entered
FLOWS = ("raised", "done", *ON_TIME)
STOCKS = ("late", "open")


def duties_of(measures: QuerySet[DailyMeasure], first: date, until: date) -> dict[str, Duties]:
    """Duties by obligation: raised, done and in time from `first` to `until`; late and open at the end of `until`.

    `until` is a closed day: one that has no figure of open duties had none, and no earlier day answers for it.
    """
    measures = measures.order_by()
    figures: dict[str, Counter[str]] = defaultdict(Counter)
    for part in (
        measures.filter(on__gte=first, on__lte=until, measure__in=FLOWS),
        measures.filter(on=until, measure__in=STOCKS),
    ):
        for row in part.values("obligation", "measure").annotate(n=Sum("value")):
            figures[row["obligation"]][row["measure"]] += int(row["n"])
    return {
        obligation: Duties(
            count["raised"], count["done"], sum(count[one] for one in ON_TIME), count["late"], count["open"]
        )
        for obligation, count in figures.items()
    }

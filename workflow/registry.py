"""Which forms, rules and preparations there are: each app registers its own when it is ready.

`workflow` knows them only through this registry; it never imports an app above it. Apps above add facts to a form
later; `postloan` alone says in which order a day takes rules and preparations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.choices import Line, Role
from accounts.models import Unit, User
from accounts.selectors import Holders, absent
from workflow import rules as signing
from workflow.choices import SubjectKind
from workflow.definitions import Background, FormDefinition
from workflow.duties import Rule
from workflow.models import Document


@dataclass(frozen=True)
class Subject:
    """What a document is about, as a document carries it."""

    kind: str
    id: int
    borrower_number: str
    borrower_name: str
    unit_id: int


@dataclass(frozen=True)
class Fact:
    """Something the system knows: a card beside the form that can be inserted into the field `target`."""

    title: str
    detail: str = ""
    section: str = ""  # the section where it matters most; empty: everywhere
    target: str = ""
    value: str = ""


@dataclass(frozen=True)
class Prefill:
    """What a form starts with: answers, facts, last time's answers, listed options, policy figures."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    last: Mapping[str, Any] = field(default_factory=dict)
    last_on: date | None = None
    facts_on: date | None = None
    options: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    figures: Mapping[str, Decimal] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `Document.prefilled` keeps, so that the form reads the same however the book moves on."""
        return {
            "answers": dict(self.answers),
            "facts": [asdict(fact) for fact in self.facts],
            "last": dict(self.last),
            "last_on": self.last_on.isoformat() if self.last_on else None,
            "facts_on": self.facts_on.isoformat() if self.facts_on else None,
            "options": {name: [list(pair) for pair in pairs] for name, pairs in self.options.items()},
            "figures": {name: str(value) for name, value in self.figures.items()},
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Prefill:
        """The prefill that a document keeps."""
        return cls(
            answers=kept.get("answers", {}),
            facts=tuple(Fact(**fact) for fact in kept.get("facts", ())),
            last=kept.get("last", {}),
            last_on=date.fromisoformat(kept["last_on"]) if kept.get("last_on") else None,
            facts_on=date.fromisoformat(kept["facts_on"]) if kept.get("facts_on") else None,
            options={
                n: tuple((v, label) for v, label in pairs) for n, pairs in kept.get("options", {}).items()
            },
            figures={name: Decimal(value) for name, value in kept.get("figures", {}).items()},
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


@dataclass(frozen=True)
class Preparation:
    """What a day works out before its duties, or after them: a step over subjects, borrowers unless it says otherwise.

    `work(on, policy, progress=None, *, only=None)` returns its counts, and run again for the same day it changes
    nothing; `only` narrows it to some subjects. `act` is how the audit keeps it; empty where the work says so itself.
    `may_be_sampled`: worked out for some borrowers it comes out the same for each of them (a rehearsal asks).
    """

    step: str
    label: str
    act: str
    work: Callable[..., Counter[str]]
    subject: SubjectKind = SubjectKind.BORROWER
    may_be_sampled: bool = True


Provider = Callable[..., Iterable[Fact]]  # (*, subject: Subject, user: User, on: date)


def _nothing(*, document: Document, by: User, on: date) -> None:
    """A form on which nothing else hangs."""


@dataclass(frozen=True)
class FormKind:
    """A form as an app registers it: its definition and what the app does around it.

    `prefill(subject=, user=, on=)` is what it starts with, `signers(document=, on=)` who signs (first the author),
    `may_author(user=, subject=, on=)` who may fill it in. The three hooks run inside the transaction of the verb,
    with `document=`, `by=`, `on=`; `check_review`, with the same, raises Refused where those after the author may not
    sign as things stand: the button shows the sentence that the signature refuses with. `day_field` is the answer
    that says on which day the work was done.
    """

    definition: FormDefinition
    prefill: Callable[..., Prefill]
    signers: Callable[..., Sequence[Signer]]
    may_author: Callable[..., bool]
    on_submitted: Callable[..., None] = _nothing
    on_returned: Callable[..., None] = _nothing
    on_locked: Callable[..., None] = _nothing
    check_review: Callable[..., None] = _nothing
    duty_kinds: tuple[str, ...] = ()  # kinds of work items that this form discharges
    day_field: str = ""  # a date or a date and time; empty: the form tells of no day of its own
    print_template: str = "print/document.html"
    earlier: tuple[FormDefinition, ...] = ()  # versions that documents were filled in with


_kinds: dict[str, FormKind] = {}
_rules: dict[str, Rule] = {}
_preparations: dict[str, Preparation] = {}
_providers: dict[str, list[Provider]] = {}


def register(
    *, forms: Iterable[FormKind] = (), rules: Iterable[Rule] = (), preparations: Iterable[Preparation] = ()
) -> None:
    """Make an app's forms, rules and preparations known; called from AppConfig.ready."""
    _kinds.update((kind.definition.code, kind) for kind in forms)
    _rules.update((rule.code, rule) for rule in rules)
    _preparations.update((one.step, one) for one in preparations)


def forms() -> Mapping[str, FormKind]:
    """Every form of the product by its code."""
    return _kinds


def rules() -> Mapping[str, Rule]:
    """Every rule of the product by its code."""
    return _rules


def preparations() -> Mapping[str, Preparation]:
    """Every preparation of the product by its step."""
    return _preparations


def provide_facts(form: str, provider: Provider) -> None:
    """Add a source of facts to a form, also one of an app below; called from AppConfig.ready."""
    providers = _providers.setdefault(form, [])
    if provider not in providers:
        providers.append(provider)


def kind(form: str) -> FormKind:
    """The form by its code; an unknown one is a KeyError."""
    return _kinds[form]


def definition_of(document: Document) -> FormDefinition:
    """The definition in the version that the document was filled in with."""
    known = _kinds[document.form]
    for definition in (known.definition, *known.earlier):
        if definition.version == document.form_version:
            return definition
    raise KeyError((document.form, document.form_version))


def form_for(duty_kind: str) -> str:
    """The form that discharges duties of a kind: its own, or the 办结记录, so that none is a dead end."""
    for code, known in _kinds.items():
        if duty_kind in known.duty_kinds:
            return code
    return "completion_record"


def prefill(form: str, *, subject: Subject, user: User, on: date) -> Prefill:
    """What a form starts with, the facts of every provider included."""
    filled = kind(form).prefill(subject=subject, user=user, on=on)
    more = [
        fact for provider in _providers.get(form, ()) for fact in provider(subject=subject, user=user, on=on)
    ]
    return replace(filled, facts=(*filled.facts, *more))


def background_of(
    document: Document, *, photos: Mapping[str, int] | None = None, on: date | None = None
) -> Background:
    """What a document's answers are judged against: what it kept when it was started, and its photographs."""
    kept = Prefill.from_json(document.prefilled)
    return Background(
        last=kept.last,
        photos=photos or {},
        figures=kept.figures,
        options=kept.options,
        on=on or document.created_on,
    )


def done_on(document: Document) -> date | None:
    """The day on which the work was done, as the form says; None where it says none, or nothing readable."""
    name = kind(document.form).day_field
    try:
        return date.fromisoformat(str(document.content.get(name) or "")[:10]) if name else None
    except ValueError:
        return None  # its own gap says so

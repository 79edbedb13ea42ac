"""Which forms, rules and preparations there are: each app registers its own when it is ready.

`workflow` knows them only through this registry; it never imports an app above it. Apps above add facts to a form
later; `postloan` alone says in which order a day takes rules and preparations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import QuerySet
from django.utils.text import Truncator

from accounts.models import User
from core import audit
from workflow.choices import SubjectKind
from workflow.definitions import Background, Fact, FormDefinition, Prefill, shown
from workflow.duties import Rule
from workflow.duty_forms import DutyForm, Subject
from workflow.models import Document, WorkItem

WORD_LONGEST = 40  # of each answer that tells one paper from another, so that a long one hides no other


@dataclass(frozen=True)
class Preparation:
    """What a day works out before its duties, or after them: a step over subjects, borrowers unless it says otherwise.

    `work(on, policy, progress=None, *, only=None)` returns its counts, and run again for the same day it changes
    nothing; `only` narrows it to some subjects. `act` is how the audit keeps it; none where the work says so itself.
    `may_be_sampled`: worked out for some borrowers it comes out the same for each of them (a rehearsal asks).
    """

    step: str
    label: str
    act: audit.Act | None
    work: Callable[..., Counter[str]]
    subject: SubjectKind = SubjectKind.BORROWER
    may_be_sampled: bool = True


Provider = Callable[..., Iterable[Fact]]  # (*, subject: Subject, user: User, on: date)


_forms: dict[str, DutyForm] = {}
_rules: dict[str, Rule] = {}
_preparations: dict[str, Preparation] = {}
_providers: dict[str, list[Provider]] = {}


def register(
    *, forms: Iterable[DutyForm] = (), rules: Iterable[Rule] = (), preparations: Iterable[Preparation] = ()
) -> None:
    """Make an app's forms, rules and preparations known; called from AppConfig.ready."""
    _forms.update((form.code, form) for form in forms)
    _rules.update((rule.code, rule) for rule in rules)
    _preparations.update((one.step, one) for one in preparations)


def forms() -> Mapping[str, DutyForm]:
    """Every form of the product by its code."""
    return _forms


def rules() -> Mapping[str, Rule]:
    """Every rule of the product by its code."""
    return _rules


def place_of(kind: str) -> str:
    """The module of the rule that raises duties of a kind: monitoring.ledgers.duties; empty where there is none."""
    return next((type(rule).__module__ for rule in _rules.values() if rule.kind == kind), "")


def preparations() -> Mapping[str, Preparation]:
    """Every preparation of the product by its step."""
    return _preparations


def provide_facts(form: str, provider: Provider) -> None:
    """Add a source of facts to a form, also one of an app below; called from AppConfig.ready."""
    providers = _providers.setdefault(form, [])
    if provider not in providers:
        providers.append(provider)


def form(code: str) -> DutyForm:
    """The form by its code; an unknown one is a KeyError."""
    return _forms[code]


def definition_of(document: Document) -> FormDefinition:
    """The definition in the version that the document was filled in with."""
    known = _forms[document.form]
    for definition in (known.definition, *known.earlier):
        if definition.version == document.form_version:
            return definition
    raise KeyError((document.form, document.form_version))


def form_for(duty_kind: str) -> DutyForm:
    """The form that discharges duties of a kind: its own, or the 办结记录, so that none is a dead end."""
    own = (known for known in _forms.values() if duty_kind in known.duties)
    return next(own, None) or _forms["completion_record"]


def matters(items: Sequence[WorkItem]) -> dict[int, Subject]:
    """By duty, what the paper that discharges it is about; each form is asked once."""
    found: dict[int, Subject] = {}
    by_kind: dict[str, list[WorkItem]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    for kind, theirs in by_kind.items():
        told = form_for(kind).matters(theirs)
        found |= {item.pk: Subject.of(item, matter) for item, matter in zip(theirs, told, strict=True)}
    return found


def subject_of(duty: WorkItem) -> Subject:
    """What the paper that discharges a duty is about."""
    return matters([duty])[duty.pk]


def owed(document: Document) -> QuerySet[WorkItem]:
    """Open duties of the matter that a document is about, whether or not its day and answers discharge them."""
    return form(document.form).owed(Subject.of(document, document.matter))


def discharged_by(document: Document) -> QuerySet[WorkItem]:
    """Open duties that a document discharges as it is filled in."""
    return form(document.form).discharges(document, owed(document))


def prefill(code: str, *, subject: Subject, user: User, on: date) -> Prefill:
    """What a form starts with, the facts of every provider included."""
    filled = form(code).begin(subject=subject, user=user, on=on)
    more = [
        fact for provider in _providers.get(code, ()) for fact in provider(subject=subject, user=user, on=on)
    ]
    return replace(filled, facts=(*filled.facts, *more))


def background_of(
    document: Document, *, photos: Mapping[str, int] | None = None, on: date | None = None
) -> Background:
    """What a document's answers are judged against: what it kept when it was started, and its photographs."""
    return Background(
        last=document.kept.last,
        photos=photos or {},
        figures=document.kept.figures,
        options=document.kept.options,
        on=on or document.created_on,
    )


def done_on(document: Document) -> date | None:
    """The day on which the work was done, as the form says; None where it says none, or nothing readable."""
    name = form(document.form).day_field
    try:
        return document.answers.day(name) if name else None
    except ValueError:
        return None  # its own gap says so


def words_of(document: Document) -> str:
    """What tells a paper from the others about the same subject, in words: 2026-10; empty where nothing does."""
    fields = {one.name: one for section in definition_of(document).sections for one in section.fields}
    background = background_of(document)
    told = (
        shown(fields[name], document.content.get(name), background) for name in form(document.form).told_by
    )
    return " · ".join(Truncator(word).chars(WORD_LONGEST) for word in told if word)

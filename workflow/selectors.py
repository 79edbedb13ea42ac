"""Reads over duties, documents and signatures, answered as frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from accounts.choices import Line, Role
from accounts.models import User
from accounts.selectors import Holders, absent
from workflow import rules
from workflow.choices import ChainStatus, DocumentStatus, StepStatus
from workflow.models import Chain, Document, LateEntry, Step


def waiting_for(user: User) -> QuerySet[Step]:
    """Signatures that are asked of this person now, or of somebody on leave in whose place they may sign them.

    The step waits and none before it does; what the person wrote, had written or has signed is not asked of them.
    """
    steps = Step.objects.filter(chain=OuterRef("chain"))
    earlier = steps.filter(position__lt=OuterRef("position"), status=StepStatus.WAITING)
    return (
        Step.objects.filter(
            ~Exists(earlier),
            ~Exists(steps.filter(signed_by=user)),
            person__in=user.scope.person_ids,
            status=StepStatus.WAITING,
            chain__status=ChainStatus.RUNNING,
        )
        .exclude(chain__document__on_behalf_of=user)
        .select_related("chain__document__author", "chain__document__on_behalf_of", "person")
        .order_by("chain__started_at", "pk")
    )


@dataclass(frozen=True)
class InSigning:
    """A document of somebody's that others have to sign: whose turn it is, and for how many days."""

    document: Document
    step: Step
    days: int


def in_signing(user: User, on: date) -> list[InSigning]:
    """The person's own documents that wait for a signature, the longest wait first."""
    chains = (
        Chain.objects.filter(status=ChainStatus.RUNNING, document__author=user)
        .select_related("document")
        .prefetch_related(Prefetch("steps", Step.objects.select_related("person").order_by("position")))
    )
    waits = []
    for chain in chains:
        steps = list(chain.steps.all())
        step = next((step for step in steps if step.status == StepStatus.WAITING), None)
        if step:
            since = max((s.signed_on for s in steps if s.signed_on), default=chain.started_on)
            waits.append(InSigning(chain.document, step, (on - since).days))
    return sorted(waits, key=lambda wait: (-wait.days, wait.document.pk))


def returned_to(user: User) -> QuerySet[Step]:
    """Send-backs of the person's documents that are in their hands again, the latest first."""
    newer = Chain.objects.filter(document=OuterRef("chain__document"), round__gt=OuterRef("chain__round"))
    return (
        Step.objects.filter(
            ~Exists(newer),
            status=StepStatus.RETURNED,
            chain__document__author=user,
            chain__document__status=DocumentStatus.DRAFT,
        )
        .select_related("chain__document", "signed_by", "on_behalf_of")
        .order_by("-signed_at")
    )


def late_of(document: Document) -> LateEntry | None:
    """The declaration that a document was entered afterwards, if there is one; read once per row in hand."""
    return getattr(document, "late_entry", None)


def consenters(
    document: Document, holders: Holders, away: dict[int, int]
) -> tuple[Role, dict[int, int]] | None:
    """The post that consents to a document entered afterwards, and who may do it: person → who holds the post."""
    people = rules.People(
        document.author_id, Line(document.author.line), holders=holders.around(document.unit)
    )
    not_by = {document.author_id, document.on_behalf_of_id or 0}
    return rules.consenters(people, not_by=not_by, away=away)


def consents_waiting_for(user: User, on: date) -> list[LateEntry]:
    """Late entries that wait for this person's consent, the oldest first."""
    waiting = list(
        LateEntry.objects.visible_to(user)
        .waiting()
        .exclude(requested_by=user)
        .select_related("document__author", "document__unit__parent")
        .order_by("requested_at")
    )
    if not waiting:
        return []
    holders, away = Holders(on), absent(on)
    found = [(late, consenters(late.document, holders, away)) for late in waiting]
    return [late for late, seat in found if seat and user.pk in seat[1]]

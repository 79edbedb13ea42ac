"""The page on which everybody who may see a document reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Refused
from workflow import registry
from workflow.choices import ChainStatus, DutyStatus, StepStatus
from workflow.documents.paper import content_of
from workflow.models import Chain, Document, Step, WorkItem
from workflow.pages.way import stations_of
from workflow.selectors import late_of
from workflow.services import documents, signatures


def read_page(document: Document, *, user: User, on: date) -> dict[str, Any]:
    """A document as everybody who may see it reads it: its way, its content, its files, its rounds."""
    people = ("steps__person", "steps__signed_by", "steps__on_behalf_of")
    chains = list(document.chains.prefetch_related(*people).order_by("-round"))
    current = chains[0] if chains else None
    return {
        "document": document,
        "definition": registry.definition_of(document),
        "words": registry.words_of(document),
        "done": duties_done_by(document),
        "cannot_revise": documents.reason_not_to_revise(document),
        "sections": content_of(document),
        "last_on": document.kept.last_on,
        "chains": chains,
        "stations": stations_of(document, current, list(current.steps.all())) if current else [],
        "step": turn_of(current),
        "attachments": list(document.attachments.all()),
        "revisions": list(
            Document.objects.visible_to(user).filter(number=document.number).exclude(pk=document.pk)
        ),
        "late_entry": late_of(document),
        "is_author": document.author_id == user.pk,
        **_buttons(document, current, user),
    }


@dataclass(frozen=True)
class DoneDuty:
    """A duty that a document discharged; `differs` says what a correction has changed of that."""

    item: WorkItem
    differs: str = ""


def duties_done_by(document: Document) -> list[DoneDuty]:
    """The duties that any revision of a document discharged: they keep their day, and differences are listed."""
    if document.revision == 1 and document.locked_on is None:
        return []  # nobody has signed it through
    done = WorkItem.objects.filter(document__number=document.number, status=DutyStatus.DONE)
    items = list(done.order_by("due_on", "pk"))
    day = registry.done_on(document)
    if document.revision == 1 or day is None or not items:  # what came back may say no day as yet
        return [DoneDuty(item) for item in items]
    answered = set(registry.form(document.form).discharges(document, done).values_list("pk", flat=True))
    return [DoneDuty(item, _difference(item, day, is_answered=item.pk in answered)) for item in items]


def _difference(item: WorkItem, day: date, *, is_answered: bool) -> str:
    words = {"done": item.done_on, "day": day}
    if not is_answered:
        return _("本版内容不再满足这项职责；职责仍按 %(done)s 办结。") % words
    if day != item.done_on:
        return _("本版的日期是 %(day)s；职责仍按 %(done)s 办结。") % words
    return ""


def current_step(document: Document) -> Step:
    """The step whose turn it is; Conflict where nothing waits for a signature any more."""
    chain = document.chains.filter(status=ChainStatus.RUNNING).first()
    step = (
        chain.steps.filter(status=StepStatus.WAITING).select_related("chain__document", "person").first()
        if chain
        else None
    )
    if step is None:
        raise Conflict(_("这份文书现在不在签字中，可能已由他人处理。请刷新页面。"))
    return step


def turn_of(chain: Chain | None) -> Step | None:
    """The step whose turn it is."""
    if chain is None or chain.status != ChainStatus.RUNNING:
        return None
    return next((step for step in chain.steps.all() if step.status == StepStatus.WAITING), None)


def _buttons(document: Document, chain: Chain | None, user: User) -> dict[str, Any]:
    """Which buttons are there, and the sentence of each that may not be pressed."""
    turn = turn_of(chain)
    if chain is None or turn is None:
        return {"signing": False}
    # Whoever has a seat is told about their own; everybody else about the one whose turn it is.
    theirs = (
        one
        for one in chain.steps.all()
        if one.status == StepStatus.WAITING and one.person_id in user.scope.person_ids
    )
    step = next(theirs, turn)
    cannot_send_back = ""
    try:
        signatures.check_can_send_back(step, user)
    except Refused as refusal:
        cannot_send_back = str(refusal)
    return {
        "signing": True,
        "cannot_sign": signatures.reason_not_to_sign(step, user),
        "cannot_send_back": cannot_send_back,
    }


def check_is_what_was_read(document: Document, seen: str | None) -> None:
    """Raise Conflict where the page that was read shows an earlier content than what stands to be signed now."""
    if seen is not None and seen != document.content_hash:
        raise Conflict(_("这份文书在您打开之后退回修改过，请看过下面的新内容再签。"))

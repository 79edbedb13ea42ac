"""The page on which a draft is filled in, and what it posts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

from django.http import QueryDict

from accounts.models import User
from core import clock
from workflow import registry
from workflow.choices import ChainStatus, StepStatus
from workflow.definitions import clean, reuse_last, visible_sections
from workflow.definitions.values import is_empty
from workflow.forms import BoundForm
from workflow.models import Document, WorkItem
from workflow.pages.late import late_panel
from workflow.pages.way import stations_ahead
from workflow.services import documents, late_entries

ALL = "all"  # every section on one page


def photos_of(document: Document) -> Counter[str]:
    """How many files each section has."""
    return Counter(one.section for one in document.attachments.all())


def bound(document: Document, *, here: str, on: date) -> BoundForm:
    """The form of a draft, on the page of one section or of all."""
    background = registry.background_of(document, photos=photos_of(document), on=on)
    definition = registry.definition_of(document)
    shown = [section.code for section in visible_sections(definition, document.content)]
    if here != ALL and here not in shown:
        here = shown[0]
    late = late_entries.gap_of(document, on=on)
    here = "" if here == ALL else here
    missing = [late] if late else []
    return BoundForm(definition, document.content, background, document.kept.facts, here, missing)


def edit_page(document: Document, *, here: str, on: date) -> dict[str, Any]:
    """The page on which a draft is filled in."""
    form = bound(document, here=here, on=on)
    returned = document.chains.filter(status=ChainStatus.RETURNED).order_by("-round").first()
    return {
        "document": document,
        "form": form,
        "here": form.here or ALL,
        "kept": document.kept,
        "stations": stations_ahead(document, on),
        "duties": list(registry.owed(document).order_by("due_on")),
        "returned": returned.steps.filter(status=StepStatus.RETURNED)
        .select_related("signed_by", "on_behalf_of")
        .first()
        if returned
        else None,
        "files": [one for one in document.attachments.all() if not form.here or one.section == form.here],
        "saved_at": clock.local(document.saved_at),
        "last_answer": form.background.last,
        "late": late_panel(document, on, owed=bool(form.more_gaps)),
    }


def marks(document: Document, *, here: str, on: date) -> dict[str, Any]:
    """What the page must know after a save: gaps, changes and explanations, by input."""
    form = bound(document, here=here, on=on)
    fields: dict[str, dict[str, Any]] = {}
    for section in form.sections:
        for one in section.fields:
            for cell in (one, *(cell for row in one.rows for cell in row.cells)):
                fields[cell.id] = {"gap": cell.gap, "change": cell.change, "hint": cell.hint}
            fields[one.id]["asked"] = one.asked
            if one.note:
                fields[one.note.id] = {"gap": one.note.gap, "hint": one.note.hint, "quiet": one.note.quiet}
    return {
        "version": document.version,
        "saved_at": f"{clock.local(document.saved_at):%H:%M}",
        "fields": fields,
        "sections": {item.code: item.gaps for item in form.index},
        "gaps": [
            {"sentence": gap.sentence, "section": gap.section, "anchor": gap.anchor} for gap in form.gaps
        ],
    }


def typed(document: Document, posted: QueryDict) -> dict[str, Any]:
    """The answers that a page posted and that differ from what is kept, ready to be saved."""
    definition = registry.definition_of(document)
    here = posted.get("_here", ALL)
    sections = None if here == ALL else [here]
    if here == ALL:
        sections = [section.code for section in visible_sections(definition, document.content)]
    answers, _problems = clean(definition, dict(posted.lists()), sections=sections, base=document.content)
    answers = _with_commands(document, answers, posted)
    return {
        name: answer
        for name, answer in answers.items()
        if document.content.get(name) != answer
        and not (is_empty(answer) and is_empty(document.content.get(name)))
    }


def _with_commands(document: Document, answers: dict[str, Any], posted: QueryDict) -> dict[str, Any]:
    """What the buttons 引用 and 本节沿用上次 add to what was typed (they work without JavaScript)."""
    kept = document.kept
    insert = whole(posted.get("_insert", ""))
    if 0 <= insert < len(kept.facts):
        fact = kept.facts[insert]
        typed_so_far = str(answers.get(fact.target) or "")
        if fact.target and fact.value not in typed_so_far:
            answers[fact.target] = f"{typed_so_far}\n{fact.value}".strip()
    definition = registry.definition_of(document)
    if (reuse := posted.get("_reuse", "")) in definition.codes:
        answers = reuse_last(definition.section(reuse), answers, kept.last)
    return answers


def whole(text: str) -> int:
    """A number that a page posts about itself; -1 for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1


def onward(document: Document, posted: QueryDict) -> str:
    """The page that follows a save: the next section if it was asked for, else the same again."""
    wanted = posted.get("_go") or posted.get("_here", ALL)
    return wanted if wanted in registry.definition_of(document).codes else ALL


def save_posted(document: Document, posted: QueryDict, *, by: User) -> Document:
    """Keep what a page posted, on the version that the page was showing."""
    return documents.save(
        document=document,
        answers=typed(document, posted),
        version=whole(posted.get("_version", "")),
        by=by,
        at=clock.now(),
    )


def submit_page(document: Document, *, on: date) -> dict[str, Any]:
    """The page that asks for the password: what is missing, who signs after the author."""
    return {
        "document": document,
        "form": bound(document, here=ALL, on=on),
        "stations": stations_ahead(document, on),
        "definition": registry.definition_of(document),
    }


def submit(document: Document, *, by: User, password: str, on: date) -> None:
    """Take away what the form no longer asks, and hand it to signature."""
    documents.submit(document=document, by=by, password=password, on=on, at=clock.now())


def start_page(item: WorkItem, *, user: User, on: date) -> dict[str, Any]:
    """What is about to be begun, for whoever may begin it, and a colleague's draft of it: asking writes nothing."""
    form, subject = registry.form_for(item.kind), registry.subject_of(item)
    documents.check_can_start(form=form.code, subject=subject, by=user, on=on)
    mine, theirs = drafts_of(item, user)
    return {"item": item, "definition": form.definition, "mine": mine, "theirs": theirs}


def drafts_of(item: WorkItem, user: User) -> tuple[Document | None, Document | None]:
    """The person's own draft about a duty; where there is none, a colleague's."""
    form, subject = registry.form_for(item.kind), registry.subject_of(item)
    mine = documents.own_draft(form=form.code, subject=subject, by=user)
    return mine, None if mine else documents.draft_of_a_colleague(item, user)


def start_from(item: WorkItem, *, user: User, on: date) -> Document:
    """The draft that discharges a duty: the one already begun, or a new one filled with what is known."""
    form, subject = registry.form_for(item.kind), registry.subject_of(item)
    return documents.begin(form=form.code, subject=subject, by=user, on=on, duty=item)

"""What pages say of documents entered afterwards (补录): the panel beside a draft, the lines that wait for the head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from core.days import NoDay, read_day
from core.errors import Invalid
from workflow import registry
from workflow.choices import ConsentStatus
from workflow.models import Document, LateEntry, WorkItem
from workflow.selectors import late_of
from workflow.services import late_entries


@dataclass(frozen=True)
class LatePanel:
    """The disclosure beside a draft: what was declared, who decides, what may be asked now."""

    entry: LateEntry | None
    who: str  # whose consent it needs, where it does
    may_ask: bool
    pending: bool
    opened: bool  # something has to be done here
    day: str
    reason: str
    latest: str  # the latest day that may be given


def late_panel(document: Document, on: date, *, owed: bool) -> LatePanel:
    """The disclosure as it stands, open where it is `owed`; a correction begins with the earlier reason."""
    entry = late_of(document)
    done_on = registry.done_on(document)
    told = entry or (late_of(document.supersedes) if document.supersedes else None)
    pending = entry is not None and entry.status == ConsentStatus.PENDING
    granted = entry is not None and entry.status == ConsentStatus.GRANTED
    day = entry.actual_on if entry else done_on if done_on and done_on <= on else None
    return LatePanel(
        entry=entry,
        who=late_entries.who_decides(document, on) if owed or pending else "",
        may_ask=not pending and not granted,
        pending=pending,
        opened=owed or pending,
        day=day.isoformat() if day else "",
        reason=told.reason if told else "",
        latest=on.isoformat(),
    )


def day_of(text: str) -> date:
    """The actual day as it was typed."""
    try:
        return read_day(text)
    except NoDay as error:
        raise Invalid(_("请填写实际日期：%(why)s。") % {"why": error}) from None


@dataclass(frozen=True)
class LateLine:
    """One late entry as the list shows it."""

    entry: LateEntry
    title: str
    duties: tuple[WorkItem, ...]

    @property
    def document(self) -> Document:
        """What was entered afterwards."""
        return self.entry.document

    @property
    def days(self) -> int:
        """How many days lie between the work and its declaration."""
        return (self.entry.requested_on - self.entry.actual_on).days


def lines_of(entries: list[LateEntry]) -> list[LateLine]:
    """Late entries that wait, each with the duties that work of its day can discharge."""
    linked: dict[int | None, list[WorkItem]] = {}
    for item in WorkItem.objects.filter(document__in=[one.document_id for one in entries]):
        linked.setdefault(item.document_id, []).append(item)
    lines = []
    for one in entries:
        # A colleague's draft may hold the link: then those of the matter.
        items = linked.get(one.document_id) or registry.owed(one.document)
        able = [item for item in items if item.counts_from <= one.actual_on]  # by work of that day
        in_order = sorted(able, key=lambda item: (item.due_on, item.pk))
        lines.append(LateLine(one, registry.definition_of(one.document).title, tuple(in_order)))
    return lines

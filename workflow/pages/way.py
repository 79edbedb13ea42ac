"""The way of a document: who fills it in, who signs, where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from core import clock
from core.errors import Refused
from workflow import registry
from workflow.choices import ChainStatus, StepStatus
from workflow.models import Chain, Document, Step


@dataclass(frozen=True)
class Station:
    """One stop of a document's way, across the top of its page."""

    label: str
    who: str
    state: str
    remark: str = ""
    here: bool = False
    done: bool = False


def stations_ahead(document: Document, on: date) -> list[Station]:
    """The way of a draft: who is filling it in, and who will sign."""
    due = registry.owed(document).order_by("due_on").values_list("due_on", flat=True).first()
    filling = _("填写中 · %(due)s 到期") % {"due": f"{due:%m-%d}"} if due else _("填写中")
    try:
        seats = list(registry.form(document.form).signers(document=document, on=on))
    except Refused as refusal:
        # The page is still there to be filled in; the sentence says what has to be settled before it is signed.
        return [
            Station(_("经办人"), document.written_by, filling, here=True),
            Station(_("签字"), "", str(refusal)),
        ]
    first, *later = seats
    return [
        Station(first.label, document.written_by, filling, here=True),
        *(Station(seat.label, seat.person.name if seat.person else _("缺岗"), _("待签")) for seat in later),
        Station(_("锁定归档"), "", "–"),
    ]


def stations_of(document: Document, chain: Chain, steps: Sequence[Step]) -> list[Station]:
    """The way of a document that has been handed to signature."""
    turn = next((step for step in steps if step.status == StepStatus.WAITING), None)
    found = []
    for step in steps:
        at = f"{clock.local(step.signed_at):%m-%d %H:%M} " if step.signed_at else ""
        found.append(
            Station(
                step.label,
                step.who or _("缺岗"),
                f"{at}{step.get_status_display()}",
                step.remark,
                here=step is turn and chain.status == ChainStatus.RUNNING,
                done=step.status == StepStatus.SIGNED,
            )
        )
    locked = f"{clock.local(document.locked_at):%m-%d %H:%M}" if document.locked_at else "–"
    return [*found, Station(_("锁定归档"), "", locked, done=bool(document.locked_at))]

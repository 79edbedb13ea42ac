"""A document read as the paper that is signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from workflow.models import Attachment, Document, LateEntry
from workflow.rules import AttachedFile, Paper, fingerprint


def paper_of(document: Document) -> Paper:
    """What a signature covers of a document, read from the database as it stands."""
    return Paper(
        form=document.form,
        form_version=document.form_version,
        number=document.number,
        revision=document.revision,
        supersedes=document.supersedes_id,
        subject_kind=document.subject_kind,
        subject_id=document.subject_id,
        borrower_number=document.borrower_number,
        borrower_name=document.borrower_name,
        unit=document.unit_id,
        author=document.author_id,
        created_on=document.created_on.isoformat(),
        content=document.content,
        prefilled=document.prefilled,
        attachments=tuple(_file(one) for one in document.attachments.all()),
        on_behalf_of=document.on_behalf_of_id,
        late_entry=_late_entry(document),
        matter=document.matter,
        canon=document.canon,
    )


def fingerprint_of(document: Document) -> str:
    """The fingerprint of a document as it stands."""
    return fingerprint(paper_of(document))


def _file(one: Attachment) -> AttachedFile:
    return AttachedFile(
        sha256=one.sha256,
        name=one.name,
        section=one.section,
        note=one.note,
        content_type=one.content_type,
        size=one.size,
        taken_at=_instant(one.taken_at),
        uploaded_by=one.uploaded_by_id,
        uploaded_at=_instant(one.uploaded_at),
    )


def _late_entry(document: Document) -> dict[str, Any] | None:
    late = LateEntry.objects.filter(document=document.pk).first()
    if late is None:
        return None
    return {
        "actual_on": late.actual_on.isoformat(),
        "reason": late.reason,
        "requested_by": late.requested_by_id,
        "requested_on": late.requested_on.isoformat(),
        "requested_at": _instant(late.requested_at),
        "status": str(late.status),
        "decided_by": late.decided_by_id,
        "decided_on": late.decided_on.isoformat() if late.decided_on else "",
        "decided_at": _instant(late.decided_at),
        "remark": late.remark,
    }


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""

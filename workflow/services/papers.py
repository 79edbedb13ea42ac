"""A document read as the paper that is signed."""

from __future__ import annotations

from datetime import UTC, datetime

from workflow.models import Attachment, Document
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


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""

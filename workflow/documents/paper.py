"""What a printout of a document says: its head, its content, its signatures, its photographs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from core import clock
from core.documents import inline_image, qr_code
from workflow import registry
from workflow.choices import ChainStatus, DocumentStatus, StepStatus
from workflow.definitions import PrintedSection, flatten
from workflow.models import Chain, Document, Step
from workflow.selectors import late_of
from workflow.services.attachments import ON_PAPER, small_copy

HASH_SHOWN = 16  # digits of the fingerprint that people can compare by eye

_WATERMARKS = {
    DocumentStatus.DRAFT: "草稿",
    DocumentStatus.SIGNING: "签字中",
    DocumentStatus.SUPERSEDED: "已被新版替代",
    DocumentStatus.DISCARDED: "已作废",
}


@dataclass(frozen=True)
class Box:
    """One signature on paper."""

    label: str
    name: str
    at: str
    remark: str
    signed: bool


@dataclass(frozen=True)
class Photo:
    """One photograph of the annex."""

    source: str
    caption: str


def content_of(document: Document) -> list[PrintedSection]:
    """The document's answers, flattened."""
    photos = Counter(one.section for one in document.attachments.all())
    background = registry.background_of(document, photos=photos)
    return flatten(registry.definition_of(document), document.content, background)


def boxes_of(chain: Chain | None) -> list[Box]:
    """The signatures of a chain, in order."""
    steps = chain.steps.select_related("person", "signed_by", "on_behalf_of") if chain else []
    return [_box(step) for step in steps]


def _box(step: Step) -> Box:
    signed = step.status == StepStatus.SIGNED
    at = f"{clock.local(step.signed_at):%Y-%m-%d %H:%M}" if signed and step.signed_at else ""
    return Box(step.label, step.who, at, step.remark if signed else "", signed)


def paper_of(document: Document) -> dict[str, Any]:
    """Everything that the print template shows."""
    definition = registry.definition_of(document)
    chain = document.chains.exclude(status=ChainStatus.RETURNED).order_by("-round").first()
    digest = document.content_hash if document.status != DocumentStatus.DRAFT else ""
    return {
        "document": document,
        "definition": definition,
        "unit": f"{document.unit.parent.name} {document.unit.name}"
        if document.unit.parent
        else document.unit.name,
        "sections": content_of(document),
        "last_on": document.kept.last_on,
        "boxes": boxes_of(chain),
        "late_entry": late_of(document),
        "photos": _photos(document),
        "watermark": _WATERMARKS.get(DocumentStatus(document.status), ""),
        "hash": digest[:HASH_SHOWN],
        "qr": qr_code(f"{document.number} 第{document.revision}版 {digest}") if digest else "",
        "printed_on": clock.today(),
    }


def file_name(document: Document) -> str:
    """How a downloaded printout is called."""
    definition = registry.definition_of(document)
    return f"{definition.annex}{definition.title}_{document.borrower_name}_{document.number}.pdf"


def _photos(document: Document) -> list[Photo]:
    found = []
    for place, one in enumerate((one for one in document.attachments.all() if one.is_picture), start=1):
        taken = f"拍摄于 {clock.local(one.taken):%Y-%m-%d %H:%M}" if one.taken else "拍摄时间不明"
        source = inline_image(small_copy(one, ON_PAPER), "image/jpeg")
        found.append(Photo(source, f"照片 {place}　{one.note or one.name}，{taken}"))
    return found

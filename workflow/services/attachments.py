"""Verbs on attachments: photographs and PDF files, known by their bytes, kept by their fingerprint."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import audit, pdfs, pictures
from core.clock import SHANGHAI
from core.days import believable
from core.errors import Conflict, Invalid, Refused
from workflow.choices import DocumentStatus
from workflow.models import Attachment, Document
from workflow.models.documents import attachment_path

ADDED = audit.act("workflow.attachment.added", gettext_lazy("上传附件"))
REMOVED = audit.act("workflow.attachment.removed", gettext_lazy("删除附件"))

MEGABYTE = 1024 * 1024
PDF = "application/pdf"
LARGEST = {"image/jpeg": 15 * MEGABYTE, "image/png": 15 * MEGABYTE, PDF: 30 * MEGABYTE}
MOST_FILES = 100
THUMBNAIL, ON_PAPER = 360, 900  # pixels of the longer side: in a list; sharp at a third of a page

_MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", PDF: b"%PDF-"}
_UNUSABLE: dict[object, Any] = {
    pictures.Unreadable: gettext_lazy("“%(name)s”打不开，照片可能已损坏，请重新拍摄或上传。"),
    pictures.TooLarge: gettext_lazy(
        "“%(name)s”的像素过多，最多 5,100 万像素（如 8,192×6,144）。请用手机的普通拍照模式重拍，或缩小后再传。"
    ),
    pictures.Moving: gettext_lazy("“%(name)s”是动图，印出来只有第一幅，请截成静态照片后再传。"),
    pdfs.Fault.BROKEN: gettext_lazy(
        "“%(name)s”打不开：不是完整的 PDF，或没有一页。请重新生成（打印为 PDF）后再传。"
    ),
    pdfs.Fault.LOCKED: gettext_lazy("“%(name)s”设有密码或权限限制。请另存为不加密的 PDF 后再传。"),
    pdfs.Fault.ACTIVE: gettext_lazy(
        "“%(name)s”带有脚本、自动动作或音视频，打开时看到的可能不同，不能作为附件。请打印为 PDF 后再传。"
    ),
    pdfs.Fault.TOO_MUCH: gettext_lazy("“%(name)s”结构过于复杂，无法检查完。请打印为 PDF，或拆成几份后再传。"),
}


@dataclass(frozen=True)
class _Seen:
    """What a file showed itself to be."""

    name: str
    content_type: str
    sha256: str
    taken_at: datetime | None = None
    copies: Mapping[int, bytes] = field(default_factory=dict)


def attach(
    *, document: Document, section: str, upload: UploadedFile, note: str = "", by: User, at: datetime
) -> Attachment:
    """Attach a photograph or a PDF to a section of a draft.

    The file is looked at before the draft is locked: that may take a second, and nobody waits for it.
    """
    _check_draft(Document.objects.get(pk=document.pk), by)
    return _attach(document, section, upload, _seen(upload), note=note, by=by, at=at)


@transaction.atomic
def _attach(
    document: Document, section: str, upload: UploadedFile, seen: _Seen, *, note: str, by: User, at: datetime
) -> Attachment:
    # The row lock keeps the draft a draft until this is committed.
    document = _draft_of(document, by)
    if document.attachments.count() >= MOST_FILES:
        raise Invalid(_("一份文书最多 %(most)d 个附件，请删去不需要的。") % {"most": MOST_FILES})
    attachment = Attachment(
        document=document,
        section=section,
        name=seen.name,
        content_type=seen.content_type,
        size=upload.size or 0,
        sha256=seen.sha256,
        note=note.strip()[:200],
        taken_at=seen.taken_at,
        uploaded_by=by,
        uploaded_at=at,
    )
    _store(attachment, upload)
    _keep(attachment, seen.copies)
    try:
        with transaction.atomic():
            attachment.save()
    except IntegrityError as error:
        raise Invalid(_("“%(name)s”已经上传过了。") % {"name": seen.name}) from error
    audit.record(
        act=ADDED,
        subject=attachment,
        borrower_number=document.borrower_number,
        after={"document": document.number, "section": section, "name": seen.name, "sha256": seen.sha256},
    )
    return attachment


@transaction.atomic
def detach(*, attachment: Attachment, by: User) -> None:
    """Take an attachment off a draft. Its bytes stay: another revision may show the same file."""
    document = _draft_of(attachment.document, by)
    audit.record(
        act=REMOVED,
        subject=attachment,
        borrower_number=document.borrower_number,
        before={"document": document.number, "name": attachment.name, "sha256": attachment.sha256},
    )
    attachment.delete()


def _draft_of(document: Document, by: User) -> Document:
    stands = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    _check_draft(stands, by)
    return stands


def _check_draft(stands: Document, by: User) -> None:
    if stands.author_id != by.pk:
        raise Refused(_("只有经办人可以增减附件。"))
    if stands.status != DocumentStatus.DRAFT:
        raise Conflict(
            _("这份文书%(status)s，附件不能再改。请刷新页面。") % {"status": stands.get_status_display()}
        )


def _seen(upload: UploadedFile) -> _Seen:
    """The file as it shows itself to be, or Invalid with a sentence that names it."""
    name = _name_of(upload)
    content_type, sha256 = _type_of(upload, name), _sha256_of(upload)
    if content_type == PDF:
        upload.seek(0)
        if fault := pdfs.fault_of(upload.read()):
            raise Invalid(_UNUSABLE[fault] % {"name": name})
        return _Seen(name, content_type, sha256)
    try:
        read = pictures.unpack(upload, content_type, (THUMBNAIL, ON_PAPER), most=pictures.MOST_PIXELS)
    except (pictures.Unreadable, pictures.TooLarge, pictures.Moving) as error:
        raise Invalid(_UNUSABLE[type(error)] % {"name": name}) from error
    return _Seen(name, content_type, sha256, believable(_moment(read.taken, read.offset)), read.copies)


def _name_of(upload: UploadedFile) -> str:
    """The name that somebody gave the file, without folders or control characters; never used as a path."""
    name = re.split(r"[/\\]", upload.name or "")[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs"))
    return name.strip()[-200:] or _("未命名")


def _type_of(upload: UploadedFile, name: str) -> str:
    if not upload.size:
        raise Invalid(_("“%(name)s”是空文件，请重新选择。") % {"name": name})
    upload.seek(0)
    head = upload.read(16)
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim"):
        # Neither the browsers on the bank's desks nor the printed form can show it.
        raise Invalid(
            _("“%(name)s”是 HEIC 照片，网页和打印件显示不出；请把手机相机格式改为 JPEG（兼容性最佳）后重拍。")
            % {"name": name}
        )
    for content_type, magic in _MAGIC.items():
        if head.startswith(magic):
            largest = LARGEST[content_type]
            if upload.size > largest:
                raise Invalid(
                    _("“%(name)s”有 %(size).1f MB，最大 %(largest)d MB，请压缩后再传。")
                    % {"name": name, "size": upload.size / MEGABYTE, "largest": largest // MEGABYTE}
                )
            return content_type
    raise Invalid(_("“%(name)s”不是 JPEG、PNG 照片或 PDF 文件，不能作为附件。") % {"name": name})


def _moment(taken: str, offset: str) -> datetime | None:
    try:
        return datetime.strptime(f"{taken}{offset}", "%Y:%m:%d %H:%M:%S%z")
    except ValueError:
        pass
    try:
        # Cameras without an offset tell the wall time of where they are.
        return datetime.strptime(taken, "%Y:%m:%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _sha256_of(upload: UploadedFile) -> str:
    digest = hashlib.sha256()
    upload.seek(0)
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _store(attachment: Attachment, upload: UploadedFile) -> None:
    """Keep the bytes under their fingerprint, once, however many documents show them."""
    storage = attachment.file.storage
    path = attachment_path(attachment, attachment.name)
    upload.seek(0)
    attachment.file.name = path if storage.exists(path) else storage.save(path, upload)


def small_copy(attachment: Attachment, longest: int) -> bytes:
    """A photograph as JPEG of at most so many pixels: THUMBNAIL or ON_PAPER.

    It was kept when the photograph came in; of one that came before there were copies, they are made now, once.
    """
    if (kept := _kept(attachment, longest)) is not None:
        return kept
    with pictures.UNPACKING:  # whoever waited for it finds the copies made
        if (kept := _kept(attachment, longest)) is not None:
            return kept
        with attachment.file.open("rb") as stored:
            read = pictures.unpack(stored, attachment.content_type, (THUMBNAIL, ON_PAPER))
        _keep(attachment, read.copies)
    return read.copies[longest]


def _kept(attachment: Attachment, longest: int) -> bytes | None:
    try:
        with attachment.file.storage.open(_beside(attachment, longest)) as copy:
            return bytes(copy.read())
    except FileNotFoundError:
        return None


def _keep(attachment: Attachment, copies: Mapping[int, bytes]) -> None:
    """Put the copies beside the photograph, each whole from the moment on at which it is there."""
    storage = attachment.file.storage
    for longest, copy in copies.items():
        path = _beside(attachment, longest)
        if not storage.exists(path):
            name = storage.save(f"{path}.{get_random_string(8)}", ContentFile(copy))
            os.replace(storage.path(name), storage.path(path))


def _beside(attachment: Attachment, longest: int) -> str:
    return f"{attachment_path(attachment, attachment.name)}.{longest}.jpg"

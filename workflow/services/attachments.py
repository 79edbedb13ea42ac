"""Verbs on attachments: photographs and PDF files, known by their first bytes, kept by their fingerprint."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from accounts.models import User
from core import audit
from core.clock import SHANGHAI
from core.errors import Conflict, Invalid, Refused
from workflow.choices import DocumentStatus
from workflow.models import Attachment, Document
from workflow.models.documents import attachment_path

MEGABYTE = 1024 * 1024
LARGEST = {"image/jpeg": 15 * MEGABYTE, "image/png": 15 * MEGABYTE, "application/pdf": 30 * MEGABYTE}
MOST_FILES = 100
MOST_PIXELS = 100_000_000

_MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "application/pdf": b"%PDF-"}
_EXIF_BLOCK, _DATE_TAKEN, _OFFSET_TAKEN = 0x8769, 0x9003, 0x9011


@transaction.atomic
def attach(
    *, document: Document, section: str, upload: UploadedFile, note: str = "", by: User, at: datetime
) -> Attachment:
    """Attach a photograph or a PDF to a section of a draft."""
    # The row lock keeps the draft a draft until this is committed.
    document = _draft_of(document, by)
    name = _name_of(upload)
    content_type = _type_of(upload, name)
    if document.attachments.count() >= MOST_FILES:
        raise Invalid(_("一份文书最多 %(most)d 个附件，请删去不需要的。") % {"most": MOST_FILES})
    taken_at = None if content_type == "application/pdf" else _taken_at(upload, name)
    attachment = Attachment(
        document=document,
        section=section,
        name=name,
        content_type=content_type,
        size=upload.size or 0,
        sha256=_sha256_of(upload),
        note=note.strip()[:200],
        taken_at=taken_at,
        uploaded_by=by,
        uploaded_at=at,
    )
    _store(attachment, upload)
    try:
        with transaction.atomic():
            attachment.save()
    except IntegrityError as error:
        raise Invalid(_("“%(name)s”已经上传过了。") % {"name": name}) from error
    audit.record(
        act="workflow.attachment.added",
        subject=attachment,
        borrower_number=document.borrower_number,
        after={"document": document.number, "section": section, "name": name, "sha256": attachment.sha256},
    )
    return attachment


@transaction.atomic
def detach(*, attachment: Attachment, by: User) -> None:
    """Take an attachment off a draft. Its bytes stay: another revision may show the same file."""
    document = _draft_of(attachment.document, by)
    audit.record(
        act="workflow.attachment.removed",
        subject=attachment,
        borrower_number=document.borrower_number,
        before={"document": document.number, "name": attachment.name, "sha256": attachment.sha256},
    )
    attachment.delete()


def _draft_of(document: Document, by: User) -> Document:
    stands = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    if stands.author_id != by.pk:
        raise Refused(_("只有经办人可以增减附件。"))
    if stands.status != DocumentStatus.DRAFT:
        raise Conflict(
            _("这份文书%(status)s，附件不能再改。请刷新页面。") % {"status": stands.get_status_display()}
        )
    return stands


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


def _taken_at(upload: UploadedFile, name: str) -> datetime | None:
    """When the photograph says that it was taken (EXIF); a broken photograph is refused."""
    upload.seek(0)
    try:
        with Image.open(upload) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Invalid(_("“%(name)s”的像素过多，请用普通照片。") % {"name": name})
            details = image.getexif().get_ifd(_EXIF_BLOCK)
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Invalid(_("“%(name)s”打不开，照片可能已损坏，请重新拍摄或上传。") % {"name": name}) from error
    return _moment(str(details.get(_DATE_TAKEN, "")), str(details.get(_OFFSET_TAKEN, "")))


def _moment(taken: str, offset: str) -> datetime | None:
    taken = taken.strip("\x00 ")
    try:
        return datetime.strptime(f"{taken}{offset.strip(chr(0) + ' ')}", "%Y:%m:%d %H:%M:%S%z")
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

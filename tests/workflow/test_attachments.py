"""Photographs and files: known by their bytes, kept by their fingerprint, changed only in a draft by its author."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from PIL import Image

from core.errors import Conflict, Invalid, Refused
from tests.workflow.conftest import PDF, Desk
from workflow.services import attachments


def jpeg(taken: str = "", offset: str = "") -> bytes:
    image = Image.new("RGB", (8, 8), "white")
    exif = Image.Exif()
    details = exif.get_ifd(0x8769)
    if taken:
        details[0x9003] = taken
    if offset:
        details[0x9011] = offset
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(stream, "PNG")
    return stream.getvalue()


def test_a_photograph_says_when_it_was_taken(desk: Desk) -> None:
    body = jpeg("2026:11:23 14:05:09")
    photo = desk.attach(desk.start(), name="C:\\照片\\车间.JPG", body=body)
    photo.refresh_from_db()
    assert photo.taken_at == datetime(
        2026, 11, 23, 6, 5, 9, tzinfo=UTC
    )  # the camera tells Shanghai wall time
    assert (photo.name, photo.content_type, photo.size) == ("车间.JPG", "image/jpeg", len(body))
    assert photo.sha256 == hashlib.sha256(body).hexdigest()
    assert photo.file.read() == body


@pytest.mark.parametrize(
    ("taken", "offset", "instant"),
    [
        ("2026:11:23 14:05:09", "+09:00", datetime(2026, 11, 23, 5, 5, 9, tzinfo=UTC)),
        ("0000:00:00 00:00:00", "", None),
        ("yesterday", "", None),
        ("", "", None),
    ],
)
def test_the_time_in_a_photograph_is_believed_only_where_it_is_one(
    desk: Desk, taken: str, offset: str, instant: datetime | None
) -> None:
    assert desk.attach(desk.start(), name="a.jpg", body=jpeg(taken, offset)).taken_at == instant


def test_the_type_follows_from_the_bytes_and_not_from_the_name(desk: Desk) -> None:
    document = desk.start()
    assert desk.attach(document, name="合同.exe", body=PDF).content_type == "application/pdf"
    assert desk.attach(document, name="图.pdf", body=png()).content_type == "image/png"


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("照片.jpg", b"", "“照片.jpg”是空文件，请重新选择。"),
        ("照片.jpg", b"<svg onload=alert(1)>", "“照片.jpg”不是 JPEG、PNG 照片或 PDF 文件，不能作为附件。"),
        ("报表.pdf", b"PK\x03\x04 a workbook", "“报表.pdf”不是 JPEG、PNG 照片或 PDF 文件，不能作为附件。"),
        ("照片.jpg", b"\xff\xd8\xff cut short", "“照片.jpg”打不开，照片可能已损坏，请重新拍摄或上传。"),
        ("现场.heic", b"\x00\x00\x00\x18ftypheic....", "“现场.heic”是 HEIC 照片，网页和打印件显示不出"),
    ],
)
def test_what_cannot_be_evidence_is_refused_with_a_sentence(
    desk: Desk, name: str, body: bytes, sentence: str
) -> None:
    document = desk.start()
    with pytest.raises(Invalid) as refusal:
        desk.attach(document, name=name, body=body)
    assert sentence in str(refusal.value)
    assert not document.attachments.exists()


def test_a_photograph_cut_off_in_transfer_is_refused(desk: Desk) -> None:
    stream = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(stream, "JPEG")
    with pytest.raises(Invalid, match="照片可能已损坏"):
        desk.attach(desk.start(), name="a.jpg", body=stream.getvalue()[:-2000])


def test_a_file_over_the_limit_is_refused_with_both_figures(desk: Desk) -> None:
    with pytest.raises(Invalid, match=r"“大.pdf”有 31\.0 MB，最大 30 MB，请压缩后再传。"):
        desk.attach(desk.start(), name="大.pdf", body=PDF + b"0" * (31 * 1024 * 1024 - len(PDF)))


def test_a_photograph_of_too_many_pixels_is_not_unpacked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_PIXELS", 63)
    with pytest.raises(Invalid, match="像素过多"):
        desk.attach(desk.start(), name="a.png", body=png())


def test_the_same_file_is_attached_once(desk: Desk) -> None:
    document = desk.start()
    desk.attach(document, name="a.pdf")
    with pytest.raises(Invalid, match=r"“b\.pdf”已经上传过了"):
        desk.attach(document, name="b.pdf")


def test_attachments_change_only_in_a_draft_and_only_by_the_author(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.draft()
    one = desk.attach(document)
    with pytest.raises(Refused, match="只有经办人可以增减附件"):
        attachments.detach(attachment=one, by=cast.cm2)
    attachments.detach(attachment=one, by=cast.cm)
    one = desk.attach(document)
    desk.submit(document)
    with pytest.raises(Conflict, match="待签字，附件不能再改"):
        attachments.detach(attachment=one, by=cast.cm)
    with pytest.raises(Conflict, match="待签字，附件不能再改"):
        desk.attach(document, name="a.png", body=png())

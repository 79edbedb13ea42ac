"""Photographs and files: known by their bytes, kept by their fingerprint, changed only in a draft by its author."""

from __future__ import annotations

import hashlib
import io
import threading
from base64 import b64decode
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from core import pictures
from core.errors import Conflict, Invalid, Refused
from tests.factories import PASSWORD, make_pdf
from tests.workflow import raw
from tests.workflow.conftest import Desk
from workflow.documents.paper import paper_of
from workflow.models import Attachment
from workflow.services import attachments, documents, signatures

PDF = make_pdf()
CSP = "Content-Security-Policy"
MIGRATION = import_module("workflow.migrations.0006_photographs_that_can_be_read")


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
        ("2199:12:31 23:59:59", "", datetime(2199, 12, 31, 15, 59, 59, tzinfo=UTC)),
        ("2200:01:01 00:00:00", "", None),
        ("0001:01:01 00:00:00", "", None),
        ("0001:01:01 00:00:00", "+14:00", None),
        ("9999:12:31 23:59:59", "-14:00", None),
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
        ("合同.pdf", b"%PDF-<html>", "“合同.pdf”打不开：不是完整的 PDF，或没有一页。"),
        (
            "合同.pdf",
            make_pdf(OpenAction={"/S": "/JavaScript", "/JS": "app.alert(1)"}),
            "“合同.pdf”带有脚本、自动动作或音视频",
        ),
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
    monkeypatch.setattr(pictures, "MOST_PIXELS", 63)
    with pytest.raises(Invalid, match=r"像素过多，最多 5,100 万像素"):
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


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("taken", "offset"), [("0001:01:01 00:00:00", ""), ("9999:12:31 23:59:59", "-14:00")]
)
def test_a_photograph_with_an_impossible_date_goes_the_whole_way_and_says_that_it_does_not_know(
    desk: Desk, cast: SimpleNamespace, taken: str, offset: str
) -> None:
    document, client = desk.draft(), client_of(cast.cm)
    upload = SimpleUploadedFile("车间.jpg", jpeg(taken, offset))
    client.post(reverse("document_attach", args=[document.pk]), {"section": "main", "files": [upload]})
    submitted = client.post(reverse("document_submit", args=[document.pk]), {"password": PASSWORD})
    assert submitted.headers["Location"] == reverse("document", args=[document.pk])
    page = client.get(reverse("document", args=[document.pk]))
    assert page.status_code == 200 and "拍摄时间不明" in page.content.decode()
    assert client.get(reverse("document_pdf", args=[document.pk])).status_code == 200
    (photo,) = paper_of(desk.again(document))["photos"]
    assert photo.caption == "照片 1　车间.jpg，拍摄时间不明"


def strange(attachment: Attachment, taken_at: str) -> None:
    """A row as it was stored before there was a range."""
    raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
    raw.execute(MIGRATION.UNGUARD.replace("CONSTRAINT", "CONSTRAINT IF EXISTS"))
    with raw.past_the_guards():
        raw.execute("UPDATE workflow_attachment SET taken_at = %s WHERE id = %s", taken_at, attachment.pk)


@pytest.mark.parametrize("taken_at", ["0001-12-31 16:00+00 BC", "10000-01-01 13:59:59+00"])
def test_a_document_that_nothing_could_open_any_more_opens_again(
    desk: Desk, cast: SimpleNamespace, taken_at: str
) -> None:
    document = desk.submitted()
    strange(document.attachments.get(), taken_at)
    with pytest.raises(ValueError, match="year"):
        document.attachments.get()
    raw.execute(MIGRATION.FORGET)
    raw.execute(MIGRATION.GUARD)
    assert document.attachments.get().taken_at is None
    assert client_of(cast.cm).get(reverse("document", args=[document.pk])).status_code == 200


def test_what_was_signed_with_a_strange_day_still_holds_is_shown_and_can_be_corrected(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document = desk.draft()
    strange(desk.attach(document), "9999-12-31 20:00+00")
    document = desk.submit(document)
    raw.execute(MIGRATION.FORGET)
    raw.execute(MIGRATION.GUARD)
    assert signatures.verify(document) == []
    for route in ("document", "document_pdf"):
        assert client_of(cast.cm).get(reverse(route, args=[document.pk])).status_code == 200
    desk.sign(desk.step(document, 2), cast.head)
    desk.sign(desk.step(document, 3), cast.president)
    new = documents.revise(document=desk.again(document), by=cast.cm, on=cast.today)
    assert new.attachments.get().taken_at is None
    assert signatures.verify(document) == []


def large(shade: str = "white") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (2400, 1200), shade).save(stream, "PNG")
    return stream.getvalue()


def test_copies_are_made_when_a_photograph_comes_in_and_pages_and_papers_show_nothing_larger(
    desk: Desk, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = desk.draft()
    one = desk.attach(document, body=large())
    monkeypatch.setattr(pictures, "unpack", None)  # from now on nothing is unpacked
    client = client_of(cast.cm)
    small = client.get(reverse("document_thumbnail", args=[document.pk, one.pk]))
    assert Image.open(io.BytesIO(small.content)).size == (360, 180)
    (photo,) = paper_of(desk.again(document))["photos"]
    assert Image.open(io.BytesIO(b64decode(photo.source.partition(",")[2]))).size == (900, 450)


def test_of_a_photograph_that_came_before_copies_were_kept_they_are_made_once_whoever_asks_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk.attach(desk.start(), body=large())
    for longest in (attachments.THUMBNAIL, attachments.ON_PAPER):
        one.file.storage.delete(f"{one.file.name}.{longest}.jpg")
    unpack, unpacked, got, gate = pictures.unpack, [], [], threading.Barrier(8, timeout=20)

    def counted(*args: Any, **kwargs: Any) -> pictures.Unpacked:
        unpacked.append(1)
        return unpack(*args, **kwargs)

    def ask() -> None:
        gate.wait()
        got.append(attachments.small_copy(one, attachments.THUMBNAIL))

    monkeypatch.setattr(pictures, "unpack", counted)
    asking = [threading.Thread(target=ask) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(got) == 8 and len(set(got)) == 1 and len(unpacked) == 1


def test_a_browser_shows_what_is_known_to_be_harmless_and_only_keeps_anything_else(
    desk: Desk, cast: SimpleNamespace
) -> None:
    document, client = desk.draft(), client_of(cast.cm)
    photo, paper = desk.attach(document), desk.attach(document, name="合同.pdf", body=PDF)

    def asked(one: Attachment) -> dict[str, str]:
        answer = client.get(reverse("document_attachment", args=[document.pk, one.pk]))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        b"".join(answer.streaming_content)
        return {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", CSP)}

    assert asked(photo)["Content-Type"] == "image/png" and asked(photo)[CSP].endswith("sandbox")
    assert asked(photo)["Content-Disposition"].startswith("inline")
    assert asked(paper)["Content-Type"] == "application/pdf"
    assert asked(paper)["Content-Disposition"].startswith("inline")
    Attachment.objects.filter(pk=paper.pk).update(content_type="text/html")  # as nothing here ever stores it
    assert asked(paper)["Content-Disposition"].startswith("attachment") and asked(paper)[CSP].endswith(
        "sandbox"
    )

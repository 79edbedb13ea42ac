"""A PDF is what a parser reads as one, the same for everybody who opens it; the reading is bounded from outside."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from core import pdfs
from core.pdfs import Fault
from tests.factories import make_pdf


def locked(password: str) -> bytes:
    writer, out = PdfWriter(BytesIO(make_pdf())), BytesIO()
    writer.encrypt(password, "owner", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def by_a_detour() -> bytes:
    """A program is started on closing, and the word for it stands in an object of its own."""
    writer, out = PdfWriter(BytesIO(make_pdf())), BytesIO()
    word = writer._add_object(NameObject("/Launch"))
    writer.root_object[NameObject("/AA")] = DictionaryObject(
        {
            NameObject("/WC"): DictionaryObject(
                {NameObject("/S"): word, NameObject("/F"): TextStringObject("cmd.exe")}
            )
        }
    )
    writer.write(out)
    return out.getvalue()


def with_a_file_inside() -> bytes:
    writer, out = PdfWriter(BytesIO(make_pdf())), BytesIO()
    writer.add_attachment("回单.xml", b"<voucher/>")
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        make_pdf(),
        make_pdf(pages=40),
        make_pdf(OpenAction={"/S": "/GoTo"}),
        # An electronic receipt carries its own data inside.
        with_a_file_inside(),
    ],
    ids=["one page", "forty pages", "opens at a place", "a file inside"],
)
def test_a_paper_is_one(body: bytes) -> None:
    assert pdfs.fault_of(body) is None


SCRIPT = {"/S": "/JavaScript", "/JS": "app.alert(1)"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"%PDF-<html><script>alert(1)</script></html>", Fault.BROKEN),
        (b"%PDF-1.7\n<html><script>alert(1)</script></html>\n%%EOF\n", Fault.BROKEN),
        (b"\n" + make_pdf(), Fault.BROKEN),  # browsers would still show it, other programs something else
        (make_pdf(pages=40)[:-300], Fault.BROKEN),
        (make_pdf(pages=0), Fault.BROKEN),
        (locked("geheim"), Fault.LOCKED),
        (locked(""), Fault.LOCKED),
        (make_pdf(OpenAction=SCRIPT), Fault.ACTIVE),
        (make_pdf(AA={"/WC": {"/S": "/Launch", "/F": "cmd.exe"}}), Fault.ACTIVE),
        (by_a_detour(), Fault.ACTIVE),
        (make_pdf(Names={"/JavaScript": {"/Names": ["x", SCRIPT]}}), Fault.ACTIVE),
        (make_pdf(AcroForm={"/XFA": "<xdp/>"}), Fault.ACTIVE),
        (make_pdf(Extra=[{"/Subtype": "/RichMedia"}]), Fault.ACTIVE),
    ],
    ids=[
        "html", "html to the end", "not from the first byte", "cut short", "no page", "a password", "not to be printed",
        "a script on opening", "a program on closing", "by a detour", "a script by name", "a form drawn by a program",
        "a film",
    ],
)  # fmt: skip
def test_anything_else_is_named(body: bytes, fault: Fault) -> None:
    assert pdfs.fault_of(body) is fault


def test_what_takes_too_long_or_dies_of_it_is_no_paper(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    eats = tmp_path / "eats.py"
    eats.write_text(
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({pdfs.MEMORY}, {pdfs.MEMORY})); bytes({pdfs.MEMORY})"
    )
    monkeypatch.setattr(pdfs, "__file__", str(eats))
    assert pdfs.fault_of(make_pdf()) is Fault.TOO_MUCH
    eats.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(pdfs, "PATIENCE", 0.2)
    assert pdfs.fault_of(make_pdf()) is Fault.TOO_MUCH

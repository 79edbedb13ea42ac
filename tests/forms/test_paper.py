"""The printed form: what it says, what it shows of a draft, and that printing fetches nothing."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.template import engines
from weasyprint import HTML

from core import documents
from core.documents import STATIC_BASE, render_pdf
from core.renderer import ForbiddenAddress, OwnFilesOnly
from inspections.documents.site_inspection import SITE_INSPECTION
from tests.forms.answers import complete
from workflow import registry
from workflow.definitions import Background, Prefill, flatten
from workflow.documents.paper import paper_of
from workflow.duty_forms import Subject
from workflow.models import Document


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """A web server of our own that writes down who asks."""
    hits: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", hits
    server.shutdown()
    server.server_close()


def text_of(pdf: bytes, tmp_path: Path) -> str:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    "html",
    [
        '<img src="{url}">',
        '<link rel="stylesheet" href="{url}">',
        '<link rel="attachment" href="{url}">',
        "<style>@import url({url});</style>",
        '<p style="background: url({url})">x</p>',
        '<base href="{url}/"><img src="x.png">',
        '<object data="{url}"></object>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}" width="9" height="9"/></svg>',
        "<style>@font-face {{ font-family: x; src: url({url}) }} p {{ font-family: x }}</style><p>x</p>",
    ],
)
@pytest.mark.parametrize("file", [False, True])
def test_printing_fetches_nothing_from_outside(html, file, canary, tmp_path, monkeypatch):
    address, hits = canary
    secret = tmp_path / "secret.txt"
    secret.write_text("绝密")
    page = html.format(url=f"file://{secret}" if file else address)
    asked = []
    monkeypatch.setattr(
        socket, "create_connection", lambda *a, **k: asked.append(a) or pytest.fail("connected")
    )
    try:
        pdf = HTML(string=page, base_url=STATIC_BASE, url_fetcher=OwnFilesOnly(STATIC_BASE)).write_pdf()
    except ForbiddenAddress:
        pdf = b""
    assert hits == [] and asked == []
    assert "绝密".encode() not in pdf


@pytest.mark.parametrize(
    "url",
    [
        "static://files/../pyproject.toml",
        "static://files/%2e%2e/pyproject.toml",
        "static://files//etc/passwd",
        "static://elsewhere/css/print.css",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "http://example.org/x",
    ],
)
def test_only_static_files_are_readable(url):
    with pytest.raises((ForbiddenAddress, Exception)) as refused:
        OwnFilesOnly(STATIC_BASE).fetch(url)
    assert isinstance(refused.value, ForbiddenAddress) or "Suspicious" in type(refused.value).__name__
    assert (
        OwnFilesOnly(STATIC_BASE).fetch(f"{STATIC_BASE}css/print.css").headers["Content-Type"] == "text/css"
    )


def test_what_somebody_typed_is_printed_as_text_and_fetches_nothing(canary, monkeypatch):
    address, hits = canary
    typed = f'<img src="{address}"><link rel=stylesheet href="{address}">'
    answers = complete(problems=typed, place=typed)
    known = Background(figures={"financials.explain_change": Decimal("0.20")})
    template = engines["django"].from_string('{% include "workflow/content.html" %}')
    monkeypatch.setattr(documents, "render_to_string", lambda name, context: template.render(context))
    assert render_pdf("", {"sections": flatten(SITE_INSPECTION, answers, known)})
    assert hits == []


def test_sections_are_numbered_after_the_head_and_hidden_fields_stay_off_the_paper():
    known = Background(figures={"financials.explain_change": Decimal("0.20")}, photos={"photos": 2})
    printed = flatten(SITE_INSPECTION, complete(), known)
    assert [(section.number, section.title) for section in printed[:3]] == [
        ("", "检查概况"),
        ("一", "审批要求落实"),
        ("二", "生产经营"),
    ]
    lines = {line.label: line.text for section in printed for block in section.blocks for line in block.lines}
    assert "现风险分类" not in lines and "有上次检查" not in lines
    assert lines["现场照片"] == "共 2 张，见附页"
    assert lines["工人数量"] == "126 人"
    assert "其他说明" not in lines, "an optional field left empty is left out"


def test_changes_are_printed_beside_last_times_values():
    known = Background(
        last={"workers": "188", "trend": "良好"}, figures={"financials.explain_change": Decimal("0.20")}
    )
    printed = flatten(SITE_INSPECTION, complete(has_last="yes", workers_note="季节工清退"), known)
    lines = {line.label: line for section in printed for block in section.blocks for line in block.lines}
    workers = lines["工人数量"]
    assert (workers.text, workers.last, workers.change, workers.note) == (
        "126 人",
        "188 人",
        "减 62",
        "季节工清退",
    )
    assert (lines["发展趋势"].last, lines["发展趋势"].change) == ("良好", "有变化")
    table = next(
        block for section in printed for block in section.blocks if block.title == "主要财务科目（元）"
    )
    assert [cell.text for cell in table.rows[0]] == [
        "销售收入",
        "1,000,000.00",
        "1,100,000.00",
        "升 100,000.00",
    ]


@pytest.mark.usefixtures("reference")
def test_a_draft_is_marked_as_one_and_the_paper_carries_its_number(cast, tmp_path):
    subject = Subject("BORROWER", cast.borrower.pk, "C100001", cast.borrower.name, cast.corporate.pk)
    filled = registry.prefill("site_inspection", subject=subject, user=cast.cm, on=cast.today)
    draft = draft_of(cast, filled)
    paper = paper_of(draft)
    assert (paper["watermark"], paper["qr"]) == ("草稿", "")
    text = "".join(text_of(render_pdf("print/document.html", paper), tmp_path).split())
    for expected in (
        "信贷业务现场检查表",
        "附件3",
        draft.number,
        "江南纺织有限公司",
        "第 1 页 共",
        "金额单位：元",
    ):
        assert expected.replace(" ", "") in text
    draft.status, draft.content_hash = "SIGNING", "ab" * 32
    paper = paper_of(draft)
    assert (paper["watermark"], paper["hash"]) == ("签字中", "abababababababab")
    assert paper["qr"].startswith("data:image/svg+xml")


def draft_of(cast, filled: Prefill) -> Document:
    return Document.objects.create(
        form="site_inspection",
        form_version=1,
        number="JC-2026-11-0187",
        subject_kind="BORROWER",
        subject_id=cast.borrower.pk,
        borrower_number="C100001",
        borrower_name="江南纺织有限公司",
        unit=cast.corporate,
        author=cast.cm,
        content=dict(filled.answers),
        prefilled=filled.to_json(),
        created_on=cast.today,
        saved_at="2026-11-24T04:00:00Z",
    )

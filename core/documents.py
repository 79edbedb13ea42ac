"""HTML to PDF. The renderer fetches nothing but our own static files and inline data (promise 38)."""

from __future__ import annotations

import base64
import io
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import segno
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from PIL import Image, ImageOps
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

STATIC_BASE = "static://files/"  # a scheme that nothing but this fetcher understands


class ForbiddenAddress(FatalURLFetchingError):
    """A document asked for something outside: rendering stops, nothing is fetched."""


class OwnFilesOnly(URLFetcher):
    """Answers `static://files/…` from the static folders and `data:` from the page itself; nothing else."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """The bytes behind an address, or ForbiddenAddress."""
        scheme = url.partition(":")[0].lower()
        if scheme == "data":
            return super().fetch(url, headers)
        if not url.startswith(STATIC_BASE):
            raise ForbiddenAddress(f"文书不得引用外部地址：{url[:200]}")
        # The finder refuses paths that leave the static folders.
        found = finders.find(unquote(urlsplit(url).path.lstrip("/")))
        if not found:
            raise ForbiddenAddress(f"没有这个静态文件：{url[:200]}")
        kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        return URLFetcherResponse(url, Path(found).read_bytes(), {"Content-Type": kind})


def render_pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """A template as an A4 PDF."""
    html = render_to_string(template, {**context, "static_base": STATIC_BASE})
    pdf: bytes = HTML(string=html, base_url=STATIC_BASE, url_fetcher=OwnFilesOnly()).write_pdf()
    return pdf


def qr_code(text: str) -> str:
    """A QR code as an inline SVG address."""
    return segno.make(text, error="m", micro=False).svg_data_uri(border=1, scale=2)


def inline_image(data: bytes, content_type: str) -> str:
    """A picture as an inline address, so that the renderer needs no access to files."""
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"


def smaller(data: bytes, longest: int, *, quality: int = 80) -> bytes:
    """A photograph scaled to fit, upright, as JPEG without its metadata."""
    with Image.open(io.BytesIO(data)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((longest, longest))
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=quality)
    return out.getvalue()

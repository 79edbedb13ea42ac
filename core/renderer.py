"""WeasyPrint, as this product uses it: it fetches nothing but our own static files and inline data (promise 38)."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.contrib.staticfiles import finders
from PIL import ImageFile
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

# WeasyPrint sets this for the whole process; a photograph cut off in transfer must still be noticed when uploaded.
ImageFile.LOAD_TRUNCATED_IMAGES = False


class ForbiddenAddress(FatalURLFetchingError):
    """A document asked for something outside: rendering stops, nothing is fetched."""


class OwnFilesOnly(URLFetcher):
    """Answers addresses below `base` from the static folders and `data:` from the page itself; nothing else."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """The bytes behind an address, or ForbiddenAddress."""
        scheme = url.partition(":")[0].lower()
        if scheme == "data":
            return super().fetch(url, headers)
        if not url.startswith(self.base):
            raise ForbiddenAddress(f"文书不得引用外部地址：{url[:200]}")
        # The finder refuses paths that leave the static folders.
        found = finders.find(unquote(urlsplit(url).path.lstrip("/")))
        if not found:
            raise ForbiddenAddress(f"没有这个静态文件：{url[:200]}")
        kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        return URLFetcherResponse(url, Path(found).read_bytes(), {"Content-Type": kind})


def write_pdf(html: str, *, base: str) -> bytes:
    """A page as an A4 PDF; whatever it refers to lies below `base`."""
    pdf: bytes = HTML(string=html, base_url=base, url_fetcher=OwnFilesOnly(base)).write_pdf()
    return pdf

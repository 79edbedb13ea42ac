"""HTML to PDF. What the renderer may fetch stands in core.renderer."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import segno
from django.template.loader import render_to_string

from core.errors import Refused

STATIC_BASE = "static://files/"  # a scheme that nothing but the renderer understands


def render_pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """A template as an A4 PDF."""
    html = render_to_string(template, {**context, "static_base": STATIC_BASE})
    try:
        # Loaded on first use: on a machine without pango everything but printing works.
        from core.renderer import write_pdf
    except OSError as error:
        raise Refused(
            "这台机器缺少打印组件（pango），暂时不能生成 PDF。请管理员按启动时的提示安装后再试。"
        ) from error
    return write_pdf(html, base=STATIC_BASE)


def qr_code(text: str) -> str:
    """A QR code as an inline SVG address."""
    return segno.make(text, error="m", micro=False).svg_data_uri(border=1, scale=2)


def inline_image(data: bytes, content_type: str) -> str:
    """A picture as an inline address, so that the renderer needs no access to files."""
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"

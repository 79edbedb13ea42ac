"""XLSX out: what a list shows, as a workbook in which no cell is ever a formula, headers included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIMIT = 100_000  # rows of one workbook; a spreadsheet with more is of no use to anybody
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula, also after it was saved as CSV and opened again."""
    text = _UNPRINTABLE.sub("", text)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_PREFIXES) else text


def workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet: a bold frozen header, dates as dates, money as numbers, everything else as plain text.

    Where there are more than `LIMIT` rows, the last line says so; it takes no more of them than it writes.
    """
    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    amount = book.add_format({"num_format": "#,##0.00"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(headers) - 1, 0), 18)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, harmless(str(header)), bold)
    for line, row in enumerate(rows, start=1):
        if line > LIMIT:
            sheet.write_string(
                line,
                0,
                _("其余未导出：一次最多 %(limit)s 行，请缩小筛选范围后分次导出。") % {"limit": f"{LIMIT:,}"},
            )
            break
        for column, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, Decimal):
                sheet.write_number(line, column, float(value), amount)
            elif isinstance(value, bool):
                sheet.write_boolean(line, column, value)
            elif isinstance(value, int):
                sheet.write_number(line, column, value)
            elif isinstance(value, date):
                sheet.write_datetime(line, column, value, day)
            else:
                sheet.write_string(line, column, harmless(str(value)))
    book.close()
    return buffer.getvalue()


def taken(found: int) -> dict[str, int]:
    """For the audit: how many rows left the house in a workbook, and of how many where that is not all."""
    return {"rows": found} if found <= LIMIT else {"rows": LIMIT, "found": found}


def download(name: str, content: bytes) -> HttpResponse:
    """A workbook as a file to keep."""
    headers = {
        "Content-Disposition": content_disposition_header(True, f"{name}.xlsx"),
        "Cache-Control": "no-store",
    }
    return HttpResponse(content, content_type=XLSX, headers=headers)

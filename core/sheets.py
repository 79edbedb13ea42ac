"""XLSX out: what a list shows, as a workbook in which no cell is ever a formula, headers included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIMIT = 1_048_575  # rows below the header that a sheet can hold; what is more goes on in a second one
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula, also after it was saved as CSV and opened again."""
    text = _UNPRINTABLE.sub("", text)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_PREFIXES) else text


@dataclass(frozen=True)
class Sheet:
    """A written workbook: its file, to be read from the beginning, and how many rows are in it."""

    file: IO[bytes]
    rows: int


def workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Sheet:
    """A bold frozen header, dates as dates, money as numbers, everything else as plain text.

    Rows are taken one by one and written to disk, so that a list of any length needs no more memory than a short one,
    and none is left out: a sheet that is full is followed by another.
    """
    file = TemporaryFile()  # noqa: SIM115  whoever sends it closes it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        writer = _Writer(book, title, [harmless(str(header)) for header in headers])
        for row in rows:
            writer.write(row)
    file.seek(0)
    return Sheet(file, writer.rows)


class _Writer:
    """Writes rows below one another, in one sheet after the other."""

    def __init__(self, book: Any, title: str, headers: list[str]) -> None:
        self.book, self.title, self.headers = book, re.sub(r"[\[\]:*?/\\]", " ", title), headers
        self.bold = book.add_format({"bold": True, "bottom": 1})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.amount = book.add_format({"num_format": "#,##0.00"})
        self.names, self.rows = self._names(), 0
        self._begin()

    def _names(self) -> Iterator[str]:
        yield self.title[:31]
        number = 2
        while True:
            yield f"{self.title[:26]} {number}"
            number += 1

    def _begin(self) -> None:
        self.sheet, self.line = self.book.add_worksheet(next(self.names)), 0
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, max(len(self.headers) - 1, 0), 18)
        for column, header in enumerate(self.headers):
            self.sheet.write_string(0, column, header, self.bold)

    def write(self, row: Sequence[Any]) -> None:
        """One row, in a new sheet where this one is full."""
        if self.line == LIMIT:
            self._begin()
        self.line, self.rows = self.line + 1, self.rows + 1
        for column, value in enumerate(row):
            self._cell(column, value)

    def _cell(self, column: int, value: Any) -> None:
        sheet, line = self.sheet, self.line
        match value:
            case None:
                pass
            case Decimal():
                sheet.write_number(line, column, float(value), self.amount)
            case bool():
                sheet.write_boolean(line, column, value)
            case int():
                sheet.write_number(line, column, value)
            case date():
                sheet.write_datetime(line, column, value, self.day)
            case _:
                sheet.write_string(line, column, harmless(str(value)))


def download(name: str, sheet: Sheet) -> FileResponse:
    """A workbook as a file to keep, sent as it is read."""
    response = FileResponse(sheet.file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
    response.headers["Cache-Control"] = "no-store"
    return response

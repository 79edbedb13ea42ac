"""Opens a file by its ending and feeds its rows to COPY as the database asks for them: memory stays bounded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from core.staging.problems import FileRefused
from core.staging.text_files import Layout, Table, open_text
from core.staging.workbooks import open_workbook

_BLOCK = 2000  # rows a COPY is fed at a time


def open_table(path: Path, layout: Layout) -> Table:
    """Open a CSV or XLSX file by its name's ending."""
    return open_workbook(path) if path.suffix.lower() == ".xlsx" else open_text(path, layout)


class CopyFeed(io.RawIOBase):
    """Rows as the CSV stream that COPY reads, made as it asks for more; a blank is NULL."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._left = b""
        self.count = 0
        self.refused: FileRefused | None = None  # the driver would hide it behind an error of its own

    def readable(self) -> bool:
        return True

    def _block(self) -> bytes:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        try:
            for line, values in self._table.rows:
                writer.writerow([line, *(value.strip() for value in values)])
                self.count += 1
                if self.count % _BLOCK == 0:
                    break
        except FileRefused as refused:
            self.refused = refused
        return buffer.getvalue().encode()

    def read(self, size: int = -1) -> bytes:
        while not self._left or 0 < size > len(self._left):
            block = self._block()
            if not block:
                break
            self._left += block
        data, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return data

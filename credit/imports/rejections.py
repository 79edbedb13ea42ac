"""The refused rows of a batch as a CSV to mend them by; no cell of it is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from core.models import ImportBatch
from core.sheets import harmless

HEADER = ("文件", "行", "列", "值", "原因")


def rejection_rows(batch: ImportBatch) -> Iterator[str]:
    """The lines of the CSV, with a byte order mark so that a spreadsheet reads the Chinese."""
    yield "\ufeff" + _line(HEADER)
    for file in batch.files.all():
        for entry in file.errors:
            if not entry.get("notice"):
                yield _line(
                    (file.name, entry["line"] or "", entry["column"], entry["value"], entry["reason"])
                )


def _line(values: tuple[Any, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(harmless(str(value)) for value in values)
    return buffer.getvalue()

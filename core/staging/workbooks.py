"""XLSX in a stream: the archive is weighed before it is opened, formulas are refused and never evaluated."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from core.staging.problems import FileRefused
from core.staging.text_files import Table, check_size, checked_header

MAX_BYTES = 100 * 1024**2
MAX_ENTRIES = 1_000
MAX_UNPACKED = 512 * 1024**2
MAX_STRINGS = 64 * 1024**2  # openpyxl holds the shared strings in memory
MAX_RATIO = 100  # beyond a megabyte unpacked; a real sheet stays far below
_SIGNIFICANT = 15  # digits that a spreadsheet keeps of a number
_CHUNK = 1024 * 1024


def check_archive(path: Path) -> None:
    """Refuse an archive that unpacks to more than a sheet of figures could, before unpacking any of it."""
    check_size(path, MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_ENTRIES:
                raise FileRefused(f"XLSX 内有 {len(members)} 个部件，超过上限 {MAX_ENTRIES}，已拒收。")
            if any(member.flag_bits & 0x1 for member in members):
                raise FileRefused("XLSX 设有密码，请取消密码后再导入。")
            unpacked = sum(member.file_size for member in members)
            if unpacked > MAX_UNPACKED or any(map(_inflated, members)):
                raise FileRefused(
                    f"XLSX 解压后达 {unpacked / 1024**2:,.0f} MB，与文件大小不相称，已拒收；数据多请改用 CSV。"
                )
            for member in members:
                if member.filename.lower().endswith("sharedstrings.xml") and member.file_size > MAX_STRINGS:
                    raise FileRefused("XLSX 的文字太多，请改用 CSV。")
                _check_no_entities(archive, member)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise FileRefused("这不是完整的 XLSX 文件（可能被截断或是旧的 XLS），请重新导出。") from error


def _inflated(member: zipfile.ZipInfo) -> bool:
    return member.file_size > _CHUNK and member.file_size > MAX_RATIO * max(member.compress_size, 1)


def _check_no_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """No part of a workbook declares a document type: entities are how a small XML grows in memory."""
    if not member.filename.lower().endswith((".xml", ".rels")):
        return
    tail = b""
    with archive.open(member) as part:
        while chunk := part.read(_CHUNK):
            text = (tail + chunk).upper()
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text:
                raise FileRefused("XLSX 内含实体声明，已拒收，请重新导出。")
            tail = chunk[-16:]


def open_workbook(path: Path) -> Table:
    """Open the first sheet: its first row that is not empty is the header, the rest comes in a stream."""
    check_archive(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        cells = sheet.iter_rows()
        header, line = _first_row(cells)
    except FileRefused:
        raise
    except Exception as error:  # openpyxl raises whatever the broken part happens to trip over
        raise FileRefused("XLSX 的内容无法读取，请用电子表格软件重新另存后再导入。") from error
    table = Table(checked_header(header, line), iter(()))
    table.rows = _rows(cells, table, line)
    return table


def _first_row(cells: Iterator[tuple[Any, ...]]) -> tuple[list[str], int]:
    for line, row in enumerate(cells, start=1):
        values = [str(cell.value or "").strip(" \t\u3000") for cell in row]
        while values and not values[-1]:
            values.pop()
        if values:
            return values, line
    raise FileRefused("XLSX 的第一张表没有表头行。")


def _rows(
    cells: Iterator[tuple[Any, ...]], table: Table, header_line: int
) -> Iterator[tuple[int, list[str]]]:
    width = len(table.header)
    line = header_line
    while True:
        try:
            row = next(cells, None)
        except Exception as error:  # a part cut short inside the archive
            raise FileRefused("XLSX 的内容读到一半中断，请重新导出。", line=line + 1) from error
        if row is None:
            return
        line += 1
        if all(cell.value is None for cell in row):
            continue
        values = _values(row, line, table)
        if values is None:
            continue
        if any(values[width:]):
            table.complain(line, f"这一行在表头之外（{get_column_letter(width + 1)} 列起）还有内容。")
            continue
        yield line, (values + [""] * width)[:width]


def _values(row: tuple[Any, ...], line: int, table: Table) -> list[str] | None:
    """The row's values as text, or None when one of them is a formula, an error or a number that lost digits."""
    values, good = [], True
    for index, cell in enumerate(row):
        column = table.header[index] if index < len(table.header) else get_column_letter(index + 1)
        kind, value = getattr(cell, "data_type", "n"), cell.value
        if kind == "f":
            table.complain(line, "这一格是公式，不是值；请粘贴为数值后再导入。", column, str(value))
            good = False
        elif kind == "e":
            table.complain(line, "这一格是错误值。", column, str(value))
            good = False
        elif isinstance(value, int | float) and abs(value) >= 10**_SIGNIFICANT:
            table.complain(
                line, "号码存成了数字，超过 15 位的部分已经失真；请将该列设为文本。", column, str(value)
            )
            good = False
        else:
            values.append(as_text(value))
    return values if good else None


def as_text(value: Any) -> str:
    """A cell's value as the same text that a CSV would carry."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # A double carries noise beyond its 15th digit (0.1 + 0.2); a spreadsheet shows none of it.
        return format(Decimal(format(value, f".{_SIGNIFICANT}g")), "f")
    return str(value)

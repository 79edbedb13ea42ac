"""Delimited text in a stream: fingerprint, encoding found or refused with its byte, rows with their line."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.staging.problems import LISTED_AT_MOST, FileRefused, Problem

MAX_BYTES = 4 * 1024**3  # ten million movements are 1.4 GB; a day's extract beyond this is a mistake
MAX_FIELD = 10_000  # characters; an unclosed quote runs into this long before it fills the memory
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Layout:
    """How one file is written: delimiter, quoting, encoding, where its header stands or what its columns are."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "auto"
    header: int = 1
    columns: tuple[str, ...] = ()  # a file without a header row: its columns in order


@dataclass
class Table:
    """An open file: its column names, then its rows with their line numbers; problems gather while it is read."""

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]
    problems: list[Problem] = field(default_factory=list)
    bad_rows: int = 0

    def complain(self, line: int, reason: str, column: str = "", value: str = "") -> None:
        """Note a bad row and go on reading."""
        self.bad_rows += 1
        if len(self.problems) <= LISTED_AT_MOST:
            self.problems.append(Problem(line, column, value, reason))


def fingerprint(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_size(path: Path, at_most: int) -> None:
    """Refuse an empty file, and one beyond the limit, before reading it."""
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("文件是空的（0 字节），请重新导出。")
    if size > at_most:
        raise FileRefused(
            f"文件 {size / 1024**2:,.0f} MB，超过上限 {at_most / 1024**2:,.0f} MB，请按日期或机构拆分后再导入。"
        )


def encoding_of(path: Path, declared: str) -> str:
    """The encoding that the whole file decodes in, or a refusal that names the first bad byte.

    The header line decides between UTF-8 and GB18030 (which contains GBK); a file whose header is plain ASCII is
    taken as UTF-8 where all of it decodes as that, and as GB18030 otherwise.
    """
    with path.open("rb") as file:
        first = file.readline(64 * 1024)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused("文件是 UTF-16 编码，请另存为 UTF-8 或 GBK 的 CSV。")
    if first.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif declared != "auto":
        candidates = [declared]
    elif first.isascii():
        candidates = ["utf-8", "gb18030"]
    else:
        candidates = ["utf-8"] if _decodes(first, "utf-8") else ["gb18030"]
    failures = []
    for encoding in candidates:
        failure = _first_bad_byte(path, encoding)
        if failure is None:
            return encoding
        failures.append(failure)
    offset, line = failures[0]
    if offset < 0:
        raise FileRefused("文件含有空字节，不是文本文件。", line=line)
    name = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "gb18030": "GBK/GB18030"}.get(
        candidates[0], candidates[0]
    )
    raise FileRefused(
        f"编码错误：第 {line} 行、文件第 {offset + 1} 个字节不是 {name} 字符，请以 UTF-8 或 GBK 重新导出。",
        line=line,
    )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _first_bad_byte(path: Path, encoding: str) -> tuple[int, int] | None:
    """Offset and line of the first byte that does not decode; offset -1 means a NUL byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before, lines = 0, 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            if (nul := chunk.find(b"\0")) >= 0:
                return -1, lines + chunk.count(b"\n", 0, nul)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                within = max(error.start - pending, 0)
                return before - pending + error.start, lines + chunk.count(b"\n", 0, within)
            if not chunk:
                return None
            before += len(chunk)
            lines += chunk.count(b"\n")


def open_text(path: Path, layout: Layout) -> Table:
    """Open a delimited file: the header is read, the rows come in a stream."""
    check_size(path, MAX_BYTES)
    encoding = encoding_of(path, layout.encoding)
    rows = _records(path, layout, encoding)
    header = list(layout.columns)
    if not header:
        header = _header(rows, layout.header)
    table = Table(header, iter(()))
    table.rows = _shaped(rows, table, ends_with_newline=_ends_with_newline(path))
    return table


def _records(path: Path, layout: Layout, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line they begin on; a quote that is never closed is named by that line."""
    csv.field_size_limit(MAX_FIELD)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(
            file,
            delimiter=layout.delimiter,
            quotechar=layout.quote or None,
            quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
            strict=True,
        )
        line = 1
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                text = str(error)
                if "unexpected end" in text or "field larger" in text:
                    reason = f"从第 {line} 行起有引号没有闭合，文件可能被截断，请重新导出。"
                else:
                    reason = f"第 {line} 行的引号用法不对（引号内的引号须写两个），请重新导出。"
                raise FileRefused(reason, line=line) from error
            if record and any(record):
                yield line, record
            line = reader.line_num + 1


def _header(rows: Iterator[tuple[int, list[str]]], at: int) -> list[str]:
    for line, record in rows:
        if line >= at:
            return checked_header([name.strip(" \t\u3000\ufeff") for name in record], line)
    raise FileRefused("文件没有表头行。")


def checked_header(header: list[str], line: int) -> list[str]:
    """A header in which no column comes twice."""
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileRefused(f"表头有重复的列：{'、'.join(twice)}。", line=line, column=twice[0])
    return header


def _shaped(
    rows: Iterator[tuple[int, list[str]]], table: Table, *, ends_with_newline: bool
) -> Iterator[tuple[int, list[str]]]:
    """Rows with as many values as the header has columns; the others are complaints."""
    width = len(table.header)
    held: tuple[int, list[str]] | None = None  # the last row is judged when it is known to be the last
    for line, record in rows:
        if held:
            yield from _judged(held, table, width, last=False)
        held = line, record
    if held:
        yield from _judged(held, table, width, last=not ends_with_newline)


def _judged(
    row: tuple[int, list[str]], table: Table, width: int, *, last: bool
) -> Iterator[tuple[int, list[str]]]:
    line, record = row
    if len(record) == width:
        yield line, record
    elif last and len(record) < width:
        table.complain(
            line, f"文件被截断：末行只有 {len(record)} 列（应 {width} 列），且没有换行结尾，请重新导出。"
        )
    else:
        table.complain(line, f"这一行有 {len(record)} 列，表头有 {width} 列。")


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in (b"\n", b"\r")

"""Whether a file from outside is a PDF that shows everybody the same pages: read by a parser, in a process of its own.

A parser that reads what strangers wrote may take any time and any memory. It runs beside the server, with limits that
the operating system keeps, and says one word. This file is also what that process runs, so it imports nothing of ours.

Refused are scripts and actions that start something when the paper is opened, forms that are drawn by a program (XFA)
and moving pictures: what was signed must be what is seen. Files that lie inside (an electronic receipt carries its own
data so) pass: no viewer unpacks them unasked, and nothing here ever does.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from enum import StrEnum
from io import BytesIO
from threading import Lock
from typing import Any

from pypdf import PdfReader

MEMORY, CPU, PATIENCE = 768 * 1024**2, 10, 60  # bytes, seconds of work, seconds on the clock
READING = Lock()  # one at a time in this server, so that the memory is that of one
_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/SubmitForm",
    "/Rendition",
    "/RichMediaExecute",
    "/GoToE",
}
_MOVING = {"/RichMedia", "/Movie", "/Screen", "/3D", "/Sound"}


class Fault(StrEnum):
    """Why a file is no paper."""

    BROKEN = "broken"  # no PDF, or cut short, or without a page
    LOCKED = "locked"  # encrypted, be it only against printing
    ACTIVE = "active"
    TOO_MUCH = "too much"  # the limits were reached before it was read


def fault_of(data: bytes) -> Fault | None:
    """What is wrong with the bytes of a PDF; None where nothing is."""
    command = [sys.executable, "-I", __file__]
    try:
        with READING:
            done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Fault.TOO_MUCH
    word = done.stdout.decode("ascii", "replace")
    if done.returncode or word not in {"", *Fault}:
        return Fault.TOO_MUCH
    return Fault(word) if word else None


def _judge(data: bytes) -> Fault | None:
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
        return Fault.BROKEN
    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted:
        return Fault.LOCKED
    reader.pages[0].mediabox  # noqa: B018  (raises where there is no page)
    numbers = {number for of in reader.xref.values() for number in of} | set(reader.xref_objStm)
    return Fault.ACTIVE if any(_is_active(reader.get_object(number)) for number in sorted(numbers)) else None


def _is_active(found: Any) -> bool:
    """Whether an object, or one that stands in it, is or starts a program; other objects are judged by themselves."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if (
                one.keys() & {"/JS", "/XFA"}
                or _word(one, "/S") in _ACTIONS
                or _word(one, "/Subtype") in _MOVING
            ):
                return True
            waiting += dict.values(one)
        elif isinstance(one, list):
            waiting += one
    return False


def _word(one: Any, name: str) -> str:
    """The name that stands under a name, there or where it points; nothing where something else does."""
    found = dict.get(one, name)
    found = found.get_object() if found is not None else None
    return str(found) if isinstance(found, str) else ""


def main() -> None:
    """Read a file from the standard input and say what is wrong with it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    try:
        fault = _judge(sys.stdin.buffer.read())
    except MemoryError:
        fault = Fault.TOO_MUCH
    except Exception:  # the parser raises whatever the broken part happens to trip over
        fault = Fault.BROKEN
    sys.stdout.write(fault or "")


if __name__ == "__main__":
    main()

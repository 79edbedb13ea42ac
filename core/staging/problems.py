"""What is wrong with a file, row by row, in words for the person who has to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

LISTED_AT_MOST = 5000  # entries kept with a file; what is beyond is counted in a last entry


@dataclass(frozen=True)
class Problem:
    """One bad value: where it stands, what it says, and what is wrong with it. A notice does not stop the file."""

    line: int | None
    column: str
    value: str
    reason: str
    notice: bool = False

    def as_entry(self) -> dict[str, Any]:
        """The shape in which it is kept with the file."""
        entry: dict[str, Any] = {
            "line": self.line,
            "column": self.column,
            "value": self.value[:200],
            "reason": self.reason,
        }
        return {**entry, "notice": True} if self.notice else entry


class FileRefused(Exception):
    """The file cannot be read any further; what is known about why comes with it."""

    def __init__(self, reason: str, *, line: int | None = None, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.problem = Problem(line, column, value, reason)


def listed(problems: Iterable[Problem], total: int | None = None) -> list[dict[str, Any]]:
    """The entries to keep with a file; a last entry says how many more there were."""
    entries: list[dict[str, Any]] = []
    count = 0
    for problem in problems:
        count += 1
        if count <= LISTED_AT_MOST:
            entries.append(problem.as_entry())
    beyond = max(count, total or 0) - LISTED_AT_MOST
    if beyond > 0:
        entries.append(Problem(None, "", "", f"另有 {beyond} 处未列出，请先改正以上各处。").as_entry())
    return entries

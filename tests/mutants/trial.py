"""Copies of the checkout in which a change is made, tested and undone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from roads.places import PYTHON
from tests.mutants.changes import Change

LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis")
FIRST = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?:\[| - |$)", re.MULTILINE)
TIME_RAN_OUT = -1


class Outcome(NamedTuple):
    """How a run of tests ended: pytest's exit code, and the test (or file) that failed first."""

    code: int
    seconds: float
    first: str

    @property
    def passed(self) -> bool:
        return self.code == 0

    def __str__(self) -> str:
        return "time ran out" if self.code == TIME_RAN_OUT else self.first or f"pytest ended with {self.code}"


class Copy:
    """A copy of the checkout: whatever happens to it, the checkout stays as it is."""

    def __init__(self, root: Path, where: Path, env: dict[str, str], *, marks: str) -> None:
        self.where, self.marks = where, marks
        # Compiled files are told by size and second, which a change may leave alone: here they are told by content.
        self.env = env | {"PYTHONDONTWRITEBYTECODE": "1"}
        shutil.copytree(root, where, ignore=LEFT_BEHIND)
        compiling = [PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", where]
        subprocess.run(compiling, check=True)

    @contextmanager
    def changed(self, change: Change) -> Iterator[None]:
        """The change is made inside, and undone afterwards."""
        path = self.where / change.file
        source = path.read_bytes()
        path.write_bytes(change.applied(source))
        try:
            yield
        finally:
            path.write_bytes(source)

    def test(self, tests: Iterable[str], *, limit: float | None = None) -> Outcome:
        """Run tests up to the first that fails."""
        command = [PYTHON, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=1"]
        started = time.monotonic()
        with subprocess.Popen(
            [*command, "-m", self.marks, *tests], cwd=self.where, env=self.env, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        ) as process:  # fmt: skip
            try:
                said = process.communicate(timeout=limit)[0]
                code = process.returncode
            except subprocess.TimeoutExpired:
                said, code = "", TIME_RAN_OUT
            finally:
                with suppress(ProcessLookupError):  # what the tests started as well
                    os.killpg(process.pid, signal.SIGKILL)
        first = FIRST.search(said)
        return Outcome(code, time.monotonic() - started, first[1] if first else "")

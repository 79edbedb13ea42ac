"""The processes that `./run` keeps: web, worker, beat. One that dies takes the rest down with it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from roads.commands import command_line, tail
from roads.places import PYTHON, ROOT
from roads.say import Stop


@dataclass
class Child:
    """One process, its name for people, and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class Family:
    """All of them, and the note by which a later start recognises what a killed one left behind."""

    note: Path
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, module: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        argv = [str(PYTHON), "-m", *module]
        with log.open("ab") as out:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=dict(env),
                cwd=ROOT,
                start_new_session=True,  # the terminal's Ctrl-C is for ./run alone
                umask=0o077,  # uploads and logs are for this account only
            )
        self.children.append(Child(name, process, log))
        self.write_note()

    def write_note(self) -> None:
        self.note.write_text(json.dumps({child.name: child.process.pid for child in self.children}))

    def check(self) -> None:
        """Raise with a sentence if one of them has died."""
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                how = f"被信号 {-code} 结束" if code < 0 else f"退出码 {code}"
                raise Stop(
                    f"{child.name} 意外停止（{how}），其余部分随之停止。\n"
                    f"记录在 {child.log}，末尾为：\n{tail(child.log)}"
                )

    def stop(self, *, patience: float = 10) -> None:
        """TERM to each parent only: a worker's pool that gets it too can hang. Work cut off is done again."""
        waiting = [child.process for child in reversed(self.children)]
        for process in waiting:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + patience
        for process in waiting:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in waiting:  # whatever is left of each, its pool included
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.children.clear()
        self.note.unlink(missing_ok=True)

    def stop_leftovers(self) -> int:
        """End what an earlier, killed `./run` of this checkout left; a reused number is left alone."""
        try:
            noted: dict[str, int] = json.loads(self.note.read_text())
        except (OSError, ValueError):
            return 0
        ours = [pid for pid in noted.values() if str(PYTHON) in command_line(pid)]
        for pid in ours:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while any(command_line(pid) for pid in ours) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in ours:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self.note.unlink(missing_ok=True)
        return len(ours)

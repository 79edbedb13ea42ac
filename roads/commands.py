"""Running other programs from the roads, with their output kept in a log and their death explained."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from roads.say import Ticker


def tail(path: Path, lines: int = 15) -> str:
    """The end of a log, for a person to read."""
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    return "\n".join("    " + one for one in text.splitlines()[-lines:])


def quietly(
    argv: Sequence[str | Path],
    log: Path,
    *,
    telling: Callable[[str], str | None],
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a long program into a log, telling on one line where it is."""
    ticker = Ticker()
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            log.open("w", encoding="utf-8") as out,
            subprocess.Popen(
                [str(part) for part in argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None
            try:
                for one in process.stdout:
                    out.write(one)
                    if said := telling(one.strip()):
                        ticker.tell(said)
            except BaseException:
                process.kill()
                raise
            return process.wait()
    finally:
        ticker.close()


def command_line(pid: int) -> str:
    """What a process was started as, or nothing if there is none."""
    if sys.platform == "linux":  # a small Debian has no ps
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except OSError:
            return ""
    command = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False
    ).stdout.strip()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def on_debian() -> bool:
    return sys.platform == "linux" and Path("/etc/debian_version").exists()

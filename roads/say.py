"""What the roads say on the terminal: one sentence a step, and how long it took."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stop(Exception):
    """The road ends here; the text is the sentence that the person reads."""


def set_up() -> None:
    """Chinese must come out whatever the locale says, and at once."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def line(text: str = "") -> None:
    print(text, flush=True)


def warn(text: str) -> None:
    print(f"注意：{text}", file=sys.stderr, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Names a step before it starts and gives its time after it."""
    started = time.monotonic()
    line(f"▸ {name} …")
    yield
    took = time.monotonic() - started
    if took >= 1:
        line(f"  用时 {took:.0f} 秒")


class Ticker:
    """One line that tells where a long step is: rewritten on a terminal, now and then in a log."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.started = time.monotonic()
        self.last = 0.0 if self.terminal else self.started

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self.last < (0.2 if self.terminal else 15):
            return
        self.last = now
        message = f"  {now - self.started:.0f} 秒 {text}"[:76]
        if self.terminal:
            sys.stdout.write(f"\r\033[K{message}")
            sys.stdout.flush()
        else:
            line(message)

    def close(self) -> None:
        if self.terminal:
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()

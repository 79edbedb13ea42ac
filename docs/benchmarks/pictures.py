"""What pictures cost: memory and time of one that unpacks to hundreds of megabytes, asked for eight times at once.

Usage: python docs/benchmarks/pictures.py. Each line is a process of its own; the peak is that of the whole process.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from core import pictures

EDGES = (360, 900)


def drawn(kind: str, size: tuple[int, int], **how: object) -> bytes:
    """A picture whose every line differs, so that nothing is simpler than it would be in a photograph."""
    stream = io.BytesIO()
    tile = Image.effect_noise((512, 512), 60).convert("RGB") if how.pop("noise", False) else None
    image = Image.new("RGB", size, (120, 130, 140))
    if tile:
        for x in range(0, size[0], 512):
            for y in range(0, size[1], 512):
                image.paste(tile, (x, y))
    image.save(stream, kind, **how)
    return stream.getvalue()


PICTURES: dict[str, Callable[[], tuple[str, bytes]]] = {
    "a PNG of 10000 × 9999, stored before there was a limit": lambda: ("PNG", drawn("PNG", (10_000, 9_999))),
    "a PNG of 8192 × 6144, the largest taken in": lambda: ("PNG", drawn("PNG", (8_192, 6_144))),
    "a JPEG of 8192 × 6144": lambda: ("JPEG", drawn("JPEG", (8_192, 6_144), noise=True, quality=60)),
    "a progressive JPEG of 8192 × 6144, no colour left out": lambda: (
        "JPEG", drawn("JPEG", (8_192, 6_144), noise=True, quality=60, progressive=True, subsampling=0),
    ),
    "a JPEG of 4000 × 3000, as a telephone takes it": lambda: (
        "JPEG", drawn("JPEG", (4_000, 3_000), noise=True, quality=85),
    ),
}  # fmt: skip


def unpack_at_once(path: str, content_type: str) -> None:
    """Eight threads unpack the file; what it took."""
    started = time.monotonic()

    def one() -> None:
        with open(path, "rb") as file:
            pictures.unpack(file, content_type, EDGES)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peak = int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) // 1024  # type: ignore[index]
    print(f"{peak:6,} MB  {time.monotonic() - started:5.1f} s")


def main() -> None:
    """Every picture in a process of its own."""
    with TemporaryDirectory() as folder:
        for name, make in PICTURES.items():
            kind, data = make()
            path = Path(folder) / "picture"
            path.write_bytes(data)
            told = subprocess.run(
                [sys.executable, __file__, str(path), f"image/{kind.lower()}"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            print(f"{told.stdout.rstrip()}  {len(data) // 1024:6,} KB  {name}")


if __name__ == "__main__":
    unpack_at_once(*sys.argv[1:]) if sys.argv[1:] else main()

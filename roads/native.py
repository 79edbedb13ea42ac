"""What pip cannot install: the libraries behind PDF pages, a Chinese font, and what browser tests drive."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roads.commands import on_debian, quietly, tail
from roads.places import is_root, var_dir
from roads.say import Stop, step

HOMEBREW = ("/opt/homebrew/lib", "/usr/local/lib")


@dataclass(frozen=True)
class Part:
    """Something the machine must have: how to see it, and the package that brings it."""

    debian: str
    brew: str
    present: Callable[[], bool]


def _library(linux: str, macos: str) -> Callable[[], bool]:
    def present() -> bool:
        names = [linux]
        if sys.platform == "darwin":
            names = [macos, *(f"{folder}/{macos}" for folder in HOMEBREW)]
        for name in names:
            try:
                ctypes.CDLL(name)
            except OSError:
                continue
            return True
        return False

    return present


def _chinese_font() -> bool:
    if sys.platform == "darwin":
        return True  # the system brings PingFang and Songti
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())


def chromium() -> str | None:
    """The browser that is on the machine; none is ever downloaded."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    return str(mac) if mac.exists() else None


PRINTING = [
    Part("libpango-1.0-0", "pango", _library("libpango-1.0.so.0", "libpango-1.0.dylib")),
    Part("libpangoft2-1.0-0", "pango", _library("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib")),
    Part("libharfbuzz-subset0", "harfbuzz", _library("libharfbuzz-subset.so.0", "libharfbuzz-subset.dylib")),
    Part("fontconfig", "fontconfig", lambda: sys.platform == "darwin" or shutil.which("fc-list") is not None),
    Part("fonts-noto-cjk", "font-noto-sans-cjk", _chinese_font),
]
TESTING = [
    *PRINTING,
    Part("chromium", "chromium", lambda: chromium() is not None),
    Part("poppler-utils", "poppler", lambda: shutil.which("pdftotext") is not None),
]


def ensure(parts: Sequence[Part], *, why: str) -> str | None:
    """Install what is missing where that is allowed; otherwise the sentence that says what to run."""
    missing = [part for part in parts if not part.present()]
    if not missing:
        return None
    if on_debian() and is_root():
        try:
            install([part.debian for part in missing], why=why)
        except Stop as stop:
            return str(stop)
        missing = [part for part in missing if not part.present()]
        if not missing:
            return None
    names = " ".join(dict.fromkeys(part.debian if on_debian() else part.brew for part in missing))
    if on_debian():
        command = f"sudo apt-get install {names}"
    elif sys.platform == "darwin":
        command = f"brew install {names}"
    else:
        command = f"用本机的软件包管理器安装 / install with your package manager: {names}"
    return f"{why}：还缺 {names}。请执行：{command}\n      (Missing for this: {names}. Run: {command})"


def install(packages: Sequence[str], *, why: str) -> None:
    """Install Debian packages as root, or say what to run."""
    names = " ".join(packages)
    if not (on_debian() and is_root() and shutil.which("apt-get")):
        raise Stop(f"{why}需要 {names}。请执行：sudo apt-get install {names} (Missing: {names})")
    log = var_dir() / "log" / "apt.log"
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-y", "-o", "DPkg::Lock::Timeout=300"]
    with step(f"安装系统软件包（{why}）：{names}"):
        command = [*apt, "install", "--no-install-recommends", *packages]
        if quietly([*apt, "update"], log, telling=lambda said: said, env=env) or quietly(
            command, log, telling=lambda said: said, env=env
        ):
            raise Stop(
                f"系统软件包没有装成。请执行：apt-get install {names}\n记录在 {log}，末尾为：\n{tail(log)}"
            )


def for_children() -> dict[str, str]:
    """What a child process must be told to find those libraries: on macOS, Homebrew's folder."""
    if sys.platform != "darwin":
        return {}
    folders = ":".join(folder for folder in HOMEBREW if Path(folder).is_dir())
    return {
        "DYLD_FALLBACK_LIBRARY_PATH": os.environ.get("DYLD_FALLBACK_LIBRARY_PATH", folders),
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
    }

"""Where things are kept: the checkout, its `var/`, and the embedded database's data."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from roads.say import Stop

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# As root the database runs as an ordinary user, who must reach its data with no folder opened to him.
ROOTS_BASE = Path("/var/lib/postloan")
MARK = ".postloan-var"


def var_dir() -> Path:
    return Path(os.environ.get("POSTLOAN_VAR") or ROOT / "var").expanduser().resolve()


def is_root() -> bool:
    return os.geteuid() == 0


def tag(path: Path) -> str:
    """A short name for a path, the same every time."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def make_var() -> Path:
    """Make `var/` on first use, for its owner alone: it holds the secret key and people's papers."""
    var = var_dir()
    if not var.exists():
        var.mkdir(mode=0o700, parents=True)
    if not var.is_dir():
        raise Stop(f"{var} 不是目录，请移走它或另设 POSTLOAN_VAR。")
    if not any(var.iterdir()):
        (var / MARK).touch()
    for name in ("run", "log"):
        (var / name).mkdir(exist_ok=True)
    return var


def wipe_var() -> None:
    """Empty `var/`, only if it is one that the roads made: POSTLOAN_VAR might name anybody's folder."""
    var = var_dir()
    if not var.exists():
        return
    if not (var / MARK).exists() and var != ROOT / "var":
        raise Stop(f"{var} 不是本系统建立的目录，不会清空；请自行检查。")
    for child in var.iterdir():
        if child.name in ("run", MARK):  # the lock of the running command lies in run/
            continue
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
    for child in (var / "run").glob("*"):
        if child.name != "lock":
            child.unlink()
    (var / "log").mkdir(exist_ok=True)
    (var / MARK).touch()

"""The virtual environment: made once, and again only when the pins or the Python change."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

from roads import native
from roads.commands import quietly, tail
from roads.places import PYTHON, ROOT, VENV, var_dir
from roads.say import Stop, line, step

NOTE = VENV / ".installed.json"
RUNNING, TESTING = "requirements.lock", "requirements-dev.lock"  # the latter has all of the former


def ensure(lock_file: str) -> None:
    """See that what a lock file pins is installed, by its hashes. The note is written last, so that a half-finished
    installation is simply done again."""
    var_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (var_dir() / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ./run and ./test in one checkout share the environment
        wanted = _fingerprint(lock_file)
        if _noted().get(lock_file) == wanted and _works():
            return
        with step(f"安装 {lock_file} 所列的软件包（首次约需几分钟）"):
            _install(lock_file)
        noted = _noted() | {lock_file: wanted}
        if lock_file == TESTING:
            noted[RUNNING] = _fingerprint(RUNNING)
        NOTE.write_text(json.dumps(noted, indent=1))


def _fingerprint(lock_file: str) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform}".encode())
    digest.update((ROOT / lock_file).read_bytes())
    return digest.hexdigest()


def _noted() -> dict[str, str]:
    try:
        noted: dict[str, str] = json.loads(NOTE.read_text())
    except (OSError, ValueError):
        return {}
    return noted


def _works() -> bool:
    """A folder is no environment: its Python may have been removed, or be of another version, since."""
    try:
        code = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        return subprocess.run([PYTHON, "-c", code], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _install(lock_file: str) -> None:
    log = var_dir() / "log" / "install.log"
    log.parent.mkdir(exist_ok=True)
    uv = shutil.which("uv")
    if uv:
        if not _works():
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, VENV], check=False)
        command: list[str | Path] = [
            uv,
            "pip",
            "install",
            "--require-hashes",
            "--python",
            PYTHON,
            "-r",
            ROOT / lock_file,
        ]
        if _works() and quietly(command, log, telling=lambda said: said) == 0:
            return
        # uv does not read pip's own configuration, so a company's mirror may be known to pip alone.
        line("  uv 安装未成，改用 pip。")
    if not _works() or not _has_pip():
        _make_with_venv()
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        ROOT / lock_file,
    ]
    if quietly(command, log, telling=_pip_says):
        raise Stop(
            "软件包没有装完，多半是网络不通。恢复后再执行同一命令会接着装。\n"
            f"完整记录在 {log}，末尾为：\n{tail(log)}"
        )


def _has_pip() -> bool:
    return (
        subprocess.run([PYTHON, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
    )


def _make_with_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:  # Debian splits it off
        native.install(["python3-venv"], why="建立 Python 虚拟环境")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], check=False, capture_output=True, text=True)
    if made.returncode:
        raise Stop(f"无法建立虚拟环境 {VENV}：\n{made.stdout.strip()}\n{made.stderr.strip()}")


def _pip_says(said: str) -> str | None:
    words = said.split()
    if said.startswith("Collecting") and len(words) > 1:
        return f"取得 {words[1]}"
    if said.startswith("Installing collected packages"):
        return "正在安装"
    return None

"""The newcomer's road, walked every time: `./run` with only what it brings, one sign-in, and back down.

Standard library only: it runs before anything is installed. Not collected by pytest; `.ci/run` calls it.
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
START_WITHIN = 600  # a fresh clone installs its packages first
STOP_WITHIN = 30


class Smoke:
    """One system under test, in a `var/` of its own so that a developer's is left alone."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        unwanted = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY"}
        self.env = {name: value for name, value in os.environ.items() if name not in unwanted}
        self.env["POSTLOAN_VAR"] = str(var)
        self.said: list[str] = []
        self.process = self.launch()
        self.family: set[int] = set()

    def launch(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [ROOT / "run", "--port", str(self.port)],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        threading.Thread(target=self.listen, args=(process,), daemon=True).start()
        return process

    def listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line)
            print("  | " + line, end="", flush=True)

    def starts(self) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not any(f"{self.address}/" in line for line in self.said):
            assert self.process.poll() is None, f"./run ended with {self.process.returncode}"
            assert time.monotonic() < deadline, "./run did not come up in time"
            time.sleep(0.5)
        self.family = descendants(self.process.pid)
        assert len(self.family) >= 3, f"web, worker and database expected, got {self.family}"

    def says_nothing_untoward(self) -> None:
        text = "".join(self.said)
        assert "Traceback" not in text, "a traceback was shown to the person"
        assert "注意" not in text, "something was missing on this machine"

    def lists_the_accounts(self) -> None:
        accounts = self.accounts()
        text = "".join(self.said)
        assert accounts[0]["username"] in text and accounts[0]["password"] in text

    def signs_in(self) -> None:
        account = self.accounts()[0]
        browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
        )
        page = browser.open(f"{self.address}/login/", timeout=30).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"', page)
        assert token, "the login form has no token"
        form = {
            "csrfmiddlewaretoken": token[1],
            "username": account["username"],
            "password": account["password"],
        }
        request = urllib.request.Request(
            f"{self.address}/login/",
            data=urllib.parse.urlencode(form).encode(),
            headers={"Referer": f"{self.address}/login/"},
        )
        browser.open(request, timeout=30).close()
        with browser.open(f"{self.address}/", timeout=30) as home:
            body = home.read().decode()
            assert home.status == 200
        assert account["name"] in body, f"{account['name']} is not greeted on the home page"

    def refuses_a_second_one(self) -> None:
        second = subprocess.run(
            [ROOT / "run", "--port", str(self.port)],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 1 and "已在运行" in second.stderr, second.stderr
        assert "Traceback" not in second.stderr, second.stderr

    def is_healthy(self) -> None:
        """Health needs a tick: beat has woken the worker, and the worker has done a job."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz/", timeout=30) as health:
                    assert health.status == 200
                    return
            except urllib.error.HTTPError as error:
                assert time.monotonic() < deadline, f"{error.code}: {error.read().decode(errors='replace')}"
            time.sleep(1)

    def stops(self) -> None:
        self.family |= descendants(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(STOP_WITHIN)
        assert code == 0, f"exit code {code}"
        left = {pid for pid in self.family if running(pid)}
        assert not left, f"still running: { {pid: started_as(pid) for pid in left} }"

    def starts_again_in_seconds(self) -> None:
        self.said.clear()
        started = time.monotonic()
        self.process = self.launch()
        self.starts()
        print(f"  second start: {time.monotonic() - started:.1f} s", flush=True)
        self.stops()

    def keeps_the_demonstration_out_of_a_lenders_own_database(self) -> None:
        server = postgres(self.var / "lender", test_port=free_port())
        server.start()
        try:
            self.said.clear()
            self.env["DATABASE_URL"] = server.url
            self.process = self.launch()
            self.starts()
            with urllib.request.urlopen(f"{self.address}/login/", timeout=30) as login:
                page = login.read().decode()
            text = page + "".join(self.said)
            assert "没有预设账号" in text and "演示" not in text, "a demonstration is offered to a lender"
            self.stops()
        finally:
            server.stop()
            server.wipe()

    def accounts(self) -> list[dict[str, str]]:
        python = ROOT / ".venv" / "bin" / "python"
        command: list[str | Path] = [python, ROOT / "manage.py", "demo_accounts", "--json"]
        asked = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=True)
        accounts: list[dict[str, str]] = json.loads(asked.stdout)
        return accounts

    def end(self) -> None:
        """Leave the machine as it was, whatever failed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_WITHIN)
        for pid in {one for one in self.family | {self.process.pid} if running(one)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres(home: Path, *, test_port: int | None = None) -> Any:
    """An embedded server, driven as `./run` drives it."""
    sys.path.insert(0, str(ROOT))
    from roads.postgres import Postgres

    return Postgres(home, home.parent / f"{home.name}.log", test_port=test_port)


def started_as(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def running(pid: int) -> bool:
    """Alive, and not a zombie that nobody has waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(entry.parent.name)] = int(entry.read_text().rsplit(")", 1)[1].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def main() -> int:
    var = Path(tempfile.mkdtemp(prefix="postloan-smoke-"))
    smoke = Smoke(var)
    steps: list[Callable[[], None]] = [
        smoke.starts,
        smoke.says_nothing_untoward,
        smoke.lists_the_accounts,
        smoke.signs_in,
        smoke.is_healthy,
        smoke.refuses_a_second_one,
        smoke.stops,
        smoke.starts_again_in_seconds,
        smoke.keeps_the_demonstration_out_of_a_lenders_own_database,
    ]
    passed = 0
    try:
        for step in steps:
            print(f"- {step.__name__}", flush=True)
            try:
                step()
            except (
                AssertionError,
                OSError,
                ValueError,
                KeyError,
                IndexError,
                subprocess.SubprocessError,
            ) as error:
                print(f"  FAILED: {error}", flush=True)
                for log in sorted((var / "log").glob("*.log")):
                    print(f"  --- {log.name}\n{log.read_text(errors='replace')[-3000:]}", flush=True)
                break
            passed += 1
    finally:
        smoke.end()
        postgres(var).wipe()
        shutil.rmtree(var, ignore_errors=True)
    failed = len(steps) - passed
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

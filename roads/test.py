"""`./test`: everything that says whether the project is sound, on a fresh checkout too."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from roads import environment, native, places, say
from roads.places import PYTHON, ROOT
from roads.postgres import Postgres
from roads.say import Stop

CLOSING = re.compile(
    r"(?:=+ )?(?:no tests ran|\d+ (?:passed|failed|skipped|deselected|errors?)).* in [\d.]+s.*"
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NO_TESTS = 5
WORKERS = 2


class Interrupted(BaseException):
    """Ctrl-C or TERM."""


@dataclass
class Result:
    name: str
    good: bool
    seconds: float
    closing: str = ""


@dataclass
class Session:
    """What ran, and how it ended."""

    env: dict[str, str]
    results: list[Result] = field(default_factory=list)

    def check(self, name: str, argv: Sequence[str | Path]) -> None:
        """A checker: its output is shown only where it has something to say."""
        say.line(f"▸ {name} …")
        started = time.monotonic()
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        good = done.returncode == 0
        if not good:
            say.line(done.stdout.rstrip())
        self.results.append(Result(name, good, time.monotonic() - started))

    def pytest(self, name: str, args: Sequence[str]) -> None:
        """A pass of pytest: shown as it goes, its closing line kept for the end."""
        say.line(f"▸ {name} …")
        started = time.monotonic()
        colour = ["--color=yes"] if sys.stdout.isatty() else []
        closing = ""
        with subprocess.Popen(
            [PYTHON, "-m", "pytest", *colour, *args],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        ) as process:
            assert process.stdout is not None
            pending = b""
            try:
                while some := os.read(process.stdout.fileno(), 65536):
                    sys.stdout.buffer.write(some)
                    sys.stdout.buffer.flush()
                    *lines, pending = (pending + some).split(b"\n")
                    for one in lines:
                        text = COLOURS.sub("", one.decode(errors="replace")).strip()
                        if CLOSING.match(text):
                            closing = text
            except BaseException:
                process.terminate()
                raise
            code = process.wait()
        if code == NO_TESTS:
            say.line(f"“{name}”没有收集到任何测试，按失败计。")
        self.results.append(Result(name, code == 0, time.monotonic() - started, closing))

    def close(self) -> int:
        """The summary; pytest's own closing lines come last, where other tools look for them."""
        say.line()
        for result in self.results:
            say.line(f"{'通过' if result.good else '失败'} {result.seconds:7.1f} 秒  {result.name}")
        say.line()
        for result in self.results:
            if result.closing:
                say.line(result.closing)
        return 0 if self.results and all(result.good for result in self.results) else 1


def main() -> int:
    say.set_up()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    options, rest = parse(sys.argv[1:])
    try:
        return run(options, rest)
    except Interrupted:
        say.line("\n已中断。")
        return 130
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr, flush=True)
        return 1


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="./test",
        description="运行全部检查与测试。其余参数（如 -k 表达式、文件名）原样交给 pytest，此时不做代码检查。",
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("-h", "--help", action="help", help="显示本说明")
    parser.add_argument("--long", action="store_true", help="加上标为 long 的测试")
    parser.add_argument("--embedded", action="store_true", help="不用本机的 PostgreSQL 与 Redis，只用自带的")
    if "--" in argv:
        cut = argv.index("--")
        return parser.parse_args(argv[:cut]), argv[cut + 1 :]
    return parser.parse_known_args(argv)


def run(options: argparse.Namespace, rest: list[str]) -> int:
    environment.ensure(environment.TESTING)
    if notice := native.ensure(native.TESTING, why="测试"):
        if os.environ.get("CI"):
            raise Stop(notice)  # a test that skips there is a test that nobody runs
        say.warn(notice)
    with surroundings(embedded=options.embedded) as env:
        session = Session(env)
        if rest:
            marked = [] if options.long or "-m" in rest else ["-m", "not long"]
            session.pytest("测试", [*marked, *rest])
        else:
            check_everything(session)
            test_everything(session, long=options.long)
    # The closing lines come after whatever stopping the servers had to say.
    return session.close()


@contextlib.contextmanager
def surroundings(*, embedded: bool) -> Iterator[dict[str, str]]:
    """The environment in which tests run: a `var/` of its own, a database server, Redis where there is one."""
    with contextlib.ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postloan-test-")))
        (var / "static").mkdir()
        env = os.environ | native.for_children()
        env |= {
            "POSTLOAN_VAR": str(var),  # neither the settings nor the files of a running ./run
            "SECRET_KEY": "for-tests-only-" + "x" * 40,
            "DEBUG": "0",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "postloan.settings",
            # A browser's driver keeps an event loop in the test's thread, where Django would refuse the database.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
        }
        if browser := native.chromium():
            env.setdefault("CHROMIUM", browser)
        for name in ("DATABASE_OWNER_URL", "DEMO", "ALLOWED_HOSTS"):
            env.pop(name, None)
        env["DATABASE_URL"] = stack.enter_context(database(var, embedded=embedded))
        env.pop("REDIS_URL", None)
        if url := stack.enter_context(redis(var, embedded=embedded)):
            env["REDIS_URL"] = url
        yield env


def check_everything(session: Session) -> None:
    binaries = places.VENV / "bin"
    manage: list[str | Path] = [PYTHON, ROOT / "manage.py"]
    templates = sorted(ROOT.joinpath("templates").rglob("*.html"))
    templates += sorted(ROOT.glob("*/templates/**/*.html"))
    checks: list[tuple[str, Sequence[str | Path]]] = [
        ("mypy 类型", [binaries / "mypy", "."]),
        ("ruff 检查", [binaries / "ruff", "check", "."]),
        ("ruff 格式", [binaries / "ruff", "format", "--check", "."]),
        ("djade 模板格式", [binaries / "djade", "--target-version", "5.2", "--check", *templates]),
        ("import-linter 分层", [binaries / "lint-imports"]),
        ("Django 系统检查", [*manage, "check", "--fail-level", "WARNING"]),
        ("迁移齐全", [*manage, "makemigrations", "--check", "--dry-run"]),
        ("迁移安全", [PYTHON, "-m", "roads.lint_migrations"]),
    ]
    with ThreadPoolExecutor(WORKERS) as pool:  # mypy on one core, the others on the other
        for _done in pool.map(lambda one: session.check(*one), checks):
            pass


def test_everything(session: Session, *, long: bool) -> None:
    """Two passes, since a browser's driver leaves its event loop behind; the longest tests begin first."""
    workers = ["-n", str(WORKERS), "--dist", "loadgroup", "--durations", "25"]
    only = "" if long else "not long and "
    session.pytest("规则、数据库与约定", [*workers, "-m", f"{only}not browser"])
    session.pytest("浏览器", [*workers, "-m", f"{only}browser"])


@contextlib.contextmanager
def database(var: Path, *, embedded: bool) -> Iterator[str]:
    """The machine's PostgreSQL where we may make databases on it, else one of our own for this run."""
    name = f"postloan_{places.tag(ROOT)}"
    if not embedded:
        command: list[str | Path] = [PYTHON, "-m", "roads.machine", name]
        found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        if url := found.stdout.strip():
            say.line("▸ 用本机的 PostgreSQL")
            yield url
            return
    server = Postgres(var / "pg", var / "postgres.log", test_port=free_port())
    with say.step("启动测试用的内置 PostgreSQL"):
        server.start()
    try:
        yield server.url
    finally:
        server.stop()
        server.wipe()


@contextlib.contextmanager
def redis(var: Path, *, embedded: bool) -> Iterator[str]:
    """The machine's Redis, else one of our own if the program is there, else none: such tests then skip."""
    if not embedded and (url := os.environ.get("REDIS_URL")):
        yield url
    elif not embedded and answers(6379):
        yield "redis://127.0.0.1:6379/15"  # the last database, which nobody takes by default
    elif program := shutil.which("redis-server"):
        with own_redis(program, var) as url:
            yield url
    else:
        say.warn("没有 Redis，需要它的测试会跳过。")
        yield ""


@contextlib.contextmanager
def own_redis(program: str, var: Path) -> Iterator[str]:
    port = free_port()
    argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(var)]
    server = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        for _ in range(100):
            if answers(port):
                break
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())

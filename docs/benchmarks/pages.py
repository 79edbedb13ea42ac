"""How long pages take while fifty people click: the product's own server, one process, plain threads.

Each person asks for a page every ten seconds; every other page is the trivial signed-in one (change of password), so
that both are measured under the same load. Usage, on a database with a book (docs/performance.md says which):
    python docs/benchmarks/pages.py [--users 50] [--minutes 2] [--pause 10] [--pages home,dashboard]
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import django

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.choices import Role  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.sessions import SessionStore  # noqa: E402
from credit.models import Borrower  # noqa: E402

TRIVIAL = "/password/"
AT_ONCE = ("load", "revealed", "intersect")  # triggers that fire without anybody doing anything
COMPUTED = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.RISK_MANAGER, Role.PRESIDENT, Role.AUDITOR)
TIMES = 9
# Of fifty people: mostly customer managers, as in a branch.
MIX = (
    (Role.CUSTOMER_MANAGER, 36), (Role.CUSTOMER_HEAD, 6), (Role.RISK_MANAGER, 4), (Role.RISK_HEAD, 2),
    (Role.PRESIDENT, 1), (Role.AUDITOR, 1),
)  # fmt: skip


def people(count: int) -> list[User]:
    """So many people in the proportions of MIX; what a book lacks is made up for by customer managers."""
    chosen: list[User] = []
    for role, share in MIX:
        who = User.objects.filter(posts__role=role, is_active=True).order_by("?").distinct()
        chosen += list({user.pk: user for user in who[: max(1, share * count // 50)]}.values())
    if not chosen:
        sys.exit("这本账里没有人员。")
    return list(itertools.islice(itertools.cycle(chosen), count))


def session_of(user: User) -> str:
    """A session such as signing in would make."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def pages_of(user: User) -> dict[str, str]:
    """The pages of a person by name; the customer is one of their first, as a list shows them."""
    found = list(Borrower.objects.visible_to(user).order_by("number").values_list("number", flat=True)[:5])
    pages = {"home": "/", "dashboard": "/dashboard/", "borrowers": "/borrowers/"}
    return pages | ({"borrower": f"/borrowers/{random.choice(found)}/"} if found else {})


def clicks(user: User, wanted: list[str]) -> list[tuple[str, str]]:
    """The wanted pages of a person, by name, each followed by the trivial one."""
    pages = [page for page in pages_of(user).items() if page[0] in wanted]
    random.shuffle(pages)
    return [click for page in pages for click in (page, ("trivial", TRIVIAL))]


class Parts(HTMLParser):
    """What a page fetches by itself, in the order in which it asks for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the address of an element that does not wait for anybody."""
        given = dict(attrs)
        triggers = [one.split()[0] for one in (given.get("hx-trigger") or "").split(",") if one.split()]
        if given.get("hx-get") and any(one in AT_ONCE for one in triggers):
            self.found.append(given["hx-get"] or "")


class Person(threading.Thread):
    """One who clicks until the end."""

    def __init__(self, user: User, port: int, pause: float, until: float, wanted: list[str]) -> None:
        super().__init__(daemon=True)
        self.clicks, self.cookie = itertools.cycle(clicks(user, wanted)), session_of(user)
        self.port, self.pause, self.until = port, pause, until
        self.spent: list[tuple[str, float, int]] = []

    def run(self) -> None:
        time.sleep(random.uniform(0, self.pause))
        while time.monotonic() < self.until:
            name, path = next(self.clicks)
            started = time.perf_counter()
            status = self.drawn(path)
            self.spent.append((name, time.perf_counter() - started, status))
            time.sleep(self.pause)

    def drawn(self, path: str) -> int:
        """Ask for a page and for all that it fetches by itself; the worst status of them."""
        status, text = self.ask(path)
        for part in Parts(text).found if status == 200 else ():
            status = max(status, self.ask(urljoin(path, part), **{"HX-Request": "true"})[0])
        return status

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        """One request: its status and what came."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.cookie}"}
        link.request("GET", path, headers=cookie | headers)
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        return answer.status, text


class Cost(NamedTuple):
    """What a page takes: questions asked, milliseconds computed by the server's thread and by the database."""

    queries: int
    server: float
    database: float

    @property
    def whole(self) -> float:
        """Milliseconds computed in all."""
        return self.server + self.database


def backend_seconds() -> float:
    """Seconds that the database's process for this connection has computed; on Linux, on one machine with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def once(client: Client, path: str) -> tuple[float, float]:
    """Milliseconds that the server's thread and the database compute for a page and what it fetches by itself."""
    database, server = backend_seconds(), time.thread_time()
    answer = client.get(path)
    text = answer.content.decode()
    server = time.thread_time() - server
    for part in Parts(text).found:
        began = time.thread_time()
        client.get(urljoin(path, part), headers={"HX-Request": "true"})
        server += time.thread_time() - began
    return server * 1000, (backend_seconds() - database) * 1000


def cost(client: Client, path: str) -> Cost:
    """Medians of some times; the questions of one of them are counted apart, since that takes time itself."""
    with CaptureQueriesContext(connection) as asked:
        once(client, path)
    queries = len(asked) - 2  # two of them are ours
    runs = [once(client, path) for _ in range(TIMES)]
    server, database = (statistics.median(run[i] for run in runs) for i in (0, 1))
    return Cost(queries, server, database)


def computed(wanted: list[str]) -> None:
    """A table of what each page computes for each post, and how many times as much as the trivial page."""
    kept = connection.close  # the request ends, its connection stays: its process is the one that is watched
    connection.close = lambda: None  # type: ignore[method-assign]
    people = [
        (role, User.objects.filter(posts__role=role, is_active=True).order_by("pk").last())
        for role in COMPUTED
    ]
    print("queries; ms computed by the server + by the database = together (÷ the trivial page)")
    print(f"| page | {' | '.join(str(role.label) for role, _who in people)} |\n|---|{'---|' * len(people)}")
    rows: dict[str, list[str]] = defaultdict(list)
    for _role, who in people:
        if who is None:
            continue
        client = Client(headers={"host": "localhost"})
        client.cookies[settings.SESSION_COOKIE_NAME] = session_of(who)
        trivial = cost(client, TRIVIAL)
        pages = {"trivial": TRIVIAL} | {name: path for name, path in pages_of(who).items() if name in wanted}
        for name, path in pages.items():
            one = trivial if name == "trivial" else cost(client, path)
            sums = f"{one.server:.0f} + {one.database:.0f} = {one.whole:.0f}"
            rows[name].append(f"{one.queries}; {sums} ({one.whole / trivial.whole:.1f})")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")
    connection.close = kept  # type: ignore[method-assign]


def serve(port: int) -> subprocess.Popen[bytes]:
    """The server as `./run` starts it."""
    command = [sys.executable, "-m", "postloan.server", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DEBUG": "0", "LOG_LEVEL": "ERROR"})
    for _ in range(120):
        time.sleep(0.5)
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return process
    sys.exit("网页服务没有启动。")


def main() -> None:
    """Warm up, let them click, print p50 and p95 of each page beside the trivial one's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--pause", type=float, default=10)
    parser.add_argument("--pages", default="home,dashboard,borrowers,borrower")
    parser.add_argument("--computed", action="store_true", help="what each page computes, without a crowd")
    options = parser.parse_args()
    wanted = options.pages.split(",")
    if options.computed:
        computed(wanted)
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = serve(port)
    try:
        users = people(options.users)
        warm = [Person(user, port, 0.01, time.monotonic() + 10, wanted) for user in users[::3]]
        for one in warm:
            one.start()
        for one in warm:
            one.join()
        until = time.monotonic() + options.minutes * 60
        crowd = [Person(user, port, options.pause, until, wanted) for user in users]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
    finally:
        server.terminate()
        server.wait()
    spent: dict[str, list[float]] = defaultdict(list)
    for one in crowd:
        for name, seconds, status in one.spent:
            spent[name if status == 200 else f"{name} ({status})"].append(seconds * 1000)
    report(spent)


def report(spent: dict[str, list[float]]) -> None:
    """A table: clicks, p50, p95, and p95 over the trivial page's."""

    def p95(times: list[float]) -> float:
        return statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]

    trivial = p95(spent["trivial"])
    print(f"load of the machine {os.getloadavg()[0]:.1f}")
    print("| page | clicks | p50 ms | p95 ms | ÷ trivial |\n|---|---|---|---|---|")
    for name, times in sorted(spent.items(), key=lambda one: p95(one[1])):
        middle, high = statistics.median(times), p95(times)
        print(f"| {name} | {len(times)} | {middle:.0f} | {high:.0f} | {high / trivial:.1f} |")


if __name__ == "__main__":
    main()

"""How long the search box takes on a book, for people who see all of it, a branch, a department or their own customers.

Usage, on a database with a book (docs/performance.md says which):
    python docs/benchmarks/search.py [TEXT …]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.choices import Role  # noqa: E402
from accounts.models import User  # noqa: E402
from credit.models import Borrower, Loan  # noqa: E402
from postloan.search import LIMIT, find  # noqa: E402

ROLES = (Role.AUDITOR, Role.PRESIDENT, Role.CUSTOMER_HEAD, Role.CUSTOMER_MANAGER)
TIMES = 5


def texts_of_the_book() -> list[str]:
    """Names, fragments, initials, numbers and certificates, rare and met everywhere, from the middle of the book."""
    one = Borrower.objects.filter(kind="CORPORATE").order_by("pk")[Borrower.objects.count() // 3]
    note = Loan.objects.order_by("pk")[Loan.objects.count() // 2].number
    middle = len(one.name) // 3
    return [
        one.name, one.name[middle : middle + 2], one.name[middle : middle + 3], one.name[:2], "公司", "有限公司",
        one.initials[2:6], one.initials[2:5], "gs", "yxgs", one.name[0],
        one.number, one.number[:3], one.id_number, one.id_number[-6:], note, note[:2], "查无此人",
    ]  # fmt: skip


def backend_seconds() -> float:
    """Seconds that the database's process for this connection has computed; on Linux, on one machine with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def timed(person: User, text: str) -> tuple[float, float, int]:
    """One search, the scope of the person included: milliseconds by the clock, milliseconds computed, rows found."""
    user = User.objects.get(pk=person.pk)
    before, computed, started = backend_seconds(), time.thread_time(), time.perf_counter()
    found = find(user, text, LIMIT)
    passed, computed = time.perf_counter() - started, time.thread_time() - computed
    computed += backend_seconds() - before
    return passed * 1000, computed * 1000, len(found.borrowers) + len(found.loans) + len(found.contracts)


def main(texts: list[str]) -> None:
    """Print a row for each text and a column for each post: medians by the clock and of what was computed."""
    people = [User.objects.filter(posts__role=role, is_active=True).order_by("pk").last() for role in ROLES]
    print("| text | " + " | ".join(str(role.label) for role in ROLES) + " |")
    slowest = longest = 0.0
    for text in texts or texts_of_the_book():
        cells = []
        for person in filter(None, people):
            runs = [timed(person, text) for _ in range(TIMES)]
            clock, computed = (statistics.median(run[i] for run in runs) for i in (0, 1))
            slowest, longest = max(slowest, clock), max(longest, computed)
            cells.append(f"{clock:.0f} ({computed:.0f}), {runs[0][2]}")
        print(f"| {text} | " + " | ".join(cells) + " |", flush=True)
    print(f"{Borrower.objects.count():,} borrowers; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"the slowest: {slowest:.0f} ms by the clock, {longest:.0f} ms computed")


if __name__ == "__main__":
    main(sys.argv[1:])

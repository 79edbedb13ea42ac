"""What a day costs on which nothing happens, and how much of that is the database: both in one run.

Usage, on a database with a book and open days (the Berka book: docs/performance.md says how to load it):
    python docs/benchmarks/empty_day.py [DAYS]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")
django.setup()

from django.db import connection  # noqa: E402

from postloan import close_of_day  # noqa: E402
from workflow.services import days  # noqa: E402


def main(count: int) -> None:
    """Close so many days one by one and print the medians."""
    whole: list[float] = []
    inside: list[float] = []
    asked: list[float] = []
    for _ in range(count):
        on = days.next_open_day()
        if on is None:
            sys.exit("还没有装载业务数据。")
        spent = [0.0, 0]

        def timed(
            execute: Any, sql: Any, params: Any, many: Any, context: Any, spent: list[float] = spent
        ) -> Any:
            started = time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                spent[0] += time.perf_counter() - started
                spent[1] += 1

        started = time.perf_counter()
        with connection.execute_wrapper(timed):
            [closed] = close_of_day.catch_up(until=on)
        if not closed.counts["raised"]:
            whole.append(time.perf_counter() - started)
            inside.append(spent[0])
            asked.append(spent[1])
    print(f"{len(whole)} empty days to {days.last_closed_day()}; medians a day:")
    all_ms, database_ms = (statistics.median(seconds) * 1000 for seconds in (whole, inside))
    print(f"whole {all_ms:.0f} ms, of it in the database {database_ms:.0f} ms")
    print(f"statements {statistics.median(asked):.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)

"""Times the day's look for signals on tables of different sizes: it may grow with the day, not with the table.

A synthetic book (tests.bench.book), a history of movements spread evenly over its days, and one day of so many. The
small table holds the last tenth of the days, the large one all of them: what a look may read is the same in both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from statistics import median
from time import monotonic
from typing import Any

from django.db import connection

from core.policy import policy_on
from monitoring.signals.rules.facts import limits_of
from monitoring.signals.scanning import scan
from tests.bench import book

ON = date(2026, 11, 24)
SPAN = 600  # days of history in the large table; a tenth of them covers the days that a look goes back
LOOKS = 3
SETUP = """
SET session_replication_role = replica;
SET synchronous_commit = off;
CREATE TEMP TABLE IF NOT EXISTS numbered AS
SELECT row_number() OVER (ORDER BY id) AS n, id, number FROM credit_account WHERE kind <> 'MARGIN';
CREATE UNIQUE INDEX IF NOT EXISTS numbered_by_n ON numbered (n);
ANALYZE numbered;
"""
# Nine in ten below 50,000; two in a hundred up to three million; one in a hundred comes in without a sale.
MOVEMENTS = """
INSERT INTO credit_transaction (number, account_id, effective_on, known_on, direction, amount, counterparty_name,
                                counterparty_account, counterparty_bank, summary, channel)
SELECT %(prefix)s || i, a.id, day, day, CASE WHEN h %% 2 = 0 THEN 'CREDIT' ELSE 'DEBIT' END,
       CASE WHEN h %% 100 < 90 THEN 1 + h %% 50000 WHEN h %% 100 < 98 THEN 100000 + h %% 400000
            ELSE 500000 + h %% 2500000 END,
       CASE WHEN h %% 10007 = 0 THEN '洪都证券股份有限公司' ELSE '贸易公司' || h %% 9973 END,
       '6230' || h %% 9973, '', CASE WHEN h %% 7 = 0 THEN '往来款' ELSE '货款' END, ''
FROM (SELECT i, hashint8(i + %(salt)s) & 2147483647 AS h, hashint8(i * 31 + %(salt)s) & 2147483647 AS g,
             %(first)s::date + (i * %(days)s / (%(rows)s + 1))::int AS day
      FROM generate_series(1::bigint, %(rows)s) i) x
JOIN numbered a ON a.n = 1 + g %% (SELECT count(*) FROM numbered)
ORDER BY i;
"""


class Signals:
    """The look at one day with a small and with a large table behind it, in the current database."""

    def __init__(self, rows: int, *, loans: int, day: int, say: Callable[[str], object] = print) -> None:
        self.rows, self.loans, self.day, self.say = rows, loans, day, say
        self.seconds: dict[str, float] = {}
        self.counts: dict[str, dict[str, int]] = {}

    @property
    def ratio(self) -> float:
        """The large table's seconds to the small one's."""
        return self.seconds["large"] / self.seconds["small"]

    def run(self) -> None:
        """Build and look, first with the last tenth of the history, then with all of it."""
        begun = monotonic()
        book.build(self.loans, on=ON)
        recent = SPAN // 10
        assert recent >= limits_of(policy_on(ON)).window, (
            "a small table that lacks what is read would flatter"
        )
        self._add("R", ON.toordinal() - recent, recent, self.rows // 10)
        self._add("D", ON.toordinal(), 1, self.day)
        self.say(
            f"账簿 {self.loans:,} 笔，近 {recent} 天流水 {self.rows // 10:,} 行，用时 {monotonic() - begun:.0f} 秒"
        )
        self._look("small")
        begun = monotonic()
        self._add("H", ON.toordinal() - SPAN, SPAN - recent, self.rows - self.rows // 10)
        self.say(f"补足 {SPAN} 天流水 {self.rows:,} 行，用时 {monotonic() - begun:.0f} 秒")
        self._look("large")

    def _add(self, prefix: str, first: int, days: int, rows: int) -> None:
        """So many rows evenly over so many days from the first on."""
        with connection.cursor() as cursor:
            cursor.execute(SETUP)
            cursor.execute(
                MOVEMENTS,
                {
                    "prefix": prefix, "first": date.fromordinal(first), "days": days, "rows": rows,
                    "salt": ord(prefix) * 1000,
                },
            )  # fmt: skip
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("VACUUM ANALYZE credit_transaction")

    def _look(self, name: str) -> None:
        """The median of three looks, each with nothing raised yet."""
        seconds = []
        for _round in range(LOOKS):
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE monitoring_signal CASCADE")
            begun = monotonic()
            counts: Any = scan(ON, policy_on(ON))
            seconds.append(monotonic() - begun)
        self.seconds[name], self.counts[name] = median(seconds), dict(counts)
        self.say(f"当日 {self.day:,} 笔：{self.seconds[name]:.1f} 秒 {self.counts[name]}")

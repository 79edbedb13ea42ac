"""Times the import of a file of movements beside a bare COPY of the same file into the same table.

The bare COPY checks and refers to nothing: it takes the account's number for its id and knows no foreign key. Both fill
an empty table with the same columns, indexes and conditions, and take turns in one process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import monotonic

from django.db import connection, transaction

from accounts.choices import UnitKind
from accounts.models import Unit
from core.actor import acting_as, job
from core.models.imports import ImportStatus
from credit.imports.run import import_files, profile

ON = date(2026, 11, 23)
MOVEMENTS_OF_AN_ACCOUNT = 20
DAYS = 30

ACCOUNTS = """
INSERT INTO credit_borrower (number, name, initials, kind, id_number, industry, address, area, legal_representative,
                             phone, main_business, rating)
SELECT 'B' || lpad(i::text, 8, '0'), '有限公司' || i, 'yxgs' || i, 'CORPORATE', '', '', '', '', '', '', '', ''
FROM generate_series(1, %(accounts)s / 2 + 1) i;
INSERT INTO credit_account (number, borrower_id, unit_id, kind, opened_on, overdraft)
SELECT '62' || lpad(i::text, 14, '0'), (SELECT min(id) FROM credit_borrower) + i / 2, %(unit)s, 'SETTLEMENT',
       DATE '2020-01-01', true
FROM generate_series(1, %(accounts)s) i;
ANALYZE credit_borrower, credit_account;
"""
# Day by day over every account, each balance the one before with its own movement; the same rows every time.
FILE = """
COPY (
    WITH made AS (
        SELECT i, 1 + (hashint8(i) & 2147483647) %% {accounts} AS account, (hashint8(i + 7919) & 2147483647) %% 10000000
               AS cents, hashint8(i + 104729) %% 2 = 0 AS is_credit
        FROM generate_series(1::bigint, {rows}) i
    )
    SELECT 'T' || lpad(i::text, 12, '0') AS "流水号", '62' || lpad(account::text, 14, '0') AS "账号",
           DATE '{on}' - {days} + 1 + (i * {days} / ({rows} + 1))::int AS "交易日",
           CASE WHEN is_credit THEN '贷' ELSE '借' END AS "方向", (cents / 100.0)::numeric(18, 2) AS "金额",
           (50000000 + sum(CASE WHEN is_credit THEN cents ELSE -cents END) OVER (PARTITION BY account ORDER BY i)
            / 100.0)::numeric(18, 2) AS "交易后余额",
           '江州某某贸易有限公司' || account %% 997 AS "对方户名", '6222' || lpad(cents::text, 12, '0') AS "对方账号",
           '江州农商行' AS "对方行", '货款' AS "摘要", '' AS "渠道"
    FROM made ORDER BY i
) TO STDOUT (FORMAT csv, HEADER)
"""
COLUMNS = (
    "number, account_id, effective_on, direction, amount, balance_after, counterparty_name, counterparty_account, "
    "counterparty_bank, summary, channel"
)


class Movements:
    """A file of movements, its import and its bare COPY, in the current database."""

    def __init__(self, rows: int, say: Callable[[str], object] = print) -> None:
        self.rows, self.say = rows, say
        self.imported: list[float] = []
        self.copied: list[float] = []

    def rounds(self, count: int) -> None:
        """So many turns of each; the movements of the last import stay."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "transactions.csv"
            self._write(path)
            self.say(f"文件 {self.rows:,} 行，{path.stat().st_size / 1024**2:,.0f} MB")
            for number in range(count):
                self.copied.append(self._copy(path))
                self.imported.append(self._import(path))
                self.say(
                    f"第 {number + 1} 轮：导入 {self.imported[-1]:.1f} 秒，COPY {self.copied[-1]:.1f} 秒"
                )

    @property
    def ratio(self) -> float:
        """The median of the rounds' own ratios: the two were run side by side."""
        return median(a / b for a, b in zip(self.imported, self.copied, strict=True))

    def _write(self, path: Path) -> None:
        accounts = max(self.rows // MOVEMENTS_OF_AN_ACCOUNT, 1)
        unit = Unit.objects.create(code="BENCH", name="支行", kind=UnitKind.BRANCH, path="/BENCH/")
        with connection.cursor() as cursor, path.open("wb") as file:
            cursor.execute(ACCOUNTS, {"accounts": accounts, "unit": unit.pk})
            sql = FILE.replace("%%", "%").format(accounts=accounts, rows=self.rows, on=ON, days=DAYS)
            cursor.copy_expert(sql, file)

    def _import(self, path: Path) -> float:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE credit_transaction, core_importfile, core_importbatch CASCADE")
        begun = monotonic()
        with acting_as(job("extracts")):
            batch = import_files({path.name: path}, layout=profile("native"), as_of=ON)
        took = monotonic() - begun
        assert batch.status == ImportStatus.APPLIED, [file.errors[:3] for file in batch.files.all()]
        return took

    def _copy(self, path: Path) -> float:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "DROP TABLE IF EXISTS bare_copy; CREATE TABLE bare_copy (LIKE credit_transaction INCLUDING ALL); "
                "ALTER TABLE bare_copy ALTER account_id TYPE varchar(40), ALTER known_on SET DEFAULT current_date"
            )
        begun = monotonic()
        with transaction.atomic(), connection.cursor() as cursor, path.open("rb") as file:
            cursor.copy_expert(
                f"COPY bare_copy ({COLUMNS}) FROM STDIN (FORMAT csv, HEADER, FORCE_NOT_NULL (channel))", file
            )
        took = monotonic() - begun
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bare_copy")
        return took

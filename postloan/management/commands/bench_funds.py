"""`manage.py bench_funds [--rows N] [--loans N] [--day N] [--rounds N] [--only import|signals] [--keep]`."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection


class Command(BaseCommand):
    """Times the import of movements beside a bare COPY, and the look for signals on a small and a large table."""

    help = "在临时数据库里测流水导入（与裸 COPY 并排）和当日资金信号识别的速度（不动现有业务数据）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=10_000_000, help="流水行数，默认 10000000")
        parser.add_argument("--loans", type=int, default=1_000_000, help="识别信号时的借据笔数，默认 1000000")
        parser.add_argument("--day", type=int, default=55_000, help="当日流水笔数，默认 55000")
        parser.add_argument("--rounds", type=int, default=3, help="导入与 COPY 交替的轮数，默认 3")
        parser.add_argument("--only", choices=["import", "signals"], help="只测其中一半")
        parser.add_argument("--keep", action="store_true", help="测完保留临时数据库")

    def handle(self, *args: Any, **options: Any) -> None:
        try:  # the tests, and the benchmark with them, are not shipped to a lender
            bench, movements, funds = (
                import_module(f"tests.bench.{name}") for name in ("bench", "movements", "funds_book")
            )
        except ImportError as error:
            raise CommandError(f"找不到 tests/bench（只随源代码提供）：{error}") from error
        name = f"{connection.settings_dict['NAME']}_bench_funds"
        if options["only"] != "signals":
            with bench.scratch_database(name, keep=False):
                run = movements.Movements(options["rows"], say=self._say)
                run.rounds(options["rounds"])
            self.stdout.write(f"导入 ÷ 裸 COPY = {run.ratio:.2f}（目标 ≤ 3）")
        if options["only"] != "import":
            with bench.scratch_database(name, keep=options["keep"]):
                look = funds.Signals(
                    options["rows"], loans=options["loans"], day=options["day"], say=self._say
                )
                look.run()
            self.stdout.write(
                f"全表 {options['rows']:,} 行 ÷ 其十分之一 = {look.ratio:.2f}（目标 ≤ 1.2；识别只读当日及有限历史）"
            )
            if options["keep"]:
                self.stdout.write(f"临时数据库已保留：{name}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

"""`manage.py bench_day [--loans N] [--rounds N] [--days N] [--keep]`: how long a day takes beside set SQL by hand."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection


class Command(BaseCommand):
    """Builds a synthetic book in a scratch database and prints medians and ratios (docs/performance.md)."""

    help = "在临时数据库里造一本账，与手写的集合 SQL 并排测日终的速度（不动现有业务数据）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loans", type=int, default=1_000_000, help="借据笔数，默认 1000000")
        parser.add_argument("--rounds", type=int, default=5, help="交替的轮数，默认 5")
        parser.add_argument("--days", type=int, default=3, help="另测补做这么多天，默认 3；0 为不测")
        parser.add_argument("--keep", action="store_true", help="测完保留临时数据库")

    def handle(self, *args: Any, **options: Any) -> None:
        try:  # the tests, and the benchmark with them, are not shipped to a lender
            bench = import_module("tests.bench.bench")
        except ImportError as error:
            raise CommandError(f"找不到 tests/bench（只随源代码提供）：{error}") from error
        name = f"{connection.settings_dict['NAME']}_bench"
        with bench.scratch_database(name, keep=options["keep"]):
            run = bench.Bench(say=self._say)
            run.build(options["loans"])
            try:
                times = run.rounds(options["rounds"])
            except bench.Different as error:
                raise CommandError(f"两种写法留下的职责不同：{error}") from error
            if options["days"]:
                run.missed(options["days"])
            self._report(times)
        if options["keep"]:
            self.stdout.write(f"临时数据库已保留：{name}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _report(self, times: Any) -> None:
        self.stdout.write(f"职责 {times.duties:,} 条")
        for name in times.seconds:
            self.stdout.write(f"{name:>8}：中位数 {times.median(name):.1f} 秒")
        self.stdout.write(
            f"规则 ÷ 手写 = {times.ratio('rules', 'by hand'):.2f}（目标 ≤ 1.5；不计抽样与资金核对，手写版未写）"
        )
        self.stdout.write(f"整日 ÷ 手写 = {times.ratio('day', 'by hand'):.2f}")
        self.stdout.write(
            f"重跑 ÷ 首跑 = {times.ratio('rerun', 'day'):.3f}（目标 ≤ 0.3；已完成的步骤不重做）"
        )
        self.stdout.write(f"每一步都重做 ÷ 首跑 = {times.ratio('anew', 'day'):.2f}（没有新的职责）")
        if "missed" in times.seconds:
            ratio = times.seconds["missed"][0] / sum(times.seconds["single"])
            self.stdout.write(f"补做 {len(times.seconds['single'])} 天 ÷ 逐日 = {ratio:.2f}（目标 ≤ 1.1）")
        for step, (seconds, counts) in sorted(times.steps.items(), key=lambda one: -one[1][0]):
            self.stdout.write(f"  {seconds:8.2f} 秒  {step}  {counts}")

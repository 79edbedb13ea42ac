"""Writes the extracts of the demonstration branch."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from core import clock
from postloan.demo import layout
from postloan.demo.builder import DEFAULT_SEED, build


class Command(BaseCommand):
    """`build_demo DIR [--as-of DATE] [--seed N]`: the same date and seed give the same bytes."""

    help = "生成演示支行的数据文件（按日期分文件夹）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="写入的目录")
        parser.add_argument("--as-of", type=date.fromisoformat, help="数据截至的日期，默认昨天")
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="随机种子")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = options["as_of"] or clock.today() - timedelta(days=1)
        extracts = build(as_of, options["seed"])
        for folder in layout.write(extracts, options["directory"]):
            files = extracts[date.fromisoformat(folder.name)]
            self.stdout.write(
                f"{folder}：{len(files)} 个文件，{sum(len(rows) for rows in files.values())} 行"
            )

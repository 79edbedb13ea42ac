"""manage.py load_reference: the announced calendar and the initial policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import reference
from core.errors import Refused


class Command(BaseCommand):
    """Load the calendar and the policy; run again it writes nothing and says what differs."""

    help = "载入放假安排与管理方案；重复运行不改变任何内容，只报告差异。"
    requires_system_checks = ()  # touches no page

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--directory", type=Path, help="方案文件目录，默认 fixtures/policy")
        parser.add_argument(
            "--set",
            dest="overrides",
            action="append",
            default=[],
            metavar="参数=值",
            help="首次载入时设定基础方案的参数，例如 --set lender.go_live_on=2026-01-05",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = reference.load(options["directory"], _parse(options["overrides"]))
        except (Refused, yaml.YAMLError) as error:
            raise CommandError(str(error)) from error
        for sentence in loaded.differences:
            self.stderr.write(self.style.WARNING(sentence))
        if not options["verbosity"]:
            return
        if loaded.years:
            self.stdout.write(f"放假安排：{loaded.years[0]}–{loaded.years[-1]} 年")
        if loaded.schemes:
            self.stdout.write(f"管理方案：{'、'.join(loaded.schemes)}")
        if not (loaded.years or loaded.schemes or loaded.differences):
            self.stdout.write("参考数据没有变化。")


def _parse(settings: list[str]) -> dict[str, Any]:
    overrides = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise CommandError(f"“{setting}”须写成 参数=值。")
        overrides[name] = yaml.safe_load(value)
    return overrides

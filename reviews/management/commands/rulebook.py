"""manage.py rulebook: every obligation with its state, what keeps it, its parameters and its duties."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import get_resolver

from core import clock
from core.days import option
from core.obligations import catalogue
from core.periods import quarter_of
from core.policy import policy_on
from core.rulebook import as_json, marks_file, marks_in, shipped_marks
from reviews.rulebook.selectors import by_state, duties_of, rulebook
from workflow.models import DailyMeasure
from workflow.services.days import last_closed_day


class Command(BaseCommand):
    """Print the rulebook; `--write` reads the marks of the tests anew, `--check` says whether they are current."""

    help = "制度对照：逐条列出职责的落实情况、参数与职责数"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The period is the quarter of the last closed day unless it is named."""
        parser.add_argument("--json", action="store_true", help="供程序读取")
        parser.add_argument("--from", dest="first", type=option, help="职责统计起始日，默认本季第一天")
        parser.add_argument("--to", dest="until", type=option, help="截止日，默认最后日终日")
        marks = parser.add_mutually_exclusive_group()
        marks.add_argument("--write", action="store_true", help="由测试源码重写 fixtures/marked_tests.json")
        marks.add_argument("--check", action="store_true", help="只核对该文件是否最新")

    def handle(self, *args: Any, **options: Any) -> None:
        """One of the three."""
        _ = get_resolver().url_patterns  # whatever a page can reach has claimed what it keeps
        if options["write"] or options["check"]:
            self._marks(write=options["write"])
            return
        closed = last_closed_day() or clock.today()
        until = min(options["until"] or closed, closed)
        first = options["first"] or quarter_of(until).first
        rows = rulebook(policy_on(clock.today()), duties_of(DailyMeasure.objects.all(), first, until))
        counts = by_state(rows)
        if options["json"]:
            content = {
                "first": first,
                "until": until,
                "counts": {str(state): n for state, n in counts.items()},
                "rows": [row.as_data() for row in rows],
            }
            self.stdout.write(json.dumps(content, ensure_ascii=False, indent=1, default=str))
            return
        for row in rows:
            self.stdout.write(
                f"{row.state.label}  {row.id}  {row.obligation.cite}  {row.obligation.duty}  {row.share}".rstrip()
            )
            for clause in row.clauses:
                self.stdout.write(f"    {clause.state.label}  {clause.letter}  {clause.words}")
        told = "，".join(f"{state.label} {n}" for state, n in counts.items())
        self.stdout.write(f"共 {len(rows)} 条：{told}")

    def _marks(self, *, write: bool) -> None:
        tests = Path(settings.BASE_DIR) / "tests"
        if not tests.is_dir():
            raise CommandError("这里没有测试源码（tests/），随软件附带的名录保持不变。")
        try:
            text, path = as_json(marks_in(tests, catalogue())), marks_file()
        except ValueError as error:
            raise CommandError(str(error)) from error
        if write:
            path.write_text(text, encoding="utf-8")
            shipped_marks.cache_clear()
            self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise CommandError(f"{path.name} 不是最新的，请运行 manage.py rulebook --write。")

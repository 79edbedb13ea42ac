"""`manage.py close_of_day [--on DATE]`: close the days that are open, by hand, with progress."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock, sealing
from core.days import option
from postloan import close_of_day
from workflow.services import days


class Command(BaseCommand):
    """Closes every missed day up to yesterday, or up to a given day."""

    help = "日终：按顺序补做所有未完成的日子（至昨天，或至 --on 指定的日子）。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=option, help="至这一天（含），默认昨天")
        parser.add_argument("--retry", type=option, help="重做这一天被隔离的行")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["retry"]:
            self._retry(options["retry"])
            return
        until = options["on"] or clock.today() - timedelta(days=1)
        if until >= clock.today():
            raise CommandError(
                f"{until} 还没有过完，不能日终。最晚可做到 {clock.today() - timedelta(days=1)}。"
            )
        first = days.next_open_day()
        if first is None:
            raise CommandError(
                "还没有装载业务数据，没有可做日终的日子。请先导入数据：manage.py import_extracts 目录。"
            )
        if first > until:
            last = days.last_closed_day()
            told = (
                f"日终已完成至 {last}，无须再做。"
                if last
                else f"第一个要做日终的日子是 {first}，还没有过完。"
            )
            self.stdout.write(told)
            return
        done = 0
        for closed in close_of_day.catch_up(until=until):
            done += 1
            if closed.counts["raised"] or closed.counts["quarantined"] or done % 10 == 0:
                self._say(closed)
        if done:
            sealing.anchor()
            self.stdout.write(f"共补做 {done} 天，日终已完成至 {days.last_closed_day()}。")
        if days.open_days(until + timedelta(days=1)):
            on = days.next_open_day()
            if on and not days.facts_arrived(on):
                raise CommandError(f"{on} 的数据尚未导入，需要数据的步骤在等待。请先导入当日数据。")
            raise CommandError("另一个进程正在做日终，请稍候再试。")

    def _say(self, closed: close_of_day.Closed) -> None:
        counts = closed.counts
        self.stdout.write(
            f"{closed.on} 已日终：新增职责 {counts['raised']}，作废 {counts['void']}，升级 {counts['escalated']}，"
            f"隔离 {counts['quarantined']}；还剩 {closed.remaining} 天"
        )

    def _retry(self, on: date) -> None:
        if not days.is_closed(on):
            raise CommandError(f"{on} 还没有日终，隔离的行会在日终时一并重做。")
        left = close_of_day.retry(on)
        self.stdout.write(
            f"{on} 隔离的行已重做，仍有 {left} 行未能处理。" if left else f"{on} 隔离的行已全部处理。"
        )

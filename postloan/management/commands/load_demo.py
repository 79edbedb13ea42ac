"""Loads the demonstration branch into an empty system."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.actor import acting_as, job
from core.errors import Refused
from core.models import ImportBatch
from core.models.imports import ImportStatus
from postloan.demo import loading

FOLDER = "demo"  # under var/


class Command(BaseCommand):
    """`load_demo [--as-of DATE] [--force]`: does nothing where a book is loaded; goes on where it was cut short."""

    help = "装载演示支行（已有业务数据时不做任何事）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=date.fromisoformat, help="数据截至的日期，默认昨天")
        parser.add_argument("--force", action="store_true", help="已有业务数据也装载")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.VAR_DIR / FOLDER
        if not options["force"]:
            if loading.is_loaded():
                self.stdout.write("演示支行已装载，未作改动。")
                return
            if loading.has_foreign_book():
                self.stdout.write("系统中已有业务数据，不装载演示支行（确需装载请加 --force）。")
                return
        as_of = options["as_of"] or loading.begun(folder) or clock.today() - timedelta(days=1)
        self.stdout.write(f"生成演示支行的数据文件，截至 {as_of}：{folder}")
        try:
            with acting_as(job("load_demo")):
                for batch in loading.load(as_of=as_of, folder=folder):
                    self._tell(batch)
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write("演示支行装载完成。")

    def _tell(self, batch: ImportBatch) -> None:
        files = list(batch.files.all())
        self.stdout.write(
            f"  {batch.as_of} {batch.get_status_display()}：{len(files)} 个文件，"
            f"新增 {sum(file.inserted for file in files)} 行，变更 {sum(file.changed for file in files)} 行"
        )
        if batch.status == ImportStatus.REJECTED:
            for file in files:
                for entry in file.errors[:5]:
                    where = f"第 {entry['line']} 行 " if entry["line"] else ""
                    self.stderr.write(f"    {file.name} {where}{entry['column']}：{entry['reason']}")
            raise CommandError("演示数据被退回，未装载完成。")

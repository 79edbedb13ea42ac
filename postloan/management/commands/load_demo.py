"""Loads the demonstration branch into a database that was made for it."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.actor import acting_as
from core.errors import Refused
from core.models import ImportBatch
from core.models.imports import ImportStatus
from postloan.demo import loading, mark

FOLDER = "demo"  # under var/


class Command(BaseCommand):
    """`load_demo [--as-of DATE] [--database NAME]`: only into a database that was made for it; once it is loaded it
    does nothing, and where it was cut short it goes on."""

    help = "装载演示支行：只装进为演示建立的数据库，已装载的不作改动"
    stealth_options = ("embedded",)  # ./run alone says it, of the database that it made

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=date.fromisoformat, help="数据截至的日期，默认昨天")
        parser.add_argument(
            "--database", metavar="库名", help="写出所连接的空数据库的名称，确认它是为演示建立的"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as(mark.LOADER):
                self._mark(options)
                if mark.is_loaded():
                    self.stdout.write("演示支行已装载，未作改动。")
                elif options.get("embedded") and mark.found() is None:
                    self.stdout.write("内置数据库里已是本行自己的数据，不装载演示支行。")
                else:
                    self._load(options["as_of"])
        except Refused as error:
            raise CommandError(str(error)) from error

    def _mark(self, options: dict[str, Any]) -> None:
        if options["database"]:
            mark.write_by_name(options["database"])
        elif options.get("embedded"):
            mark.write_where_ours()

    def _load(self, as_of: date | None) -> None:
        loading.check_may_load()
        folder = settings.VAR_DIR / FOLDER
        as_of = as_of or loading.begun(folder) or clock.today() - timedelta(days=1)
        self.stdout.write(f"生成演示支行的数据文件，截至 {as_of}：{folder}")
        for batch in loading.load(as_of=as_of, folder=folder):
            self._tell(batch)
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

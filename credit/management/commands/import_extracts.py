"""manage.py import_extracts: load the extracts of a date, or of dated subfolders in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actor import acting_as, job
from core.days import option
from core.errors import Refused
from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.imports.run import import_folder, profile

_SHOWN = 20  # bad rows printed per file; the batch keeps them all


class Command(BaseCommand):
    """Imports a folder of extracts and says what came of each date."""

    help = "导入核心系统的日终文件：DIR 为某一日期的文件夹，或含有以日期命名的子文件夹"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--as-of", type=option, metavar="DATE", help="数据日期，如 2026-11-23")
        parser.add_argument("--profile", default="native", help="映射方案（缺省 native）")

    def handle(self, *args: Any, **options: Any) -> None:
        refused = False
        try:
            with acting_as(job("import_extracts")):
                for batch in import_folder(
                    options["folder"], layout=profile(options["profile"]), as_of=options["as_of"]
                ):
                    self._tell(batch)
                    refused |= batch.status == ImportStatus.REJECTED
        except Refused as error:
            raise CommandError(str(error)) from error
        if refused:
            raise CommandError("有文件被退回，该日期没有任何数据入账；请改正后重新导入。")

    def _tell(self, batch: ImportBatch) -> None:
        self.stdout.write(f"{batch.as_of} {batch.get_status_display()}（批次 {batch.pk}）")
        for file in batch.files.all():
            self.stdout.write(
                f"  {file.name}：{file.rows} 行，新增 {file.inserted}，变更 {file.changed}"
                + (f"，搁置 {len(file.set_aside)}" if file.set_aside else "")
            )
            for entry in file.errors[:_SHOWN]:
                where = f"第 {entry['line']} 行 " if entry["line"] else ""
                shown = f"“{entry['value']}” " if entry["value"] else ""
                self.stderr.write(f"    {where}{entry['column']} {shown}{entry['reason']}")
            if len(file.errors) > _SHOWN:
                self.stderr.write(f"    …… 共 {len(file.errors)} 处，见批次页面或退回文件")
        if batch.difference:
            self.stdout.write(f"  差异单：{len(batch.difference)} 项涉及已日终的日期")

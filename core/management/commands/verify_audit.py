"""manage.py verify_audit: reads the whole audit again and says whether it is what was sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import sealing


class Command(BaseCommand):
    """Verify the chain of seals, and its end against the anchors; a finding is an error."""

    help = "重新核对审计记录：逐行核对封条与链条，并与锚点文件比对；有问题时返回错误。"
    requires_system_checks = ()  # touches no page

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            type=Path,
            metavar="文件",
            help="锚点文件，可多次给出；默认取 var/anchors 下的全部。请用库外保存的副本核对。",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["anchor"]:
                anchors = [anchor for file in options["anchor"] for anchor in sealing.read_anchors(file)]
            else:
                anchors = sealing.known_anchors()
        except (OSError, ValueError) as error:
            raise CommandError(f"锚点文件读不出：{error}") from error
        report = sealing.verify(anchors)
        self.stdout.write(
            f"封条 {report.seals} 个，已封 {report.entries} 行，未封尾部 {report.unsealed} 行，"
            f"比对锚点 {report.anchors} 个。"
        )
        if not report.anchors:
            self.stdout.write(self.style.WARNING("没有锚点可比：尾部被截断或重做无从发现。"))
        for finding in report.findings:
            self.stderr.write(self.style.ERROR(str(finding)))
        if not report.ok:
            raise CommandError(f"审计记录有 {len(report.findings)} 处不符。")
        self.stdout.write(self.style.SUCCESS("审计记录完整。"))

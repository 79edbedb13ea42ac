"""manage.py anchor_audit: seals what is settled and writes the chain's end to var/anchors."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from core import sealing


class Command(BaseCommand):
    """Write an anchor; copy the file out of this machine's reach."""

    help = "封存已落定的审计记录，把链条末端写入当日锚点文件。请把该文件另存到本机之外。"
    requires_system_checks = ()  # touches no page

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(sealing.anchor()))

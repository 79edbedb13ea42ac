"""数据导入: the batches that came in."""

from __future__ import annotations

from typing import Any

from django.db.models import Count as CountOf
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core.models import ImportBatch
from core.models.imports import ImportSource, ImportStatus
from credit.imports.forms import UploadForm
from credit.imports.run import profile_names
from workflow.registers.columns import Chip, Count, Day, Link, Moment, Text
from workflow.registers.filters import Filters, Pick, Since, Until
from workflow.registers.lists import Asked, Register


class BatchFilters(Filters):
    """By state, by where they came from, and by the date of the data."""

    status = Pick(_("状态"), ImportStatus.choices, every=_("全部状态"))
    source = Pick(_("来源"), ImportSource.choices, every=_("全部来源"))
    since = Since(_("数据日期自"), "as_of")
    until = Until(_("数据日期至"), "as_of")


def in_words(batches: list[Any]) -> None:
    """Say in words by which profile batches were read, and who brought them."""
    titles = profile_names()
    for batch in batches:
        by_hand = batch.source == ImportSource.SCREEN
        batch.profile = batch.get_source_display() if by_hand else titles.get(batch.profile, batch.profile)
        batch.received_by = _t("系统") if batch.received_by.startswith("system") else batch.received_by


class Imports(Register):
    """The batches, the newest first, below the form that brings in another."""

    route, model, roles = "imports", ImportBatch, (Role.ADMIN, Role.AUDITOR)
    title, noun, counter = _("数据导入"), _("批次"), _("批")
    sub = _("核心系统每日的文件。一个日期的文件全部入账或全部不入账；重复导入不会重复入账。")
    empty = (
        _("还没有导入过数据"), _("从上面选一个日期的文件导入，或在服务器上运行 manage.py import_extracts。")
    )  # fmt: skip
    also = ("import_batch", "import_upload")
    template = "credit/import_list.html"
    filters = BatchFilters
    columns = (
        Link(_("批次"), "pk", "import_batch", "pk"),
        Day(_("数据日期"), "as_of"),
        Chip(_("状态"), "status", choices=ImportStatus),
        Text(_("映射方案"), "profile"),
        Count(_("文件"), "how_many"),
        Text(_("接收人"), "received_by", under=(Moment(_("接收时间"), "received_at"),)),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return ImportBatch.objects.annotate(how_many=CountOf("files"))

    def dress(self, rows: list[Any], asked: Asked) -> None:
        in_words(rows)

    def more(self, asked: Asked, scope: QuerySet[Any], filters: Any) -> dict[str, Any]:
        return {"form": UploadForm(), "may_upload": asked.user.scope.has(Role.ADMIN)}

"""集团: the list of groups, each with its sub-groups."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import BUSINESS_ROLES
from credit.borrowers.groups import lines_of
from credit.models import Group
from workflow.registers.columns import Alarm, Chip, Count, Link, Money, Mono, Text
from workflow.registers.lists import Asked, Register


def hidden(row: Any) -> str:
    """How many members the reader may not see."""
    return _t("%(n)d 个不可见") % {"n": row.line.hidden} if row.line.hidden else ""


class Groups(Register):
    """The groups with a member that the person may see; figures are of the members that they may see."""

    route, model, roles = "groups", Group, BUSINESS_ROLES
    title, noun, counter = _("集团"), _("集团"), _("个")
    sub = _("有您可以查看的成员的集团，连同下级集团；余额、分类和逾期只计您可以查看的成员。")
    empty = (_("没有集团"), _("您可以查看的客户都不属于集团。集团和成员由核心系统每日数据带入。"))
    also = ("group",)
    order = ("number",)
    related = ("lead_manager", "parent")
    columns = (
        Link(_("集团"), "name", "group", "number", css="name"),
        Mono(_("编号"), "number", desk=True),
        Text(_("上级集团"), "parent.name", desk=True),
        Chip(_("最差分类"), "line.position.worst"),
        Money(_("合计余额"), "line.position.balance"),
        Count(_("成员"), "line.members", under=(Text(_("不可见成员"), hidden),)),
        Alarm(_("最长逾期天数"), "line.position.days_past_due", desk=True),
        Text(_("主办客户经理"), "lead_manager.name", css="nowrap", desk=True),
    )

    def dress(self, rows: list[Any], asked: Asked) -> None:
        for row, line in zip(rows, lines_of(rows, asked.on, asked.user), strict=True):
            row.line = line

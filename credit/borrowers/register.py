"""客户: the list of customers, with where each stands on the business date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import BUSINESS_ROLES
from accounts.models import Unit
from core import audit, clock
from credit.borrowers.selectors import own_count
from credit.choices import BorrowerKind, ResponsibleRole, RiskClass
from credit.models import Borrower, Responsibility
from credit.selectors.positions import NOTHING, in_class, managers, positions
from workflow.models import WorkItem
from workflow.registers.columns import Alarm, Chip, Count, Customer, Manager, Money, Mono, Text
from workflow.registers.filters import Filters, OfManager, Pick, Search, Tick, UnderUnit
from workflow.registers.lists import COUNT_LIMIT, Asked, Register, at_most

audit.act("credit.export", _("导出客户清单"))  # as it was called until 2026-11


def found(rows: Any, text: str) -> QuerySet[Any]:
    """Whom the words mean."""
    return rows.search(text)


class BorrowerFilters(Filters):
    """By name or number, class, kind, manager and unit; or those with something overdue."""

    q = Search(_("名称、拼音首字母或客户编号"), found)
    risk_class = Pick(_("风险分类"), RiskClass.choices, every=_("全部分类"), method="of_class")
    kind = Pick(_("客户类型"), BorrowerKind.choices, every=_("全部类型"))
    manager = OfManager(method="of_manager")
    unit = UnderUnit(method="of_unit")
    late = Tick(_("有逾期职责"), method="with_late_duties")

    def of_class(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        """Whose worst live loan is in the class."""
        return in_class(rows, RiskClass(value), clock.today())

    def of_manager(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        """Who are the manager's today."""
        theirs = Responsibility.objects.current(clock.today()).filter(
            role=ResponsibleRole.CUSTOMER_MANAGER, person=int(value)
        )
        rows = rows.filter(Exists(theirs.filter(borrower=OuterRef("pk"))))
        return rows.start_from(theirs.values_list("borrower", flat=True))

    def of_unit(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        """Who have a loan in the unit or below it."""
        return rows.lent_by(Unit.objects.under([int(value)]).order_by().values_list("pk", flat=True))

    def with_late_duties(self, rows: Any, name: str, value: bool) -> QuerySet[Any]:
        """About whom something is overdue."""
        late = WorkItem.objects.visible_to(self.user).overdue(clock.today())
        numbers = late.order_by().values("borrower_number")
        rows = rows.filter(Exists(late.filter(borrower_number=OuterRef("number"))))
        return rows.start_from(Borrower.objects.filter(number__in=numbers).values_list("pk", flat=True))


def risk_class(row: Any) -> Any:
    """The worst class of a customer's live loans."""
    return row.position.worst or (_t("已结清"), "")


class Borrowers(Register):
    """The customers that the person may see, in the order of their numbers."""

    route, model, roles = "borrowers", Borrower, BUSINESS_ROLES
    title, noun, counter = _("客户"), _("客户"), _("户")
    empty = (
        _("您名下还没有客户"),
        _("客户和责任人由核心系统每日数据带入；如有新分配的客户没有出现，请联系部门负责人核对责任人登记。"),
    )
    count = own_count
    also = ("borrower", "event_new", "event_reverse", "search")
    filters = BorrowerFilters
    order = ("number",)
    columns = (
        Customer(""),
        Mono(_("编号"), "number", name="code", desk=True, where="screen"),
        Text(_("类型"), "get_kind_display", desk=True),
        Text(_("行业"), "industry", where="sheet"),
        Chip(_("分类"), risk_class),
        Money(_("余额"), "position.balance"),
        Count(_("借据笔数"), "position.loans", desk=True),
        Alarm(_("逾期天数"), "position.days_past_due"),
        Manager(),
        Alarm(_("逾期职责"), "late"),
    )

    def about(self, asked: Asked) -> Any:
        wide = asked.user.scope.reads_all or asked.user.scope.unit_ids
        whose = _t("管辖范围内有借款或有责任人的客户") if wide else _t("您负责的客户")
        return whose + _t("；分类和余额按业务日期已知的数据。")

    def look(
        self, scope: QuerySet[Any], asked: Asked, filters: Any, after: Sequence[str], summed: Sequence[Money]
    ) -> tuple[list[Any], list[str], dict[str, Any]]:
        """Walked from the side of the person's units, so that it costs nothing how many others have customers."""
        meant = filters.filter_queryset(Borrower.objects.all())
        start = after[0].replace("\x00", "") if len(after) == 1 else ""
        found = meant.page_for(asked.user, self.size + 1, after=start)
        count = meant.count_for(asked.user, COUNT_LIMIT)
        following = [found[self.size - 1].number] if len(found) > self.size else []
        return found[: self.size], following, {"found": at_most(count)}

    def dress(self, rows: list[Any], asked: Asked) -> None:
        ids = [row.pk for row in rows]
        standing, who = positions(ids, asked.on), managers(ids, asked.on)
        items = WorkItem.objects.visible_to(asked.user).overdue(asked.on)
        mine = items.filter(borrower_number__in=[row.number for row in rows]).order_by()
        late = dict(mine.values_list("borrower_number").annotate(n=CountOf("pk")))
        for row in rows:
            row.position, row.manager = standing.get(row.pk, NOTHING), who.get(row.pk)
            row.late = late.get(row.number, 0)

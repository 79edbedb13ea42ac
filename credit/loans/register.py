"""借据: the loans as they stood on a day, cut as the day's figures are, so that both count the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import BUSINESS_ROLES
from core import clock
from credit.choices import Arrears, Maturing, Product, RiskClass
from credit.models import Loan
from credit.selectors.positions import class_of
from credit.selectors.standing import NEW, SETTLED, in_arrears, live, maturing, migrated, quarter_end_before
from workflow.querysets import in_charge
from workflow.registers.columns import Alarm, Chip, Customer, Day, Link, Money, Text
from workflow.registers.filters import AsOf, Choice, Filters, OfManager, Pick, UnderUnit
from workflow.registers.lists import Asked, Register
from workflow.services.days import last_closed_day


def closed_day() -> date:
    """The latest closed day; before the first, today."""
    return last_closed_day() or clock.today()


class LoanFilters(Filters):
    """By the cuts of the dashboards; `moved_from` and `moved_to` ask for what changed class since the quarter's end."""

    on = AsOf(_("日期"), initial=closed_day)
    risk_class = Pick(_("风险分类"), RiskClass.choices, every=_("全部分类"), method="of_class")
    arrears = Pick(_("逾期天数"), Arrears.choices, every=_("全部逾期情况"), method="of_arrears")
    maturing = Pick(_("到期"), Maturing.choices, every=_("全部到期情况"), method="of_maturity")
    product = Pick(_("品种"), Product.choices, every=_("全部品种"))
    manager = OfManager(nobody=_("缺岗"))
    unit = UnderUnit()
    moved_from = Choice(
        _("上季末分类"), [*RiskClass.choices, (NEW, _("上季末尚无余额"))], every=_("上季末：全部")
    )
    moved_to = Choice(_("当日分类"), [*RiskClass.choices, (SETTLED, _("当日已结清"))], every=_("当日：全部"))

    def of_class(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of the class."""
        return rows.filter(severity=RiskClass(value).severity)

    def of_arrears(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Whose days past due lie in the step."""
        return rows.filter(in_arrears(Arrears(value)))

    def of_maturity(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Whose maturity lies in the step."""
        return rows.filter(maturing(Maturing(value), day_of(self.values)))


def day_of(values: Mapping[str, Any]) -> date:
    """The day whose book is shown: as asked, never one to come."""
    return min(values.get("on") or closed_day(), clock.today())


class Loans(Register):
    """Loans of the person's units or customers, in the order of their numbers."""

    route, model, roles = "loans", Loan, BUSINESS_ROLES
    title, noun, counter = _("借据"), _("借据"), _("笔")
    empty = (_("当日没有有余额的借据"), _("借据由核心系统每日数据带入。"))
    also = ("loan", "account")
    filters = LoanFilters
    order = ("number",)
    related = ("borrower",)
    columns = (
        Customer(),
        Link(_("借据号"), "number", "loan", "number"),
        Text(_("品种"), "get_product_display", css="nowrap", desk=True),
        Chip(_("分类"), lambda row: class_of(row.severity), name="risk_class"),
        Money(_("余额"), "balance"),
        Alarm(_("逾期天数"), "days_past_due"),
        Day(_("发放日"), "starts_on", where="sheet"),
        Day(_("到期日"), "ends_on"),
        Text(_("客户经理"), "manager_name", css="nowrap", missing=_("缺岗")),
        Text(_("机构"), "home_name", css="nowrap", desk=True),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        on, before, now = day_of(asked.values), asked.values["moved_from"], asked.values["moved_to"]
        rows: Any = migrated(on, before, now) if before or now else live(on)
        return rows.filter(in_charge(asked.user, unit="home", person="manager")).visible_to(asked.user)

    def about(self, asked: Asked) -> Any:
        on = day_of(asked.values)
        said = _t("%(on)s 有余额的借据；余额、分类、到期日和客户经理按当日已知的数据。") % {"on": on}
        if not (asked.values["moved_from"] or asked.values["moved_to"]):
            return said
        return said + _t("上季末为 %(day)s。") % {"day": quarter_end_before(on)}

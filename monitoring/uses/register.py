"""用款跟踪: loans whose money was seen to leave, what of it is recorded in 附件1, and what is not."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS
from accounts.selectors import name_of_unit
from credit.models import Loan
from credit.selectors.positions import managers
from monitoring.uses.selectors import followed
from workflow.registers.columns import Chip, Count, Customer, Day, Link, Manager, Money, Text
from workflow.registers.filters import Filters, InUnit, Pick
from workflow.registers.lists import Asked, Register


class UseFilters(Filters):
    """By what is recorded, and by the unit in charge."""

    state = Pick(
        _("登记情况"),
        {
            "missing": (_("有未登记用款"), Q(missing_count__gt=0)),
            "odd": (_("有异常用款"), Q(odd__gt=0)),
            "done": (_("已全部登记"), Q(missing_count=0)),
        },
    )
    unit = InUnit()


def is_missing(loan: Any) -> bool:
    """Whether money of the loan left that no 附件1 tells of."""
    return bool(loan.missing_count)


def alarm(loan: Any) -> tuple[Any, str] | None:
    """The mark of a loan some of whose uses are odd."""
    return (_("%(n)s 笔异常") % {"n": loan.odd}, "loss") if loan.odd else None


class Uses(Register):
    """Loans of the customers that the person sees, the latest first."""

    route, model, roles = "uses", Loan, CUSTOMER_READERS
    title = _("用款跟踪")
    sub = _(
        "贷款发放后逐笔看钱用到了哪里：已放行的支付、未经审核的划转和自主支付。未登记的在“今日”办理附件1。"
    )
    noun, counter = _("借据"), _("笔借据")
    empty = (_("还没有看到用款"), _("上线以后发放的贷款，有支付或账户流水后列在这里。"))
    filters = UseFilters
    related = ("borrower",)
    columns = (
        Customer(under=(Manager(unit="home_name"),)),
        Link(
            _("借据号"), "number", "loan", "number", part="uses",
            under=(Text(_("品种"), "get_product_display"), Day(_("发放日"), "starts_on", tail=_("发放"))),
        ),
        Money(_("借据金额"), "amount"),
        Money(_("已登记"), "recorded"),
        Money(
            _("未登记"), "missing", warn=is_missing,
            under=(Count(_("未登记笔数"), "missing_count", tail=_("笔")),),
        ),
        Chip(_("异常"), alarm, where="screen", under=(Count(_("异常笔数"), "odd", where="sheet"),)),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return followed(asked.user, asked.on).annotate(home_name=name_of_unit("home"))

    def dress(self, rows: list[Any], asked: Asked) -> None:
        who = managers({row.borrower_id for row in rows}, asked.on)
        for row in rows:
            row.manager = who.get(row.borrower_id)

"""支付审核: the list of payments of loan money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS, Role
from credit.selectors.responsible import home_of
from monitoring.choices import PaymentStatus
from monitoring.models import Payment
from monitoring.payments.services import CANCELLABLE
from workflow.registers.columns import Chip, Column, Customer, Day, Html, Link, Money, Mono, Text
from workflow.registers.filters import Filters, InUnit, Pick
from workflow.registers.lists import Asked, Register

AUTHORS = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD)


class PaymentFilters(Filters):
    """By state and by the unit in charge."""

    status = Pick(_("状态"), PaymentStatus.choices, every=_("全部状态"))
    unit = InUnit()


def cancel(row: Any) -> Any:
    """The way to give a payment up."""
    if row.status not in CANCELLABLE:
        return ""
    return format_html('<a href="{}">{}</a>', reverse("payment_cancel", args=[row.pk]), _t("撤销"))


CANCEL = Html(_("操作"), cancel)


class Payments(Register):
    """Payments of the customers that the person sees, the latest first."""

    route, model, roles = "payments", Payment, CUSTOMER_READERS
    title = _("支付审核")
    sub = _(
        "客户经理提交、风险条线按权限审核、会计放行，三人各不相同。在借据页发起支付；未经审核的不得放行。"
    )
    noun, counter = _("支付"), _("笔")
    empty = (_("还没有支付审核单"), _("在借据页“支付”一栏点“发起支付”，填写支付审核单并提交审核。"))
    links = ((_("审核权限"), "payment_authority"),)
    also = ("payment_authority", "payment_cancel")
    filters = PaymentFilters
    related = ("loan__borrower", "loan__unit", "document", "submitted_by", "reviewed_by", "released_by")
    columns = (
        Link(_("单号"), "document.number", "document", "document_id", under=(Day(_("提交日"), "submitted_on"),)),
        Customer(
            "loan.borrower",
            under=(
                Link(_("借据号"), "loan.number", "loan", "loan.number", part="payments"),
                Text(_("机构"), "loan.unit.name"),
            ),
        ),
        Text(_("收款人"), "payee_name", under=(Mono(_("收款账号"), "payee_account"), Text(_("用途"), "purpose"))),
        Money(_("金额"), "amount", total=True, under=(Text(_("支付方式"), "get_mode_display"),)),
        Chip(_("状态"), "status", choices=PaymentStatus),
        Text(
            _("提交人"), "submitted_by.name", desk=True,
            under=(
                Text(_("审核人"), "reviewed_by.name", lead=_("审核")), Day(_("审核日"), "reviewed_on"),
                Text(_("放行人"), "released_by.name", lead=_("放行")), Day(_("放行日"), "released_on"),
            ),
        ),
        CANCEL,
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return super().rows(asked).annotate(home=home_of("loan__borrower", asked.on))

    def shown_columns(self, asked: Asked) -> Sequence[Column]:
        return self.columns if asked.user.scope.has(*AUTHORS) else self.columns[:-1]

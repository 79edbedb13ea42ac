"""受控账户: the register of supervised accounts."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS
from credit.selectors.responsible import home_of
from monitoring.models import SupervisedAccount
from workflow.registers.columns import Chip, Customer, Day, Link, Text
from workflow.registers.filters import Filters, InUnit, Pick, Search
from workflow.registers.lists import Asked, Register


def numbered(rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
    """Marks on accounts whose number begins so."""
    return rows.filter(account__number__startswith=typed)


class SupervisedFilters(Filters):
    """By the number of the account, by state, and by the unit in charge."""

    q = Search(_("账号"), numbered)
    state = Pick(
        _("状态"),
        {
            "standing": (_("受控中"), Q(ended_on__isnull=True)),
            "ended": (_("已解除"), Q(ended_on__isnull=False)),
        },
        every=_("全部状态"),
    )
    unit = InUnit()


def state(row: Any) -> tuple[Any, str]:
    """Where a mark stands."""
    return (_("已解除"), "quiet") if row.ended_on else (_("受控中"), "ok")


class SupervisedAccounts(Register):
    """Marks on accounts of the customers that the person sees, the latest first."""

    route, model, roles = "supervised_accounts", SupervisedAccount, CUSTOMER_READERS
    title = _("受控账户")
    sub = _(
        "有未付贷款资金须审核支付的账户，通知开户行后标识为受控账户。登记、解除在借据页“支付”一栏办理，由会计确认。"
    )
    noun, counter = _("账户"), _("个账户次")
    empty = (_("还没有登记受控账户"), _("在借据页“支付”一栏登记，由会计确认后列在这里。"))
    filters = SupervisedFilters
    related = ("account__borrower", "account__unit", "document", "ended_by_document")
    template = "monitoring/supervised_accounts.html"
    columns = (
        Link(
            _("账号"), "account.number", "account", "account.number",
            under=(Text(_("开户行"), "account.unit.name"),),
        ),
        Customer("account.borrower."),
        Day(_("标识日"), "marked_on", under=(Day(_("通知日"), "notified_on", lead=_("通知")),)),
        Link(_("登记表"), "document.number", "document", "document_id"),
        Chip(
            _("状态"), state,
            under=(
                Day(_("解除日"), "ended_on"),
                Link(_("解除登记表"), "ended_by_document.number", "document", "ended_by_document_id"),
            ),
        ),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return super().rows(asked).annotate(home=home_of("account__borrower", asked.on))

"""挪用处置: the cases of misused loan money."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import CUSTOMER_READERS
from credit.selectors.responsible import home_of
from monitoring.choices import MisuseStatus
from monitoring.freezes import with_right
from monitoring.misuse.panel import CaseLine
from monitoring.models import MisuseCase
from workflow.registers.columns import Chip, Customer, Day, Due, Link, Money, Mono, Text, View
from workflow.registers.filters import Filters, InUnit, Pick
from workflow.registers.lists import Asked, Register


class MisuseFilters(Filters):
    """By state, and by the unit in charge."""

    state = Pick(
        _("状态"),
        {
            **{one.value: (one.label, Q(status=one)) for one in MisuseStatus},
            "overdue": (
                _("超过纠正期限"),
                lambda on: Q(status=MisuseStatus.RECTIFYING, correct_by__lt=on),
            ),
        },
        every=_("全部状态"),
    )
    unit = InUnit()


class Facts(Text):
    """What happened: its beginning on the screen, all of it in the workbook."""

    def shown(self, value: Any, row: Any, view: View) -> Any:
        return Truncator(value).chars(40)


def late(row: Any) -> str:
    """是 of a case that nobody accepted by its day."""
    return _t("是") if row.line.is_late else ""


def right(row: Any) -> str:
    """Whether the contract gives a right to suspend."""
    return _t("有") if row.has_right else _t("无")


def legal(row: Any) -> str:
    """That 法务 is asked, where the freeze stands on no right of the contract."""
    return _t("合同无提款暂停权，已请法务") if row.line.asks_legal else ""


class Misuse(Register):
    """Cases of the customers that the person sees, the latest first."""

    route, model, roles = "misuse", MisuseCase, CUSTOMER_READERS
    title = _("挪用处置")
    sub = _(
        "贷款资金被挪用的：认定后合同即暂停支付和新提款，报告经营主责任人，限期纠正；风险条线验收后才恢复用款。"
    )
    noun, counter = _("挪用"), _("笔")
    empty = (_("没有认定的挪用"), _("资金信号认定为挪用，或在客户页登记后，列在这里。"))
    also = ("misuse_case", "misuse_new")
    filters = MisuseFilters
    related = ("contract__borrower", "loan", "confirmed_by", "accepted_by", "document")
    columns = (
        Link(_("合同号"), "contract.number", "misuse_case", "pk", under=(Mono(_("借据号"), "loan.number"),)),
        Customer("contract.borrower.", under=(Facts(_("事实"), "facts"),)),
        Money(_("挪用金额"), "amount", total=True),
        Day(_("冻结自"), "confirmed_on", under=(Text(_("认定人"), "confirmed_by.name", where="sheet"),)),
        Due(
            _("纠正期限"), "correct_by", settled=lambda row: not row.line.is_frozen,
            under=(Text(_("逾期"), late, where="sheet"),),
        ),
        Chip(
            _("状态"), "status", choices=MisuseStatus,
            under=(
                Text(_("法务"), legal, where="screen"), Text(_("提款暂停权"), right, where="sheet"),
                Day(_("验收日"), "accepted_on", where="sheet"), Text(_("验收人"), "accepted_by.name", where="sheet"),
                Mono(_("限期纠正单"), "document.number", where="sheet"),
            ),
        ),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        rows = super().rows(asked).annotate(home=home_of("contract__borrower", asked.on))
        return with_right(rows, asked.on)

    def dress(self, rows: list[Any], asked: Asked) -> None:
        for row in rows:
            row.line = CaseLine(row, asked.on)

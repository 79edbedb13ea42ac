"""风险事项: what was confirmed about customers and calls for somebody to go and look."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import BUSINESS_ROLES
from credit.choices import EventKind
from credit.models import RiskEvent
from workflow.registers.columns import Customer, Day, Link, Text
from workflow.registers.filters import Filters, Pick, Since, Until
from workflow.registers.lists import Asked, Register


class EventFilters(Filters):
    """By what happened, and when."""

    kind = Pick(_("事项"), EventKind.choices, every=_("全部事项"))
    since = Since(_("发生日自"), "effective_on")
    until = Until(_("发生日至"), "effective_on")


class Events(Register):
    """Risk events that stand, of the customers that the person sees; the latest first."""

    route, model, roles = "events", RiskEvent, BUSINESS_ROLES
    title, noun, counter = _("风险事项"), _("事项"), _("项")
    sub = _("停产、纠纷等由人登记，欠息、逾期和分类下迁由日终识别；冲正的不列。在客户页登记和冲正。")
    empty = (_("没有风险事项"), _("在客户页点“登记风险事项”，登记后列在这里。"))
    filters = EventFilters
    order = ("-effective_on", "-pk")
    related = ("borrower", "loan")
    columns = (
        Day(_("发生日"), "effective_on"),
        Customer(part="events"),
        Text(_("事项"), "get_kind_display", css="nowrap"),
        Text(_("事实"), "detail"),
        Link(_("借据号"), "loan.number", "loan", "loan.number"),
        Day(_("知悉日"), "known_on"),
    )

    def rows(self, asked: Asked) -> QuerySet[Any]:
        return super().rows(asked).filter(pk__in=RiskEvent.objects.standing(asked.on).values("pk"))

"""How the list of loans is narrowed: by the same cuts as the day's figures, so that both count the same."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from core.forms import DayField
from credit.choices import Arrears, Maturing, Product, RiskClass
from credit.forms import ListFilter, or_all
from credit.selectors.standing import NEW, SETTLED, in_arrears, live, maturing, migrated
from workflow.querysets import in_charge

NOBODY = "none"  # loans without a customer manager


class LoanFilter(ListFilter):
    """What the list of loans is narrowed to."""

    on = DayField(required=False)
    risk_class = forms.ChoiceField(required=False, choices=or_all(_("全部分类"), RiskClass.choices))
    arrears = forms.ChoiceField(required=False, choices=or_all(_("全部逾期情况"), Arrears.choices))
    maturing = forms.ChoiceField(required=False, choices=or_all(_("全部到期情况"), Maturing.choices))
    product = forms.ChoiceField(required=False, choices=or_all(_("全部品种"), Product.choices))
    manager = forms.ChoiceField(required=False)
    moved_from = forms.ChoiceField(
        required=False, choices=or_all(_("上季末：全部"), [*RiskClass.choices, (NEW, _("上季末尚无余额"))])
    )
    moved_to = forms.ChoiceField(
        required=False, choices=or_all(_("当日：全部"), [*RiskClass.choices, (SETTLED, _("当日已结清"))])
    )
    after = forms.CharField(required=False, max_length=60)

    labels: ClassVar[dict[str, Any]] = {
        "on": _("日期"), "risk_class": _("风险分类"), "arrears": _("逾期天数"), "maturing": _("到期"),
        "product": _("品种"), "unit": _("机构"), "manager": _("客户经理"), "moved_from": _("上季末分类"),
        "moved_to": _("当日分类"),
    }  # fmt: skip
    apart: ClassVar[frozenset[str]] = frozenset({"on", "after"})

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.user = user
        manager = self.fields["manager"]
        assert isinstance(manager, forms.ChoiceField)
        manager.choices = [
            ("", _("全部客户经理")),
            (NOBODY, _("缺岗")),
            *((str(pk), name) for pk, name in self.managers.order_by("username").values_list("pk", "name")),
        ]

    def rows(self, on: date) -> QuerySet[Any]:
        """The loans that are meant, of the person's units or customers, in the order of their numbers."""
        before, now = self.value("moved_from"), self.value("moved_to")
        rows = migrated(on, before, now) if before or now else live(on)
        if risk_class := self.value("risk_class"):
            rows = rows.filter(severity=RiskClass(risk_class).severity)
        if step := self.value("arrears"):
            rows = rows.filter(in_arrears(Arrears(step)))
        if step := self.value("maturing"):
            rows = rows.filter(maturing(Maturing(step), on))
        if product := self.value("product"):
            rows = rows.filter(product=product)
        if manager := self.value("manager"):
            rows = rows.filter(manager=None if manager == NOBODY else int(manager))
        if unit := self.value("unit"):
            rows = rows.filter(home__in=Unit.objects.under([unit.pk]).order_by().values("pk"))
        mine: Any = rows.filter(in_charge(self.user, unit="home", person="manager"))
        return mine.visible_to(self.user).order_by("number")

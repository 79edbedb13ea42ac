"""What may be entered about the book: how a list is narrowed, a risk event, its reversal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role, UnitKind
from accounts.models import Unit, User
from core.forms import DayField, Select
from credit.choices import BorrowerKind, Direction, EventKind, RiskClass
from credit.models import Borrower, Loan


def or_all(label: Any, choices: Any) -> list[tuple[Any, Any]]:
    """The choices after one that leaves all."""
    return [("", label), *choices]


class ListFilter(forms.Form):
    """How a list of the book is narrowed, within the person's units; a value that is not offered narrows nothing."""

    unit = forms.ModelChoiceField(Unit.objects.none(), required=False, empty_label=_("全部机构"))
    labels: ClassVar[dict[str, Any]]
    apart: ClassVar[frozenset[str]] = frozenset({"after"})  # fields that narrow nothing

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Select):
                field.widget = Select(choices=field.widget.choices)
        scope = user.scope
        units = Unit.objects.exclude(kind=UnitKind.BANK)
        if not scope.reads_all:
            units = units.filter(pk__in=scope.unit_ids)
        self.offer("unit", units)
        posts = {"posts__role": Role.CUSTOMER_MANAGER, "posts__unit__in": units.order_by().values("pk")}
        self.managers = User.objects.filter(**posts).distinct()
        self.is_wide = scope.reads_all or bool(scope.unit_ids)  # whoever sees more than their own customers
        for name, label in self.labels.items():
            self.fields[name].widget.attrs["aria-label"] = label

    def offer(self, name: str, rows: QuerySet[Any]) -> None:
        """Let one of these rows be chosen."""
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def value(self, name: str) -> Any:
        """What was chosen, or nothing where it was not offered."""
        return self.cleaned_data.get(name) if hasattr(self, "cleaned_data") else None

    @property
    def narrows(self) -> bool:
        """Whether anything is narrowed."""
        return any(self.value(name) for name in self.fields if name not in self.apart)


class BorrowerFilter(ListFilter):
    """How the list of customers is narrowed."""

    q = forms.CharField(required=False, max_length=120)
    risk_class = forms.ChoiceField(required=False, choices=or_all(_("全部分类"), RiskClass.choices))
    kind = forms.ChoiceField(required=False, choices=or_all(_("全部类型"), BorrowerKind.choices))
    manager = forms.ModelChoiceField(User.objects.none(), required=False, empty_label=_("全部客户经理"))
    late = forms.BooleanField(required=False)
    after = forms.CharField(required=False, max_length=40)
    labels: ClassVar[dict[str, Any]] = {
        "q": _("名称、拼音首字母或客户编号"),
        "risk_class": _("风险分类"),
        "kind": _("客户类型"),
        "manager": _("客户经理"),
        "unit": _("机构"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("manager", self.managers)
        label = self.labels["q"]
        self.fields["q"].widget = forms.TextInput(
            attrs={"type": "search", "placeholder": label, "aria-label": label, "size": 24}
        )


class MovementFilter(forms.Form):
    """How the movements of an account are narrowed; a value that is not valid narrows nothing."""

    from_on = DayField(required=False, label=_("起"))
    to_on = DayField(required=False, label=_("止"))
    direction = forms.ChoiceField(
        required=False, label=_("方向"), choices=or_all(_("收和付"), Direction.choices)
    )
    q = forms.CharField(
        required=False,
        max_length=120,
        label=_("对方户名、账号或摘要"),
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("对方户名、账号或摘要"), "size": 24}
        ),
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """These movements, of the days, direction and counterparty asked for."""
        asked = getattr(self, "cleaned_data", {})
        if asked.get("from_on"):
            rows = rows.filter(effective_on__gte=asked["from_on"])
        if asked.get("to_on"):
            rows = rows.filter(effective_on__lte=asked["to_on"])
        if asked.get("direction"):
            rows = rows.filter(direction=asked["direction"])
        if text := asked.get("q"):
            rows = rows.filter(
                Q(counterparty_name__contains=text)
                | Q(counterparty_account__startswith=text)
                | Q(summary__contains=text)
            )
        return rows


class EventForm(forms.Form):
    """A confirmed fact about a borrower that calls for a visit (第二十八条)."""

    kind = forms.ChoiceField(label=_("事项"), choices=or_all(_("请选择"), EventKind.choices))
    loan = forms.ModelChoiceField(
        Loan.objects.none(), label=_("涉及借据"), required=False, empty_label=_("不涉及单笔借据")
    )
    effective_on = DayField(label=_("发生日"))
    detail = forms.CharField(
        label=_("事实"),
        min_length=5,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写清何时、何事、涉及金额和消息来源，300 字以内。登记后不能修改，只能冲正重记。"),
    )

    def __init__(self, *args: Any, borrower: Borrower, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        loan = self.fields["loan"]
        assert isinstance(loan, forms.ModelChoiceField)
        loan.queryset = borrower.loans.all()
        self.fields["effective_on"].widget.attrs["max"] = on.isoformat()
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name in {"kind", "loan"} else "form-control"

    def clean_effective_on(self) -> date:
        """A fact has happened."""
        day: date = self.cleaned_data["effective_on"]
        if day > self.on:
            raise forms.ValidationError(
                _("发生日不能晚于业务日期 %(on)s。"), params={"on": self.on.isoformat()}
            )
        return day


class ReverseForm(forms.Form):
    """Why an event is taken back."""

    reason = forms.CharField(
        label=_("冲正理由"),
        min_length=5,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        help_text=_("写清错在哪里，例如“误登到同名客户”。原记录保留，另记一笔冲正。"),
    )


class MarginForm(forms.Form):
    """How much of the margin of a letter of guarantee goes back, in 元."""

    amount = forms.DecimalField(
        label=_("释放金额（元）"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"class": "form-control tabular", "inputmode": "decimal"}),
        help_text=_("不超过保函约定的保证金。每笔保函只登记一次，登记后不能修改。"),
    )

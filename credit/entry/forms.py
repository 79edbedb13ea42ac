"""The fields of a kind, made from its columns; what a value may be is left to the import and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms import DayField
from core.staging.shapes import YES, Column, Kind, Type
from credit.entry.rows import Texts, typed
from credit.entry.saving import managed_by
from credit.entry.scope import managers_under
from credit.models import Responsibility

_UNITS = {Type.MONEY: _("元"), Type.RATE: "%"}


def label_of(column: Column) -> str:
    """A column's label with the unit that its field is typed in."""
    unit = _("月") if column.name.endswith("_months") else _UNITS.get(column.type)
    return f"{column.label}（{unit}）" if unit else column.label


def choices_of(column: Column) -> list[tuple[str, str]]:
    """Each value once, with its first word."""
    return [("", "—"), *column.words.items()]


class RowForm(forms.Form):
    """One row. `locked` columns stand as they are: the key of a row that is corrected, the owner of a plan."""

    def __init__(
        self,
        data: Any = None,
        *,
        kind: Kind,
        locked: Sequence[str] = (),
        lists: Sequence[str] = (),
        **words: Any,
    ) -> None:
        super().__init__(data, use_required_attribute=False, **words)
        self.kind, self.locked = kind, frozenset(locked)
        for column in kind.columns:
            field = forms.CharField(
                label=label_of(column), required=False, strip=True, widget=self._widget(column, lists)
            )
            field.need = column.required  # type: ignore[attr-defined]
            self.fields[column.name] = field

    def _widget(self, column: Column, lists: Sequence[str]) -> forms.Widget:
        if column.name in self.locked:
            return forms.HiddenInput()
        named = {"aria-label": label_of(column), "class": "form-control"}
        if column.type is Type.CHOICE:
            return forms.Select(attrs={**named, "class": "form-select"}, choices=choices_of(column))
        if column.type is Type.FLAG:
            return forms.Select(
                attrs={**named, "class": "form-select"}, choices=[("", _("否")), (YES[0], _("是"))]
            )
        if column.type is Type.DATE:
            return forms.DateInput(attrs={**named, "type": "date"})
        if column.type in (Type.MONEY, Type.RATE):
            return forms.TextInput(attrs={**named, "inputmode": "decimal", "class": "form-control num"})
        if column.type is Type.COUNT:
            return forms.TextInput(attrs={**named, "inputmode": "numeric", "class": "form-control num"})
        attrs: dict[str, Any] = {**named, "maxlength": column.length or 60, "autocomplete": "off"}
        if column.name in lists:
            attrs["list"] = f"list-{column.name}"
        return (
            forms.Textarea(attrs={**attrs, "rows": 2})
            if column.length >= 200
            else forms.TextInput(attrs=attrs)
        )

    @property
    def texts(self) -> Texts:
        """What was typed, or what the form was opened with."""
        return {name: typed(str(self[name].value() or "")) for name in self.fields}

    def begin(self) -> None:
        """The next key that is pressed goes into the first field."""
        self.visible_fields()[0].field.widget.attrs["autofocus"] = True

    def shown_locked(self) -> list[tuple[str, str]]:
        """The columns that stand, with their words."""
        words = {column.name: dict(choices_of(column)) for column in self.kind.columns}
        return [
            (str(self.fields[c.name].label), words[c.name].get(self.texts[c.name], self.texts[c.name]))
            for c in self.kind.columns
            if c.name in self.locked
        ]


class KeyForm(RowForm):
    """The key of a kind, to find a standing row by: ?key=…&key=…, in the order of the key."""

    def __init__(self, *, kind: Kind, lists: Sequence[str]) -> None:
        super().__init__(kind=kind, lists=lists)
        self.fields = {name: self.fields[name] for name in kind.key}
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"find-{name}"

    def add_prefix(self, field_name: str) -> str:
        """Every part goes by one name."""
        return "key"


class ManagerForm(forms.Form):
    """Who manages the new customers, where a head enters them."""

    manager = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", label=_("客户经理"), empty_label=_("请选择")
    )

    def __init__(self, *args: Any, head: User, on: date, **words: Any) -> None:
        super().__init__(*args, **words)
        field = self.fields["manager"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = managers_under(head, on)
        field.widget.attrs["class"] = "form-select"
        field.error_messages["required"] = _("请选择由谁管理这些客户（办法 第八条）。")


class CustomersField(forms.ModelMultipleChoiceField):
    """Responsibilities, by their customer."""

    def label_from_instance(self, obj: Any) -> str:
        """Number and name."""
        return f"{obj.borrower.number} {obj.borrower.name}"


class HandoverForm(forms.Form):
    """Which customers go from whom to whom, from when, and why."""

    customers = CustomersField(
        Responsibility.objects.none(), label=_("客户"), widget=forms.CheckboxSelectMultiple
    )
    to = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", label=_("接收人"), empty_label=_("请选择")
    )
    from_on = DayField(
        label=_("移交日"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        help_text=_("从这一天起由接收人管理，移交人管理到前一天。"),
    )
    reason = forms.CharField(
        label=_("移交原因"),
        min_length=2,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, data: Any = None, *, head: User, person: User, on: date) -> None:
        super().__init__(data, initial={"from_on": on})
        customers, to = self.fields["customers"], self.fields["to"]
        assert isinstance(customers, CustomersField)
        assert isinstance(to, forms.ModelChoiceField)
        customers.queryset = managed_by(person, head, on)
        to.queryset = managers_under(head, on).exclude(pk=person.pk)
        to.widget.attrs["class"] = "form-select"


def lists_of(offered: Mapping[str, Sequence[tuple[str, str]]]) -> list[str]:
    """The columns that have a list to choose from."""
    return [name for name, rows in offered.items() if rows]

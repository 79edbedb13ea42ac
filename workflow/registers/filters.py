"""How a list is narrowed: django-filter's sets with what our lists have in common.

The state is the address. What was not offered narrows nothing; a filter with an `initial` value narrows by it until
another is chosen. What each filter keeps of the words of the address is bounded by its field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Unit, User
from accounts.selectors import names_of
from core import clock
from core.addresses import is_id
from core.forms import DayField

Condition = Q | Callable[[date], Q]  # of a state: fixed, or as it is on the business date


class Select(forms.Select):
    """A list to choose from, written at once: Django draws each of several hundred options from a template."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = format_html_join(
            "", '<option value="{}"{}>{}</option>',
            ((key, " selected" if str(key) == str(value or "") else "", word) for key, word in self.choices),
        )  # fmt: skip
        label = self.attrs.get("aria-label", name)
        return format_html(
            '<select name="{}" id="id_{}" aria-label="{}">{}</select>', name, name, label, options
        )


class Filters(django_filters.FilterSet):
    """The filters of a list; a subclass names them. `offer` is called with the rows of the whole scope."""

    def __init__(self, data: Mapping[str, Any], *, model: Any, user: User) -> None:
        self.user = user
        given = QueryDict(mutable=True)
        for name, one in self.base_filters.items():
            asked = str(data.get(name, "")).replace("\x00", "").strip()
            initial = one.extra.get("initial")
            given[name] = asked or ("" if initial is None else str(initial))
        super().__init__(given, queryset=model._base_manager.none())
        self._fall_back()

    def _fall_back(self) -> None:
        """A value that is not offered is taken for the initial one."""
        for name in list(self.form.errors):
            initial = self.filters[name].extra.get("initial")
            self.form.data[name] = "" if initial is None else str(initial)
        if self.form.errors:
            self.form.full_clean()

    @property
    def values(self) -> dict[str, Any]:
        """What was chosen, cleaned, by the name of the filter."""
        return dict(self.form.cleaned_data)

    @property
    def address(self) -> str:
        """The chosen filters as they stand in an address: those alone that narrow."""
        told = QueryDict(mutable=True)
        for name, one in self.filters.items():
            value, initial = self.form.data.get(name, ""), one.extra.get("initial")
            if value != ("" if initial is None else str(initial)):
                told[name] = value
        return told.urlencode()

    @property
    def narrows(self) -> bool:
        """Whether anything is narrowed beyond what the list begins with."""
        return bool(self.address)

    def offer(self, rows: QuerySet[Any]) -> None:
        """Let the filters offer what occurs in the whole list."""
        for name, one in self.filters.items():
            if isinstance(one, Offered):
                field = self.form.fields[name]
                field.widget.choices = [("", one.every), *one.offered(rows, self.user)]


class _Labelled(django_filters.Filter):
    """A filter whose field says what it is to those who do not see where it stands."""

    def __init__(self, label: Any, field_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, label=label, **kwargs)
        self.extra.setdefault("widget", self.field_class.widget())
        self.extra["widget"].attrs.setdefault("aria-label", label)


class Pick(_Labelled):
    """One of several choices: (value, word) of a column, or {key: (word, condition)}."""

    field_class = forms.ChoiceField

    def __init__(
        self, label: Any, choices: Any, field_name: str | None = None, *, every: Any = "", **kwargs: Any
    ):
        self.where: dict[str, Condition] = {}
        if isinstance(choices, dict):
            self.where = {key: condition for key, (_word, condition) in choices.items()}
            choices = [(key, word) for key, (word, _condition) in choices.items()]
        offered = [("", every or _("全部")), *choices] if every is not None else list(choices)
        super().__init__(label, field_name, choices=offered, widget=Select(), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        if not self.where:
            return qs.filter(**{self.field_name: value})
        condition = self.where[value]
        return qs.filter(condition(clock.today()) if callable(condition) else condition)


class Tick(_Labelled):
    """A box: ticked, the condition holds."""

    field_class = forms.BooleanField

    def __init__(self, label: Any, condition: Condition, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.condition = condition

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(self.condition(clock.today()) if callable(self.condition) else self.condition)


class Search(_Labelled):
    """Words that are typed; `find` says which rows they mean."""

    field_class = forms.CharField

    def __init__(
        self, label: Any, find: Callable[[QuerySet[Any], str], QuerySet[Any]], **kwargs: Any
    ) -> None:
        attrs = {"type": "search", "placeholder": label, "size": 20}
        super().__init__(label, max_length=120, widget=forms.TextInput(attrs=attrs), **kwargs)
        self.find = find

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return self.find(qs, value) if value else qs


class Since(_Labelled):
    """A day: rows whose day (`field_name`) is not before it; `Until`: not after it."""

    field_class = DayField
    side = "gte"

    def __init__(self, label: Any, field_name: str, **kwargs: Any) -> None:
        super().__init__(label, field_name, **kwargs)
        self.extra["widget"] = forms.DateInput(attrs={"type": "date", "aria-label": label}, format="%Y-%m-%d")

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__{self.side}": value}) if value else qs


class Until(Since):
    """A day: rows whose day is not after it."""

    side = "lte"


class Lately(Pick):
    """Of the last so many days by a column."""

    def __init__(self, label: Any, field_name: str, days: Iterable[int] = (7, 30, 90), **kwargs: Any) -> None:
        choices = [(str(n), _("近 %(n)s 天") % {"n": n}) for n in days]
        super().__init__(label, choices, field_name, every=_("不限日期"), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(**{f"{self.field_name}__gt": clock.today() - timedelta(days=int(value))})


class _IdField(forms.CharField):
    widget = Select

    def clean(self, value: Any) -> int | None:
        if not value:
            return None
        if not is_id(str(value)):
            raise forms.ValidationError(_("没有这一项。"))
        return int(value)


class Offered(_Labelled):
    """One of what occurs in the list: rows by the id in a column; what is offered is asked only for the page."""

    field_class = _IdField
    every: Any = ""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs if value is None else qs.filter(**{self.field_name: value})

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        """Ids and words."""
        raise NotImplementedError


class InUnit(Offered):
    """Rows of a unit that occurs in them."""

    every = _("全部机构")

    def __init__(self, field_name: str = "home", **kwargs: Any) -> None:
        super().__init__(_("机构"), field_name, **kwargs)

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        return names_of(rows.values(self.field_name)).items()


class OfPerson(Offered):
    """Rows of a person who occurs in them."""

    def __init__(self, label: Any, field_name: str, every: Any, **kwargs: Any) -> None:
        super().__init__(label, field_name, **kwargs)
        self.every = every

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        ids = rows.order_by().values(self.field_name)
        return User.objects.filter(pk__in=ids).order_by("name", "pk").values_list("pk", "name")


def units_of(user: User) -> QuerySet[Unit]:
    """The units that a person who reads more than their own customers may narrow a large list to."""
    units = Unit.objects.exclude(kind=UnitKind.BANK).order_by("path")
    return units if user.scope.reads_all else units.filter(pk__in=user.scope.unit_ids)

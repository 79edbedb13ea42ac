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
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role, UnitKind
from accounts.models import Unit, User
from accounts.selectors import names_of
from core import clock
from core.addresses import is_id
from core.forms import DayField, Select

Condition = Q | Callable[[date], Q]  # of a state: fixed, or as it is on the business date


class Filters(django_filters.FilterSet):
    """The filters of a list; a subclass names them. `offer` is called with the rows of the whole scope."""

    def __init__(self, data: Mapping[str, Any], *, model: Any, user: User) -> None:
        self.user = user
        wide = user.scope.reads_all or bool(user.scope.unit_ids)
        used = {name: one for name, one in self.base_filters.items() if wide or not one.wide}
        self.begins = {name: _text_of(one.extra.get("initial")) for name, one in used.items()}
        given = QueryDict(mutable=True)
        for name, begins in self.begins.items():
            given[name] = str(data.get(name, "")).replace("\x00", "").strip() or begins
        super().__init__(given, queryset=model._base_manager.none())
        self.filters: dict[str, Any] = {name: self.filters[name] for name in used}
        self._fall_back()

    def _fall_back(self) -> None:
        """A value that is not offered is taken for the one that the list begins with."""
        refused = self.form.errors
        wrong = [name for name, one in self.filters.items() if name in refused or not self._allows(one, name)]
        for name in wrong:
            self.form.data[name] = self.begins[name]
        if wrong:
            self.form.full_clean()

    def _allows(self, one: Any, name: str) -> bool:
        value = self.form.data.get(name, "")
        return not (value and isinstance(one, Offered)) or one.allows(value, self.user)

    @property
    def values(self) -> dict[str, Any]:
        """What was chosen, cleaned, by the name of the filter."""
        return dict(self.form.cleaned_data)

    @property
    def address(self) -> str:
        """The chosen filters as they stand in an address: those alone that narrow."""
        told = QueryDict(mutable=True)
        for name, begins in self.begins.items():
            if (value := self.form.data.get(name, "")) != begins:
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
                self.show(name, one.offered(rows, self.user))

    def show(self, name: str, offered: Iterable[tuple[Any, Any]]) -> None:
        """Let one of these be chosen, or none of them."""
        self.form.fields[name].widget.choices = [*self.filters[name].without, *offered]


def _text_of(initial: Any) -> str:
    """What a filter begins with, as an address has it; a function is asked anew."""
    value = initial() if callable(initial) else initial
    return "" if value is None else str(value)


class _Labelled(django_filters.Filter):
    """A filter whose field says what it is to those who do not see where it stands.

    `wide`: only for people who read more than their own customers. `method`, a name of the set, narrows in its place.
    """

    def __init__(
        self, label: Any, field_name: str | None = None, *, wide: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(field_name=field_name, label=label, **kwargs)
        self.wide = wide
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


class Choice(Pick):
    """One of several choices that `rows` itself asks for: it narrows nothing here."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs


class _Box(forms.BooleanField):
    def clean(self, value: Any) -> bool | None:
        return super().clean(value) or None  # a box that is not ticked asks for nothing


class Tick(_Labelled):
    """A box: ticked, the condition holds."""

    field_class = _Box

    def __init__(self, label: Any, condition: Condition | None = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.condition = condition

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value or self.condition is None:
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


class AsOf(Since):
    """The day whose state is shown; `rows` asks for it."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, "", **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs


class Lately(Pick):
    """Of the last so many days by a column."""

    def __init__(self, label: Any, field_name: str, days: Iterable[int] = (7, 30, 90), **kwargs: Any) -> None:
        choices = [(str(n), _("近 %(n)s 天") % {"n": n}) for n in days]
        super().__init__(label, choices, field_name, every=_("不限日期"), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(**{f"{self.field_name}__gt": clock.today() - timedelta(days=int(value))})


NOBODY = "none"  # in an address: rows that have nobody


class _IdField(forms.CharField):
    widget = Select

    def __init__(self, *, nobody: Any = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.nobody = nobody

    def clean(self, value: Any) -> str:
        if not value or is_id(str(value)) or (value == NOBODY and self.nobody):
            return str(value or "")
        raise forms.ValidationError(_("没有这一项。"))


class Offered(_Labelled):
    """One of what occurs in the list: rows by the id in a column; what is offered is asked only for the page.

    `nobody`: what rows without one are called, where they can be asked for.
    """

    field_class: Any = _IdField

    def __init__(self, label: Any, field_name: str, *, every: Any, nobody: Any = "", **kwargs: Any) -> None:
        super().__init__(label, field_name, nobody=nobody, **kwargs)
        self.every, self.nobody = every, nobody

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.filter(**{self.field_name: None if value == NOBODY else int(value)})

    @property
    def without(self) -> list[tuple[Any, Any]]:
        """What can be chosen besides: all rows, and those without one."""
        return [("", self.every), *([(NOBODY, self.nobody)] if self.nobody else [])]

    def allows(self, value: str, user: User) -> bool:
        """Whether the person may ask for it; of what stands in the rows that they see, anything."""
        return True

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        """Ids and words."""
        raise NotImplementedError


class InUnit(Offered):
    """Rows of a unit that occurs in them."""

    def __init__(self, field_name: str = "home", **kwargs: Any) -> None:
        super().__init__(_("机构"), field_name, **{"every": _("全部机构"), **kwargs})

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        return names_of(rows.values(self.field_name)).items()


class OfPerson(Offered):
    """Rows of a person who occurs in them."""

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        ids = rows.order_by().values(self.field_name)
        return User.objects.filter(pk__in=ids).order_by("name", "pk").values_list("pk", "name")


class _ShortText(forms.CharField):
    widget = Select

    def __init__(self, *, nobody: Any = "", **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)


class OfText(Offered):
    """Rows with a text that occurs in a column."""

    field_class = _ShortText

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: value}) if value else qs

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        texts = rows.order_by(self.field_name).values_list(self.field_name, flat=True).distinct()
        return [(text, text) for text in texts]


# Of a large list it is not asked what occurs in it: its units and managers are those of the person's scope.


def units_of(user: User) -> QuerySet[Unit]:
    """The units that a person who reads more than their own customers may narrow a large list to."""
    units = Unit.objects.exclude(kind=UnitKind.BANK).order_by("path")
    return units if user.scope.reads_all else units.filter(pk__in=user.scope.unit_ids)


class UnderUnit(InUnit):
    """Rows of a unit of the person's scope and of what is below it."""

    def __init__(self, field_name: str = "home", **kwargs: Any) -> None:
        super().__init__(field_name, **{"wide": True, **kwargs})

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        below = Unit.objects.under([int(value)]).order_by().values("pk")
        return qs.filter(**{f"{self.field_name}__in": below})

    def allows(self, value: str, user: User) -> bool:
        return units_of(user).filter(pk=int(value)).exists()

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        return units_of(user).values_list("pk", "name")


class OfManager(OfPerson):
    """Rows of a customer manager of the person's scope."""

    def __init__(self, field_name: str = "manager", **kwargs: Any) -> None:
        defaults = {"every": _("全部客户经理"), "wide": True}
        super().__init__(_("客户经理"), field_name, **defaults | kwargs)

    def _people(self, user: User) -> QuerySet[User]:
        units = units_of(user).order_by().values("pk")
        return User.objects.filter(posts__role=Role.CUSTOMER_MANAGER, posts__unit__in=units).distinct()

    def allows(self, value: str, user: User) -> bool:
        return value == NOBODY or self._people(user).filter(pk=int(value)).exists()

    def offered(self, rows: QuerySet[Any], user: User) -> Iterable[tuple[Any, Any]]:
        return self._people(user).order_by("username").values_list("pk", "name")

"""Fields that every form of every app takes from here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from core.days import EARLIEST, LATEST, RANGE


class DayField(forms.DateField):
    """A day within the range of days from outside (core.days); the browser's calendar shows no other."""

    def __init__(self, **kwargs: Any) -> None:
        picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": picker, **kwargs})
        sentence = f"{RANGE}，请核对年份。"
        self.validators += [MinValueValidator(EARLIEST, sentence), MaxValueValidator(LATEST, sentence)]

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """The calendar's own limits; a form may set narrower ones."""
        return {"min": EARLIEST.isoformat(), "max": LATEST.isoformat()}


class Select(forms.Select):
    """A choice among many, without groups, written at once: Django draws every option by two templates of its own."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The element with its options."""
        chosen = set(self.format_value(value))
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected" if str(key) in chosen else ""), label)
                for key, label in self.choices
            ),
        )
        return format_html(
            '<select name="{}"{}>{}</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), options
        )

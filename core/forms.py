"""Fields that every form of every app takes from here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

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

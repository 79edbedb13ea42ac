"""Amounts in templates: {{ loan.balance|yuan }}, {{ total|wan }}, {{ part|share }}, {{ amount|chinese_amount }}."""

from __future__ import annotations

from decimal import Decimal

from django import template

from core import money

register = template.Library()


@register.filter
def yuan(value: Decimal | int | str | None) -> str:
    """1,234,567.89; a dash where there is no amount."""
    return "—" if value in (None, "") else money.yuan(value)


@register.filter
def wan(value: Decimal | int | str | None) -> str:
    """万元 with two decimals; a dash where there is no amount."""
    return "—" if value in (None, "") else money.wan(value)


@register.filter
def share(value: Decimal | None) -> str:
    """A fraction in per cent to one hundredth of it: 12.35%; a dash where there is none."""
    return "—" if value is None else f"{value * 100:.2f}%"


@register.filter
def chinese_amount(value: Decimal | int | str | None) -> str:
    """大写金额; empty where there is no amount."""
    return "" if value in (None, "") else money.chinese_amount(value)

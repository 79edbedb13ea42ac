"""The one-time key of a page, in every form whose view is taken `once` (core.once)."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.once import FIELD, new_key

register = template.Library()


@register.simple_tag
def once() -> SafeString:
    """A hidden field with a new key: `{% once %}` beside `{% csrf_token %}`. A browser that goes back to a page which
    it fetches anew does not put the old key into it."""
    return format_html('<input type="hidden" name="{}" value="{}" autocomplete="off">', FIELD, new_key())

"""The request as views see it behind LoginRequiredMiddleware: its user is a person, never anonymous."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class SignedInRequest(HttpRequest):
    """Only for annotations."""

    user: User
    htmx: HtmxDetails

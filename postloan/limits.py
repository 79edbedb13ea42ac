"""Refuses a request that carries too much before anything of it is read, on whatever server it comes in.

Our own server asks `largest_body` as soon as it has the header, so that nothing is taken in that would be refused. A
body without a length is not read by Django at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from core import bodies
from postloan import refusals


def largest_body(path: str, *, signed_in: bool) -> int:
    """The most bytes that a request to this path may carry; where there is no page, no more than a stranger's."""
    try:
        return bodies.largest_for(resolve(path).func, signed_in=signed_in)
    except Resolver404:
        return bodies.STRANGER


class BodyLimitMiddleware:
    """Before the token of a form is looked for, which reads the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Only what is more than a stranger may send asks who is asking."""
        said = request.META.get("CONTENT_LENGTH") or ""
        length = int(said) if said.isdecimal() else 0  # as Django reads it
        if length <= bodies.STRANGER:
            return None
        most = bodies.largest_for(view, signed_in=request.user.is_authenticated)
        return refusals.too_large(request, most) if length > most else None

"""No database keeps a NUL: what comes with a request has none, and where one was typed, a sign stands for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from workflow.definitions.values import REPLACED

NUL = "\x00"


class ReadableMiddleware:
    """Goes over address, query and form, once they are known to belong to a page that this person may ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """After the check of the sign-in: nobody else makes a form be read."""
        request.GET = _without(request.GET, "")  # type: ignore[assignment]  # a filter that was mistyped
        request.POST = _without(request.POST, REPLACED)  # type: ignore[assignment]  # nothing typed is lost unseen
        for name, value in kwargs.items():
            if isinstance(value, str):
                kwargs[name] = value.replace(NUL, REPLACED)


def _without(given: QueryDict, instead: str) -> QueryDict:
    if not any(NUL in text for name, texts in given.lists() for text in (name, *texts)):
        return given
    kept = QueryDict(mutable=True)
    for name, texts in given.lists():
        kept.setlist(name.replace(NUL, instead), [text.replace(NUL, instead) for text in texts])
    kept._mutable = False
    return kept

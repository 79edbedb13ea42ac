"""Sets the acting person for the length of a request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.actor import Actor, acting_as, stranger


class ActorMiddleware:
    """Every act of a request is the signed-in person's; an anonymous request acts as nobody in particular."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        address = request.META.get("REMOTE_ADDR", "")
        actor = Actor(user.username, user.name, address) if user.is_authenticated else stranger(address)
        with acting_as(actor):
            return self.get_response(request)

"""Who a request comes from: the client's address behind named proxies, and the acting person."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.actor import Actor, acting_as, stranger
from core.peers import client_address, is_one_of


class PeerMiddleware:
    """REMOTE_ADDR is the client's from here on, for whoever asks: the lock-out, the audit, the log.

    Where proxies are named, a header of theirs that comes from anybody else is taken away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if trusted := settings.TRUSTED_PROXIES:
            peer = request.META.get("REMOTE_ADDR", "")
            forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
            request.META["REMOTE_ADDR"] = client_address(peer, forwarded, trusted)
            if not is_one_of(peer, trusted):
                request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return self.get_response(request)


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

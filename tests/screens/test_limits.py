"""How much a request may carry, and how long one may take to come: whoever asks, wherever, on whatever server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from waitress.adjustments import Adjustments

from accounts.sessions import SessionStore, is_ours
from core.bodies import FORM, MEGABYTE, STRANGER
from postloan.limits import largest_body
from postloan.server import Channel, TooLarge


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def too_long(client: Client, path: str, length: int) -> Any:
    """A request that says how long it will be, and of which nothing can be read."""

    class Unreadable:
        def read(self, *args: object) -> bytes:
            raise AssertionError("the body is read")

        readline = read

    return client.generic(
        "POST",
        path,
        CONTENT_LENGTH=str(length),
        **{"wsgi.input": Unreadable()},
        content_type="application/x-www-form-urlencoded",
    )


def test_a_request_that_is_too_long_is_refused_unread(cast: SimpleNamespace) -> None:
    stranger, person = Client(), signed_in(cast.cm)
    assert too_long(stranger, "/login/", STRANGER + 1).status_code == 413
    assert too_long(stranger, "/documents/1/attachments/", STRANGER + 1).status_code == 413
    page = too_long(person, "/leaves/new/", FORM + 1)
    assert page.status_code == 413
    assert "这里一次最多接收 4.0" in page.content.decode()
    assert person.post("/leaves/new/", {"reason": "x" * (FORM // 2)}).status_code == 422  # as any form


def routes(resolver: URLResolver) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from routes(one)
        else:
            yield one


def test_only_these_pages_take_files() -> None:
    found = {
        route.name: most
        for route in routes(get_resolver())
        if (most := getattr(route.callback, "largest_body", None))
    }
    assert found == {"document_attach": 100 * MEGABYTE, "import_upload": 4096 * MEGABYTE}
    assert largest_body("/imports/upload/", signed_in=True) == found["import_upload"]
    assert largest_body("/imports/upload/", signed_in=False) == STRANGER
    assert largest_body("/nowhere/", signed_in=True) == STRANGER


def test_a_session_key_shows_whether_we_made_it(cast: SimpleNamespace, settings: Any) -> None:
    key = signed_in(cast.cm).cookies["sessionid"].value
    assert is_ours(key)
    for made_up in ("", None, key[:-1], key[::-1], "a" * 40):
        assert not is_ours(made_up)
    settings.SECRET_KEY = "another"
    assert not is_ours(key)
    assert SessionStore(key).session_key is None


def test_a_stranger_is_given_no_session(cast: SimpleNamespace) -> None:
    """Whoever has a key of ours may send more: so nobody has one who has not signed in."""
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": "1001", "password": "wrong"})
    client.get("/")
    assert "sessionid" not in client.cookies


def test_what_trickles_in_does_not_renew_its_time_and_an_upload_that_goes_on_does(
    cast: SimpleNamespace,
) -> None:
    key = signed_in(cast.cm).cookies["sessionid"].value
    upload = f"POST /imports/upload/ HTTP/1.1\r\nCookie: sessionid={key}\r\nContent-Length: {FORM}\r\n\r\n"
    for begun, renewed in ((b"GET /login/ HTTP/1.1\r\nHo", False), (upload.encode(), True)):
        ours, theirs = socket.socketpair()
        with theirs:
            server = SimpleNamespace(active_channels={})
            channel = Channel(server, ours, ("", 0), Adjustments(), map={})
            theirs.sendall(begun)
            channel.handle_read()
            channel.last_activity = began = 0.0
            theirs.sendall(b"s")
            channel.handle_read()
            assert (channel.last_activity > began) == renewed
            assert not isinstance(channel.request.error, TooLarge)
            channel.handle_close()

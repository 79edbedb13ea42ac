"""Promise 29: every route and method names a rule, and every rule holds for every role and ownership."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from core import clock
from tests import factories
from tests.pages import one_time
from tests.project import permission_world as worlds
from workflow import registry
from workflow.models import Document

TABLE = yaml.safe_load((Path(__file__).parent / "permissions.yaml").read_text(encoding="utf-8"))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
DUMMY = {
    "pk": 2**40,
    "number": "NOBODY",
    "work_item": 2**40,
    "attachment": 2**40,
    "step": 2**40,
    "here": "main",
    "kind": "contracts",
    "code": "NOBODY",
    "register": "payments",
}

# What a POST carries, so that somebody who may do it is not stopped by an empty form.
POSTED: dict[str, dict[str, Any]] = {
    "login": {"username": "nobody", "password": "wrong"},
    "password_change": {"old_password": "wrong"},
    "event_new": {"kind": "STOPPAGE", "effective_on": "2026-11-23", "detail": "全厂停产三天"},
    "event_reverse": {"reason": "误登到同名客户"},
    "signal": {"verdict": "CONFIRMED", "why": "核对属实"},
    "payment_cancel": {"why": "合同解除"},
    "payment_authority": {"from_on": "2026-11-25", "role_1": "RISK_MANAGER"},
    "document_save": {"finding": "又看了一遍", "_here": "main"},
    "document_submit": {"password": factories.PASSWORD},
    "document_discard": {"reason": "重复建立"},
    "document_withdraw": {"reason": "补充照片"},
    "document_late": {"_actual_on": "2026-11-20", "_late_reason": "机房检修"},
    "late_entry_decide": {"decision": "grant"},
    "policy_decide": {"decision": "reject", "reason": "间隔没有写全"},
    "document_sign": {"password": factories.PASSWORD},
    "document_send_back": {"reason": "请补充存货照片"},
    "list_filter_save": {"_name": "待审核"},
    "document_inbox_sign": {"password": factories.PASSWORD},
}


def routes(patterns: list[Any] | None = None) -> Iterator[URLPattern]:
    """Every route that can be asked for."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        else:
            yield pattern


def address(route: URLPattern, kwargs: dict[str, Any]) -> str:
    """The address of a route with as much of the kwargs as it takes."""
    wanted = route.pattern.converters
    return reverse(route.name, kwargs={name: kwargs[name] for name in wanted})


def cells() -> list[tuple[str, str, str, str, str, bool]]:
    """(route, method, rule, role, ownership, allowed) for every cell of the table."""
    found = []
    for name, methods in TABLE["routes"].items():
        for method, rule_name in methods.items():
            rule = TABLE["rules"][rule_name]
            for role in TABLE["rules"]["public"]["allow"]:
                reach = rule["allow"].get(role, [])
                places = ["own"] if rule["about"] == "nothing" else worlds.OWNERSHIPS
                for place in places:
                    allowed = reach == "all" or place in reach
                    found.append((name, method, rule_name, role, place, allowed))
    return found


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[worlds.World]:
    """The people and subjects of the table, on 2026-11-24."""
    with clock.travelling_to(worlds.TODAY):
        built = worlds.build()
        forms = dict(registry._forms)
        worlds.register(built, forms)
        monkeypatch.setattr(registry, "_forms", forms)
        worlds.furnish(built)
        yield built


def test_every_route_has_a_name_and_a_row_in_the_table() -> None:
    names = [route.name for route in routes()]
    assert all(names), "a route without a name"
    assert len(names) == len(set(names)), "two routes of one name"
    assert set(names) == set(TABLE["routes"])


def test_every_method_that_a_route_answers_is_in_the_table_and_no_other(world: worlds.World) -> None:
    cookies = signed_in(world.actors["NO_POST"])
    public = {
        name
        for name, methods in TABLE["routes"].items()
        if any(TABLE["rules"][rule].get("anonymous") for rule in methods.values())
    }
    answered: dict[str, set[str]] = {}
    for route in routes():
        answered[route.name] = set()
        for method in METHODS:
            with transaction.atomic():
                # The sign-in page sends home, whatever the method, who is signed in already.
                client = Client() if route.name in public else browser(cookies)
                response = client.generic(method, address(route, DUMMY))
                transaction.set_rollback(True)
            if response.status_code != 405:
                answered[route.name].add(method)
    assert answered == {name: set(methods) for name, methods in TABLE["routes"].items()}


def test_every_rule_is_used_and_every_rule_named_exists() -> None:
    used = {rule for methods in TABLE["routes"].values() for rule in methods.values()}
    assert used <= set(TABLE["rules"])
    assert set(TABLE["rules"]) - used == set()


def test_a_visitor_who_has_not_signed_in_gets_the_sign_in_page_and_nothing_else(world: worlds.World) -> None:
    client = Client(raise_request_exception=False)
    for route in routes():
        for method, rule in TABLE["routes"][route.name].items():
            response = client.generic(method, address(route, DUMMY))
            if TABLE["rules"][rule].get("anonymous"):
                assert response.status_code in {200, 503}, route.name
            else:
                assert response.status_code == 302, (route.name, method, response.status_code)
                assert response.headers["Location"].startswith(reverse("login")), route.name


def signed_in(person: User) -> str:
    """The session cookie of somebody who signed in."""
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def browser(cookie: str) -> Client:
    """A browser with that session and nothing else, whatever an earlier request did to its cookies."""
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return client


def play(client: Client, route: URLPattern, method: str, kwargs: dict[str, Any]) -> int:
    """The answer to one request, and nothing of it left behind."""
    data = POSTED.get(route.name, {}) | one_time()
    if route.name == "document_save":
        data["_version"] = str(Document.objects.get(pk=kwargs["pk"]).version)
    if route.name == "document_attach":
        data |= {"section": "main", "files": SimpleUploadedFile("补充.png", worlds.picture(200))}
    with transaction.atomic():
        where = address(route, kwargs)
        response = client.get(where) if method == "GET" else client.post(where, data)
        status = response.status_code
        if hasattr(response, "streaming_content"):
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return status


@pytest.mark.obligation("GR-3", clause="a")
@pytest.mark.heavy
def test_every_rule_holds_for_every_role_and_ownership(
    world: worlds.World, capsys: pytest.CaptureFixture[str]
) -> None:
    by_name = {route.name: route for route in routes()}
    cookies = {role: signed_in(person) for role, person in world.actors.items()}
    wrong = []
    for name, method, rule, role, place, allowed in cells():
        about = TABLE["rules"][rule]["about"]
        kwargs = DUMMY if about == "nothing" else world.places[place].kwargs[about]
        status = play(browser(cookies[role]), by_name[name], method, kwargs)
        refused = status in {401, 403, 404}
        sick = status >= 500 and name != "healthz"  # which says 503 while no scheduler runs
        if refused == allowed or sick:
            wrong.append((name, method, role, place, "allowed" if allowed else "refused", status))
    with capsys.disabled():
        print(f"\npermission cells: {len(cells())}, mismatches: {len(wrong)}")
    assert not wrong, "\n".join(map(str, wrong))


def test_a_person_who_lost_the_post_between_two_requests_loses_the_page(world: worlds.World) -> None:
    client = Client()
    manager = world.actors["CUSTOMER_MANAGER"]
    client.force_login(manager)
    page = reverse("borrower", kwargs={"number": world.places["own"].borrower.number})
    assert client.get(page).status_code == 200
    manager.posts.update(to_on=worlds.YESTERDAY)
    assert client.get(page).status_code == 404
    manager.is_active = False
    manager.save()
    assert client.get(page).status_code == 302

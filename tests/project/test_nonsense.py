"""Nonsense from outside: no page fails, what is refused leaves nothing behind, and asking writes nothing.

Every route is walked with days that no calendar of a bank knows, ids that no table holds and bytes that no database
keeps, in every parameter that the route asks for. Which those are is not listed here: the walk sees what is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import DateField
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern
from django.urls.converters import get_converters

from core import charts, renderer
from core.staging.shapes import Type
from credit.imports.kinds import KINDS
from reviews.dashboard.pages import OF_THE_BOOK
from tests.project import permission_world as worlds
from tests.project.test_permissions import (
    DUMMY,
    POSTED,
    TABLE,
    address,
    browser,
    routes,
    signed_in,
    world,  # noqa: F401  (a fixture)
)
from workflow import measures
from workflow.models import Document

OUT_OF_RANGE = ("0001-01-01", "9999-12-31")
NONSENSE = ("2026-02-30\x00", "0001-01-01_9223372036854775808")
MORE_NONSENSE = (  # only with --long: each by itself in every parameter
    "0000-00-00", "1899-12-31", "2200-01-01", "10000-01-01", "-0001-01-01", "2026-W53-7", "２０２６-01-01", "\x00",
    "9999-12-31_9223372036854775807", "9223372036854775808", "-1", "0", "²", "٣", "9" * 40, "x", "%",
    "\ud7ff\uffff", "a" * 5000,
)  # fmt: skip
# The names under which an address or a form says a day, and those of days that are written down.
DAY = re.compile(r"(?:.*_)?(?:on|of|from|to|with|since|until|day|month|year)")
A_DAY_TO_KEEP = re.compile(r"(?!note:).*_(?:on|of)")
STRANGE = {"int": 10**40, "str": "\x00", "slug": "x" * 300}  # in the address itself, by what it takes there

# What a GET needs before it asks for anything else.
ASKED: dict[str, dict[str, str]] = {
    "dashboard_export": {"table": next(iter(OF_THE_BOOK))},
    "dashboard_rows": {"measure": "late"},
    "dashboard_rows_export": {"measure": "late"},
}
SLOW = {
    "dashboard_pdf"
}  # reads its address as the dashboard does and draws for seconds: nonsense only with --long
# What a GET may write, and why; sessions belong to the browser that asks.
GET_WRITES = {
    "core_auditentry": "who took an export or a dashboard out of the house is written down",
    "django_session": "which documents of the inbox were read to be signed, and what was told once",
}
# What a refused POST may leave.
STAYS = {
    "axes_accessattempt": "a wrong password is counted",
    "core_auditentry": "and written down",
}
# A valid form where the table of permissions needs none.
TYPED: dict[str, dict[str, Any]] = POSTED | {
    "leave_new": {"from_on": "2026-12-01", "to_on": "2026-12-02", "deputy": "A002"},
    "policy_change": {"effective_on": "2026-12-01", "reason": "试改"},
}


@dataclass
class Walk:
    """A book, a browser for everybody, and what each route has asked of the requests so far."""

    world: worlds.World
    asked: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    here: tuple[str, str] = ("", "")
    as_built: dict[str, Any] = field(default_factory=dict)
    failed: list[Any] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, route: URLPattern, method: str, given: dict[str, Any], **kwargs: Any) -> None:
        """One request, of which nothing stays; what must not be is noted."""
        rule = TABLE["rules"][TABLE["routes"][route.name][method]]
        role, place = somebody_of(rule)
        about = DUMMY if rule["about"] == "nothing" else self.world.places[place].kwargs[rule["about"]]
        where = address(route, about | kwargs)
        self.here = (route.name, method)
        told = (route.name, method, kwargs, {name: str(value)[:40] for name, value in given.items()})
        with transaction.atomic():
            before = touched()
            response = send(browser(self.cookies[role]), method, where, given)
            status = response.status_code
            written = {table for table, count in touched().items() if count != before.get(table)}
            left = self.changed() - set(STAYS) if method == "POST" and written else set()
            transaction.set_rollback(True)
        self.here = ("", "")
        if status >= 500 and route.name != "healthz":  # which says 503 while no scheduler runs
            self.failed.append((*told, status))
        if method == "GET" and written - set(GET_WRITES):
            self.failed.append((*told, status, "writes", written - set(GET_WRITES)))
        a_day = any(A_DAY_TO_KEEP.fullmatch(name) and given[name] in OUT_OF_RANGE for name in given)
        if method == "POST" and left and (status not in {302, 303} or a_day):
            self.failed.append((*told, status, "leaves behind", left))

    def changed(self) -> set[str]:
        """The tables that do not hold what the book was built with."""
        now = contents()
        return {table for table, held in now.items() if held != self.as_built[table]}

    def play(self, method: str, long: bool) -> None:
        """Every route of a method, with nonsense in whatever it asks for."""
        for route in routes():
            if method not in TABLE["routes"][route.name]:
                continue
            usual = (TYPED if method == "POST" else ASKED).get(route.name, {})
            if method == "POST":
                usual = usual | posted(route, self.world)
            self.ask(route, method, usual)
            if route.name == "entry_kind" and long:
                for kind in KINDS.values():
                    days = {column.name: "0001-01-01" for column in kind.columns if column.type is Type.DATE}
                    self.ask(route, method, days, kind=kind.name)
            for name, converter in route.pattern.converters.items():
                kind = next(kind for kind in STRANGE if type(converter) is type(get_converters()[kind]))
                self.ask(route, method, usual, **{name: STRANGE[kind]})
            if route.name in SLOW and not long:
                continue
            done: set[str] = set()
            while new := self.asked[route.name, method] - done:  # an answer may make it ask for more
                done |= new
                for name in sorted(new):
                    for value in values_for(name, long):
                        self.ask(route, method, usual | {name: value})
            for value in NONSENSE if done else ():
                self.ask(route, method, usual | dict.fromkeys(done, value))


def values_for(name: str, long: bool) -> tuple[str, ...]:
    """What one parameter is given by itself."""
    if long:
        return (*OUT_OF_RANGE, *NONSENSE, *MORE_NONSENSE)
    return OUT_OF_RANGE if DAY.fullmatch(name) else ()


def somebody_of(rule: dict[str, Any]) -> tuple[str, str]:
    """Somebody who may, and whose subject they ask about; who sees most first."""
    may = {role: "own" if reach == "all" else reach[0] for role, reach in rule["allow"].items() if reach}
    first = ("RISK_HEAD", "PRESIDENT", "CUSTOMER_MANAGER", "CUSTOMER_HEAD")
    role = next((role for role in first if role in may), next(iter(may)))
    return role, may[role]


def posted(route: URLPattern, book: worlds.World) -> dict[str, Any]:
    """What a form carries that only a file or the row itself can say."""
    if route.name == "document_save":
        draft = book.places["own"].kwargs["draft"]
        return {"_version": str(Document.objects.get(pk=draft["pk"]).version)}
    if route.name == "document_attach":
        return {"section": "main", "files": SimpleUploadedFile("补充.png", worlds.picture(200))}
    if route.name == "import_upload":
        return {"profile": "native", "files": SimpleUploadedFile("客户.csv", "客户编号\n".encode())}
    return {}


def send(client: Client, method: str, where: str, given: dict[str, Any]) -> Any:
    """The answer, read to its end."""
    for file in given.values():
        if isinstance(file, SimpleUploadedFile):
            file.seek(0)
    response = client.get(where, given) if method == "GET" else client.post(where, given)
    if hasattr(response, "streaming_content"):
        b"".join(response.streaming_content)
    return response


def touched() -> dict[str, int]:
    """How many rows of each table this transaction has written, those taken back again included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def contents() -> dict[str, Any]:
    """Of every table, how many rows it holds and what they come to."""
    held = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM "{table}" t')
            held[table] = cursor.fetchone()
    return held


@pytest.fixture
def walk(world: worlds.World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:  # noqa: F811
    """The book of the permission table, a day's figures in it; what is asked of a request is seen."""
    measures.write(worlds.YESTERDAY)
    walk = Walk(world, cookies={role: signed_in(person) for role, person in world.actors.items()})

    def watched(kind: type, name: str) -> Any:
        def asks(self: Any, key: Any, *more: Any) -> Any:
            walk.asked[walk.here].add(key)
            return getattr(kind, name)(self, key, *more)

        return asks

    reading = ("__getitem__", "get", "__contains__")
    plain = type("Plain", (dict,), {name: watched(dict, name) for name in reading})
    for name in (*reading, "getlist"):
        monkeypatch.setattr(QueryDict, name, watched(QueryDict.__base__, name), raising=False)
    monkeypatch.setattr(QueryDict, "dict", lambda self: plain((key, self[key]) for key in self))
    # What is nonsense is most often answered with the usual page: the same page is drawn once, each other one too.
    monkeypatch.setattr(renderer, "write_pdf", drawn_once(renderer.write_pdf))
    monkeypatch.setattr(charts, "svg", drawn_once(charts.svg))
    walk.as_built = contents()
    yield walk


def drawn_once(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Each page and each chart drawn once, by what it shows."""
    drawn: dict[str, Any] = {}

    def again(what: Any, **how: Any) -> Any:
        key = repr((what, how))
        if key not in drawn:
            drawn[key] = draw(what, **how)
        return drawn[key]

    return again


@pytest.mark.heavy
def test_no_get_fails_on_nonsense_and_none_writes(walk: Walk) -> None:
    walk.play("GET", long=False)
    assert not walk.failed, "\n".join(map(str, walk.failed))


def test_no_post_fails_on_nonsense_and_a_refused_one_leaves_nothing_behind(walk: Walk) -> None:
    walk.play("POST", long=False)
    assert not walk.failed, "\n".join(map(str, walk.failed))


@pytest.mark.long
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_route_fails_on_any_nonsense_in_any_parameter(walk: Walk, method: str) -> None:
    walk.play(method, long=True)
    assert not walk.failed, "\n".join(map(str, walk.failed))


@pytest.mark.long
def test_every_page_opens_over_days_that_were_stored_before_there_was_a_range(walk: Walk) -> None:
    books = ("credit", "monitoring", "inspections", "workflow")
    for model in (one for one in apps.get_models() if one._meta.app_label in books):
        days = (one for one in model._meta.concrete_fields if type(one) is DateField)
        for column in (
            one for one in days if one.name != "on"
        ):  # the day of our own clock, never told by anybody
            day = OUT_OF_RANGE[bool(re.fullmatch(r"(to|ends|due|matures|ended|replaced)_on", column.name))]
            with suppress(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(f'UPDATE "{model._meta.db_table}" SET "{column.column}" = %s', [day])
                cursor.execute("SET LOCAL session_replication_role = origin")
    for route in routes():
        if "GET" in TABLE["routes"][route.name]:
            walk.ask(route, "GET", ASKED.get(route.name, {}))
    assert not walk.failed, "\n".join(map(str, walk.failed))

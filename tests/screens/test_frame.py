"""The frame: groups of pages that are a person's own, twelve entries at most, figures that add up."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import Page, pages
from accounts.choices import Role
from accounts.models import User
from postloan import urls  # noqa: F401  (reading the views is what fills the register)
from postloan.frame import GROUPS, MOST, OPEN, Nav, arranged, fold, rooms_for
from tests import factories


@pytest.fixture
def posts(cast: SimpleNamespace) -> list[User]:
    """Somebody of every post."""
    others = [
        factories.make_person(number, name, role=role, unit=cast.br1)
        for number, name, role in (("1013", "彭律", Role.LEGAL), ("1014", "邹红", Role.ARCHIVIST))
    ]
    people = [*cast.people.values(), *others]
    held = {role: person for person in reversed(people) for role in person.scope.roles}
    assert set(held) == set(Role) - {Role.PRINCIPAL}
    return list(held.values())


def own(user: User) -> list[Page]:
    return [page for page in pages().values() if page.is_for(user)]


def most_seen(nav: Nav) -> int:
    """As many entries as one click in the column brings to sight: one group is open at a time, or the fold."""
    return len(nav.rooms) + bool(nav.more) + max(len(nav.more), *(len(room.pages) for room in nav.rooms))


def test_nobody_sees_more_than_twelve_entries_wherever_they_are_and_whatever_they_open(
    posts: list[User],
) -> None:
    """Where one is, and the group that is open, are never folded; nothing of one's own is lost."""
    for person in posts:
        for page in own(person):
            rooms = rooms_for(person, page.route)
            for opened in ("", *(group.key for group in GROUPS)):
                nav = arranged(rooms, opened)
                assert most_seen(nav) <= MOST, (person, page.route, opened)
                assert sum(room.open for room in nav.rooms) <= 1
                (here,) = (room for room in nav.rooms if room.here)
                assert here.open == bool(here.pages)
                if not here.pages and opened in {room.key for room in rooms if room.pages}:
                    assert [room.key for room in nav.rooms if room.open] == [opened]
            known = {entry.route for room in rooms for entry in (room.head, *room.pages)}
            assert known == {one.route for one in own(person)}


def test_eleven_full_groups_are_folded_to_twelve_entries_and_none_is_folded_alone() -> None:
    for size, count in product(range(7), range(1, 12)):
        for kept in range(count):
            shown = fold([size] * count, {kept})
            folded = count - len(shown)
            assert kept in shown and shown == sorted(shown) and folded != 1
            assert len(shown) + bool(folded) + size <= MOST
    assert fold([2, 2, 4, 4, 2, 4, 0, 5]) == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]  # an entry 更多 for 管理 alone would save nothing


def test_everybody_gets_every_page_that_the_frame_offers_them(
    posts: list[User], browse: Callable[[User], Client]
) -> None:
    """From the home page, by nothing but the frame, one comes to all of one's pages and is refused none."""
    for person in posts:
        client, seen, waiting = browse(person), set(), ["/"]
        while waiting:
            answer = client.get(path := waiting.pop())
            assert answer.status_code == 200, (person, path)
            seen.add(path)
            column = re.search(r'<nav class="frame-nav".*?</nav>', answer.content.decode(), re.DOTALL)
            assert column
            waiting += {*re.findall(r'href="([^"]+)"', column[0])} - seen - {*waiting}
        assert seen == {reverse(page.route) for page in own(person)}


@pytest.mark.parametrize(
    ("path", "group", "head", "page"),
    [
        ("/uses/", "money", "true", "uses"),
        ("/payments/authority/", "money", "true", "payments"),
        ("/borrowers/C100001/", "customers", "page", ""),
        ("/groups/", "customers", "true", "groups"),
        ("/documents/inbox/", "today", "true", "document_inbox"),
        ("/rulebook/", "rulebook", "page", ""),
    ],
)
def test_a_page_lights_its_group_and_itself(
    cast: SimpleNamespace, browse: Callable[[User], Client], path: str, group: str, head: str, page: str
) -> None:
    nav = browse(cast.president).get(path).context["frame"].nav
    (here,) = (room for room in nav.rooms if room.here)
    assert (here.key, here.head.current) == (group, head)
    assert [entry.route for entry in here.pages if entry.current] == [page] * bool(page)


def test_what_was_open_stays_open_and_an_unknown_cookie_means_nothing(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    """On a page that has no group of its own; a manager has nothing under 管理."""
    client = browse(cast.cm)
    for cookie, expected in (
        ("warnings", ["warnings"]),
        ("management", []),
        ("rulebook", []),
        ("'><script>", []),
        ("", []),
    ):
        client.cookies[OPEN] = cookie
        page = client.get("/rulebook/")
        assert [room.key for room in page.context["frame"].nav.rooms if room.open] == expected, cookie
        assert "<script>'" not in page.content.decode()
    rooms = client.get("/signals/").context["frame"].nav.rooms
    assert [room.key for room in rooms if room.open] == ["warnings"]


def test_the_figures_of_the_groups_are_the_persons_own_tasks_by_the_rule_that_raised_them(
    cast: SimpleNamespace,
) -> None:
    """Two visits, a month of 附件2, two of funds, one of a rule of no group; another person's is not counted."""
    kinds = (
        ["site_inspection"] * 2
        + ["account_ledger_review"]
        + ["funds_check", "collection_reminder"]
        + ["call"]
    )
    for i, kind in enumerate(kinds):
        borrower = factories.make_borrower(f"F{i:05d}", "数字客户")
        factories.make_duty(
            cast.cm, cast.corporate, borrower=borrower, kind=kind, period_key=f"2026-{i + 1:02d}"
        )
    factories.make_duty(cast.cm2, cast.corporate, borrower=cast.borrower)
    counts = {room.key: room.head.count for room in rooms_for(cast.cm, "home")}
    own_customers = "1"
    assert counts == {
        "today": "6", "board": "", "customers": own_customers, "money": "1", "checks": "2", "warnings": "2",
        "files": "", "rulebook": "",
    }  # fmt: skip
    bar = arranged(rooms_for(cast.cm, "home")).bar
    assert [(entry.label, entry.count) for entry in bar] == [
        ("今日", "6"), ("客户", own_customers), ("检查", "2"), ("预警", "2"),
    ]  # fmt: skip
    bar = arranged(rooms_for(cast.president, "document_inbox")).bar
    assert [(entry.label, entry.current) for entry in bar] == [
        ("今日", ""), ("客户", ""), ("检查", ""), ("待签", "page"),
    ]  # fmt: skip
    assert [entry.current for entry in arranged(rooms_for(cast.president, "samples")).bar] == [
        "",
        "",
        "true",
        "",
    ]

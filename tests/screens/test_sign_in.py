"""Signing in: guessing is slowed, nobody is revealed, sessions end when they must (promises 32 to 35)."""

from __future__ import annotations

import re
from types import SimpleNamespace

from django.contrib.auth.hashers import get_hasher
from django.test import Client, override_settings

from accounts.choices import Role
from core import clock
from core.models import AuditEntry, Demonstration
from postloan.demo.cast import ACCOUNTS, PEOPLE
from postloan.demo.cast import PASSWORD as DEMO_PASSWORD
from tests import factories
from tests.factories import PASSWORD

WRONG = {"password": "not-it"}


def attempt(username: str, password: str, client: Client | None = None) -> object:
    """One attempt to sign in."""
    return (client or Client()).post("/login/", {"username": username, "password": password})


def test_a_person_signs_in_gets_home_and_it_is_written_down(cast: SimpleNamespace) -> None:
    response = attempt("1001", PASSWORD)
    assert response.headers["Location"] == "/"
    entry = AuditEntry.objects.get(act="accounts.signed_in")
    assert (entry.actor, entry.actor_name) == ("1001", "张明")


def test_a_known_and_an_unknown_number_get_the_same_page(cast: SimpleNamespace) -> None:
    known, unknown = attempt("1001", "wrong"), attempt("9999", "wrong")
    assert known.status_code == unknown.status_code == 200
    pages = [
        re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]*', r"\1", page.content.decode()).replace(
            number, "N"
        )
        for page, number in ((known, "1001"), (unknown, "9999"))
    ]
    assert pages[0] == pages[1]
    assert "工号或密码不正确" in pages[0]


def test_ten_wrong_passwords_lock_the_sign_in_and_say_until_when(cast: SimpleNamespace) -> None:
    """The clock of the lock is the machine's; the page names a time half an hour ahead of the business clock."""
    for number in ("1001", "9999"):
        statuses = [attempt(number, "wrong").status_code for _ in range(10)]
        assert statuses == [200] * 9 + [429], number
        locked = attempt(number, PASSWORD)
        assert locked.status_code == 429
        assert "2026-11-24 12:30" in locked.content.decode()
    assert AuditEntry.objects.filter(act="accounts.locked_out", note="1001").exists()


def test_nine_wrong_passwords_and_a_right_one_start_the_count_again(cast: SimpleNamespace) -> None:
    for _ in range(2):
        for _ in range(9):
            attempt("1001", "wrong")
        assert attempt("1001", PASSWORD).status_code == 302


def test_someone_who_left_cannot_sign_in_and_is_told_no_more_than_anybody(cast: SimpleNamespace) -> None:
    cast.cm.is_active = False
    cast.cm.save()
    response = attempt("1001", PASSWORD)
    assert response.status_code == 200
    assert "工号或密码不正确" in response.content.decode()


def test_signing_out_kills_the_session_on_the_server_and_only_by_post(cast: SimpleNamespace) -> None:
    client, thief = Client(), Client()
    attempt("1001", PASSWORD, client)
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert thief.get("/").status_code == 200
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert thief.get("/").status_code == 302


def test_the_session_key_changes_at_sign_in(cast: SimpleNamespace) -> None:
    client = Client()
    client.get("/login/")
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    attempt("1001", PASSWORD, client)
    assert client.cookies["sessionid"].value != before


def test_a_changed_password_ends_the_sessions_elsewhere_and_keeps_this_one(cast: SimpleNamespace) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        attempt("1001", PASSWORD, client)
    fresh = "Jiang-Zhou-77"
    changed = here.post(
        "/password/", {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    )
    assert changed.status_code == 302
    assert "已全部退出" in here.get("/").content.decode()
    assert elsewhere.get("/").status_code == 302
    assert AuditEntry.objects.filter(act="accounts.password_changed", actor="1001").exists()


def test_a_sign_in_does_not_lead_to_another_site(cast: SimpleNamespace) -> None:
    response = Client().post(
        "/login/", {"username": "1001", "password": PASSWORD, "next": "https://elsewhere.example/"}
    )
    assert response.headers["Location"] == "/"


def test_pages_are_not_kept_by_caches_and_run_no_foreign_script(cast: SimpleNamespace) -> None:
    client = Client()
    attempt("1001", PASSWORD, client)
    headers = client.get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy or "unsafe" not in policy.split("script-src")[1].split(";")[0]


def test_the_sign_in_page_names_accounts_only_where_it_is_a_demonstration(cast: SimpleNamespace) -> None:
    """A bank's own page names nobody, whatever names its people have."""
    with override_settings(DEMO=False):
        page = Client().get("/login/").content.decode()
        assert "演示" not in page
    number = ACCOUNTS[0]
    name = next(person[1] for person in PEOPLE if person[0] == number)
    person = factories.make_person(number, name, role=Role.CUSTOMER_MANAGER, unit=cast.corporate)
    person.set_password(DEMO_PASSWORD)
    person.save()
    with override_settings(DEMO=True):
        page = Client().get("/login/").content.decode()
        assert name not in page and "演示" not in page  # whatever was set: the database has no mark
        Demonstration.objects.create(marked_at=clock.now(), marked_by="system", loaded_at=clock.now())
        assert name in Client().get("/login/").content.decode()


def test_a_known_and_an_unknown_number_cost_the_same_one_hash(cast: SimpleNamespace, monkeypatch) -> None:
    """Promise 34: the hash is what takes the time, so the time does not tell who exists."""
    hasher = type(get_hasher())
    hashed: list[str] = []
    encode = hasher.encode

    def counted(self, password, *args, **kwargs):
        hashed.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(hasher, "encode", counted)
    for number in ("1001", "9999"):
        attempt(number, "wrong")
    assert hashed == ["wrong", "wrong"]

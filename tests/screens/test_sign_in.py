"""Signing in: guessing is slowed, nobody is revealed, sessions end when they must (promises 32 to 35)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher, get_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.checks import run_checks
from django.test import Client, override_settings

from accounts.choices import Role
from accounts.hashers import STRANGERS, Argon2InTheLane, Lane
from accounts.models import User
from core import clock
from core.actor import Actor, acting_as, stranger
from core.errors import Busy
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


def guess(username: str, address: str, times: int = 1) -> Any:
    """Wrong passwords from an address; the last answer."""
    return [attempt(username, "wrong", Client(REMOTE_ADDR=address)) for _ in range(times)][-1]


def test_one_address_may_not_try_every_name(cast: SimpleNamespace) -> None:
    answers = [guess(f"9{n:03d}", "10.0.0.9") for n in range(50)]
    assert [answer.status_code for answer in answers] == [200] * 49 + [429]
    assert "各工号合计已达 50 次" in answers[-1].content.decode()
    assert attempt("1001", PASSWORD, Client(REMOTE_ADDR="10.0.0.9")).status_code == 429
    assert attempt("1001", PASSWORD, Client(REMOTE_ADDR="10.0.0.8")).status_code == 302


def test_many_addresses_try_one_name_and_its_person_still_comes_in_where_they_always_do(
    cast: SimpleNamespace,
) -> None:
    home, elsewhere = Client(REMOTE_ADDR="10.0.0.1"), Client(REMOTE_ADDR="10.0.0.2")
    assert attempt("1001", PASSWORD, Client(REMOTE_ADDR="10.0.0.1")).status_code == 302
    answers = [guess("1001", f"192.0.2.{n}", 5) for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert attempt("1001", PASSWORD, elsewhere).status_code == 429
    assert attempt("1001", PASSWORD, home).status_code == 302
    assert "来自 192.0.2.5：这个工号在多台电脑上输错密码，合计已达 30 次" in home.get("/").content.decode()


def test_behind_a_named_proxy_each_has_an_address_of_their_own_and_nobody_gives_themselves_one(
    cast: SimpleNamespace, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.1.0.1/32")]

    def at(client: str, peer: str = "10.1.0.1") -> Client:
        return Client(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=client)

    for n in range(10):  # whatever the client writes in front of it
        attempt("1001", "wrong", at(f"203.0.113.{n}, 198.51.100.9"))
    assert attempt("1001", PASSWORD, at("198.51.100.9")).status_code == 429
    assert attempt("1001", PASSWORD, at("198.51.100.8")).status_code == 302
    assert attempt("1001", PASSWORD, at("198.51.100.9", peer="192.0.2.1")).status_code == 302
    seen = (
        AuditEntry.objects.filter(act="accounts.signed_in").order_by("id").values_list("address", flat=True)
    )
    assert list(seen) == ["198.51.100.8", "192.0.2.1"]


def test_only_a_named_proxy_says_that_a_request_came_by_https(cast: SimpleNamespace, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = [ip_network("10.1.0.1/32")]
    for peer, path, status in (
        ("10.1.0.1", "/login/", 200),
        ("192.0.2.1", "/login/", 301),
        ("192.0.2.1", "/healthz/", 503),  # a load balancer asks without HTTPS
    ):
        answer = Client(REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https").get(path)
        assert answer.status_code == status, (peer, path)


def test_https_without_a_named_proxy_is_warned_of(settings: Any) -> None:
    for https, named, warned in (
        (False, [], []),
        (True, [ip_network("::1")], []),
        (True, [], ["accounts.W001"]),
    ):
        settings.SESSION_COOKIE_SECURE, settings.TRUSTED_PROXIES = https, named
        assert [one.id for one in run_checks() if one.id.startswith("accounts.")] == warned


def test_a_lock_ends_by_itself_however_often_somebody_knocks_meanwhile(cast: SimpleNamespace) -> None:
    guess("1001", "10.0.0.9", 10)
    AccessAttempt.objects.update(attempt_time=clock.now())  # axes dates the first one by the machine's clock
    for minutes, status in ((10, 429), (29, 429), (31, 302)):
        with clock.travelling_to(clock.now() + timedelta(minutes=minutes)):
            assert attempt("1001", PASSWORD, Client(REMOTE_ADDR="10.0.0.9")).status_code == status, minutes


def test_a_wrong_password_says_how_often_it_may_still_be_wrong(cast: SimpleNamespace) -> None:
    for left in (9, 8):
        for number in ("1001", "9999"):
            assert f"还可以再试 {left} 次" in guess(number, "10.0.0.9").content.decode()


def test_the_page_that_changes_a_password_counts_as_the_others_do(cast: SimpleNamespace) -> None:
    client, fresh = Client(REMOTE_ADDR="10.0.0.1"), "Jiang-Zhou-77"
    attempt("1001", PASSWORD, client)

    def change(old: str) -> Any:
        return client.post(
            "/password/", {"old_password": old, "new_password1": fresh, "new_password2": fresh}
        )

    answers = [change("wrong") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [422] * 9 + [429]
    assert "还可以再试 9 次" in answers[0].content.decode()
    locked = change(PASSWORD)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "1800")
    assert "2026-11-24 12:30" in locked.content.decode()
    assert AuditEntry.objects.filter(act="accounts.locked_out", actor="1001", address="10.0.0.1").count() == 1


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        ("48213796", "四类中的至少 3 类"),
        ("kuaijibao-bao", "四类中的至少 3 类"),
        ("Xx-1001-yy", "不能含本人的工号"),
        ("ZhangMing-77", "不能含本人的工号、姓名或姓名拼音"),
        ("Ab-77", "至少 8 位"),
    ],
)
def test_a_new_password_that_somebody_would_guess_is_refused(
    cast: SimpleNamespace, fresh: str, said: str
) -> None:
    client = Client()
    client.force_login(cast.cm)
    page = client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    )
    assert page.status_code == 200
    assert said in re.sub(r'<div class="form-text">.*?</div>', "", page.content.decode())


def test_the_documented_password_of_the_demonstration_is_one_that_its_people_could_have_chosen() -> None:
    for number, name, *_rest in PEOPLE:
        validate_password(DEMO_PASSWORD, User(username=number, name=name))


def test_nothing_else_checks_a_password() -> None:
    """Whatever asks for one goes through accounts.passwords; the demonstration only asks whether its own is set."""
    asks = re.compile(r"\b(check_password|authenticate)\(")
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for app in apps.get_app_configs()
        if Path(app.path).parent == settings.BASE_DIR
        for path in Path(app.path).rglob("*.py")
        if asks.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"accounts/passwords.py", "postloan/demo/accounts.py"}


def test_a_password_has_one_name_wherever_people_read_it() -> None:
    """密码, and no other word for it; nor does it get a second name by where it is asked for."""
    texts = [
        *Path(settings.BASE_DIR).glob("docs/**/*.md"),
        *Path(settings.BASE_DIR).glob("templates/**/*.html"),
    ]
    texts += [
        path
        for app in apps.get_app_configs()
        if Path(app.path).parent == settings.BASE_DIR
        for path in Path(app.path).rglob("*.py")
    ]
    other = re.compile("口令|登录密码|签字密码|密匙")
    assert not [str(path) for path in texts if other.search(path.read_text(encoding="utf-8"))]


def test_a_lane_takes_one_and_lets_one_wait_and_tells_the_third_at_once() -> None:
    lane, done = Lane(), Event()

    def hash_something() -> str:
        with lane.taken():
            done.wait(60)
            return "hashed"

    with ThreadPoolExecutor(2) as pool:
        two = [pool.submit(hash_something) for _ in range(2)]
        while True:  # both are in: from then on nobody else is
            try:
                with lane.taken():
                    pass
            except Busy:
                break
        done.set()
        assert [one.result() for one in two] == ["hashed", "hashed"]
    with lane.taken():
        pass


def test_whoever_finds_the_lane_full_gets_the_page_again_and_is_told_when_to_come_back(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise Busy("现在核对密码的人较多，请过几秒再试一次。")

    monkeypatch.setattr(MD5PasswordHasher, "verify", full)
    page = attempt("1001", PASSWORD)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "现在核对密码的人较多" in page.content.decode() and 'value="1001"' in page.content.decode()
    client = Client()
    client.force_login(cast.cm)
    change = {"old_password": PASSWORD, "new_password1": "Jiang-Zhou-77", "new_password2": "Jiang-Zhou-77"}
    assert client.post("/password/", change).status_code == 503
    assert not AccessAttempt.objects.exists()  # nobody guessed anything


def test_every_password_is_hashed_in_the_lane_of_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who are signed in have one of their own: a crowd at the door keeps nobody from signing."""
    assert [name for name in settings.PASSWORD_HASHERS if "MD5" not in name] == [  # the tests' own is cheap
        "accounts.hashers.Argon2InTheLane"
    ]
    hasher = Argon2InTheLane()
    hasher.memory_cost, hasher.time_cost, hasher.parallelism = 8, 1, 1
    hashed = hasher.encode("Jiang-Zhou-77", "saltsalt")
    with STRANGERS.taken(), STRANGERS._room:
        with acting_as(Actor("1001", "张明")):
            assert hasher.verify("Jiang-Zhou-77", hashed)
        with acting_as(stranger("10.0.0.9")):
            for hashes in (lambda: hasher.verify("x", hashed), lambda: hasher.encode("x", "saltsalt")):
                with pytest.raises(Busy):
                    hashes()


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


def test_the_sign_in_page_names_accounts_only_where_it_is_a_demonstration(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bank's own page names nobody, whatever names its people have."""
    with override_settings(DEMO=False):
        page = Client().get("/login/").content.decode()
        assert "演示" not in page
    number = ACCOUNTS[0]
    name = next(person[1] for person in PEOPLE if person[0] == number)
    person = factories.make_person(number, name, role=Role.CUSTOMER_MANAGER, unit=cast.corporate)
    person.set_password(DEMO_PASSWORD)
    person.save()
    hashed: list[str] = []
    verify = MD5PasswordHasher.verify
    monkeypatch.setattr(MD5PasswordHasher, "verify", lambda *args: hashed.append(args[1]) or verify(*args))
    with override_settings(DEMO=True):
        page = Client().get("/login/").content.decode()
        assert name not in page and "演示" not in page  # whatever was set: the database has no mark
        Demonstration.objects.create(marked_at=clock.now(), marked_by="system", loaded_at=clock.now())
        for _ in range(3):
            assert name in Client().get("/login/").content.decode()
    assert len(hashed) == 1  # hashing is dear: not for everybody who opens the page


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

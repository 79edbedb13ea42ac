"""The health page, and the pages for what did not work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client, override_settings

from core import clock, outbox

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def test_a_scheduler_that_is_silent_for_a_quarter_of_an_hour_is_shouted_about(db: None) -> None:
    with clock.travelling_to(NOON):
        assert Client().get("/healthz/").status_code == 503
        outbox.beat("tick")
    for minutes, status in ((0, 200), (15, 200), (16, 503)):
        with clock.travelling_to(NOON + timedelta(minutes=minutes)):
            assert Client().get("/healthz/").status_code == status, minutes


def test_unseparated_database_roles_are_declared(db: None) -> None:
    with override_settings(DATABASE_OWNER_URL=""):
        assert Client().get("/healthz/").json()["roles"] == "unseparated"
    with override_settings(DATABASE_OWNER_URL="postgres://owner@db/postloan"):
        assert Client().get("/healthz/").json()["roles"] == "separated"


@override_settings(DEBUG=False)
@pytest.mark.parametrize(
    ("path", "status", "words"), [("/nowhere/", 404, "没有找到"), ("/borrowers/XX/", 404, "没有找到")]
)
def test_what_is_not_there_says_so_in_chinese(
    cast: SimpleNamespace, path: str, status: int, words: str
) -> None:
    client = Client()
    client.force_login(cast.cm)
    response = client.get(path)
    assert response.status_code == status
    assert words in response.content.decode()


@override_settings(DEBUG=False)
def test_a_form_without_its_token_says_what_to_do(cast: SimpleNamespace) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login/", {"username": "1001", "password": "x"})
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()


@override_settings(DEBUG=False)
def test_our_own_failure_says_that_nothing_was_lost(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("postloan.home.own_day", broken)
    client = Client(raise_request_exception=False)
    client.force_login(cast.cm)
    page = client.get("/")
    assert page.status_code == 500
    assert "系统出错了" in page.content.decode()
    assert "secret detail" not in page.content.decode()

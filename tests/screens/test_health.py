"""The health page, and the pages for what did not work."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.mail import EmailMessage
from django.test import Client, override_settings

from core import clock, outbox
from postloan.celery import app, broker

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


def administrator(cast: SimpleNamespace, email: str = "admin@bank.example") -> None:
    """The administrator can be written to."""
    cast.admin.email = email
    cast.admin.save()


def test_the_administrators_are_written_to_once_for_each_silence(
    cast: SimpleNamespace, mailoutbox: list[EmailMessage]
) -> None:
    administrator(cast)
    with clock.travelling_to(NOON):
        outbox.beat("tick")
    for minutes, letters in ((15, 0), (16, 1), (17, 1), (90, 1)):
        with clock.travelling_to(NOON + timedelta(minutes=minutes)):
            Client().get("/healthz/")
        assert len(mailoutbox) == letters, minutes
    assert mailoutbox[0].to == ["admin@bank.example"]
    assert "2026-11-24 12:00" in mailoutbox[0].body  # Shanghai's noon
    with clock.travelling_to(NOON + timedelta(hours=2)):
        outbox.beat("tick")
    with clock.travelling_to(NOON + timedelta(hours=3)):
        Client().get("/healthz/")
    assert len(mailoutbox) == 2


def test_somebody_who_opens_a_page_notices_too_and_everybody_sees_it(
    cast: SimpleNamespace, mailoutbox: list[EmailMessage]
) -> None:
    administrator(cast)
    with clock.travelling_to(NOON):
        outbox.beat("tick")
    with clock.travelling_to(NOON + timedelta(minutes=20)):
        client = Client()
        client.force_login(cast.cm)
        assert "定时服务已停" in client.get("/").content.decode()
        client.get("/")
    assert len(mailoutbox) == 1


def test_a_mail_server_that_refuses_costs_one_page_a_quarter_of_an_hour(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator(cast)
    tried: list[datetime] = []

    def refuse(*args: object, **kwargs: object) -> None:
        tried.append(clock.now())
        raise ConnectionRefusedError

    monkeypatch.setattr("postloan.health.send_mail", refuse)
    with clock.travelling_to(NOON):
        outbox.beat("tick")
    for minutes in (20, 21, 34, 36):
        with clock.travelling_to(NOON + timedelta(minutes=minutes)):
            assert Client().get("/healthz/").status_code == 503
    assert tried == [NOON + timedelta(minutes=20), NOON + timedelta(minutes=36)]


def test_a_frozen_redis_is_given_up_after_seconds_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 8: it accepts and never answers, as a stopped process does; the kernel accepts in its place."""
    monkeypatch.setattr("postloan.celery.ANSWER_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{frozen.getsockname()[1]}/0")
        ended: list[str] = []

        def publish() -> None:
            at = broker()
            try:
                with app.connection_for_write(
                    at["broker_url"], transport_options=at["broker_transport_options"]
                ) as there:
                    app.send_task("postloan.jobs.tick", connection=there, retry=False)
            except Exception as error:
                ended.append(type(error).__name__)

        publisher = threading.Thread(target=publish, daemon=True)
        publisher.start()
        publisher.join(60)  # for ever, without the setting
        assert ended == ["OperationalError"]

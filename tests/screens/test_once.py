"""Promise 19: a page that is sent in twice, or ten times at one moment, writes its fact once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import clock, once
from core.models import Preview, SchemeVersion, Submission
from credit.models import RiskEvent
from monitoring.models import MisuseCase
from postloan import jobs
from tests.conftest import build_cast
from tests.pages import one_time

DAY = date(2026, 11, 24)
EVENT = {"kind": "STOPPAGE", "effective_on": "2026-11-23", "detail": "全厂停产三天"}
Sent = Callable[..., Any]


@pytest.fixture
def busy(own_database: str) -> Iterator[SimpleNamespace]:
    """The cast in a database of its own, where commits are real."""
    with clock.travelling_to(DAY):
        yield build_cast()


def at_once(times: int, person: User, where: str, data: dict[str, str]) -> list[Any]:
    """The same page from so many browsers of one person at one moment."""
    gate = threading.Barrier(times, timeout=20)

    def send(_turn: int) -> Any:
        try:
            with clock.travelling_to(DAY):
                browser = Client()
                browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
                gate.wait()
                return browser.post(where, data)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(send, range(times)))


def event_page(cast: SimpleNamespace) -> str:
    return reverse("event_new", args=[cast.borrower.number])


def answers(responses: list[Any]) -> set[tuple[int, str, bytes]]:
    """Status, where to, and body of each."""
    return {(one.status_code, one.headers.get("Location", ""), one.content) for one in responses}


def test_ten_at_one_moment_and_ten_more_afterwards_write_one_event_and_get_one_answer(
    busy: SimpleNamespace,
) -> None:
    page, data = event_page(busy), EVENT | one_time()
    together = at_once(10, busy.cm, page, data)
    browser = Client()
    browser.force_login(busy.cm)
    afterwards = [browser.post(page, data) for _ in range(10)]
    assert RiskEvent.objects.count() == 1
    assert answers([*together, *afterwards]) == {(302, f"/borrowers/{busy.borrower.number}/", b"")}
    assert Submission.objects.count() == 1


def test_four_registrations_of_one_misuse_at_one_moment_are_one_case(busy: SimpleNamespace) -> None:
    page = reverse("misuse_new", args=[busy.borrower.number])
    data = {"contract": str(busy.contract.pk), "facts": "转入证券账户", "amount": "500000"} | one_time()
    found = answers(at_once(4, busy.risk, page, data))
    case = MisuseCase.objects.get()
    assert found == {(302, f"/misuse/{case.pk}/", b"")}


@pytest.mark.heavy
def test_five_proposals_of_one_preview_at_one_moment_are_one_version_the_one_that_was_rehearsed(
    busy: SimpleNamespace,
) -> None:
    browser = Client()
    browser.force_login(busy.risk_head)
    change = {"effective_on": "2026-12-01", "reason": "从严管理", "p:event_visit.within": "2"}
    browser.post(reverse("policy_change", args=["GR"]), change | one_time())
    jobs.preview()
    kept = Preview.objects.get()
    found = answers(at_once(5, busy.risk_head, reverse("preview_send", args=[kept.pk]), {}))
    version = SchemeVersion.objects.get(scheme="GR", number__gt=1)
    assert found == {(302, f"/policy/versions/{version.pk}/", b"")}
    assert version.previews.get() == kept
    assert version.parameters == kept.change["parameters"]


def test_one_that_is_still_being_taken_is_waited_for_and_then_answered_409(
    busy: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else holds the key, and neither writes it nor lets it go."""
    monkeypatch.setattr(once, "PATIENCE", "100ms")
    page, data = event_page(busy), EVENT | one_time()
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Submission.objects.create(by=busy.cm.username, key=data[once.FIELD], digest="", at=clock.now())
            holds.set()
            done.wait(20)
            transaction.set_rollback(True)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(20)
    browser = Client()
    browser.force_login(busy.cm)
    try:
        answer = browser.post(page, data)
    finally:
        done.set()
        holder.join()
    assert answer.status_code == 409
    assert "还在处理，没有重复登记" in answer.content.decode()
    assert not RiskEvent.objects.exists()
    assert browser.post(page, data).status_code == 302  # the first came to nothing, so the page is still good


def test_the_same_page_with_something_else_in_it_is_refused(cast: SimpleNamespace, browse: Sent) -> None:
    client, data = browse(cast.cm), EVENT | one_time()
    assert client.post(event_page(cast), data).status_code == 302
    for where, changed in (
        (event_page(cast), data | {"detail": "又停产"}),
        (f"{event_page(cast)}?again", data),
        ("/leaves/new/", data),
    ):
        answer = client.post(where, changed)
        assert answer.status_code == 422
        assert "已经登记过别的内容" in answer.content.decode()
    assert RiskEvent.objects.count() == 1


def test_a_key_is_its_own_persons_and_another_page_is_another_fact(
    cast: SimpleNamespace, browse: Sent
) -> None:
    data = EVENT | one_time()
    for person, sent in ((cast.cm, data), (cast.risk, data), (cast.cm, EVENT | one_time())):
        assert browse(person).post(event_page(cast), sent).status_code == 302
    assert RiskEvent.objects.count() == 3


def test_a_page_that_was_refused_can_be_corrected_and_sent_again(cast: SimpleNamespace, browse: Sent) -> None:
    client, data = browse(cast.cm), EVENT | one_time()
    refused = client.post(event_page(cast), data | {"effective_on": "2026-11-25"})
    assert "不能晚于业务日期" in refused.content.decode()
    assert not RiskEvent.objects.exists() and not Submission.objects.exists()
    assert client.post(event_page(cast), data).status_code == 302
    assert RiskEvent.objects.count() == 1


def test_who_goes_back_and_sends_the_page_again_is_told_that_it_was_recorded(
    cast: SimpleNamespace, browse: Sent
) -> None:
    client, data = browse(cast.cm), EVENT | one_time()
    client.post(event_page(cast), data, follow=True)
    page = client.post(event_page(cast), data, follow=True)
    assert [str(one) for one in get_messages(page.wsgi_request)] == ["这一页刚才已经登记，没有重复登记。"]
    assert "没有重复登记" in page.content.decode()


@pytest.mark.parametrize("sent", [{}, {"once": ""}, {"once": "x" * 32}, {"once": "0" * 33}])
def test_a_page_without_a_key_of_ours_is_not_taken(
    cast: SimpleNamespace, browse: Sent, sent: dict[str, str]
) -> None:
    answer = browse(cast.cm).post(event_page(cast), EVENT | sent)
    assert answer.status_code == 422
    assert "请重新打开这一页" in answer.content.decode()
    assert not RiskEvent.objects.exists()


def test_keys_that_no_page_can_carry_any_more_are_thrown_away(cast: SimpleNamespace, browse: Sent) -> None:
    browse(cast.cm).post(event_page(cast), EVENT | one_time())
    for later, left in ((once.KEPT, 1), (once.KEPT + timedelta(minutes=5), 0)):
        with clock.travelling_to(clock.now() + later):
            jobs.tick()
        assert Submission.objects.count() == left

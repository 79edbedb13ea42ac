"""Promise 8: while the broker is frozen, whoever writes notices nothing, and nothing that must happen is lost."""

from __future__ import annotations

import select
import socket

import pytest
from django.test import Client
from django.urls import reverse

from core import outbox
from core.models import OutboxEntry
from credit.models import RiskEvent
from postloan import jobs
from postloan.celery import app
from tests.pages import one_time
from workflow.models import WorkItem


@pytest.mark.heavy
def test_two_hundred_writes_never_ask_a_frozen_broker_and_each_is_delivered_once_afterwards(
    cast, reference, monkeypatch
):
    client = Client()
    client.force_login(cast.cm)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        at = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"
        monkeypatch.setitem(app.conf, "broker_url", at)
        monkeypatch.setenv("REDIS_URL", at)
        for n in range(200):
            answer = client.post(
                reverse("event_new", args=[cast.borrower.number]),
                {"kind": "STOPPAGE", "effective_on": cast.today.isoformat(), "detail": f"第 {n} 条停产记录"}
                | one_time(),
            )
            assert answer.status_code == 302
        asked, _, _ = select.select([frozen], [], [], 0)
        assert not asked  # nobody so much as knocked

    assert RiskEvent.objects.count() == outbox.undelivered() == 200
    while jobs.deliver_outbox():
        pass
    assert list(OutboxEntry.objects.filter(topic="risk_event").values_list("attempts").distinct()) == [(1,)]
    assert outbox.undelivered() == 0
    assert WorkItem.objects.count() == 200  # a visit for each event, once

"""The outbox: written with its cause, delivered once, tried again until it works."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from core import clock, outbox
from core.models import OutboxEntry, Scheme

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)


def put(*numbers: int, topic: str = "t") -> None:
    with transaction.atomic():
        for number in numbers:
            outbox.put(topic=topic, payload={"n": number})


class Sink:
    """A handler that keeps what it was given, and fails where it is told to."""

    def __init__(self, *, failing: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        self.seen: list[int] = []
        self.failing = failing

    def __call__(self, payload: Mapping[str, Any]) -> None:
        self.seen.append(payload["n"])
        if payload["n"] in self.failing:
            raise RuntimeError(f"no {payload['n']}")


@pytest.mark.django_db
def test_what_is_put_is_delivered_in_order_and_once() -> None:
    put(1, 2, 3)
    sink = Sink()
    with clock.travelling_to(AT):
        assert outbox.deliver({"t": sink}) == 3
        assert outbox.deliver({"t": sink}) == 0
    assert sink.seen == [1, 2, 3]
    assert {entry.delivered_at for entry in OutboxEntry.objects.all()} == {AT}
    assert outbox.undelivered() == 0


@pytest.mark.django_db
def test_what_fails_keeps_its_error_and_is_tried_again_without_stopping_the_rest() -> None:
    put(1, 2, 3)
    sink = Sink(failing={2})
    assert outbox.deliver({"t": sink}) == 2
    failed = OutboxEntry.objects.get(delivered_at__isnull=True)
    assert (failed.payload, failed.attempts, failed.last_error) == ({"n": 2}, 1, "RuntimeError: no 2")
    assert outbox.deliver({"t": sink}) == 0
    sink.failing = set()
    assert outbox.deliver({"t": sink}) == 1
    failed.refresh_from_db()
    assert (failed.attempts, failed.last_error) == (3, "")
    assert failed.delivered_at is not None
    assert sink.seen == [1, 2, 3, 2, 2]


@pytest.mark.django_db
def test_what_a_failing_handler_wrote_is_rolled_back_and_a_broken_statement_breaks_nothing_else() -> None:
    put(1, 2)

    def handle(payload: Mapping[str, Any]) -> None:
        Scheme.objects.create(code=f"T{payload['n']}", name="试")
        if payload["n"] == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")

    assert outbox.deliver({"t": handle}) == 1
    assert list(Scheme.objects.filter(name="试").values_list("code", flat=True)) == ["T2"]
    assert "DataError" in OutboxEntry.objects.get(delivered_at__isnull=True).last_error


@pytest.mark.django_db
def test_a_topic_without_a_handler_waits_for_one() -> None:
    put(1, topic="later")
    assert outbox.deliver({"t": Sink()}) == 0
    assert outbox.undelivered() == 1
    assert OutboxEntry.objects.get().attempts == 0


@pytest.mark.django_db
def test_a_delivery_stops_at_its_limit() -> None:
    put(*range(5))
    assert outbox.deliver({"t": Sink()}, limit=2) == 2
    assert outbox.undelivered() == 3


@pytest.mark.django_db
def test_a_payload_is_plain_and_never_a_float() -> None:
    entry = outbox.put(topic="t", payload={"on": date(2026, 1, 2), "amount": Decimal("1.50")})
    assert entry.payload == {"on": "2026-01-02", "amount": "1.50"}
    with pytest.raises(TypeError):
        outbox.put(topic="t", payload={"amount": 1.5})


@pytest.mark.django_db
def test_a_beat_is_remembered() -> None:
    assert outbox.last_beat("tick") is None
    with clock.travelling_to(AT):
        outbox.beat("tick")
    with clock.travelling_to(datetime(2026, 11, 24, 3, tzinfo=UTC)):
        outbox.beat("tick")
    assert outbox.last_beat("tick") == datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert outbox.undelivered() == 0
    assert OutboxEntry.objects.count() == 1


def test_nothing_is_put_outside_a_transaction_and_nothing_remains_of_one_rolled_back(
    own_database: str,
) -> None:
    with pytest.raises(RuntimeError, match="同在一个事务"):
        outbox.put(topic="t", payload={})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        outbox.put(topic="t", payload={"n": 1})
        cursor.execute("SELECT 1 / 0")
    assert outbox.undelivered() == 0


def test_two_workers_at_once_deliver_each_entry_once(own_database: str) -> None:
    put(*range(40))
    sink, barrier, counts = Sink(), threading.Barrier(2), []

    def work() -> None:
        try:
            barrier.wait()
            counts.append(outbox.deliver({"t": sink}))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sink.seen) == list(range(40))
    assert sum(counts) == 40


def test_an_entry_that_another_worker_holds_is_passed_over(own_database: str) -> None:
    put(1, 2)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM core_outboxentry ORDER BY id LIMIT 1 FOR UPDATE")
        sink = Sink()
        assert outbox.deliver({"t": sink}) == 1
        assert sink.seen == [2]
        other.rollback()
    finally:
        other.close()
    assert outbox.deliver({"t": sink}) == 1
    assert sink.seen == [2, 1]

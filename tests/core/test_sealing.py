"""Promise 25 and the sealer: nothing slips in below a seal, no writer waits, and tampering is found."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy

from accounts.choices import Line
from core import audit, clock, sealing
from core.actor import Actor, acting_as
from core.models import AuditEntry, AuditSeal

pytestmark = pytest.mark.usefixtures("own_database")

CORRECTED = audit.act("loan.corrected", "更正借据")


@pytest.fixture(autouse=True)
def _empty_chain(own_database: str) -> None:
    """Start from an audit without rows: what the reference data wrote is taken away as a superuser could."""
    with tampering() as execute:
        execute("DELETE FROM core_auditseal")
        execute("DELETE FROM core_auditentry")


@pytest.fixture
def anchors(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "anchors"


@contextmanager
def tampering() -> Iterator[Callable[..., Any]]:
    """What only a superuser can do: take the triggers away for a moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("core_auditentry", "core_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield cursor.execute
        for table in ("core_auditentry", "core_auditseal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_floor")
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_own")


@contextmanager
def another_session() -> Iterator[BaseDatabaseWrapper]:
    """A second connection with a transaction of its own."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        yield other
    finally:
        other.close()


ENTRY = """
    INSERT INTO core_auditentry (at, "on", actor, actor_name, on_behalf_of, address, act, subject, borrower_number,
                                 note, xid)
    SELECT now(), current_date, '1001', '张明', '', '', 'test.act', %s || n, '', '', 0 FROM generate_series(1, %s) n
    RETURNING id
"""


def write(name: str, count: int = 1, *, by: BaseDatabaseWrapper = connection) -> int:  # type: ignore[assignment]
    """Insert entries through some connection; the last id."""
    with by.cursor() as cursor:
        cursor.execute(ENTRY, [name, count])
        return max(row[0] for row in cursor.fetchall())


def test_an_act_is_written_with_who_from_where_and_when() -> None:
    with (
        clock.travelling_to(datetime(2026, 11, 23, 23, 30, tzinfo=UTC)),
        acting_as(Actor(id="1001", name="张明", address="10.0.0.9", on_behalf_of="1002")),
        transaction.atomic(),
    ):
        entry = audit.record(
            act=CORRECTED,
            subject="credit.loan:7",
            before={"amount": Decimal("1E+3"), "kind": Line.RISK, "seal": AuditSeal(pk=3)},
            after={"on": date(2026, 1, 2), "ids": {3, 1, 2}, "label": gettext_lazy("待办")},
            borrower_number="C100001",
            note="备\x00注",
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            (xid,) = cursor.fetchone()
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name) == ("1001", "张明")
    assert (entry.address, entry.on_behalf_of) == ("10.0.0.9", "1002")
    assert entry.on == date(2026, 11, 24)  # 07:30 in Shanghai
    assert entry.before == {"amount": "1000", "kind": "RISK", "seal": "core.auditseal:3"}
    assert entry.after == {"on": "2026-01-02", "ids": [1, 2, 3], "label": "待办"}
    assert entry.note == "备\ufffd注"
    assert entry.xid == xid


@pytest.mark.parametrize("act", ["loan.corrected", audit.Act("loan.corrected", "更正借据"), None])
def test_an_act_that_nobody_declared_is_not_written_down(act: Any) -> None:
    with pytest.raises(LookupError, match="no declared act"):
        audit.record(act=act, subject="b")
    assert not AuditEntry.objects.exists()


def test_an_act_and_a_subject_are_declared_with_one_word_only() -> None:
    assert audit.act("loan.corrected", gettext_lazy("更正借据"), about={"shelf": "架子"}) is CORRECTED
    with pytest.raises(ValueError, match=r"loan\.corrected.* is .*更正借据.* already"):
        audit.act("loan.corrected", "改借据")
    with pytest.raises(ValueError, match=r"shelf.* is .*架子.* already"):
        audit.act("loan.shelved", "上架", about={"shelf": "书架"})


def test_what_nobody_has_words_for_is_shown_by_its_name() -> None:
    assert (audit.label_of("loan.corrected"), audit.label_of("loan.forgotten")) == (
        "更正借据",
        "loan.forgotten",
    )
    assert audit.subject_label("workflow.document:17") == "文书 17"
    told = ("nowhere.document:17", "workflow.nothing:1", "演示支行")
    assert tuple(map(audit.subject_label, told)) == ("nowhere.document 17", "workflow.nothing 1", "演示支行")


def test_a_float_is_not_written_down() -> None:
    with pytest.raises(TypeError, match="浮点"):
        audit.record(act=CORRECTED, subject="b", after={"amount": 0.1})


def test_an_act_that_is_rolled_back_leaves_no_entry() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record(act=CORRECTED, subject="b")
        raise RuntimeError
    assert not AuditEntry.objects.exists()


def test_every_column_of_an_entry_is_sealed() -> None:
    assert set(sealing.COLUMNS) == {field.name for field in AuditEntry._meta.concrete_fields}


def test_an_older_transaction_that_commits_late_is_never_left_below_a_seal() -> None:
    # A gets its transaction id first, B's entry gets the lower id, A's entry commits first: by transaction ids alone
    # A's entry looks settled while B's lower one is still to come.
    with another_session() as a, another_session() as b:
        for session in (a, b):
            session.set_autocommit(False)
            with session.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
        low = write("b", by=b)
        high = write("a", by=a)
        a.commit()
        assert low < high
        assert sealing.seal() is None
        b.commit()
        sealed = sealing.seal()
    assert sealed is not None
    assert (sealed.entries, sealed.last_id) == (2, high)
    assert sealing.verify().ok


def test_what_lies_below_a_running_writer_is_sealed_meanwhile() -> None:
    settled = write("settled", 3)
    with another_session() as slow:
        slow.set_autocommit(False)
        write("slow", by=slow)
        newer = write("newer")
        sealed = sealing.seal()
        assert sealed is not None
        assert (sealed.entries, sealed.last_id) == (3, settled)
        assert sealing.seal() is None
        slow.rollback()
    sealed = sealing.seal()
    assert sealed is not None
    assert (sealed.entries, sealed.last_id) == (1, newer)
    assert sealing.verify().ok


def test_a_writer_that_rolls_a_savepoint_back_and_writes_again_still_holds_the_seal_below_it() -> None:
    with another_session() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SAVEPOINT here")
        write("lost", by=other)
        with other.cursor() as cursor:
            cursor.execute("ROLLBACK TO here")
        low = write("kept", by=other)
        high = write("above")
        assert low < high
        assert sealing.seal() is None
        other.commit()
    sealed = sealing.seal()
    assert sealed is not None
    assert sealed.entries == 2


def test_sealers_and_writers_at_once_leave_no_hole() -> None:
    # Four writers in short and long transactions against two sealers: at the end every entry is under a seal.
    stop = threading.Event()
    failures: list[BaseException] = []

    def work(of: Callable[[BaseDatabaseWrapper, random.Random], None], seed: int) -> None:
        try:
            with another_session() as session:
                rng = random.Random(seed)
                while not stop.is_set():
                    of(session, rng)
        except BaseException as error:  # a thread's failure must fail the test
            failures.append(error)

    def writing(session: BaseDatabaseWrapper, rng: random.Random) -> None:
        session.set_autocommit(False)
        for _ in range(rng.randint(1, 4)):
            write("w", rng.randint(1, 3), by=session)
            stop.wait(rng.random() / 200)
        session.commit() if rng.random() < 0.8 else session.rollback()
        session.set_autocommit(True)

    threads = [threading.Thread(target=work, args=(writing, seed)) for seed in range(4)]

    def sealing_too() -> None:
        try:
            while not stop.is_set():
                sealing.seal(limit=50)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads += [threading.Thread(target=sealing_too) for _ in range(2)]
    for thread in threads:
        thread.start()
    stop.wait(4)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    sealing.seal_all()
    report = sealing.verify()
    assert report.findings == ()
    assert report.unsealed == 0
    assert report.entries == AuditEntry.objects.count() > 200
    assert report.seals > 5


def test_a_writer_does_not_wait_for_the_sealer_nor_for_another_writer() -> None:
    write("first", 5)
    with transaction.atomic():
        assert sealing.seal() is not None  # not committed yet: its lock is held
        with another_session() as one, another_session() as two:
            for session in (one, two):
                session.set_autocommit(False)
                with session.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '200ms'")
                write("at once", by=session)
            one.commit()
            two.commit()


def test_a_second_sealer_leaves_it_to_the_first() -> None:
    write("first", 5)
    done: list[Any] = []

    def second() -> None:
        done.append(sealing.seal())
        connection.close()

    with transaction.atomic():
        sealing.seal()
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)
    assert done == [None]
    assert AuditSeal.objects.count() == 1


def test_an_entry_cannot_choose_its_id_nor_its_transaction() -> None:
    write("first", 2)
    sealing.seal()
    with pytest.raises(DatabaseError, match="does not choose its id"), transaction.atomic():
        AuditEntry.objects.create(
            id=1_000_000,
            at=clock.now(),
            on=clock.today(),
            actor="x",
            actor_name="x",
            act="a",
            subject="s",
            xid=1,
        )
    with transaction.atomic():
        entry = AuditEntry.objects.create(
            at=clock.now(), on=clock.today(), actor="x", actor_name="x", act="a", subject="s", xid=1
        )
    entry.refresh_from_db()
    assert entry.xid > 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {t} SET id = id WHERE false",
        "DELETE FROM {t} WHERE false",
        "TRUNCATE {t}",
        "WITH gone AS (DELETE FROM {t} RETURNING 1) SELECT * FROM gone",
        "MERGE INTO {t} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
        "SET LOCAL session_replication_role = replica; DELETE FROM {t}",
    ],
)
@pytest.mark.parametrize("table", ["core_auditentry", "core_auditseal"])
def test_the_triggers_refuse_even_a_superuser(statement: str, table: str) -> None:
    write("kept", 3)
    sealing.seal()
    with (
        pytest.raises(DatabaseError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(t=table))


Mutant = Callable[[random.Random], list[str]]
MUTANTS: list[Mutant] = []
ROWS = 10_000
GAP = ROWS + 1  # an id that a rolled-back transaction left free


def mutant(make: Mutant) -> Mutant:
    """Register one kind of tampering: it answers the statements of one example."""
    MUTANTS.append(make)
    return make


@mutant
def change_a_value(rng: random.Random) -> list[str]:
    change = rng.choice(
        [
            "note = note || '.'",
            "at = at + interval '1 microsecond'",
            '"on" = "on" + 1',
            "actor = 'x' || actor",
            "actor_name = reverse(actor_name) || '1'",
            "on_behalf_of = 'x'",
            "address = '10.0.0.1'",
            "act = act || 's'",
            "subject = subject || '0'",
            "borrower_number = 'C9'",
            "before = '{}'",
            """after = '{"amount": "1.00"}'""",
            "xid = xid + 1",
        ]
    )
    return [f"UPDATE core_auditentry SET {change} WHERE id = {rng.randint(1, ROWS)}"]


@mutant
def delete_a_row(rng: random.Random) -> list[str]:
    return [f"DELETE FROM core_auditentry WHERE id = {rng.randint(1, ROWS)}"]


@mutant
def swap_two_rows(rng: random.Random) -> list[str]:
    one, two = rng.sample(range(1, ROWS + 1), 2)
    return [
        f"UPDATE core_auditentry SET id = -7 WHERE id = {one}",
        f"UPDATE core_auditentry SET id = {one} WHERE id = {two}",
        f"UPDATE core_auditentry SET id = {two} WHERE id = -7",
    ]


@mutant
def insert_a_row(rng: random.Random) -> list[str]:
    free = rng.choice([0, -rng.randint(1, 99), GAP])
    return [
        'INSERT INTO core_auditentry (id, at, "on", actor, actor_name, on_behalf_of, address, act, subject,'
        f" borrower_number, note, xid) VALUES ({free}, now(), now(), 'x', 'x', '', '', 'a', 's', '', '', 1)"
    ]


@mutant
def replace_a_row(rng: random.Random) -> list[str]:
    row = rng.randint(1, ROWS)
    return [f"DELETE FROM core_auditentry WHERE id = {row}", *insert_a_row(rng)]


@mutant
def touch_a_seal(rng: random.Random) -> list[str]:
    change = rng.choice(
        [
            "digest = md5(digest) || md5(digest)",
            "previous_digest = md5(digest) || md5(digest)",
            "entries = entries + 1",
            "first_id = first_id + 1",
            "last_id = last_id - 1",
            "sealed_at = sealed_at + interval '1 second'",
        ]
    )
    return [f"UPDATE core_auditseal SET {change} WHERE id = {_a_seal(rng)}"]


@mutant
def delete_a_seal(rng: random.Random) -> list[str]:
    return [f"DELETE FROM core_auditseal WHERE id = {_a_seal(rng)}"]


@mutant
def cut_the_tail(rng: random.Random) -> list[str]:
    last = rng.choice(list(AuditSeal.objects.values_list("last_id", flat=True))[:-1])
    return [
        f"DELETE FROM core_auditseal WHERE last_id > {last}",
        f"DELETE FROM core_auditentry WHERE id > {last}",
    ]


@mutant
def rehash_the_tail(rng: random.Random) -> list[str]:
    """Change a row, take the seals from there on away, and let the sealer seal again."""
    row = rng.randint(1, ROWS)
    return [
        f"UPDATE core_auditentry SET note = 'changed' WHERE id = {row}",
        f"DELETE FROM core_auditseal WHERE last_id >= {row}",
        "RESEAL",
    ]


def _a_seal(rng: random.Random) -> int:
    return rng.choice(list(AuditSeal.objects.values_list("id", flat=True)))


@pytest.mark.heavy
def test_two_hundred_tamperings_by_a_superuser_are_all_found(anchors: Path) -> None:
    with tampering() as execute:
        execute("ALTER SEQUENCE core_auditentry_id_seq RESTART")
    assert write("row ", ROWS) == ROWS
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('core_auditentry_id_seq')")  # an id that nobody used
    write("last", 500)
    while sealing.seal(limit=500):
        pass
    path = sealing.anchor()
    anchored = sealing.read_anchors(path)
    assert sealing.verify(anchored).ok
    seed = 20261124
    rng = random.Random(seed)
    missed, only_by_anchor = [], set()
    for number in range(200):
        make = MUTANTS[number % len(MUTANTS)]
        with transaction.atomic():
            with tampering() as execute:
                statements = make(rng)
                for statement in statements:
                    if statement == "RESEAL":
                        while sealing.seal(limit=500):
                            pass
                    else:
                        execute(statement)
            if sealing.verify(anchored).ok:
                missed.append((number, statements))
            if make in (cut_the_tail, rehash_the_tail) and sealing.verify().ok:
                only_by_anchor.add(make.__name__)
            transaction.set_rollback(True)
    assert missed == [], f"seed {seed}"
    # The chain alone cannot know of these: the test is worth its name only if the anchor is what finds them.
    assert only_by_anchor == {"cut_the_tail", "rehash_the_tail"}
    assert sealing.verify(anchored).ok


def test_verify_audit_says_what_is_wrong_and_fails(anchors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit")
    assert "没有锚点可比" in capsys.readouterr().out
    write("row", 20)
    with clock.travelling_to(date(2026, 11, 24)):
        call_command("anchor_audit")
        write("row", 5)
        call_command("anchor_audit")
    assert (anchors / "2026-11-24.txt").read_text().count("\n") == 2
    write("tail", 3)
    call_command("verify_audit")
    assert "已封 25 行，未封尾部 3 行，比对锚点 2 个" in capsys.readouterr().out
    with tampering() as execute:
        execute("DELETE FROM core_auditentry WHERE id = (SELECT max(last_id) FROM core_auditseal)")
    with pytest.raises(CommandError, match="1 处不符"):
        call_command("verify_audit")
    assert "缺少 1 行" in capsys.readouterr().err


def test_an_anchor_file_that_was_edited_is_refused(anchors: Path) -> None:
    write("row", 2)
    path = sealing.anchor()
    path.write_text(path.read_text().replace("last_id=", "lastid="))
    with pytest.raises(CommandError, match="不是锚点"):
        call_command("verify_audit")

"""Promise 22: as the application's own database role, nothing that is kept can be altered, by any road."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg2 import sql

from accounts.models import Post, User
from core import audit, clock, policy, sealing
from core.errors import Refused
from core.grants import append_only_tables, grant_app_role, separation_problems
from core.models import AuditEntry, OutboxEntry, Scheme
from tests import factories

TESTED = audit.act("test", "测试")
PASSWORD = secrets.token_urlsafe(12)


@pytest.fixture
def app(own_database: str) -> Iterator[str]:
    """A role of the application with its rights, as `manage.py grant_app_role` gives them."""
    role = f"app_{own_database}"
    audit.record(act=TESTED, subject="test")
    factories.make_person("9001", "甲")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP ROLE IF EXISTS "{role}"')
        cursor.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}'")
    grant_app_role(connection, role)
    yield role
    with connection.cursor() as cursor:
        cursor.execute(f'DROP OWNED BY "{role}"')
        cursor.execute(f'DROP ROLE "{role}"')


@pytest.fixture
def session(app: str, own_database: str) -> Iterator[Any]:
    """A session that signed in as that role."""
    there = connection.settings_dict
    session = psycopg2.connect(
        dbname=own_database,
        user=app,
        password=PASSWORD,
        host=there["HOST"] or None,
        port=there["PORT"] or None,
    )
    yield session
    session.close()


@pytest.fixture
def as_app(app: str) -> Iterator[None]:
    """Django itself, connected as that role."""
    was = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=app, PASSWORD=PASSWORD)
    yield
    connection.close()
    connection.settings_dict.update(was)


# {t} is the table, {c} one of its columns, {k} its key.
ROADS = [
    "UPDATE {t} SET {c} = {c}",
    "UPDATE {t} SET {c} = {c} WHERE false",
    "DELETE FROM {t}",
    "TRUNCATE {t}",
    "TRUNCATE {t} CASCADE",
    "DROP TABLE {t}",
    "DROP TABLE {t} CASCADE",
    "ALTER TABLE {t} DISABLE TRIGGER ALL",
    "ALTER TABLE {t} DISABLE TRIGGER USER",
    "ALTER TABLE {t} DROP COLUMN {c}",
    "ALTER TABLE {t} RENAME TO other",
    "ALTER TABLE {t} OWNER TO CURRENT_USER",
    "MERGE INTO {t} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO {t} t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET {c} = t.{c}",
    "WITH gone AS (DELETE FROM {t} RETURNING 1) SELECT * FROM gone",
    "WITH changed AS (UPDATE {t} SET {c} = {c} RETURNING 1) SELECT * FROM changed",
    "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT ({k}) DO UPDATE SET {c} = excluded.{c}",
    "SELECT * FROM {t} FOR UPDATE",
    "LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE",
    "SET session_replication_role = replica; DELETE FROM {t}",
    "CREATE RULE away AS ON INSERT TO {t} DO INSTEAD NOTHING",
    "CREATE TRIGGER away BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE INDEX away ON {t} ({c})",
    "CREATE POLICY away ON {t} USING (false)",
    "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
    "COMMENT ON TABLE {t} IS 'x'",
]
AROUND = [
    "SET session_replication_role = replica",
    "DROP FUNCTION core_refuse() CASCADE",
    "ALTER FUNCTION core_refuse() RENAME TO away",
    "DROP TRIGGER core_auditentry_kept ON core_auditentry",
    "CREATE TABLE public.mine (x int)",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP SCHEMA public CASCADE",
    "ALTER SCHEMA public RENAME TO away",
    "ALTER SEQUENCE core_auditentry_id_seq RESTART",
    "SELECT setval('core_auditentry_id_seq', 1)",
    "DELETE FROM django_migrations",
    "DO $$ BEGIN EXECUTE 'DELETE FROM core_auditentry'; END $$",
    "COPY core_auditentry TO PROGRAM 'cat'",
    "CREATE ROLE another SUPERUSER",
]


def _tables() -> list[tuple[str, str, str]]:
    """Every kept table with a column and its key."""
    tables = []
    with connection.cursor() as cursor:
        for table in append_only_tables():
            key = connection.introspection.get_primary_key_column(cursor, table)
            names = [row.name for row in connection.introspection.get_table_description(cursor, table)]
            tables.append((table, next(name for name in names if name not in (key, "on", "at")), str(key)))
    return tables


def _refused(session: Any, statement: str) -> bool:
    with session.cursor() as cursor:
        try:
            cursor.execute(statement)
        except psycopg2.errors.InsufficientPrivilege:
            return True
        finally:
            session.rollback()
    return False


def test_the_application_can_alter_nothing_that_is_kept(session: Any) -> None:
    allowed = [
        statement
        for table, column, key in _tables()
        for road in ROADS
        if not _refused(session, statement := road.format(t=table, c=f'"{column}"', k=f'"{key}"'))
    ]
    assert allowed == []


@pytest.mark.parametrize("statement", AROUND)
def test_the_application_cannot_go_around(session: Any, statement: str) -> None:
    assert _refused(session, statement)


def test_the_application_cannot_become_another_role(session: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname <> %s", [session.info.user])
        others = [name for (name,) in cursor.fetchall()]
    for name in others:
        assert _refused(session, sql.SQL("SET ROLE {}").format(sql.Identifier(name)).as_string(session)), name


def test_every_history_and_audit_table_of_the_database_is_kept(app: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '(historical|audit)'"
        )
        assert append_only_tables() == sorted(name for (name,) in cursor.fetchall())
    assert {"core_auditentry", "core_auditseal", "accounts_historicaluser"} <= set(append_only_tables())


def test_the_application_owns_no_object(app: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = %s", [app])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_proc WHERE pg_get_userbyid(proowner) = %s", [app])
        assert cursor.fetchone() == (0,)


def test_the_application_does_its_work_with_these_rights(as_app: None) -> None:
    assert separation_problems(connection) == []
    person = User.objects.get(username="9001")
    person.name = "乙"
    person.save()  # writes history too
    assert person.history.count() == 2
    Post.objects.filter(person=person).delete()
    with transaction.atomic():
        OutboxEntry.objects.create(topic="t", payload={}, created_at=clock.now())
        audit.record(act=TESTED, subject="test")
    OutboxEntry.objects.all().delete()
    base = Scheme.objects.get(code="BASE")
    version = policy.propose(
        scheme=base,
        parameters=base.versions.get(number=1).parameters,
        effective_on=date(2099, 1, 1),
        reason="试",
        by="1",
        at=clock.now(),
    )
    policy.approve(version=version, by="2", at=clock.now())
    assert sealing.seal_all() == 1
    assert sealing.verify().ok
    assert sealing.verify().unsealed == 0
    assert AuditEntry.objects.count() > 2


def test_a_role_that_could_get_round_the_rights_is_refused(app: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE mine (x int); ALTER TABLE mine OWNER TO "{app}"')
    with pytest.raises(Refused, match="拥有 1 个数据库对象"):
        grant_app_role(connection, app)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE mine; ALTER ROLE "{app}" SUPERUSER')
    with pytest.raises(Refused, match="超级用户"):
        grant_app_role(connection, app)
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER ROLE "{app}" NOSUPERUSER; GRANT pg_write_all_data TO "{app}"')
    with pytest.raises(Refused, match="是其他角色的成员"):
        grant_app_role(connection, app)
    with pytest.raises(Refused, match="没有角色"):
        grant_app_role(connection, "nobody_here")


def test_one_role_for_everything_is_said_on_the_health_page(own_database: str) -> None:
    sentences = "".join(separation_problems(connection))
    assert "拥有" in sentences
    assert "可以改动或删除 core_auditentry 的记录" in sentences


def test_the_command_needs_an_owner_of_its_own(settings: Any, app: str, own_database: str) -> None:
    settings.DATABASE_OWNER_URL = ""
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
        call_command("grant_app_role")
    there = connection.settings_dict
    owner = f"postgres://{there['USER']}:{there['PASSWORD']}@{there['HOST']}:{there['PORT'] or 5432}/{own_database}"
    settings.DATABASE_OWNER_URL = owner
    with pytest.raises(CommandError, match="同一个角色"):
        call_command("grant_app_role")
    call_command("grant_app_role", role=app)

"""Databases for tests: reference data loaded once, and a database of its own for a test that really commits.

A test database is never flushed: the audit refuses TRUNCATE, whoever asks. A test with several connections, threads
or processes gets a clone of the template instead, and the clone is dropped afterwards.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

_serial = count(1)
BARE = "template1"  # the server's own

# What a fresh database is made of. Whatever else changes, the template that stands is as good as a new one.
MADE_OF = (
    "*/migrations/*.py",
    "*/models.py",
    "*/models/*.py",
    "core/**/*.py",
    "fixtures/**/*",
    "requirements.txt",
)


def _server() -> Any:
    """A session on the server beside every test database."""
    there = connection.settings_dict
    session = psycopg2.connect(
        dbname="postgres",
        user=there["USER"] or None,
        password=there["PASSWORD"] or None,
        host=there["HOST"] or None,
        port=there["PORT"] or None,
    )
    session.autocommit = True
    return session


def _execute(statement: str) -> None:
    session = _server()
    try:
        with session.cursor() as cursor:
            cursor.execute(statement)
    finally:
        session.close()


def url_of(name: str) -> str:
    """The address of a database of the test server, for a process of its own."""
    there = connection.settings_dict
    if not there["HOST"]:
        return f"postgres:///{name}"
    password = f":{there['PASSWORD']}" if there["PASSWORD"] else ""
    return f"postgres://{there['USER']}{password}@{there['HOST']}:{there['PORT'] or 5432}/{name}"


def _use(name: str) -> None:
    """Every connection of this process goes to this database from now on."""
    connections.close_all()
    for place in (connection.settings_dict, settings.DATABASES["default"]):
        place["NAME"] = name


def template_digest() -> str:
    """Of everything that a fresh database is made of; who changes code on purpose says which template stands for it."""
    if given := os.environ.get("TEMPLATE_DIGEST"):
        return given
    digest = hashlib.sha256()
    root = Path(settings.BASE_DIR)
    for path in sorted({path for pattern in MADE_OF for path in root.glob(pattern) if path.is_file()}):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def template(base: str) -> str:
    """The name of a database with policy and calendar in it, to clone from: made once, by whoever comes first.

    It outlives the run, so that workers, the passes of `./test` and the next run share it; when what it is made of
    changes, a new one takes its place. Its name is given last: one that was broken off is no template.
    """
    name = f"{base}_template_{template_digest()}"
    session = _server()
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [base])
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{base}_template_%"])
            standing = {row[0] for row in cursor}
            if name not in standing:
                for old in standing:
                    cursor.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
                making = f"{base}_template_making"
                cursor.execute(f'CREATE DATABASE "{making}"')
                _use(making)
                call_command("migrate", verbosity=0)
                call_command("load_reference", verbosity=0)
                connections.close_all()
                cursor.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
    finally:
        session.close()
    return name


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[str]:
    """The test database, cloned from the template; in place of pytest-django's own, which migrates one for
    each run. Yields the template's name."""
    base = settings.DATABASES["default"]["NAME"]
    name = connection.creation._get_test_db_name()
    with django_db_blocker.unblock():
        made_of = template(base)
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _execute(f'CREATE DATABASE "{name}" TEMPLATE "{made_of}"')
        _use(name)
    yield made_of
    _use(base)
    _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def new_database(django_db_setup: str, django_db_blocker: Any) -> Callable[..., AbstractContextManager[str]]:
    """Databases of the test's own, one after the other: `with new_database() as name:`; commits are real.

    `of` names another database to clone; nobody may be connected to it. BARE has nothing in it.
    """

    @contextmanager
    def made(of: str = django_db_setup) -> Iterator[str]:
        shared = connection.settings_dict["NAME"]
        name = f"{shared}_own{next(_serial)}"
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')
        _use(name)
        try:
            with django_db_blocker.unblock():
                yield name
                connections.close_all()
        finally:
            _use(shared)
            _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    return made


@pytest.fixture
def own_database(new_database: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """A database of the test's own, where commits are real; yields its name."""
    with new_database() as name:
        yield name


@pytest.fixture
def reference(db: None) -> None:
    """Policy and calendar are there (they are loaded once for every test)."""

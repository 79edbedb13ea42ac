"""Databases for tests: reference data loaded once, and a database of its own for a test that really commits.

A test database is never flushed: the audit refuses TRUNCATE, whoever asks. A test with several connections, threads
or processes gets a clone of the template instead, and the clone is dropped afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases

_serial = count(1)


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


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The test database with policy and calendar in it, and a template of it to clone from.

    In place of pytest-django's own: that one makes no database when only tests with a database of their own are run.
    """
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases=["default"], serialized_aliases=[])
        call_command("load_reference", verbosity=0)
        connections.close_all()
    name = connection.settings_dict["NAME"]
    _execute(f'DROP DATABASE IF EXISTS "{name}_template"')
    _execute(f'CREATE DATABASE "{name}_template" TEMPLATE "{name}"')
    yield
    _execute(f'DROP DATABASE IF EXISTS "{name}_template"')
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def new_database(django_db_setup: None, django_db_blocker: Any) -> Callable[[], AbstractContextManager[str]]:
    """Databases of the test's own, one after the other: `with new_database() as name:`; commits are real."""

    @contextmanager
    def made() -> Iterator[str]:
        shared = connection.settings_dict["NAME"]
        name = f"{shared}_own{next(_serial)}"
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _execute(f'CREATE DATABASE "{name}" TEMPLATE "{shared}_template"')
        connections.close_all()
        for place in (connection.settings_dict, settings.DATABASES["default"]):
            place["NAME"] = name
        try:
            with django_db_blocker.unblock():
                yield name
                connections.close_all()
        finally:
            connections.close_all()
            for place in (connection.settings_dict, settings.DATABASES["default"]):
                place["NAME"] = shared
            _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    return made


@pytest.fixture
def own_database(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database of the test's own, where commits are real; yields its name."""
    with new_database() as name:
        yield name


@pytest.fixture
def reference(db: None) -> None:
    """Policy and calendar are there (they are loaded once for every test)."""

"""Which PostgreSQL of this machine the tests may use: printed as a URL, or nothing.

Run by `./test` with the virtual environment's Python. The tests make databases and roles of their own, so the
account that is found must be allowed to.
"""

from __future__ import annotations

import getpass
import os
import sys
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg2


def main() -> int:
    database = sys.argv[1]
    if url := os.environ.get("DATABASE_URL"):
        if fits(_on(url, "postgres")):
            offer(url)
        return 0
    user = getpass.getuser()
    for host in ("127.0.0.1", "/var/run/postgresql", "/tmp"):
        server = {"user": user, "host": host, "port": "5432"}
        if fits(f"postgresql:///postgres?{urlencode(server)}"):
            place = host if host[0] != "/" else ""
            query = "" if place else f"?{urlencode({'host': host})}"
            offer(f"postgresql://{user}@{place}/{database}{query}")
            return 0
    return 0


def offer(url: str) -> None:
    """Make the database itself, which `makemigrations --check` and the migration linter look at."""
    name = urlsplit(url).path.strip("/")
    with_server = psycopg2.connect(_on(url, "postgres"))
    with_server.autocommit = True
    with with_server.cursor() as cursor:
        cursor.execute("select 1 from pg_database where datname = %s", [name])
        if not cursor.fetchone():
            quoted = name.replace('"', '""')
            cursor.execute(f'create database "{quoted}"')
    with_server.close()
    print(url)


def fits(url: str) -> bool:
    try:
        connection = psycopg2.connect(url, connect_timeout=3)
    except psycopg2.Error:
        return False
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select rolsuper or (rolcreatedb and rolcreaterole) from pg_roles where rolname = current_user"
        )
        (allowed,) = cursor.fetchone() or (False,)
    new_enough = connection.server_version >= 150000
    connection.close()
    if not allowed or not new_enough:
        print(f"{url}：账号不能建库建角色，或版本低于 15，改用内置的。", file=sys.stderr)
    return bool(allowed and new_enough)


def _on(url: str, database: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    scheme = "postgresql" if parts.scheme in ("postgres", "psql", "pgsql") else parts.scheme
    return urlunsplit(parts._replace(scheme=scheme, path=f"/{database}"))


if __name__ == "__main__":
    sys.exit(main())

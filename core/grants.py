"""Database rights: the owner migrates, the application owns nothing and can only add to what is kept."""

from __future__ import annotations

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from core.errors import Refused
from core.models import AuditEntry, AuditSeal

_UNSEPARATED = """
    SELECT
        (SELECT rolsuper FROM pg_roles WHERE rolname = %(role)s),
        (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'public' AND pg_get_userbyid(c.relowner) = %(role)s),
        (SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
          WHERE r.rolname = %(role)s),
        has_schema_privilege(%(role)s, 'public', 'CREATE')
"""


def append_only_tables() -> list[str]:
    """The audit, its seals, and every history table: rows are added, never changed."""
    tables = [AuditEntry._meta.db_table, AuditSeal._meta.db_table]
    for model in apps.get_models(include_auto_created=True):
        if model.__name__.startswith("Historical") and hasattr(model, "history_type"):
            tables.append(model._meta.db_table)
    return sorted(tables)


def grant_app_role(owner: BaseDatabaseWrapper, role: str) -> None:
    """As the owner of the tables, give the application's role what it needs and take away everything else."""
    quote = owner.ops.quote_name
    kept = set(append_only_tables())
    with owner.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            raise Refused(f"数据库里没有角色 {role}，请先由数据库管理员建立（CREATE ROLE … LOGIN）。")
        for statement in (
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            f"REVOKE ALL ON SCHEMA public FROM {quote(role)}",
            f"GRANT USAGE ON SCHEMA public TO {quote(role)}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {quote(role)}",
            f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {quote(role)}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quote(role)}",
        ):
            cursor.execute(statement)
        for table in owner.introspection.table_names(cursor):
            if table == "django_migrations":
                rights = "SELECT"
            elif table in kept:
                rights = "SELECT, INSERT"
            else:
                rights = "SELECT, INSERT, UPDATE, DELETE"
            cursor.execute(f"GRANT {rights} ON {quote(table)} TO {quote(role)}")
        cursor.execute(_UNSEPARATED, {"role": role})
        problems = _problems(role, *cursor.fetchone())
    if problems:
        raise Refused("".join(problems))


def separation_problems(connection: BaseDatabaseWrapper) -> list[str]:
    """What is wrong with the rights that the application runs with, in sentences for the health page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        cursor.execute(_UNSEPARATED, {"role": role})
        problems = _problems(role, *cursor.fetchone())
        for table in append_only_tables():
            cursor.execute(
                "SELECT has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE')",
                [connection.ops.quote_name(table)],
            )
            if cursor.fetchone()[0]:
                problems.append(f"角色 {role} 可以改动或删除 {table} 的记录。")
    return problems


def _problems(role: str, superuser: bool, owned: int, memberships: int, creates: bool) -> list[str]:
    problems = []
    if superuser:
        problems.append(f"角色 {role} 是数据库超级用户，审计记录没有与应用分权。")
    if owned:
        problems.append(f"角色 {role} 拥有 {owned} 个数据库对象，可以停用其触发器。")
    if memberships:
        problems.append(f"角色 {role} 是其他角色的成员，可能借其权限改动审计记录。")
    if creates and not superuser:
        problems.append(f"角色 {role} 可以在 public 模式中建立对象。")
    return problems

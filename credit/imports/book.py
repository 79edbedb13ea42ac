"""Merges what the lender keeps: units, people, customers, contracts, loans, accounts, plans, responsibilities."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from psycopg2.extras import execute_values
from pypinyin import Style, lazy_pinyin

from core.staging.dialect import execute, literal, rows
from core.staging.merge import insert_missing, merge_rows
from core.staging.profiles import Target
from core.staging.stage import Stage


def initials_of(name: str) -> str:
    """The pinyin initials of a name, lower case: 江南纺织 → jnfz; letters and digits stay."""
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER, errors="default")
    return "".join(letter for letter in "".join(letters).lower() if letter.isalnum())[:120]


def _stored(stage: Stage, target: Target, *, without: tuple[str, ...] = ()) -> list[str]:
    return [column.stored for column in stage.mapped[target.kind.name] if column.name not in without]


def _absent(stage: Stage, target: Target) -> dict[str, str]:
    """What columns that the file does not have hold on insert."""
    at_hand = stage.mapped[target.kind.name]
    return {column.stored: column.blank for column in target.kind.columns if column not in at_hand}


def _plain(stage: Stage, target: Target) -> None:
    """A kind whose columns are the table's own."""
    absent = _absent(stage, target)
    if target.kind.name == "accounts" and stage.profile.permit_overdraft:
        absent["overdraft"] = "true"
    merge_rows(target.kind, stored=_stored(stage, target), key=target.kind.key, absent=absent)


def _units(stage: Stage, target: Target) -> None:
    """Units first, then their parents, then every path from the root down."""
    merge_rows(
        target.kind,
        stored=_stored(stage, target, without=("parent",)),
        key=("code",),
        absent={"parent_id": "NULL", "path": "'?' || n.code"},
    )
    if "parent_id" in _stored(stage, target):
        execute(
            "UPDATE accounts_unit u SET parent_id = p.id "
            "FROM typed_units n LEFT JOIN accounts_unit p ON p.code = n.parent "
            "WHERE u.code = n.code AND u.parent_id IS DISTINCT FROM p.id"
        )
    execute(
        """
        WITH RECURSIVE tree AS (
            SELECT id, '/' || code || '/' AS path FROM accounts_unit WHERE parent_id IS NULL
            UNION ALL SELECT u.id, tree.path || u.code || '/' FROM accounts_unit u JOIN tree ON u.parent_id = tree.id
        ) UPDATE accounts_unit u SET path = tree.path FROM tree WHERE tree.id = u.id AND u.path <> tree.path
        """
    )


def _people(stage: Stage, target: Target) -> None:
    """A person per 工号 (without a usable password until one is set), and a post per row."""
    execute(
        "UPDATE accounts_user u SET name = n.name, line = n.line FROM typed_people n "
        "WHERE u.username = n.username AND (u.name, u.line) IS DISTINCT FROM (n.name, n.line)"
    )
    execute(
        "INSERT INTO accounts_user (username, name, line, password, email, is_active) "
        "SELECT DISTINCT ON (n.username) n.username, n.name, n.line, '!' || md5(random()::text), '', true "
        "FROM typed_people n WHERE NOT EXISTS (SELECT 1 FROM accounts_user u WHERE u.username = n.username) "
        "ORDER BY n.username, n.row_line"
    )
    end = "n.to_on" if "to_on" in _stored(stage, target) else "NULL::date"
    same = "p.person_id = u.id AND p.unit_id = n.unit_id AND p.role = n.role AND p.from_on = n.from_on"
    if end == "n.to_on":
        execute(
            f"WITH changed AS (UPDATE accounts_post p SET to_on = n.to_on FROM typed_people n, accounts_user u "
            f"WHERE u.username = n.username AND {same} AND p.to_on IS DISTINCT FROM n.to_on RETURNING n.row_known_on) "
            f"INSERT INTO import_counts SELECT 'people', row_known_on, 0, count(*) FROM changed GROUP BY row_known_on"
        )
    execute(
        f"WITH fresh AS (INSERT INTO accounts_post (person_id, unit_id, role, from_on, to_on) "
        f"SELECT u.id, n.unit_id, n.role, n.from_on, {end} FROM typed_people n JOIN accounts_user u "
        f"ON u.username = n.username WHERE NOT EXISTS (SELECT 1 FROM accounts_post p WHERE {same}) RETURNING 1) "
        f"INSERT INTO import_counts SELECT 'people', {literal(str(stage.known_on))}::date, count(*), 0 FROM fresh"
    )


def _customers(stage: Stage, target: Target) -> None:
    """Customers, then the search key of every name that is new or changed."""
    _plain(stage, target)
    wanted = rows(
        "SELECT b.id, b.name, b.initials FROM credit_borrower b JOIN typed_customers n ON n.number = b.number"
    )
    changed = [(pk, key) for pk, name, old in wanted if (key := initials_of(name)) != old]
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor if hasattr(cursor, "cursor") else cursor,
            "UPDATE credit_borrower b SET initials = v.initials FROM (VALUES %s) AS v (id, initials) WHERE b.id = v.id",
            changed,
            page_size=2000,
        )


def _loans(stage: Stage, target: Target) -> None:
    """A loan's borrower is its contract's."""
    execute(
        "ALTER TABLE typed_loans ADD COLUMN borrower_id bigint; UPDATE typed_loans n SET borrower_id = c.borrower_id "
        "FROM credit_contract c WHERE c.id = n.contract_id"
    )
    merge_rows(
        target.kind,
        stored=[*_stored(stage, target), "borrower_id"],
        key=target.kind.key,
        absent=_absent(stage, target),
    )


def _schedules(stage: Stage, target: Target) -> None:
    """A loan's plan in the file is its whole plan: an instalment that is no longer in it is dropped."""
    execute(
        "WITH gone AS (DELETE FROM credit_installment t USING (SELECT DISTINCT loan_id FROM typed_schedules) l "
        "WHERE t.loan_id = l.loan_id AND NOT EXISTS (SELECT 1 FROM typed_schedules n "
        "WHERE n.loan_id = t.loan_id AND n.due_on = t.due_on) RETURNING 1) "
        f"INSERT INTO import_counts SELECT 'schedules', {literal(str(stage.known_on))}::date, 0, count(*) FROM gone"
    )
    merge_rows(target.kind, stored=_stored(stage, target), key=("loan_id", "due_on"))


def _responsibilities(stage: Stage, target: Target) -> None:
    """Ends first, then beginnings, so that a handover in one file never overlaps on the way."""
    key = ("borrower_id", "role", "person_id", "from_on")
    stored = _stored(stage, target)
    values = [name for name in stored if name not in key]
    sets = ", ".join(f"{name} = n.{name}" for name in values)
    match = " AND ".join(f"t.{name} = n.{name}" for name in key)
    execute(
        f"WITH changed AS (UPDATE credit_responsibility t SET {sets} FROM typed_responsibilities n WHERE {match} "
        f"AND ({', '.join(f't.{v}' for v in values)}) IS DISTINCT FROM ({', '.join(f'n.{v}' for v in values)}) "
        f"RETURNING n.row_known_on) INSERT INTO import_counts "
        f"SELECT 'responsibilities', row_known_on, 0, count(*) FROM changed GROUP BY row_known_on"
    )
    insert_missing(
        target.kind,
        stored=stored,
        key=key,
        absent={**_absent(stage, target), "known_on": "n.row_known_on"},
    )


MERGES: dict[str, Callable[[Stage, Target], None]] = {
    "units": _units,
    "people": _people,
    "customers": _customers,
    "contracts": _plain,
    "loans": _loans,
    "accounts": _plain,
    "schedules": _schedules,
    "responsibilities": _responsibilities,
}

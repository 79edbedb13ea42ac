"""Merges what the lender keeps: units, people, customers, contracts, loans, accounts, plans, responsibilities."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from psycopg2.extras import execute_values
from pypinyin import Style, lazy_pinyin

from core.staging.dialect import execute, literal, rows
from core.staging.merge import append_series, merge_rows
from core.staging.profiles import Target
from core.staging.shapes import columns_list
from core.staging.stage import Stage
from credit.imports.complaints import complain

_OVERTAKEN = "迟到的还款计划：其后日期的计划已经入账，这一行未采用"


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
    """A loan's borrower is its contract's; the loan holds the latest of its terms, whichever day the file is of."""
    execute(
        "ALTER TABLE typed_loans ADD COLUMN borrower_id bigint; UPDATE typed_loans n SET borrower_id = c.borrower_id "
        "FROM credit_contract c WHERE c.id = n.contract_id"
    )
    stored = [*_stored(stage, target), "borrower_id"]
    _change_terms()
    execute(
        "UPDATE typed_loans n SET (matures_on, annual_rate) = (SELECT x.matures_on, x.annual_rate "
        "FROM credit_loanterms x WHERE x.loan_id = l.id ORDER BY x.effective_on DESC, x.known_on DESC, x.id DESC "
        "LIMIT 1) FROM credit_loan l WHERE l.number = n.number"
    )
    # Terms that later ones have overtaken leave the loan as it is; they are news all the same.
    execute(
        "INSERT INTO import_counts SELECT 'loans', n.row_known_on, 0, count(*) FROM fresh_terms "
        "JOIN typed_loans n USING (row_line) JOIN credit_loan t ON t.number = n.number "
        f"WHERE ({columns_list(stored, 't')}) IS NOT DISTINCT FROM ({columns_list(stored, 'n')}) "
        "GROUP BY n.row_known_on"
    )
    merge_rows(target.kind, stored=stored, key=target.kind.key, absent=_absent(stage, target))
    _first_terms("fresh_loans n JOIN credit_loan l ON l.number = n.number", known_on="n.row_known_on")


def _change_terms() -> None:
    """Append what the file says of loans in the book: the terms of its day where they differ from those in force.

    A file of loans need not hold all of them, so a later one that is silent about a loan has not confirmed its terms:
    nothing is restated. A later one that changed them stands.
    """
    _first_terms("typed_loans n JOIN credit_loan l ON l.number = n.number", known_on="l.starts_on")
    execute(
        "CREATE TEMP TABLE typed_terms ON COMMIT DROP AS SELECT n.row_line, l.id AS loan_id, "
        "greatest(n.on_date, l.starts_on) AS on_date, n.row_known_on, n.matures_on, n.annual_rate "
        "FROM typed_loans n JOIN credit_loan l ON l.number = n.number"
    )
    append_series(
        "terms",
        table="credit_loanterms",
        rows="typed_terms",
        owner="loan_id",
        values=("matures_on", "annual_rate"),
    )


def _first_terms(loans: str, *, known_on: str) -> None:
    """Loans without terms begin with what the book says of them."""
    execute(
        "INSERT INTO credit_loanterms (loan_id, effective_on, known_on, matures_on, annual_rate, correction) "
        f"SELECT l.id, l.starts_on, {known_on}, l.matures_on, l.annual_rate, 0 FROM {loans} "
        "WHERE NOT EXISTS (SELECT 1 FROM credit_loanterms x WHERE x.loan_id = l.id)"
    )


def _schedules(stage: Stage, target: Target) -> None:
    """A loan's plan in the file is its whole plan: what is not in it, or differs, ends on the day that this is known.

    An instalment is known from the day that it came: a day caught up later reads the plan that its own close would
    have read. A plan of a day that comes late does not overrule the plan that a later day brought.
    """
    if later := stage.restated_on.get(target.source):
        overtaken = (
            f"n.on_date < {literal(later)}::date AND EXISTS (SELECT 1 FROM credit_installment t "
            f"WHERE t.loan_id = n.loan_id AND t.known_on >= {literal(later)}::date)"
        )
        complain(stage, target, "loan", overtaken, literal(_OVERTAKEN), notice=True)
        execute(f"DELETE FROM typed_schedules n WHERE {overtaken}")
    execute(
        "CREATE TEMP TABLE ended_installments ON COMMIT DROP AS SELECT t.id, t.loan_id, t.due_on, l.row_known_on "
        "FROM credit_installment t JOIN (SELECT loan_id, min(row_known_on) AS row_known_on FROM typed_schedules "
        "GROUP BY loan_id) l ON l.loan_id = t.loan_id WHERE t.replaced_on IS NULL AND NOT EXISTS (SELECT 1 "
        "FROM typed_schedules n WHERE (n.loan_id, n.due_on, n.principal, n.interest) "
        "= (t.loan_id, t.due_on, t.principal, t.interest))"
    )
    # The plan of a known day that is delivered again ends on the day it began: it was never in force.
    execute(
        "UPDATE credit_installment t SET replaced_on = e.row_known_on FROM ended_installments e WHERE e.id = t.id"
    )
    execute(
        "CREATE TEMP TABLE fresh_schedules ON COMMIT DROP AS SELECT n.* FROM typed_schedules n WHERE NOT EXISTS "
        "(SELECT 1 FROM credit_installment t WHERE t.loan_id = n.loan_id AND t.due_on = n.due_on "
        "AND t.replaced_on IS NULL)"
    )
    execute(
        "INSERT INTO credit_installment (loan_id, due_on, principal, interest, known_on) "
        "SELECT loan_id, due_on, principal, interest, row_known_on FROM fresh_schedules ORDER BY row_line"
    )
    execute(
        "INSERT INTO import_counts SELECT 'schedules', row_known_on, count(*), 0 FROM fresh_schedules n "
        "WHERE NOT EXISTS (SELECT 1 FROM ended_installments e WHERE (e.loan_id, e.due_on) = (n.loan_id, n.due_on)) "
        "GROUP BY row_known_on UNION ALL "
        "SELECT 'schedules', row_known_on, 0, count(*) FROM ended_installments GROUP BY row_known_on"
    )


def _terms_of_people(stage: Stage, target: Target) -> None:
    """Periods of people: ends first, then beginnings, so that a handover in one file never overlaps on the way."""
    absent = _absent(stage, target)
    if target.kind.name == "responsibilities":
        absent["known_on"] = "n.row_known_on"
    merge_rows(
        target.kind,
        stored=_stored(stage, target),
        key=target.kind.stored_key,
        absent=absent,
    )


MERGES: dict[str, Callable[[Stage, Target], None]] = {
    "units": _units,
    "people": _people,
    "customers": _customers,
    "contracts": _plain,
    "loans": _loans,
    "accounts": _plain,
    "schedules": _schedules,
    "responsibilities": _terms_of_people,
    "deputies": _terms_of_people,
}

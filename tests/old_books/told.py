"""What an old book says of its papers, in plain SQL: asked of it as it was made, and again once it is migrated."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

# Each row begins with the number of its document, where it has one.
TOLD = {
    "documents": """
        SELECT d.number, d.revision, d.form, d.status, d.content_hash, author.username, behalf.username, d.locked_on,
            d.locked_at, before.revision
        FROM workflow_document d
            JOIN accounts_user author ON author.id = d.author_id
            LEFT JOIN accounts_user behalf ON behalf.id = d.on_behalf_of_id
            LEFT JOIN workflow_document before ON before.id = d.supersedes_id
        ORDER BY d.number, d.revision
    """,
    "chains": """
        SELECT d.number, d.revision, c.round, c.status, c.content_hash, c.started_on, c.started_at, c.finished_at
        FROM workflow_chain c JOIN workflow_document d ON d.id = c.document_id
        ORDER BY d.number, d.revision, c.round
    """,
    "steps": """
        SELECT d.number, d.revision, c.round, s.position, s.role, s.label, s.line, person.username, s.status,
            signer.username, behalf.username, s.signed_on, s.signed_at, s.signed_hash, s.remark
        FROM workflow_step s
            JOIN workflow_chain c ON c.id = s.chain_id
            JOIN workflow_document d ON d.id = c.document_id
            LEFT JOIN accounts_user person ON person.id = s.person_id
            LEFT JOIN accounts_user signer ON signer.id = s.signed_by_id
            LEFT JOIN accounts_user behalf ON behalf.id = s.on_behalf_of_id
        ORDER BY d.number, d.revision, c.round, s.position
    """,
    "files": """
        SELECT d.number, d.revision, a.section, a.name, a.sha256, a.size, a.taken_at
        FROM workflow_attachment a JOIN workflow_document d ON d.id = a.document_id
        ORDER BY d.number, d.revision, a.sha256
    """,
    "late_entries": """
        SELECT d.number, d.revision, l.actual_on, l.status, l.reason, head.username, l.decided_on
        FROM workflow_lateentry l
            JOIN workflow_document d ON d.id = l.document_id
            LEFT JOIN accounts_user head ON head.id = l.decided_by_id
        ORDER BY d.number, d.revision
    """,
    "duties": """
        SELECT d.number, d.revision, w.kind, w.subject_kind, w.subject_id, w.period_key, w.obligation, w.status,
            w.done_on, w.late_entry
        FROM workflow_workitem w LEFT JOIN workflow_document d ON d.id = w.document_id
        ORDER BY w.kind, w.subject_kind, w.subject_id, w.period_key, w.obligation
    """,
}
# Of our own apps: Django's tables and those of packages say nothing of a book.
TABLES = """
    SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename !~ '^(auth|axes|django)_' ORDER BY 1
"""


def told() -> dict[str, Any]:
    """The papers, and how many rows each table has that has any."""
    with connection.cursor() as cursor:
        found: dict[str, Any] = {}
        for name, question in TOLD.items():
            columns = question.strip().removeprefix("SELECT").partition("FROM")
            cursor.execute(f"SELECT jsonb_build_array({columns[0]})::text FROM {columns[2]}")
            found[name] = [json.loads(row) for (row,) in cursor]
        cursor.execute(TABLES)
        counts = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            (counts[table],) = cursor.fetchone()
        found["counts"] = {table: rows for table, rows in counts.items() if rows}
    return found


def written(told: dict[str, Any]) -> str:
    """The same as a file that shows a row on each line."""
    parts = []
    for name, part in told.items():
        if isinstance(part, dict):
            lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in part.items()]
            parts.append(f'"{name}": {{\n  ' + ",\n  ".join(lines) + "\n}")
        else:
            lines = [json.dumps(row, ensure_ascii=False) for row in part]
            parts.append(f'"{name}": [\n  ' + ",\n  ".join(lines) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"

"""The difference sheet: facts of days already closed that arrived late, with what stood then and what is said now."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.staging.dialect import literal, rows, scalar
from core.staging.problems import LISTED_AT_MOST
from workflow.services import days

_SERIES = {
    "readings": ("loan_id", "credit_loan", "借据状态", {
        "balance": "余额", "overdue_principal": "逾期本金", "overdue_interest": "欠息", "days_past_due": "逾期天数",
    }),
    "classes": ("loan_id", "credit_loan", "风险分类", {"risk_class": "风险分类"}),
    "terms": ("loan_id", "credit_loan", "借据条件", {"matures_on": "到期日", "annual_rate": "年利率"}),
    "balances": ("account_id", "credit_account", "账户余额", {"balance": "余额", "frozen": "冻结止付金额"}),
}  # fmt: skip
_APPENDED = {
    "schedules": ("还款计划", "loan || ' ' || f.due_on", "应还本金", "principal"),
    "transactions": ("账户流水", "number", "金额", "amount"),
    "repayments": ("还款流水", "number", "金额", "amount"),
    "events": ("风险事项", "reference", "事实", "detail"),
}


def difference_sheet() -> list[dict[str, Any]]:
    """Entries of kind, key, field, the closed day concerned, when it became known, the old and the new value."""
    selects = []
    for name, (owner, table, label, fields) in _SERIES.items():
        if not _exists(f"fresh_{name}"):
            continue
        selects += [
            f"SELECT {literal(label)}, o.number, {literal(shown)}, f.on_date, f.row_known_on, "
            f"coalesce(f.was_{field}::text, ''), f.{field}::text FROM fresh_{name} f "
            f"JOIN {table} o ON o.id = f.{owner} WHERE f.{field} IS DISTINCT FROM f.was_{field}"
            for field, shown in fields.items()
        ]
    for name, (label, key, shown, field) in _APPENDED.items():
        if _exists(f"fresh_{name}"):
            selects.append(
                f"SELECT {literal(label)}, f.{key}, {literal(shown)}, f.on_date, f.row_known_on, '', "
                f"f.{field}::text FROM fresh_{name} f WHERE true"
            )
    late = _closed_days(selects)
    if not late:
        return []
    listed = ", ".join(f"{literal(str(on))}::date" for on in late)
    union = " UNION ALL ".join(f"({select} AND f.on_date IN ({listed}))" for select in selects)
    total = int(scalar(f"SELECT count(*) FROM ({union}) d"))
    found = rows(f"SELECT * FROM ({union}) d ORDER BY 4, 1, 2, 3 LIMIT {LISTED_AT_MOST}")
    names = ("kind", "key", "field", "effective_on", "known_on", "old", "new")
    sheet = [dict(zip(names, (str(value) for value in row), strict=True)) for row in found]
    if total > LISTED_AT_MOST:
        sheet.append({**dict.fromkeys(names, ""), "field": f"另有 {total - LISTED_AT_MOST} 项差异未列出"})
    return sheet


def _exists(table: str) -> bool:
    return bool(scalar(f"SELECT to_regclass({literal('pg_temp.' + table)}) IS NOT NULL"))


def _closed_days(selects: list[str]) -> list[date]:
    if not selects or days.last_closed_day() is None:
        return []
    union = " UNION ".join(
        f"SELECT s.on_date FROM ({select}) s (a, b, c, on_date, d, e, f)" for select in selects
    )
    return [on for (on,) in rows(union) if days.is_closed(on)]

"""Risk events that follow from what the core reports (第二十八条): a worse class, an overdue, an advance, arrears.

Each has a natural reference, so that nothing doubles; a loan's first reading is its opening and raises none. An event
whose day was delivered again without its cause is reversed, never deleted.
"""

from __future__ import annotations

from core import actor, clock
from core.staging.dialect import execute, literal
from credit.choices import EventKind, Product, RiskClass

_SEVERITY = "(CASE {0} " + " ".join(f"WHEN '{c.value}' THEN {c.severity}" for c in RiskClass) + " END)"
_LABEL = "(CASE {0} " + " ".join(f"WHEN '{c.value}' THEN '{c.label}'" for c in RiskClass) + " END)"
_MONEY = "to_char({0}, 'FM999,999,999,999,999,990.00')"


def append(select: str) -> None:
    """Append events, each with an outbox entry in the same transaction.

    `select` gives borrower, loan, kind, effective and known day, detail, reference and the event it reverses.
    """
    execute(
        f"""
        WITH written AS (
            INSERT INTO credit_riskevent (borrower_id, loan_id, kind, effective_on, known_on, detail, reference,
                reverses_id, recorded_by, recorded_at)
            SELECT x.*, %(by)s, %(at)s FROM ({select.replace("%", "%%")}) x ORDER BY 4, 7
            ON CONFLICT (reference) WHERE NOT reference = '' DO NOTHING
            RETURNING id
        )
        INSERT INTO core_outboxentry (topic, payload, created_at, attempts, last_error)
        SELECT 'risk_event', jsonb_build_object('event', id), %(at)s, 0, '' FROM written ORDER BY id
        """,
        {"by": actor.current().id, "at": clock.now()},
    )


_PREFIXES = {
    EventKind.DOWNGRADE: "downgrade",
    EventKind.OVERDUE: "overdue",
    EventKind.ADVANCE: "advance",
    EventKind.INTEREST_ARREARS: "arrears",
}
_CONTINGENT = f"l.product IN ({', '.join(literal(p.value) for p in Product if p.is_contingent)})"
_OVERDUE = "({0}days_past_due > 0 AND ({0}overdue_principal > 0 OR {0}overdue_interest = 0))"


def derive(readings: str, classes: str) -> None:
    """Raise what new readings and classes amount to, and reverse what a corrected day no longer says."""
    # The class in force before: of the day before, or by a decision taken here up to the day itself. The first
    # reading is the opening: what the class was in the lender's own history before it is no move of that day.
    execute(
        f"""
        CREATE TEMP TABLE class_moves ON COMMIT DROP AS
        SELECT f.loan_id, f.on_date, f.row_known_on, f.risk_class, CASE WHEN d.effective_on >= f.before_on
               THEN d.risk_class ELSE f.before_risk_class END AS before_class, CASE WHEN EXISTS (SELECT 1
               FROM credit_loanreading r WHERE r.loan_id = f.loan_id AND r.effective_on < f.on_date)
               THEN f.before_on END AS before_on
        FROM {classes} f LEFT JOIN LATERAL (
            SELECT c.effective_on, c.risk_class FROM credit_classfact c WHERE c.loan_id = f.loan_id
            AND c.source = 'DECISION' AND c.effective_on <= f.on_date AND c.known_on <= f.row_known_on
            ORDER BY c.effective_on DESC, c.known_on DESC, c.id DESC LIMIT 1) d ON true
        """
    )
    worse = f"{_SEVERITY.format('f.risk_class')} > {_SEVERITY.format('f.before_class')}"
    _raise(
        EventKind.DOWNGRADE,
        "class_moves",
        worse,
        f"'风险分类由' || {_LABEL.format('f.before_class')} || '下迁为' || {_LABEL.format('f.risk_class')}",
    )
    # Unpaid interest alone is 欠息: one cause, one visit. A core that reports days but no amounts says 逾期.
    begins = f"{_OVERDUE.format('f.')} AND NOT {_OVERDUE.format('f.before_')}"
    overdue = (
        f"'逾期 ' || f.days_past_due || ' 天，逾期本金 ' || {_MONEY.format('f.overdue_principal')} || ' 元'"
    )
    _raise(EventKind.OVERDUE, readings, f"{begins} AND NOT {_CONTINGENT}", overdue)
    # What is overdue on a draft or a letter of guarantee is what the lender paid for the customer: 垫付, not 逾期.
    advanced = f"'本行垫付 ' || {_MONEY.format('f.overdue_principal')} || ' 元'"
    _raise(EventKind.ADVANCE, readings, f"{begins} AND f.overdue_principal > 0 AND {_CONTINGENT}", advanced)
    _raise(
        EventKind.INTEREST_ARREARS,
        readings,
        "f.before_overdue_interest = 0 AND f.overdue_interest > 0",
        f"'欠息 ' || {_MONEY.format('f.overdue_interest')} || ' 元'",
    )


def _raise(kind: EventKind, fresh: str, happened: str, detail: str) -> None:
    reference = f"{literal(_PREFIXES[kind])} || ':' || l.number || ':' || f.on_date"
    rows = f"{fresh} f JOIN credit_loan l ON l.id = f.loan_id"
    append(
        f"SELECT l.borrower_id, l.id, {literal(kind)}, f.on_date, f.row_known_on, {detail}, {reference}, NULL::bigint "
        f"FROM {rows} WHERE f.before_on IS NOT NULL AND {happened}"
    )
    append(
        f"SELECT e.borrower_id, e.loan_id, e.kind, f.on_date, f.row_known_on, '同日数据更正，原事项冲正', "
        f"e.reference || ':reversed', e.id FROM {rows} JOIN credit_riskevent e ON e.reference = {reference} "
        f"WHERE NOT coalesce(f.before_on IS NOT NULL AND {happened}, false) "
        f"AND NOT EXISTS (SELECT 1 FROM credit_riskevent r WHERE r.reverses_id = e.id)"
    )

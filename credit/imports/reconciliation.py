"""Running balances against the entries, over the rows of an import: which do not follow from what went before.

Ten million rows are read once, summed by account; only accounts whose sum does not come out are looked at row by row.
"""

from __future__ import annotations

from core.staging.dialect import execute, scalar
from core.staging.stage import Stage

_SIGNED = "(CASE n.direction WHEN 'CREDIT' THEN n.amount ELSE -n.amount END)"


def find_breaks(stage: Stage) -> bool:
    """Movements whose balance afterwards is not the one before with their own amount; as `broken_chain`.

    A chain holds whatever order the rows of one day stand in: every balance before a movement is one after another.
    """
    if "balance_after" not in {column.name for column in stage.mapped["transactions"]}:
        return False
    _accounts()
    _suspects()
    return bool(scalar("SELECT EXISTS (SELECT 1 FROM broken_chain)"))


def _accounts() -> None:
    """Accounts whose balances do not come out as a whole: what was before each row, without the first, is what was
    after each, without the last; hashes of both, summed, tell without sorting. The first follows the book."""
    execute(
        f"""
        CREATE TEMP TABLE moved_accounts ON COMMIT DROP AS
        SELECT n.account_id, min(n.row_line) AS first_line, max(n.row_line) AS last_line, min(n.on_date) AS first_on,
            count(*) - count(n.balance_after) AS untold,
            sum(hash_numeric_extended(n.balance_after - {_SIGNED}, 7)
                - hash_numeric_extended(n.balance_after, 7)::numeric) AS turned
        FROM typed_transactions n GROUP BY n.account_id HAVING count(n.balance_after) > 0;
        ANALYZE moved_accounts;
        CREATE TEMP TABLE opened_accounts ON COMMIT DROP AS
        SELECT m.account_id, p.balance_after AS opening FROM moved_accounts m JOIN LATERAL (
            SELECT t.balance_after FROM credit_transaction t WHERE t.account_id = m.account_id
            AND t.effective_on < m.first_on ORDER BY t.effective_on DESC, t.id DESC LIMIT 1
        ) p ON p.balance_after IS NOT NULL;
        CREATE TEMP TABLE suspect_accounts ON COMMIT DROP AS
        SELECT m.account_id FROM moved_accounts m
        LEFT JOIN typed_transactions n ON n.row_line = m.first_line
        LEFT JOIN typed_transactions l ON l.row_line = m.last_line
        LEFT JOIN opened_accounts o ON o.account_id = m.account_id
        WHERE m.untold > 0 OR n.balance_after - {_SIGNED} <> o.opening
            OR m.turned <> hash_numeric_extended(n.balance_after - {_SIGNED}, 7)::numeric
                - hash_numeric_extended(l.balance_after, 7)
        """
    )


def _suspects() -> None:
    """The rows of those accounts in their order: each carries on from the one before, or from another of its day."""
    execute(
        f"""
        CREATE TEMP TABLE broken_chain ON COMMIT DROP AS
        WITH walked AS (
            SELECT n.row_line, n.account_id, n.on_date, n.balance_after, {_SIGNED} AS signed,
                sum({_SIGNED}) OVER chain AS moved, dense_rank() OVER (PARTITION BY n.account_id ORDER BY n.on_date)
                    AS day
            FROM typed_transactions n JOIN suspect_accounts s USING (account_id)
            WINDOW chain AS (PARTITION BY n.account_id ORDER BY n.on_date, n.row_line)
        ), told AS (
            SELECT w.*, w.balance_after - w.moved AS begun, coalesce(lag(w.balance_after - w.moved)
                OVER (PARTITION BY w.account_id ORDER BY w.on_date, w.row_line), o.opening) AS begun_before
            FROM walked w LEFT JOIN opened_accounts o USING (account_id) WHERE w.balance_after IS NOT NULL
        )
        SELECT t.row_line, t.begun_before + t.moved AS expected FROM told t
        WHERE t.begun <> t.begun_before
            AND NOT EXISTS (SELECT 1 FROM told o WHERE o.account_id = t.account_id AND o.row_line <> t.row_line
                AND o.balance_after = t.balance_after - t.signed AND o.day BETWEEN t.day - 1 AND t.day)
            AND NOT (t.day = 1 AND EXISTS (SELECT 1 FROM credit_transaction b WHERE b.account_id = t.account_id
                AND b.balance_after = t.balance_after - t.signed AND b.effective_on <= t.on_date AND b.effective_on >= (
                    SELECT max(x.effective_on) FROM credit_transaction x WHERE x.account_id = t.account_id
                    AND x.effective_on < t.on_date) AND NOT EXISTS (SELECT 1 FROM typed_transactions f
                    WHERE f.number = b.number AND f.row_line = t.row_line)));
        CREATE INDEX ON broken_chain (row_line);
        """
    )


def find_differences(stage: Stage) -> bool:
    """Balances that are not those before with what moved since; as `day_end_differences`.

    Only where movements come with the balances, and of an account only from its first movement that is known.
    """
    if "transactions" not in stage.mapped:
        return False
    execute(
        """
        CREATE TEMP TABLE told_balances ON COMMIT DROP AS
        WITH told AS (
            SELECT n.row_line, n.account_id, n.on_date, n.balance, lag(n.on_date) OVER days AS lag_on,
                lag(n.balance) OVER days AS lag_balance
            FROM typed_balances n WINDOW days AS (PARTITION BY n.account_id ORDER BY n.on_date)
        )
        SELECT t.row_line, t.account_id, t.on_date, t.balance, coalesce(t.lag_on, b.effective_on) AS before_on,
            coalesce(t.lag_balance, b.balance) AS before
        FROM told t LEFT JOIN LATERAL (
            SELECT b.effective_on, b.balance FROM credit_accountbalance b WHERE t.lag_on IS NULL
            AND b.account_id = t.account_id AND b.effective_on < t.on_date
            ORDER BY b.effective_on DESC, b.known_on DESC, b.id DESC LIMIT 1) b ON true;
        ANALYZE told_balances;
        CREATE TEMP TABLE day_end_differences ON COMMIT DROP AS
        SELECT t.row_line, t.balance, t.before, t.before_on, coalesce(m.net, 0) AS net FROM told_balances t
        LEFT JOIN LATERAL (
            SELECT sum(CASE x.direction WHEN 'CREDIT' THEN x.amount ELSE -x.amount END) AS net
            FROM credit_transaction x WHERE x.account_id = t.account_id AND x.effective_on > t.before_on
            AND x.effective_on <= t.on_date) m ON true
        WHERE t.before_on IS NOT NULL AND t.balance <> t.before + coalesce(m.net, 0) AND EXISTS (
            SELECT 1 FROM credit_transaction x WHERE x.account_id = t.account_id AND x.effective_on <= t.before_on);
        CREATE INDEX ON day_end_differences (row_line);
        """
    )
    return bool(scalar("SELECT EXISTS (SELECT 1 FROM day_end_differences)"))
